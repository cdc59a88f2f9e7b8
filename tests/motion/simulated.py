"""A model that is not there: a look that depends on the frame alone, and what each call does to it.

The look stands for what a model should draw; each call adds colors of its own, uneven light, a
texture, a slight shift, and patches read as something else.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Frame = npt.NDArray[np.uint8]
Noise = npt.NDArray[np.float32]

MIX = np.array([[0.75, 0.3, -0.05], [0.1, 0.8, 0.1], [0.05, 0.2, 0.8]], np.float32)


def look(frame: Frame) -> Frame:
    """The frame in the look that the model is asked for; the same for the same frame."""
    smooth = cv2.bilateralFilter(frame, 7, 40, 5).astype(np.float32)
    toned = 128 + 150 * np.tanh((cv2.transform(smooth, MIX) - 120) / 110)
    gray = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY).astype(np.float32)
    lines = cv2.GaussianBlur(gray, (0, 0), 0.9) - cv2.GaussianBlur(gray, (0, 0), 2.2)
    inked = toned + 1.2 * np.minimum(lines, 4)[..., None]
    return np.clip(np.rint(inked), 0, 255).astype(np.uint8)


def drawn(frame: Frame, call: int, level: float = 1.0) -> Frame:
    """The look as one call draws it; `call` is its seed, `level` how much calls differ."""
    random = np.random.default_rng(call)
    picture = _shifted(look(frame).astype(np.float32), random, level)
    height, width = frame.shape[:2]
    picture *= 1 + level * random.normal(0, 0.05, 3).astype(np.float32)
    picture += level * random.normal(0, 5, 3).astype(np.float32)
    picture += level * 9 * _field((height, width, 3), 6, random)
    picture += level * _texture((height, width), random)[..., None]
    for _ in range(4):
        picture += level * _patch((height, width), random)
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def _field(shape: tuple[int, ...], cells: int, random: np.random.Generator) -> Noise:
    coarse = random.normal(0, 1, (cells, cells, *shape[2:])).astype(np.float32)
    return cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)


def _texture(shape: tuple[int, int], random: np.random.Generator) -> Noise:
    noise = random.normal(0, 22, shape).astype(np.float32)
    return cv2.GaussianBlur(noise, (0, 0), 1.2) - cv2.GaussianBlur(noise, (0, 0), 3)


def _shifted(picture: Noise, random: np.random.Generator, level: float) -> Noise:
    flow = 0.8 * level * _field((*picture.shape[:2], 2), 5, random)
    way = cv2.INTER_CUBIC | cv2.WARP_RELATIVE_MAP
    return cv2.remap(picture, flow, None, way, borderMode=cv2.BORDER_REPLICATE)


def _patch(shape: tuple[int, int], random: np.random.Generator) -> Noise:
    height, width = shape
    centre = random.uniform(0, width), random.uniform(0, height)
    across, down = random.uniform(0.03, 0.08, 2) * max(width, height)
    x, y = np.arange(width) - centre[0], np.arange(height) - centre[1]
    soft = np.exp(-((x / across) ** 2)[None] - ((y / down) ** 2)[:, None]) ** 2
    return soft[..., None].astype(np.float32) * random.normal(0, 18, 3).astype(np.float32)
