"""Make the pictures of docs/recipes.md again, by running its commands on a short clip.

Usage: python dev/recipes.py
"""

from __future__ import annotations

import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import numpy as np
import opentimelineio as otio
from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps
from tour import IMG, ROOT, Pictures, beside, browser, moving, run, sized, write

from sdbr.media.clip import FrameTiming, TimedFrame
from sdbr.media.open import open_reader
from sdbr.media.writer import open_writer

PAGE = ROOT / "docs" / "recipes.md"
_SHOWN = ("{a woodcut|", "--ping-pong", "--otio")
_REVIEW = shlex.split(
    'review clip.mp4 "as a woodcut" --seed 7 --keyframes every:6 --offline --no-browser'
)
_FIRST = "status.shots[0].keyframes[0]"
_EXPORT = "sdbr vid2vid clip.mp4 --export-keyframes painted"
_SUPPLY = "sdbr vid2vid clip.mp4 --keyframes-from painted --name painted"
_SIGNS = "--sign cert.pem key.pem"
_TIMES = {"0:05": "0.8", "0:10": "1.6"}
"""Those of the page, and of a clip of two seconds."""
_PROTECTS = "--protect logo.png"
"""What the commands contain whose results are shown."""
_WIDTH, _HEIGHT, _RATE = 320, 180, 12
_TITLE = (150, 136, 306, 168)
"""Left, top, right and bottom of the title, in pixels."""
_FRAMES = 14  # Of each shot.
_THUMBNAILS = 4  # Of each shot.


def commands() -> list[str]:
    """The commands of the page that are shown, in its order; one on a clip with a title, which is
    shown beside the same without its mask."""
    lines = PAGE.read_text("utf-8").splitlines()
    clips = [line for line in lines if line.startswith("sdbr vid2vid clip.mp4")]
    (protect,) = (line.replace("clip.mp4", "titled.mp4") for line in clips if _PROTECTS in line)
    shown = [line for line in clips if any(part in line for part in _SHOWN)]
    return [*shown, protect.replace(_PROTECTS, "--name plain"), f"{protect} --name kept"]


def prompts_over_time() -> str:
    """The command of the page that changes the prompt, for a short clip."""
    (line,) = (one for one in PAGE.read_text("utf-8").splitlines() if " --at 0:05 " in one)
    for told, short in _TIMES.items():
        line = line.replace(told, short)
    return f"{line} --name over-time"


def paint(picture: Path) -> None:
    """Paint over a keyframe: flat colors, and the edges in ink."""
    with Image.open(picture) as opened:
        image = opened.convert("RGB").filter(ImageFilter.MedianFilter(5))
    flat = ImageOps.posterize(image, 3).filter(ImageFilter.ModeFilter(5))
    edges = image.convert("L").filter(ImageFilter.FIND_EDGES).point(lambda v: 255 - 3 * v)
    Image.composite(flat, Image.new("RGB", flat.size, "#1c2436"), edges).save(picture)


def painted(folder: Path) -> Pictures:
    """A keyframe as exported and as painted, and another frame as it was and as it became."""
    clips = [folder / "clip.mp4", folder / "generate" / "videos" / "painted.mp4"]
    before, after = ([Image.fromarray(one.image) for one in open_reader(p).frames()] for p in clips)
    number = _FRAMES // 2
    named = {
        "keyframe 1, exported": before[0],
        "painted": Image.open(sorted((folder / "painted").glob("*.png"))[0]),
        f"frame {number}": before[number - 1],
        f"frame {number} of the result": after[number - 1],
    }
    return [beside([_captioned(image, text) for text, image in named.items()])]


