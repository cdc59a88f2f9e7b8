"""What cannot be shown as a clip is refused in one sentence, and libav says nothing itself."""

from __future__ import annotations

import os
import struct
from fractions import Fraction
from pathlib import Path

import av
import pytest

from sdbr.errors import InputProblem
from sdbr.media.open import open_reader
from sdbr.media.stills.pixels import encode_png
from sdbr.media.video.truncated import missing_bytes
from tests.media.made_clips import Film, make_film, picture

PLAYLIST = b"#EXTM3U\n#EXTINF:10,\n/etc/hostname\n"
SCRIPT = b"ffconcat version 1.0\nfile other.mp4\n"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.mp4", b"", "empty"),
        ("words.mp4", b"I am not a film.\n" * 40, "text"),
        ("list.mp4", PLAYLIST, "text"),
        ("script.mkv", SCRIPT, "text"),
        ("still.mp4", encode_png(picture(0)), "still picture"),
        ("noise.mp4", os.urandom(5000), "not a readable video"),
        ("sizes.mkv", b"\x1a\x45\xdf\xa3\0" + b"\xff" * 60, "not a readable video"),
        ("short.gif", b"GIF89a", "no frame that can be decoded"),
        ("short.png", encode_png(picture(0))[:33] + b"\0\0\0\0acTL\0\0\0\0", "no frame"),
        (
            "head.mp4",
            b"\0\0\0\x20ftypisom" + bytes(20) + struct.pack(">I4s", 9000, b"mdat"),
            "missing",
        ),
    ],
)
def test_what_is_no_clip_is_refused(
    tmp_path: Path, name: str, content: bytes, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputProblem, match=said) as caught:
        open_reader(tmp_path / name)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputProblem, match="does not exist"):
        open_reader(tmp_path / "gone.mp4")


def test_sound_alone_is_no_clip(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.mkv", Film(sounds=["aac"], times=(Fraction(0),)))
    with av.open(str(path)) as source, av.open(str(tmp_path / "b.m4a"), "w", format="mp4") as out:
        track = out.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(source.streams.audio[0]):
            if packet.size:
                packet.stream = track
                out.mux(packet)
    with pytest.raises(InputProblem, match="has no video"):
        open_reader(tmp_path / "b.m4a")


def test_film_larger_than_anyone_shows_is_refused(tmp_path: Path) -> None:
    """An AVI header that declares 30000 × 30000 pixels."""
    film = Film(codec="mjpeg", pix_fmt="yuvj420p", tick=Fraction(1, 25))
    path = make_film(tmp_path / "a.avi", film)
    data = bytearray(path.read_bytes())
    for marker in (b"\xff\xc0",):
        at = data.find(marker)
        while at >= 0:
            data[at + 5 : at + 9] = struct.pack(">HH", 30000, 30000)
            at = data.find(marker, at + 1)
    at = data.find(b"strf") + 12
    data[at : at + 8] = struct.pack("<II", 30000, 30000)
    path.write_bytes(data)
    with pytest.raises(InputProblem):
        next(open_reader(path).frames())


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.webm", "a.avi"])
def test_missing_bytes_are_counted(tmp_path: Path, name: str) -> None:
    codec = "libvpx" if name == "a.webm" else "mpeg4"
    path = make_film(tmp_path / name, Film(codec=codec, tick=Fraction(1, 25), tags={}))
    assert missing_bytes(path) == 0
    data = path.read_bytes()
    path.write_bytes(data[:-100])
    assert missing_bytes(path) == 100


def test_a_recording_that_says_nothing_of_its_length_is_not_cut(tmp_path: Path) -> None:
    """As a live stream that was saved: its length is all ones (RFC 8794, section 6.2)."""
    path = tmp_path / "live.mkv"
    with av.open(str(path), "w", format="matroska", options={"live": "1"}) as container:
        stream = container.add_stream("ffv1", rate=25, width=64, height=48)
        for packet in stream.encode(av.VideoFrame(64, 48, "yuv420p")):
            container.mux(packet)
        container.mux(stream.encode(None))
    data = path.read_bytes()
    at = data.index(b"\x18\x53\x80\x67") + 4
    assert data[at : at + 8] == b"\x01" + b"\xff" * 7
    assert missing_bytes(path) == 0


def test_raw_film_behind_a_line_of_text_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "bright.y4m"
    path.write_bytes(b"YUV4MPEG2 W64 H64 F25:1 C420jpeg\nFRAME\n" + b"\xc8" * (64 * 64 * 3 // 2))
    (frame,) = open_reader(path).frames()
    assert frame.image.shape == (64, 64, 3)
