"""Chance that is the same on every machine, and smooth random fields made of it."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt
from PIL import Image

Floats = npt.NDArray[np.float32]


def stream(*parts: object) -> np.random.Generator:
    """Random numbers that depend on the parts' texts alone."""
    text = "\x1f".join(str(part) for part in parts)
    return np.random.default_rng(int.from_bytes(hashlib.sha256(text.encode()).digest()[:16]))


def share(*parts: object) -> float:
    """A number from 0 to 1 that depends on the parts' texts alone."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6]) / 2**48


def smooth_line(rng: np.random.Generator, width: int, cells: float) -> Floats:
    """`width` values around 0 (about -1 to 1) that turn smoothly, `cells` waves wide."""
    count = max(4, round(cells) + 4)
    knots = rng.uniform(-1, 1, count)
    at = np.linspace(1, count - 3 + 1e-6, width)
    base = at.astype(int)
    t = at - base
    p = [knots[np.clip(base + step, 0, count - 1)] for step in (-1, 0, 1, 2)]
    # Catmull-Rom: passes through every knot without corners.
    value = p[1] + 0.5 * t * (
        p[2]
        - p[0]
        + t * (2 * p[0] - 5 * p[1] + 4 * p[2] - p[3] + t * (3 * (p[1] - p[2]) + p[3] - p[0]))
    )
    line: Floats = value.astype(np.float32)
    return line


def rough_line(rng: np.random.Generator, width: int, cells: float, octaves: int) -> Floats:
    """`width` values of fractal noise around 0: each octave twice as fine and half as strong."""
    total = np.zeros(width, np.float32)
    for octave in range(octaves):
        total += smooth_line(rng, width, cells * 2**octave) * np.float32(0.5**octave)
    return total


def field(rng: np.random.Generator, size: tuple[int, int], cells: tuple[int, int]) -> Floats:
    """A smooth random field of (height, width) around 0 with a spread of about 1."""
    grid = rng.standard_normal((cells[1] + 1, cells[0] + 1)).astype(np.float32)
    return np.asarray(Image.fromarray(grid).resize(size, Image.Resampling.BICUBIC))
