"""Of several picture tracks the one is taken that a player shows, or the one that was named."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition
from av.video.stream import VideoStream

from sdbr.errors import UsageProblem
from sdbr.media.open import open_reader
from tests.media.made_clips import Film, make_film, picture, rewritten

Track = tuple[int, int, int, Disposition]
NONE = Disposition(0)


def tracked(path: Path, tracks: Sequence[Track]) -> Path:
    """Write a file whose tracks have these widths, heights, numbers of frames and dispositions."""
    with av.open(str(path), "w") as container:
        streams = []
        for width, height, _, disposition in tracks:
            stream = container.add_stream("mpeg4", rate=25)
            assert isinstance(stream, VideoStream)
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            stream.disposition = disposition
            streams.append(stream)
        for (width, height, count, _), stream in zip(tracks, streams, strict=True):
            for number in range(count):
                frame = av.VideoFrame.from_ndarray(picture(number, width, height), format="rgb24")
                frame.pts, frame.time_base = number, Fraction(1, 25)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
@pytest.mark.parametrize(
    ("tracks", "taken"),
    [
        ([(320, 240, 1, NONE), (96, 64, 8, NONE)], (96, 64)),
        ([(64, 48, 8, NONE), (96, 64, 8, Disposition.default)], (96, 64)),
        ([(96, 64, 8, NONE), (160, 120, 8, NONE)], (160, 120)),
        ([(96, 64, 8, Disposition.default), (160, 120, 8, NONE)], (96, 64)),
    ],
    ids=["a thumbnail first", "the default one", "the larger one", "a small default one"],
)
def test_the_track_that_a_player_shows_is_taken(
    tmp_path: Path, suffix: str, tracks: list[Track], taken: tuple[int, int]
) -> None:
    if suffix == "mp4" and taken == (160, 120):
        pytest.skip("the first track that MP4 enables is its default")
    clip = open_reader(tracked(tmp_path / f"a.{suffix}", tracks)).clip
    assert clip.size == taken


def test_a_track_can_be_named(tmp_path: Path) -> None:
    path = tracked(tmp_path / "a.mkv", [(64, 48, 8, NONE), (96, 64, 5, NONE)])
    reader = open_reader(path, track=1)
    assert reader.clip.size == (64, 48)
    assert [frame.image.shape for frame in reader.frames()] == [(48, 64, 3)] * 8
    assert open_reader(path).notes == (
        "Using video track 2 (96x64 mpeg4); others are 1 (64x48 mpeg4). Choose with --track.",
    )
    with pytest.raises(UsageProblem, match=r"--track is 3: .*video tracks: 1 \(64x48 mpeg4\), 2"):
        open_reader(path, track=3)


def test_an_avif_sequence_is_read_picture_by_picture(tmp_path: Path) -> None:
    from PIL import Image

    path = tmp_path / "a.avif"
    first, *rest = [Image.fromarray(picture(number)) for number in range(5)]
    first.save(path, save_all=True, append_images=rest, duration=200)
    reader = open_reader(path)
    assert [frame.lasts for frame in reader.frames()] == [Fraction(1, 5)] * 5
    assert np.abs(next(reader.frames()).image.astype(int) - picture(0)).mean() < 6


def test_an_avif_sequence_is_brought_to_srgb_by_its_profile(tmp_path: Path) -> None:
    from PIL import Image

    from sdbr.media.stills.profile import matrix_profile
    from tests.media.stills.test_color import P3

    green = np.full((64, 96, 3), (100, 181, 89), np.uint8)
    images = [Image.fromarray(green), Image.fromarray(green[:, ::-1] // 2)]
    path = tmp_path / "a.avif"
    options = {"icc_profile": matrix_profile(None, P3), "quality": 100, "subsampling": "4:4:4"}
    images[0].save(path, save_all=True, append_images=images[1:], duration=200, **options)
    shown = next(open_reader(path).frames()).image[32, 48]
    # What LittleCMS makes of the same picture in a PNG.
    assert np.abs(shown.astype(int) - (64, 184, 76)).max() <= 3


def test_every_sound_track_stays_with_its_title_language_and_default_flag(tmp_path: Path) -> None:
    plain = make_film(tmp_path / "a.mkv", Film(sounds=["aac", "aac"]))
    named = tmp_path / "named.mkv"
    with av.open(str(plain)) as source, av.open(str(named), "w") as target:
        copies = {s.index: target.add_stream_from_template(s) for s in source.streams}
        for (language, title, flag), stream in zip(
            [("eng", "Original", NONE), ("fra", "Doublage", Disposition.default)],
            source.streams.audio,
            strict=True,
        ):
            copies[stream.index].metadata.update(language=language, title=title)
            copies[stream.index].disposition = flag
        for packet in source.demux():
            if packet.size:
                packet.stream = copies[packet.stream_index]
                target.mux(packet)
    for suffix in ("mkv", "mp4"):
        written = tmp_path / f"b.{suffix}"
        rewritten(named, written)
        with av.open(str(written)) as container:
            first, second = container.streams.audio
            assert (first.language, second.language) == ("eng", "fra")
            assert bool(second.disposition & Disposition.default)
            assert not first.disposition & Disposition.default
            if suffix == "mkv":
                assert (first.metadata["title"], second.metadata["title"]) == (
                    "Original",
                    "Doublage",
                )
