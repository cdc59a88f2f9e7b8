"""Make the pictures of docs/tour.md again, by running the commands that it shows.

Usage: python dev/tour.py
The picture of the report needs Chromium; without one it stays as it is.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path

from PIL import Image

from sdbr.media.open import open_reader

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "tour.md"
IMG = ROOT / "docs" / "img"
sys.path.insert(0, str(ROOT))

from tests import browser  # noqa: E402

Pictures = list[Image.Image]

_SOURCE = "source/img/a-lighthouse-at-dusk-7.png"
_RESULT = "generate/img/a-lighthouse-at-dusk-7"


def commands() -> list[str]:
    """The commands of the page that draw, in its order."""
    lines = PAGE.read_text("utf-8").splitlines()
    return [line for line in lines if line.startswith("sdbr ") and "doctor" not in line]


def run(commands: Iterable[str], folder: Path) -> None:
    """Run the commands in `folder`, offline."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "SDBR_OFFLINE": "1"}
    for command in commands:
        print(command, flush=True)
        subprocess.run(command, shell=True, cwd=folder, env=environment, check=True)


def still(path: Path, width: int) -> Pictures:
    """One picture, `width` pixels wide."""
    return [sized(Image.open(path), width)]


def moving(paths: Sequence[Path], width: int) -> Pictures:
    """The frames of clips of one length, side by side."""
    clips = [[Image.fromarray(frame.image) for frame in open_reader(p).frames()] for p in paths]
    return [beside([sized(image, width) for image in row]) for row in zip(*clips, strict=True)]


def page_on_a_phone(page: Path) -> Pictures:
    """The first two screens of the report, side by side; nothing where no browser is found."""
    program = browser.found()
    if program is None:
        return []
    opened = browser.Browser(program)
    try:
        opened.resize(390, 780)
        opened.open(page)
        screens = []
        for _ in range(2):
            opened.until("[...document.images].every((one) => one.complete)")
            screens.append(Image.open(BytesIO(opened.screenshot())))
            opened.run("scrollBy(0, 760)")
        return [beside([sized(screen, 300) for screen in screens])]
    finally:
        opened.close()


def write(name: str, frames: Pictures, delay: int = 160) -> None:
    """Write a WebP, animated where there are several frames (`delay` ms each)."""
    if not frames:
        return
    more = {"save_all": True, "append_images": frames[1:], "duration": delay, "loop": 0}
    frames[0].save(IMG / name, "WEBP", quality=54, method=6, **(more if frames[1:] else {}))
    print(f"{name}: {(IMG / name).stat().st_size / 1000:.0f} kB")


def main() -> None:
    """Draw everything in a folder that is gone afterwards, and write the pictures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "tour"
        folder.mkdir()
        run(commands(), folder)
        clips = (folder / "generate/img/nearer.mp4", folder / "generate/videos/nearer.mp4")
        write("tour-picture.webp", still(folder / _SOURCE, 480))
        write("tour-woodcut.webp", still(folder / f"{_RESULT}-1.png", 400))
        write("tour-sheet.webp", still(folder / f"{_RESULT}-sheet.png", 800))
        write("tour-alive.webp", moving([folder / f"{_RESULT}.gif"], 240))
        write("tour-clip.webp", moving(clips, 180))
        write("tour-report.webp", page_on_a_phone(folder / "generate" / "report.html"))


def sized(image: Image.Image, width: int) -> Image.Image:
    height = round(image.height * width / image.width)
    return image.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)


def beside(images: Pictures) -> Image.Image:
    gap = 8
    width = sum(image.width + gap for image in images) - gap
    sheet = Image.new("RGB", (width, images[0].height), "white")
    left = 0
    for image in images:
        sheet.paste(image, (left, 0))
        left += image.width + gap
    return sheet


if __name__ == "__main__":
    main()
