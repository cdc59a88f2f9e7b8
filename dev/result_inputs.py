"""The small inputs on which `dev/results.py` runs its commands, drawn by code: the same each time.

A photo, one that lies on its side by EXIF, a cut-out, a mask, a painting, an animation with delays
and three rounds, and a clip of 18 frames with sound and a cut in its middle.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

Pixels = NDArray[np.uint8]

SETTINGS = """[looks.woodcut]
prompt = "a woodcut of {prompt}, bold lines"
negative = "photo, text"
model = "sd3.5"
strength = 0.5

[aliases]
quick = "core"
"""
_RATE = 12
_FRAMES = 18
_SOUND_RATE = 48000


def make_inputs(folder: Path) -> None:
    """Write all of them into a folder."""
    photo = _photo(320, 240, seed=1)
    photo.save(folder / "photo.png")
    turned = Image.Exif()
    turned[0x0112] = 6
    _photo(300, 200, seed=2).save(folder / "turned.jpg", quality=90, exif=turned)
    _cutout().save(folder / "cutout.png")
    _disc(320, 240, "L").save(folder / "mask.png")
    _photo(256, 256, seed=3).quantize(8).convert("RGB").save(folder / "style.png")
    _animation(folder / "moving.gif")
    _clip(folder / "clip.mp4")
    (folder / "prompts.txt").write_text("a harbour\na {red|blue} fox\n", "utf-8")
    (folder / "settings.toml").write_text(SETTINGS, "utf-8")


def _photo(width: int, height: int, seed: int, shift: int = 0) -> Image.Image:
    """Hills of soft colours with grain and two things with edges; `shift` moves it to the left."""
    noise = np.random.default_rng(seed)
    soft = Image.fromarray(noise.integers(0, 256, (9, 17, 3), dtype=np.uint8))
    hills = np.asarray(soft.resize((width * 2, height), Image.Resampling.BICUBIC), np.float32)
    grain = noise.normal(0, 6, (height, width * 2, 1))
    whole = Image.fromarray(np.clip(hills + grain, 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(whole)
    draw.ellipse((width * 0.4, height * 0.2, width * 0.7, height * 0.7), fill=(200, 60, 40))
    draw.rectangle((width * 0.9, height * 0.5, width * 1.2, height * 0.9), fill=(30, 60, 120))
    return whole.crop((shift, 0, shift + width, height)).filter(ImageFilter.GaussianBlur(0.6))


def _disc(width: int, height: int, mode: str) -> Image.Image:
    image = Image.new(mode, (width, height))
    ImageDraw.Draw(image).ellipse((width // 4, height // 4, width // 2, height // 2), fill=255)
    return image


def _cutout() -> Image.Image:
    image = _photo(200, 160, seed=4).convert("RGBA")
    image.putalpha(_disc(200, 160, "L").filter(ImageFilter.GaussianBlur(2)))
    return image


def _animation(path: Path) -> None:
    first, *others = [_photo(96, 72, seed=5, shift=6 * i) for i in range(5)]
    delays = [40, 80, 120, 80, 200]
    first.save(path, save_all=True, append_images=others, duration=delays, loop=3)


def _clip(path: Path) -> None:
    # The look-ahead's fast paths give other bytes now and then.
    options = {"crf": "12", "threads": "1", "x264-params": "cpu-independent=1"}
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=_RATE, options=options)
        video.width, video.height, video.pix_fmt = 160, 120, "yuv420p"
        sound = container.add_stream("aac", rate=_SOUND_RATE, layout="mono")
        for number in range(_FRAMES):
            scene = 6 if number < _FRAMES // 2 else 7
            image = np.asarray(_photo(160, 120, seed=scene, shift=2 * number))
            container.mux(video.encode(av.VideoFrame.from_ndarray(image, "rgb24")))
        container.mux(video.encode(None))
        container.mux([packet for part in _tone() for packet in sound.encode(part)])
        container.mux(sound.encode(None))


def _tone() -> list[av.AudioFrame]:
    """A tone that rises, as long as the pictures."""
    steps = np.arange(_SOUND_RATE * _FRAMES // _RATE)
    tone = (9000 * np.sin((0.03 + steps * 1.5e-6) * steps)).astype(np.int16)
    parts = []
    for begin in range(0, len(tone), 4800):
        part = av.AudioFrame.from_ndarray(tone[None, begin : begin + 4800], "s16", "mono")
        part.sample_rate, part.pts, part.time_base = _SOUND_RATE, begin, Fraction(1, _SOUND_RATE)
        parts.append(part)
    return parts
