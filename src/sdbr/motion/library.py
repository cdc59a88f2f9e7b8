"""The library that this folder stands on."""

from __future__ import annotations

import cv2


def version() -> str:
    """OpenCV's version; importing it is the proof that it can be loaded."""
    return str(cv2.__version__)


def one_thread_a_call() -> None:
    """Keep OpenCV from starting threads of its own, in this whole process.

    Where as many calls run side by side as there are cores, these cost a sixth more processor
    time and save none.
    """
    cv2.setNumThreads(1)
