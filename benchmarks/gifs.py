"""How good and how large GIFs get: sdbr's dithers, and Pillow as it comes.

    python benchmarks/gifs.py [clip ...]

Without clips it draws two: gradients with a moving disc, and flat art.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from itertools import islice, pairwise
from pathlib import Path

import numpy as np
from measures import blurred, psnr, ssim
from PIL import Image

from sdbr.media.clip import Frame, Pixels
from sdbr.media.clips import Pace, Settings, open_reader, open_writer
from sdbr.media.images import scaled

FRAMES = 24
WIDTH = 480
PACE = Pace.even(Fraction(12))


def gradients() -> list[Pixels]:
    y, x = np.mgrid[0:360, 0:WIDTH].astype(np.float32)
    still = np.stack([x / 2, y / 1.5, 128 + 100 * np.sin((x + y) / 90)], -1)
    pictures = []
    for i in range(FRAMES):
        image = still.copy()
        image[(x - 60 - 12 * i) ** 2 + (y - 180) ** 2 < 2500] = (250, 120, 40)
        pictures.append(np.clip(image, 0, 255).astype(np.uint8))
    return pictures


def flat_art() -> list[Pixels]:
    pictures = []
    for i in range(FRAMES):
        image = np.full((360, WIDTH, 3), (240, 230, 200), np.uint8)
        image[220:] = (60, 140, 80)
        image[100:220, 10 * i : 10 * i + 90] = (200, 50, 40)
        pictures.append(image)
    return pictures


def of_clip(path: Path) -> list[Pixels]:
    reader = open_reader(path)
    return [scaled(frame.image, WIDTH) for frame in islice(reader.frames(), FRAMES)]


def with_sdbr(dither: str) -> Callable[[list[Pixels], Path], None]:
    def write(pictures: list[Pixels], target: Path) -> None:
        with open_writer(target, PACE, settings=Settings(dither=dither)) as writer:
            for number, image in enumerate(pictures):
                writer.add(Frame(image, number / PACE.rate, 1 / PACE.rate))

    return write


def with_pillow(pictures: list[Pixels], target: Path) -> None:
    images = [Image.fromarray(image) for image in pictures]
    images[0].save(target, save_all=True, append_images=images[1:], duration=83, loop=0)


def as_webp(pictures: list[Pixels], target: Path) -> None:
    with open_writer(target, PACE) as writer:
        for number, image in enumerate(pictures):
            writer.add(Frame(image, number / PACE.rate, 1 / PACE.rate))


METHODS: dict[str, tuple[str, Callable[[list[Pixels], Path], None]]] = {
    "Pillow as it comes": (".gif", with_pillow),
    "sdbr, no dither": (".gif", with_sdbr("none")),
    "sdbr, bayer": (".gif", with_sdbr("bayer")),
    "sdbr, floyd": (".gif", with_sdbr("floyd")),
    "sdbr, sierra": (".gif", with_sdbr("sierra")),
    "sdbr, auto": (".gif", with_sdbr("auto")),
    "sdbr, WebP q80": (".webp", as_webp),
}


def row(name: str, pictures: list[Pixels], folder: Path) -> str:
    suffix, write = METHODS[name]
    target = folder / f"out{suffix}"
    began = time.perf_counter()
    write(pictures, target)
    seconds = time.perf_counter() - began
    shown = [frame.image for frame in open_reader(target).frames()]
    pairs = list(zip(pictures, shown, strict=len(shown) == len(pictures)))
    still = np.all([a == pictures[0] for a in pictures], axis=(0, 3))
    changes = [np.abs(b.astype(int) - a)[still] for a, b in pairwise(shown)]
    flicker = float(np.mean(np.concatenate(changes))) if still.any() else 0.0
    numbers = (
        f"{seconds:6.1f} {target.stat().st_size / 1000:8.0f} {len(shown):4d}"
        f" {np.mean([psnr(a, b) for a, b in pairs]):6.1f}"
        f" {np.mean([ssim(a, b) for a, b in pairs]):6.3f}"
        f" {np.mean([psnr(blurred(a), blurred(b)) for a, b in pairs]):7.1f} {flicker:8.2f}"
    )
    return f"{name:20s} {numbers}"


def main() -> None:
    films = {"gradients": gradients(), "flat art": flat_art()}
    films |= {Path(name).name: of_clip(Path(name)) for name in sys.argv[1:]}
    for title, pictures in films.items():
        height, width = pictures[0].shape[:2]
        print(f"\n{title}: {len(pictures)} frames of {width}x{height}")
        print(f"{'':20s} {'s':>6} {'kB':>8} {'n':>4} {'PSNR':>6} {'SSIM':>6} blurred  flicker")
        with tempfile.TemporaryDirectory() as folder:
            for name in METHODS:
                print(row(name, pictures, Path(folder)), flush=True)


if __name__ == "__main__":
    main()
