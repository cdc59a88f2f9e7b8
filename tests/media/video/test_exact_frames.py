"""Frames that H.264 keeps closer than the others: supplied keyframes."""

from fractions import Fraction

import av
import cv2
import numpy as np
import pytest

from sdbr.media.clip import EncodingSettings, FrameTiming, TimedFrame
from sdbr.media.writer import open_writer

COUNT, RATE = 16, Fraction(25)


def faint_grain(number):
    """Patches with a faint grain that shares nothing with the next: what an encoder drops first."""
    random = np.random.default_rng(number)
    patches = random.integers(90, 160, (6, 8, 1)).repeat(32, 0).repeat(32, 1)
    grain = random.normal(0, 5, (192, 256, 1))
    return (patches + grain).clip(0, 255).astype(np.uint8).repeat(3, 2)


def luma(frame):
    return frame.reformat(format="yuv420p").to_ndarray()[: frame.height].astype(float)


def ssim(a, b):
    """Wang et al. 2004, as ffmpeg's filter gives it for luma."""

    def mean(values):
        return cv2.GaussianBlur(values, (11, 11), 1.5)

    ma, mb = mean(a), mean(b)
    aa, bb, ab = mean(a * a) - ma * ma, mean(b * b) - mb * mb, mean(a * b) - ma * mb
    c1, c2 = 2.55**2, 7.65**2
    scores = (2 * ma * mb + c1) * (2 * ab + c2) / ((ma**2 + mb**2 + c1) * (aa + bb + c2))
    return float(scores.mean())


def written(target, **settings):
    """The likeness of each shown frame to its picture."""
    pictures = [faint_grain(number) for number in range(COUNT)]
    wanted = EncodingSettings(**settings)
    with open_writer(target, FrameTiming.even(RATE), settings=wanted) as writer:
        for number, image in enumerate(pictures):
            writer.add(TimedFrame(image, number / RATE, 1 / RATE))
    order = [*range(COUNT), *range(COUNT - 2, 0, -1)]
    with av.open(str(target)) as container:
        shown = [luma(frame) for frame in container.decode(video=0)]
    sources = [luma(av.VideoFrame.from_ndarray(pictures[n], format="rgb24")) for n in order]
    return [ssim(a, b) for a, b in zip(shown, sources, strict=False)]


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_exact_frames_have_an_ssim_of_more_than_0_98_where_others_have_less(tmp_path, suffix):
    likeness = written(tmp_path / f"a{suffix}", exact=frozenset({0, 5, 6, 15}))
    assert min(likeness[n] for n in (0, 5, 6, 15)) > 0.98
    assert min(likeness) < 0.98


def test_they_are_as_exact_on_the_way_back_of_a_ping_pong(tmp_path):
    likeness = written(tmp_path / "a.mp4", exact=frozenset({5}), playback="ping-pong")
    assert len(likeness) == 30
    assert min(likeness[5], likeness[25]) > 0.98


def test_a_quality_of_the_users_own_holds_for_all_frames(tmp_path):
    plain, exact = (tmp_path / name for name in ("plain.mp4", "exact.mp4"))
    written(plain, crf=28)
    written(exact, crf=28, exact=frozenset({5}))
    assert exact.read_bytes() == plain.read_bytes()
