"""Clips that people shot: what comes out is as long, as many, as upright and as loud."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from sdbr.errors import InputProblem
from sdbr.media.clip import EncodingSettings
from sdbr.media.open import open_reader, origin_of
from sdbr.media.writer import open_writer
from tests.media.made_clips import psnr, sound_packets

MEDIA = Path(os.environ.get("SDBR_TEST_MEDIA", "missing"))
pytestmark = pytest.mark.skipif(not MEDIA.is_dir(), reason="SDBR_TEST_MEDIA is not set")

COUNTS = {
    "bbb-23976-silent.mp4": 96,
    "bear-odd-161x121.webm": 30,
    "bigbuckbunny-25-720p.mp4": 132,
    "fire-vfr-rotated180.mp4": 25,
    "flower-2997-aac.mp4": 150,
    "keyboard-rotated90.mp4": 39,
    "newtonscradle.gif": 36,
    "people-480x270.gif": 23,
    "plaid-mjpeg-15.avi": 41,
    "rabbit-vp8-vorbis.webm": 234,
    "slowmo-vfr-7frames.mp4": 7,
}
COPIED = ("fire", "keyboard", "flower", "bigbuckbunny")
LONG = (
    "bigbuckbunny-25-720p.mp4",
    "flower-2997-aac.mp4",
    "rabbit-vp8-vorbis.webm",
    "keyboard-rotated90.mp4",
)


@pytest.mark.parametrize("name", sorted(COUNTS))
def test_a_real_clip_survives_being_written_as_mp4(tmp_path: Path, name: str) -> None:
    source, target = MEDIA / "clips" / name, tmp_path / "out.mp4"
    reader = open_reader(source)
    end = Fraction(2, 3) if name in LONG else None
    settings = EncodingSettings(preset="veryfast", crf=14)
    before = []
    with open_writer(
        target, reader.clip.timing, origin=origin_of(reader.clip, end), settings=settings
    ) as writer:
        for frame in reader.frames(Fraction(0), end):
            writer.add(frame)
            before.append((frame.at, frame.end, frame.image[::4, ::4].copy()))
    back = open_reader(target)
    after = [(f.at, f.end, f.image[::4, ::4].copy()) for f in back.frames()]
    assert len(after) == len(before)
    assert name in LONG or len(before) == COUNTS[name]
    tick = back.clip.timing.tick
    assert all(abs(a[0] - b[0]) <= tick for a, b in zip(after, before, strict=True))
    assert abs(after[-1][1] - before[-1][1]) <= tick
    assert back.clip.duration is not None
    assert abs(back.clip.duration - before[-1][1]) < 1 / reader.clip.rate / 2
    height, width = before[0][2].shape[:2]
    pairs = [(a[2][:height, :width, :3], b[2][..., :3]) for a, b in zip(after, before, strict=True)]
    assert min(psnr(a, b) for a, b in pairs) > 31
    bias = np.mean([a.astype(float).mean() - b.mean() for a, b in pairs])
    assert abs(bias) < 0.5
    if name.startswith(COPIED):
        heard, kept = sound_packets(source), sound_packets(target)
        wanted = [packet for at, packet in heard if end is None or at < end]
        assert [packet for _, packet in kept] == wanted
        shifts = [abs(k[0] - h[0]) for k, h in zip(kept, heard, strict=False)]
        assert max(shifts) <= Fraction(2, 48000)


@pytest.mark.parametrize("name", LONG)
def test_every_frame_of_a_longer_clip_is_read(name: str) -> None:
    assert sum(1 for _ in open_reader(MEDIA / "clips" / name).frames()) == COUNTS[name]


@pytest.mark.parametrize("name", ["newtonscradle.gif", "people-480x270.gif"])
def test_a_gif_keeps_its_delays_exactly(tmp_path: Path, name: str) -> None:
    reader = open_reader(MEDIA / "clips" / name)
    settings = EncodingSettings(loop=reader.clip.loop)
    with open_writer(tmp_path / "out.gif", reader.clip.timing, settings=settings) as writer:
        for frame in reader.frames():
            writer.add(frame)
    back = open_reader(tmp_path / "out.gif")
    assert [f.lasts for f in back.frames()] == [f.lasts for f in reader.frames()]
    assert back.clip.loop == reader.clip.loop


def test_real_clips_say_what_they_are() -> None:
    clips = {name: open_reader(MEDIA / "clips" / name).clip for name in sorted(COUNTS)}
    assert clips["bbb-23976-silent.mp4"].rate == Fraction(24000, 1001)
    assert clips["flower-2997-aac.mp4"].rate == Fraction(30000, 1001)
    assert clips["bear-odd-161x121.webm"].size == (161, 121)
    assert clips["keyboard-rotated90.mp4"].size == (720, 1280)
    assert clips["keyboard-rotated90.mp4"].rotation == 90
    assert clips["fire-vfr-rotated180.mp4"].rotation == 180
    assert clips["fire-vfr-rotated180.mp4"].timing.variable
    assert 10 < clips["fire-vfr-rotated180.mp4"].rate < 11
    assert clips["slowmo-vfr-7frames.mp4"].timing.variable
    assert clips["plaid-mjpeg-15.avi"].sound[0].codec == "pcm_s16le"
    assert clips["newtonscradle.gif"].duration == Fraction(82, 100)


@pytest.mark.parametrize("path", sorted((MEDIA / "broken").glob("*")), ids=lambda path: path.name)
def test_broken_files_are_refused_or_read_in_part(path: Path) -> None:
    if path.name == "truncated.mp4":
        reader = open_reader(path)
        assert 0 < sum(1 for _ in reader.frames()) < 150
        assert "truncated" in " ".join(reader.notes)
        return
    with pytest.raises(InputProblem) as caught:
        list(open_reader(path).frames())
    assert "\n" not in str(caught.value)