def over_time(clip: Path, count: int = 6) -> Pictures:
    """Frames of a clip, evenly spread, with their times."""
    frames = list(open_reader(clip).frames())
    wanted = [frames[len(frames) * (2 * n + 1) // (2 * count)] for n in range(count)]
    images = [(Image.fromarray(one.image), f"{float(one.at):.2f} s") for one in wanted]
    return [beside([_captioned(image, text, 150) for image, text in images])]


def signed(folder: Path) -> Pictures:
    """What `inspect` says of a signed picture of a signed picture, beside it."""
    from tests.certificates import make_pair

    pair = make_pair(folder, signer="Anna Reed, Studio Nine")
    pair.certificate.rename(folder / "cert.pem")
    lines = PAGE.read_text("utf-8").splitlines()
    run([line for line in lines if line.startswith("sdbr ") and _SIGNS in line], folder)
    words = [sys.executable, "-m", "sdbr", "inspect", "woodcut.png"]
    told = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=True).stdout
    picture = sized(Image.open(folder / "woodcut.png"), 200)
    return [beside([picture, _screen(told.splitlines()[:8], picture.height)])]


def _screen(lines: Sequence[str], height: int) -> Image.Image:
    font = ImageFont.load_default(15)
    width = max(int(font.getlength(line)) for line in lines) + 60
    screen = Image.new("RGB", (width, height), "#1d2024")
    draw = ImageDraw.Draw(screen)
    for number, line in enumerate(lines):
        color = "#9be28f" if "valid" in line else "#d6d9dd"
        indent = 10 * (len(line) - len(line.lstrip()))
        draw.text((12 + indent, 12 + 22 * number), line.strip(), font=font, fill=color)
    return screen


def _captioned(image: Image.Image, text: str, width: int = 210) -> Image.Image:
    small = sized(image, width)
    sheet = Image.new("RGB", (width, small.height + 20), "white")
    sheet.paste(small)
    draw = ImageDraw.Draw(sheet)
    draw.text((2, small.height + 3), text, font=ImageFont.load_default(13), fill="#333")
    return sheet


def make_clip(path: Path, title: str = "") -> None:
    """Two shots of the lighthouse: the camera moves to the right, and closer, mirrored.

    With a title, that is burnt in, and logo.png is its mask.
    """
    timing, mask = FrameTiming.even(Fraction(_RATE)), Image.new("L", (_WIDTH, _HEIGHT))
    ImageDraw.Draw(mask).rectangle(_TITLE, fill=255)
    if title:
        mask.save(path.with_name("logo.png"))
    with open_writer(path, timing) as writer:
        for number, image in enumerate(_views()):
            if title:
                draw, middle = ImageDraw.Draw(image), (_TITLE[0] + 8, _TITLE[1] + 6)
                draw.rectangle(_TITLE, fill="#14324a")
                draw.text(middle, title, font=ImageFont.load_default(20), fill="white")
            at = Fraction(number, _RATE)
            writer.add(TimedFrame(np.asarray(image), at, Fraction(1, _RATE)))


def _views() -> Iterator[Image.Image]:
    with Image.open(IMG / "lighthouse.webp") as opened:
        whole = opened.convert("RGB")
    for mirrored, share in ((False, 0.8), (True, 0.5)):
        picture = whole.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if mirrored else whole
        for number in range(_FRAMES):
            height = picture.height * (share - 0.15 * mirrored * number / _FRAMES)
            width = height * _WIDTH / _HEIGHT
            left = (picture.width - width) * number / _FRAMES
            top = (picture.height - height) * 0.6
            box = (left, top, left + width, top + height)
            yield picture.resize((_WIDTH, _HEIGHT), Image.Resampling.LANCZOS, box)


def strip(path: Path) -> Pictures:
    """What an OpenTimelineIO file says, as an editor shows it: shots, and markers above them."""
    timeline = otio.adapters.read_from_file(str(path))
    frames = [Image.fromarray(one.image) for one in open_reader(path.with_suffix(".mov")).frames()]
    start = timeline.global_start_time
    return [beside([_shot(clip, frames, start) for clip in timeline.video_tracks()[0]])]


def _shot(
    clip: otio.schema.Clip, frames: Pictures, start: otio.opentime.RationalTime
) -> Image.Image:
    first = round((clip.source_range.start_time - start).value)
    count = round(clip.source_range.duration.value)
    thumbnails = [frames[first + count * n // _THUMBNAILS] for n in range(_THUMBNAILS)]
    row = [sized(image, 100) for image in thumbnails]
    sheet = Image.new("RGB", (100 * len(row), row[0].height + 40), "#26282c")
    for place, image in enumerate(row):
        sheet.paste(image, (100 * place, 22))
    draw = ImageDraw.Draw(sheet)
    for marker in clip.markers:
        after = marker.marked_range.start_time - clip.source_range.start_time
        left = 6 + (sheet.width - 12) * after.value / max(1, count - 1)
        draw.polygon(
            [(left - 5, 5), (left + 5, 5), (left + 5, 12), (left, 18), (left - 5, 12)],
            fill=marker.color.lower(),
        )
    draw.text((6, sheet.height - 15), clip.name[clip.name.index("shot") :], fill="white")
    return sheet


def page_of_review(folder: Path) -> Pictures:
    """The page of a review with two of its keyframes approved; nothing without a browser."""
    program = browser.found()
    if program is None:
        return []
    process = subprocess.Popen(
        [sys.executable, "-m", "sdbr", *_REVIEW],
        cwd=folder,
        stderr=subprocess.PIPE,
        text=True,
    )
    opened = browser.Browser(program)
    try:
        assert process.stderr is not None
        opened.resize(1000, 760)
        opened.visit(next(line for line in process.stderr if "http" in line).split()[-1])
        opened.until("document.querySelectorAll('.card').length > 2")
        opened.run("document.querySelector('#missing').click()")
        opened.until("status.ready === status.total")
        opened.run("document.querySelector('.seed').click()")
        opened.until(f"{_FIRST}.takes.length > 1 && !{_FIRST}.busy")
        for place in range(2):
            opened.run(f"document.querySelectorAll('.approve')[{place}].click()")
        opened.until("status.approved === 2")
        opened.until("[...document.images].every((one) => one.complete || !one.src)")
        return [sized(Image.open(BytesIO(opened.screenshot())), 700)]
    finally:
        opened.close()
        process.terminate()
        process.wait()


def main() -> None:
    """Draw everything in a folder that is gone afterwards, and write the pictures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_clip(folder / "clip.mp4")
        make_clip(folder / "titled.mp4", "The lighthouse")
        run([_EXPORT], folder)
        for picture in (folder / "painted").glob("*.png"):
            paint(picture)
        run([_SUPPLY], folder)
        write("recipe-keyframes.webp", painted(folder))
        run([*commands(), prompts_over_time()], folder)
        made = folder / "generate" / "videos"
        write("recipe-review.webp", page_of_review(folder))
        write("recipe-prompts.webp", over_time(made / "over-time.mp4"))
        titled = [folder / "titled.mp4", made / "plain.mp4", made / "kept.mp4"]
        write("recipe-protect.webp", moving(titled, 240)[_FRAMES - 1 : _FRAMES])
        looks = [folder / "clip.mp4", made / "clip-a-woodcut.mp4", made / "clip-watercolor.mp4"]
        write("recipe-looks.webp", moving(looks, 130)[::2], 240)
        (there_and_back,) = made.glob("*.gif")
        write("recipe-ping-pong.webp", moving([there_and_back], 120)[::2], 240)
        (timeline,) = made.glob("*.otio")
        write("recipe-otio.webp", strip(timeline))
        write("recipe-sign.webp", signed(folder))


if __name__ == "__main__":
    main()
