from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.packet import Packet
from av.stream import Stream
from av.video.reformatter import Colorspace

from sdbr.media.clip import EncodingSettings, FrameTiming, Pixels, TimedFrame
from sdbr.media.open import open_reader
from sdbr.media.writer import open_writer
from tests.media.made_clips import Film, make_film, picture

MILLISECOND = Fraction(1, 1000)
TIMES = tuple(Fraction(i, 25) for i in range(8))
_VP8 = {"crf": "4", "b": "4M", "auto-alt-ref": "0"}
BESIDE = {
    "vp9": Film("libvpx-vp9", "yuva420p", TIMES, MILLISECOND, options={"crf": "8", "b": "0"}),
    # VP8 is BT.601 by its own header.
    "vp8": Film("libvpx", "yuva420p", TIMES, MILLISECOND, Colorspace.ITU601, {}, options=_VP8),
}
PADDED = Film("rawvideo", "bgra", TIMES, Fraction(1, 25), tags={})


def see_through(count: int = 8) -> list[Pixels]:
    return [picture(number, alpha=True) for number in range(count)]


def hidden(image: Pixels) -> Pixels:
    return np.dstack([image[..., :3], np.zeros(image.shape[:2], np.uint8)])


def read(path: Path, start: Fraction = Fraction(0)) -> list[Pixels]:
    return [frame.image for frame in open_reader(path).frames(start)]


def alpha_error(one: Pixels, other: Pixels) -> float:
    return float(np.abs(one[..., 3].astype(int) - other[..., 3]).mean())


@pytest.mark.parametrize("codec", BESIDE)
@pytest.mark.parametrize("name", ["film.webm", "film.mkv"])
def test_alpha_beside_a_film_is_read(tmp_path: Path, name: str, codec: str) -> None:
    path = make_film(tmp_path / name, BESIDE[codec], see_through())
    assert open_reader(path).clip.has_alpha
    images = read(path)
    assert len(images) == 8
    for image, wanted in zip(images, see_through(), strict=True):
        assert alpha_error(image, wanted) < 3
        shown = wanted[..., 3] == 255
        assert np.abs(image[shown].astype(int) - wanted[shown]).mean() < 4


def test_alpha_with_key_frames_of_its_own_is_right_from_any_start(tmp_path: Path) -> None:
    film = replace(BESIDE["vp9"], options={**BESIDE["vp9"].options, "g": "3"})
    often = make_film(tmp_path / "often.webm", film, see_through())
    once = make_film(tmp_path / "once.webm", BESIDE["vp9"], see_through())
    path = with_alpha_of(often, once, range(8))
    for image, wanted in zip(read(path, Fraction(1, 5)), see_through()[5:], strict=True):
        assert alpha_error(image, wanted) < 3


def test_a_frame_without_alpha_beside_it_is_opaque(tmp_path: Path) -> None:
    path = make_film(tmp_path / "film.webm", BESIDE["vp9"], see_through())
    images = read(with_alpha_of(path, path, {*range(8)} - {5}))
    assert len(images) == 8
    assert [number for number in range(8) if images[number][..., 3].min() == 255] == [5]


def with_alpha_of(path: Path, other: Path, numbers: Collection[int]) -> Path:
    """A copy of the film with what stands beside these packets of another, and else nothing."""
    copy = path.with_name(f"copy-{path.name}")
    with av.open(str(path)) as film, av.open(str(other)) as beside, av.open(str(copy), "w") as out:
        stream = out.add_stream_from_template(film.streams.video[0])
        pairs = zip(film.demux(video=0), beside.demux(video=0), strict=True)
        for number, (packet, alpha) in enumerate(pairs):
            if not packet.size:
                break
            muxed: Packet[Stream] = Packet(bytes(packet))
            muxed.pts, muxed.dts, muxed.time_base = packet.pts, packet.dts, packet.time_base
            muxed.is_keyframe, muxed.stream = packet.is_keyframe, stream
            if number in numbers:
                muxed.set_sidedata(alpha.get_sidedata("matroska_block_additional"))
            out.mux(muxed)
    return copy


def test_alpha_that_is_zero_everywhere_is_padding(tmp_path: Path) -> None:
    path = make_film(tmp_path / "film.avi", PADDED, [hidden(picture(i)) for i in range(8)])
    assert not open_reader(path).clip.has_alpha
    for number, image in enumerate(read(path)):
        assert np.array_equal(image, picture(number))


@pytest.mark.parametrize(("codec", "name"), [("qtrle", "film.mov"), ("libvpx-vp9", "film.webm")])
def test_a_film_that_begins_with_nothing_shown_is_see_through(
    tmp_path: Path, codec: str, name: str
) -> None:
    begins = [hidden(picture(number)) for number in range(5)] + see_through()[5:]
    film = BESIDE["vp9"] if codec != "qtrle" else Film(codec, "argb", TIMES, tags={})
    path = make_film(tmp_path / name, film, begins)
    images = read(path)
    assert images[0].shape[2] == 4
    assert images[0][..., 3].max() < 3
    assert alpha_error(images[6], see_through()[6]) < 3


def written(target: Path, images: list[Pixels], background: str = "white") -> tuple[str, ...]:
    settings = EncodingSettings(background=background)
    with open_writer(target, FrameTiming.even(Fraction(25)), settings=settings) as writer:
        for number, image in enumerate(images):
            writer.add(TimedFrame(image, Fraction(number, 25), Fraction(1, 25)))
    return writer.notes


@pytest.mark.parametrize("size", [(96, 64), (81, 65)])
@pytest.mark.parametrize(("suffix", "codec"), [(".webm", "libvpx-vp9"), (".mov", "prores")])
def test_alpha_is_written_where_the_container_holds_it(
    tmp_path: Path, suffix: str, codec: str, size: tuple[int, int]
) -> None:
    images = [picture(number, *size, alpha=True) for number in range(8)]
    assert written(tmp_path / f"a{suffix}", images) == ()
    with av.open(str(tmp_path / f"a{suffix}")) as container:
        stream = container.streams.video[0]
        decoder = av.CodecContext.create(codec, "r")
        decoder.extradata = stream.codec_context.extradata
        packets = [packet for packet in container.demux(stream) if packet.size]
        frames = [frame for packet in [*packets, None] for frame in decoder.decode(packet)]
    assert len(frames) == 8
    for frame, wanted in zip(frames, images, strict=True):
        assert (frame.width, frame.height) == size
        assert alpha_error(frame.reformat(format="rgba").to_ndarray(), wanted) < 3


@pytest.mark.parametrize(("suffix", "codec"), [(".webm", "vp9"), (".mov", "h264")])
def test_a_film_without_alpha_is_written_without(tmp_path: Path, suffix: str, codec: str) -> None:
    path = tmp_path / f"a{suffix}"
    written(path, [picture(number) for number in range(3)])
    with av.open(str(path)) as container:
        assert container.streams.video[0].codec_context.codec.canonical_name == codec
        assert "alpha_mode" not in container.streams.video[0].metadata
    assert not open_reader(path).clip.has_alpha


@pytest.mark.parametrize("kind", ["mp4", "mkv"])
def test_where_alpha_is_lost_the_user_is_told_what_keeps_it(tmp_path: Path, kind: str) -> None:
    notes = written(tmp_path / f"a.{kind}", see_through(), "black")
    assert notes == (
        f"Transparent areas were filled with black: {kind} does not support transparency."
        " Write .webm or .mov to keep it.",
    )
    wanted = see_through()[0]
    assert read(tmp_path / f"a.{kind}")[0][wanted[..., 3] == 0].mean() < 12
