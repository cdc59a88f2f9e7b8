"""The library that this folder stands on."""

from __future__ import annotations

import cv2


def version() -> str:
    """OpenCV's version; importing it is the proof that it can be loaded."""
    return str(cv2.__version__)
