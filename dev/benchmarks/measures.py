"""Measures of pictures that the benchmarks share."""

from __future__ import annotations

import os

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def cpu_seconds() -> float:
    """What this process and its ended children have used so far, user and system."""
    return sum(os.times()[:4])


def psnr(one: npt.NDArray[np.uint8], other: npt.NDArray[np.uint8]) -> float:
    """Peak signal to noise ratio in dB; 99 for equal pictures."""
    error = float(np.mean((one.astype(np.float64) - other.astype(np.float64)) ** 2))
    return 99.0 if error == 0 else 10 * float(np.log10(255**2 / error))


def ssim(one: npt.NDArray[np.uint8], other: npt.NDArray[np.uint8], window: int = 8) -> float:
    """Mean structural similarity of the luma in square windows (Wang et al. 2004)."""
    a, b = _luma(one), _luma(other)
    mean_a, mean_b = _mean(a, window), _mean(b, window)
    spread_a = _mean(a * a, window) - mean_a**2
    spread_b = _mean(b * b, window) - mean_b**2
    both = _mean(a * b, window) - mean_a * mean_b
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    above = (2 * mean_a * mean_b + c1) * (2 * both + c2)
    return float(np.mean(above / ((mean_a**2 + mean_b**2 + c1) * (spread_a + spread_b + c2))))


def blurred(image: npt.NDArray[np.uint8], window: int = 5) -> npt.NDArray[np.uint8]:
    """What an eye sees of dithering from some way off: the mean of small squares."""
    planes = [_mean(image[..., i].astype(np.float64), window) for i in range(3)]
    return np.stack(planes, axis=-1).round().astype(np.uint8)


def _luma(image: npt.NDArray[np.uint8]) -> Floats:
    return np.asarray(image[..., :3] @ np.array([0.299, 0.587, 0.114]), dtype=np.float64)


def _mean(plane: Floats, window: int) -> Floats:
    total = np.pad(plane, ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    w = window
    return (total[w:, w:] - total[:-w, w:] - total[w:, :-w] + total[:-w, :-w]) / w**2
