"""The command lines that the campaign disturbs, and the small files that they read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import av
import numpy as np
import numpy.typing as npt
from av.video.stream import VideoStream
from PIL import Image

Pixels = npt.NDArray[np.uint8]

WIDTH, HEIGHT, FRAMES = 96, 64, 17
PHOTOS = ("one.png", "two.jpg", "three.webp", "four.png")


@dataclass(frozen=True, slots=True)
class Job:
    """A command line under a name; `calls` is how many pictures it draws."""

    name: str
    arguments: tuple[str, ...]
    calls: int


JOBS = (
    Job("txt2img", ("txt2img", "a fox in the snow", "--count", "8", "--seed", "7"), 8),
    Job("img2img", ("img2img", *PHOTOS, "as a woodcut", "--seed", "7"), len(PHOTOS)),
    Job("img2gif", ("img2gif", "one.png", "as a woodcut", "--frames", "6", "--seed", "7"), 6),
    Job(
        "vid2vid, every frame",
        ("vid2vid", "clip.mp4", "as a woodcut", "--keyframes", "all", "--seed", "7", "--yes"),
        FRAMES,
    ),
    Job(
        "vid2vid, every 8th",
        ("vid2vid", "clip.mp4", "as a woodcut", "--keyframes", "every:8", "--seed", "7"),
        3,
    ),
)


def write_inputs(folder: Path) -> None:
    """Write the pictures and the clip that the jobs name; the same bytes each time."""
    for name, data in _inputs().items():
        (folder / name).write_bytes(data)


@cache
def _inputs() -> dict[str, bytes]:
    # Made once: encoders with several threads do not promise the same bytes twice.
    with TemporaryDirectory() as name:
        folder = Path(name)
        for number, photo in enumerate(PHOTOS):
            Image.fromarray(scene(number)).save(folder / photo)
        write_clip(folder / "clip.mp4", "libx264")
        return {path.name: path.read_bytes() for path in folder.iterdir()}


def write_clip(path: Path, codec: str) -> None:
    """Write a clip of 17 frames in which something moves, at 12 frames a second."""
    with av.open(str(path), "w") as file:
        stream = cast(VideoStream, file.add_stream(codec, rate=12))
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(FRAMES):
            file.mux(stream.encode(av.VideoFrame.from_ndarray(scene(number), format="rgb24")))
        file.mux(stream.encode())


def scene(number: int) -> Pixels:
    """A bright square that wanders over smooth waves, height × width × 3."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    waves = (np.sin(x / 9), np.cos(y / 7), np.sin((x + y) / 13))
    picture = np.stack([120 + 70 * wave for wave in waves], axis=-1).astype(np.uint8)
    picture[20:40, 3 * number : 3 * number + 20] = (240, 200, 40)
    return picture
