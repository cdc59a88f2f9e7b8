"""How good and how large GIFs get: sdbr's dithers beside FFmpeg's and Pillow's, on the same frames.

    python dev/benchmarks/gifs.py [picture, animation or clip ...]

An animation or clip gives its first 24 frames, a picture six of `sdbr img2gif --offline`; gradients
with a moving disc and flat art are drawn beside. `ffmpeg` must be installed. Sizes count no
metadata. At the end: medians over all inputs of what sdbr has more than each reference.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice, pairwise
from pathlib import Path

import numpy as np
from measures import blurred, cpu_seconds, psnr, ssim
from PIL import Image

from sdbr.media.clip import EncodingSettings, FrameTiming, Pixels, TimedFrame
from sdbr.media.open import open_reader
from sdbr.media.stills.pixels import flatten, scale
from sdbr.media.writer import open_writer
from sdbr.workflows.inputs import moves

FRAMES = 24
LONGEST = 480
PACE = FrameTiming.even(Fraction(12))
Write = Callable[[list[Pixels], Path], None]


@dataclass(frozen=True)
class Measured:
    """PSNR in dB, also of blurred pictures; flicker in levels of 255, of what stays the same."""

    cpu: float
    kilobytes: float
    psnr: float
    ssim: float
    blurred: float
    flicker: float


def gradients() -> list[Pixels]:
    y, x = np.mgrid[0:360, 0:LONGEST].astype(np.float32)
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
        image = np.full((360, LONGEST, 3), (240, 230, 200), np.uint8)
        image[220:] = (60, 140, 80)
        image[100:220, 10 * i : 10 * i + 90] = (200, 50, 40)
        pictures.append(image)
    return pictures


def of_clip(path: Path) -> list[Pixels]:
    frames = islice(open_reader(path).frames(), FRAMES)
    return [fitted(flatten(frame.image)) for frame in frames]


def of_still(path: Path) -> list[Pixels]:
    with tempfile.TemporaryDirectory() as folder:
        told = ["--frames", "6", "--seed", "3", "--offline", "--quiet", "--workspace", folder]
        command = ["sdbr", "img2gif", str(path), "as a woodcut", *told]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        drawn = sorted(Path(folder, "generate/img/frames").glob("*/*.png"))
        return [fitted(np.asarray(Image.open(file).convert("RGB"))) for file in drawn]


def fitted(image: Pixels) -> Pixels:
    height, width = image.shape[:2]
    return scale(image, width * LONGEST // max(height, width, LONGEST))


def with_sdbr(dither: str) -> Write:
    def write(pictures: list[Pixels], target: Path) -> None:
        with open_writer(target, PACE, settings=EncodingSettings(dither=dither)) as writer:
            for number, image in enumerate(pictures):
                writer.add(TimedFrame(image, number / PACE.rate, 1 / PACE.rate))

    return write


def with_ffmpeg(dither: str) -> Write:
    """One palette for all frames, by palettegen and paletteuse."""

    def write(pictures: list[Pixels], target: Path) -> None:
        height, width = pictures[0].shape[:2]
        raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", "12"]
        use = f"[b][p]paletteuse=dither={dither}"
        graph = f"split[a][b];[a]palettegen=stats_mode=full[p];{use}"
        command = ["ffmpeg", "-v", "error", "-y", *raw, "-i", "-", "-filter_complex", graph]
        data = b"".join(image.tobytes() for image in pictures)
        subprocess.run([*command, str(target)], input=data, check=True)

    return write


def with_pillow(pictures: list[Pixels], target: Path) -> None:
    """As it comes: a palette for each frame, no dither."""
    save([Image.fromarray(image) for image in pictures], target)


def with_pillow_at_once(pictures: list[Pixels], target: Path) -> None:
    """One palette for all frames, by median cut, no dither."""
    palette = Image.fromarray(np.concatenate(pictures)).quantize(256)
    none = Image.Dither.NONE
    save([Image.fromarray(i).quantize(palette=palette, dither=none) for i in pictures], target)


def save(images: list[Image.Image], target: Path) -> None:
    images[0].save(target, save_all=True, append_images=images[1:], duration=83, loop=0)


METHODS: dict[str, Write] = {
    "Pillow": with_pillow,
    "Pillow, one palette": with_pillow_at_once,
    "FFmpeg none": with_ffmpeg("none"),
    "FFmpeg bayer 2": with_ffmpeg("bayer"),
    "FFmpeg bayer 4": with_ffmpeg("bayer:bayer_scale=4"),
    "FFmpeg floyd": with_ffmpeg("floyd_steinberg"),
    "FFmpeg sierra": with_ffmpeg("sierra2_4a"),
    "sdbr none": with_sdbr("none"),
    "sdbr bayer": with_sdbr("bayer"),
    "sdbr floyd": with_sdbr("floyd"),
    "sdbr sierra": with_sdbr("sierra"),
    "sdbr auto": with_sdbr("auto"),
}
PAIRS = (
    ("none", "FFmpeg none"),
    ("none", "Pillow, one palette"),
    ("none", "Pillow"),
    ("bayer", "FFmpeg bayer 2"),
    ("bayer", "FFmpeg bayer 4"),
    ("floyd", "FFmpeg floyd"),
    ("sierra", "FFmpeg sierra"),
    ("auto", "FFmpeg sierra"),
    ("auto", "Pillow"),
)


def measured(write: Write, pictures: list[Pixels], target: Path) -> Measured:
    began = cpu_seconds()
    write(pictures, target)
    seconds = cpu_seconds() - began
    shown = [flatten(frame.image) for frame in open_reader(target).frames()]
    pairs = list(zip(pictures, shown, strict=True))
    still = np.all([a == pictures[0] for a in pictures], axis=(0, 3))
    changes = [np.abs(b.astype(int) - a)[still] for a, b in pairwise(shown)]
    return Measured(
        cpu=seconds,
        kilobytes=target.stat().st_size / 1000,
        psnr=statistics.fmean(psnr(a, b) for a, b in pairs),
        ssim=statistics.fmean(ssim(a, b) for a, b in pairs),
        blurred=statistics.fmean(psnr(blurred(a), blurred(b)) for a, b in pairs),
        flicker=float(np.mean(np.concatenate(changes))) if still.any() else 0.0,
    )


def table_of(title: str, pictures: list[Pixels]) -> dict[str, Measured]:
    height, width = pictures[0].shape[:2]
    print(f"\n{title}: {len(pictures)} frames of {width}x{height}")
    print(f"{'':20s} {'CPU s':>6} {'kB':>8} {'PSNR':>6} {'SSIM':>6} blurred flicker")
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, write in METHODS.items():
            m = found[name] = measured(write, pictures, Path(folder, "out.gif"))
            numbers = f"{m.cpu:6.1f} {m.kilobytes:8.1f} {m.psnr:6.2f} {m.ssim:6.3f}"
            print(f"{name:20s} {numbers} {m.blurred:7.2f} {m.flicker:7.2f}", flush=True)
    return found


def conclude(films: list[dict[str, Measured]]) -> None:
    print(f"\nMedians of {len(films)}; in brackets the least and the most")
    print(f"{'':30s} {'PSNR':>22} {'SSIM':>7} {'blurred':>22} {'size':>20} {'CPU':>5}")
    for dither, reference in PAIRS:
        both = [(film[f"sdbr {dither}"], film[reference]) for film in films]
        better = spread([a.psnr - b.psnr for a, b in both], "+.2f")
        smoother = spread([a.blurred - b.blurred for a, b in both], "+.2f")
        size = spread([a.kilobytes / b.kilobytes for a, b in both], ".3f")
        likeness = statistics.median(a.ssim - b.ssim for a, b in both)
        cpu = statistics.median(a.cpu / b.cpu for a, b in both)
        name = f"{dither} − {reference}"
        print(f"{name:30s} {better:>22} {likeness:+7.3f} {smoother:>22} {size:>20} {cpu:5.1f}")


def spread(values: list[float], form: str) -> str:
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:{form}} ({low:{form}} {high:{form}})"


def main() -> None:
    films = [table_of("gradients", gradients()), table_of("flat art", flat_art())]
    for name in sys.argv[1:]:
        path = Path(name)
        films.append(table_of(path.name, of_clip(path) if moves(path) else of_still(path)))
    conclude(films)


if __name__ == "__main__":
    main()
