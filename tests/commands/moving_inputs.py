"""A still and an animation to be drawn over, and the times of what comes out."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image

from sdbr.media.clip import TimedFrame
from sdbr.media.open import open_reader

DELAYS = [20, 70, 30, 110, 50, 40, 90, 20, 160, 30, 60, 80]


def photo_in(folder: Path) -> str:
    """Write a still of 64x48 and return its name."""
    y, x = np.mgrid[0:48, 0:64]
    pixels = np.dstack([x * 4, y * 5, 255 - x * 4]).astype(np.uint8)
    Image.fromarray(pixels).save(folder / "photo.png")
    return "photo.png"


def dance_in(folder: Path) -> str:
    """Write an animation of uneven delays, in part transparent, to be played three times."""
    frames = []
    for number in range(len(DELAYS)):
        frame = Image.new("RGBA", (80, 64))
        frame.paste((220, 30 + 15 * number, 40, 255), (4 * number, 10, 4 * number + 30, 50))
        frames.append(frame)
    target, rest = folder / "dance.gif", frames[1:]
    # A GIF counts how often it starts again.
    frames[0].save(target, save_all=True, append_images=rest, duration=DELAYS, loop=2, disposal=2)
    return "dance.gif"


def frames_of(path: Path | str) -> list[TimedFrame]:
    """All frames of a clip."""
    return list(open_reader(Path(path)).frames())


def lengths(path: Path | str) -> list[Fraction]:
    """How long each frame of a clip is shown, in seconds."""
    return [frame.lasts for frame in frames_of(path)]
