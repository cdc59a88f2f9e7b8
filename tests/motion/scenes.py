"""Small clips made of noise: a ground that may move, and things that move over it."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

Frame = npt.NDArray[np.uint8]

SIZE = (160, 96)


def ground(width: int, height: int, seed: int = 1) -> Frame:
    """A picture of soft shapes and fine grain with enough structure for any flow."""
    random = np.random.default_rng(seed)
    total = np.zeros((height, width, 3), np.float32)
    for sigma, weight in ((1.5, 60), (5, 130), (14, 260)):
        noise = random.normal(0, 1, (height, width, 3)).astype(np.float32)
        total += weight * sigma / 2 * cv2.GaussianBlur(noise, (0, 0), sigma)
    return np.clip(128 + total, 0, 255).astype(np.uint8)


def pan(count: int, step: int = 2, seed: int = 1) -> list[Frame]:
    """A camera that moves to the right, `step` pixels a frame."""
    width, height = SIZE
    whole = ground(width + step * count, height, seed)
    return [np.ascontiguousarray(whole[:, i * step : i * step + width]) for i in range(count)]


def passing(count: int, step: int = 3) -> list[Frame]:
    """A still camera; a textured square passes over a still ground."""
    width, height = SIZE
    back, thing = ground(width, height), 255 - ground(28, 28, seed=9)
    frames = []
    for number in range(count):
        frame = back.copy()
        left = 8 + number * step
        frame[30:58, left : left + 28] = thing[:, : max(0, min(28, width - left))]
        frames.append(frame)
    return frames


def still(count: int, grain: float = 0.0) -> list[Frame]:
    """A still picture, with grain of so many levels in each frame."""
    random = np.random.default_rng(5)
    back = ground(*SIZE).astype(np.float32)
    noise = (random.normal(0, grain, back.shape) for _ in range(count))
    return [np.clip(back + each, 0, 255).astype(np.uint8) for each in noise]


def faded(frames: list[Frame], down_to: float = 0.3) -> list[Frame]:
    """The frames, darker from one to the next."""
    shares = np.linspace(1, down_to, len(frames))
    return [(f * s).astype(np.uint8) for f, s in zip(frames, shares, strict=True)]


def boiling(count: int) -> list[Frame]:
    """Frames that have nothing to do with each other."""
    return [ground(*SIZE, seed=100 + number) for number in range(count)]


def real_clip(name: str, count: int, width: int) -> list[Frame]:
    """The first frames of a real clip, made this wide; skips where there are none."""
    folder = os.environ.get("SDBR_TEST_MEDIA")
    if not folder:
        pytest.skip("SDBR_TEST_MEDIA names no folder of real media")
    av = pytest.importorskip("av")
    frames = []
    with av.open(str(Path(folder) / "clips" / name)) as container:
        for decoded in container.decode(video=0):
            whole = decoded.to_ndarray(format="rgb24")
            size = width, round(whole.shape[0] * width / whole.shape[1])
            frames.append(cv2.resize(whole, size, interpolation=cv2.INTER_AREA))
            if len(frames) == count:
                break
    return frames
