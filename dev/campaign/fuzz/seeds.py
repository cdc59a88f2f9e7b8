"""Good pictures and clips, small ones, that bad ones are made of."""

from __future__ import annotations

import json
from fractions import Fraction
from functools import cache
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from dev.campaign.jobs import scene
from PIL import Image

from sdbr.media.clip import FrameTiming, TimedFrame
from sdbr.media.metadata import embed
from sdbr.media.writer import open_writer

RECORD = {
    "sdbr": "0.1.0",
    "command": "img2img",
    "request": {
        "model": "stability.sd3-5-large-v1:0",
        "speaks_like": "stability.sd3-5-large-v1:0",
        "prompt": "a fox",
        "seed": 7,
        "size": [64, 48],
        "extras": {"steps": 30},
    },
    "seed": 7,
    "size": [64, 48],
    "price_usd": "0.08",
    "drawn_on": "2026-11-25",
    "key": "0" * 64,
    "answered_by": "aws",
    "inputs": [{"role": "init_image", "name": "one.png", "sha256": "0" * 64}],
    "treatment": ["contain"],
    "finish": {"format": "png"},
    "told": {"prompt": "a fox", "model": "sd3.5", "seed": 7},
    "stem": "one",
}
CLIP_RECORD = {
    **RECORD,
    "command": "vid2vid",
    "fingerprint": "0" * 64,
    "frames": 3,
    "told": {"keyframes": "all", "crf": 20},
    "inputs": [{"role": "clip", "name": "clip.mp4", "sha256": "0" * 64}],
}
PARAMETERS = "a fox\nNegative prompt: blur\nSteps: 30, Sampler: Euler, Seed: 7, Size: 64x48"
KINDS = ("png", "jpeg", "webp", "gif", "bmp", "tiff")
CLIPS = (".mp4", ".webm", ".mkv", ".gif", ".webp", ".apng")


@cache
def picture(kind: str, record: str = json.dumps(RECORD)) -> bytes:
    """A picture of 96×64 pixels with a record of how it was made, where its kind holds one."""
    file = BytesIO()
    Image.fromarray(scene(1)).save(file, kind)
    return embed(file.getvalue(), PARAMETERS, record)


@cache
def clip(suffix: str, record: str = json.dumps(CLIP_RECORD)) -> bytes:
    """A clip of three frames in the container that the suffix names, with a record."""
    with TemporaryDirectory() as name:
        path = Path(name) / f"clip{suffix}"
        rate = Fraction(12)
        with open_writer(path, FrameTiming.even(rate), comment=record) as writer:
            for number in range(3):
                writer.add(TimedFrame(scene(number), number / rate, 1 / rate))
        return path.read_bytes()
