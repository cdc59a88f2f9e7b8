from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import av
import pytest
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Disposition, Stream
from av.subtitles.stream import SubtitleStream
from av.subtitles.subtitle import SubtitleSet
from PIL import Image

from sdbr.media.open import read_comment
from sdbr.media.video.tags import later_timecode
from tests.media import made_clips
from tests.media.made_clips import picture

if TYPE_CHECKING:
    from av.container.core import Chapter

MS = Fraction(1, 1000)
RATE = 25
LINES = [(Fraction(1, 2), Fraction(5, 4), "One"), (Fraction(8, 5), Fraction(21, 10), "Zwei äöü")]
CHAPTERS = [(Fraction(0), Fraction(1), "Begin"), (Fraction(1), Fraction(2), "Middle")]


@dataclass
class Film:
    """What a source file holds beside two seconds of pictures."""

    subtitles: Sequence[str] = ()
    chapters: Sequence[tuple[Fraction, Fraction, str]] = ()
    tags: dict[str, str] = field(default_factory=dict)
    bitmaps: Sequence[tuple[Fraction, Fraction]] = ()
    timecode: str = ""
    attachment: bytes = b""
    attached: str = "font.ttf"
    mimetype: str = "font/ttf"


def make(path: Path, film: Film) -> Path:
    with av.open(str(path), "w") as container:
        container.metadata.update(film.tags)
        if film.timecode:
            container.metadata["timecode"] = film.timecode
        codec = "libvpx-vp9" if path.suffix == ".webm" else "libx264"
        video = container.add_stream(
            codec, rate=RATE, options={"cpu-used": "8"} if "vpx" in codec else {}
        )
        video.width, video.height, video.pix_fmt = 32, 32, "yuv420p"
        video.metadata.update({"language": "fra", "title": "Main angle"})
        tracks = []
        for number, name in enumerate(film.subtitles):
            track = container.add_stream(name)
            track.codec_context.subtitle_header = _styles()
            track.time_base = track.codec_context.time_base = MS
            track.metadata.update({"language": ["eng", "ger"][number], "title": "Dialog"})
            track.disposition = Disposition.default if number else Disposition(0)
            tracks.append(track)
        container.set_chapters(
            [
                {
                    "id": n,
                    "start": round(a / MS),
                    "end": round(b / MS),
                    "time_base": MS,
                    "metadata": {"title": title},
                }
                for n, (a, b, title) in enumerate(film.chapters, 1)
            ]
        )
        if film.bitmaps:
            images = container.add_mux_stream("hdmv_pgs_subtitle")
            images.time_base = MS
            images.metadata["language"] = "spa"
        if film.attachment:
            container.add_attachment(film.attached, film.mimetype, film.attachment)
        for number in range(2 * RATE):
            frame = av.VideoFrame.from_ndarray(picture(number, 32, 32), format="rgb24")
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        for track in tracks:
            for number, (begin, end, text) in enumerate(LINES):
                line = f"{number},0,Default,,0,0,0,,{text}".encode()
                shown = SubtitleSet.create(line, 0, round((end - begin) / MS))
                _mux(container, track, track.codec_context.encode_subtitle(shown), begin, end)
        for begin, end in film.bitmaps:
            _mux(container, images, Packet(bitmap(begin)), begin, end)
    return path


def _chapter(number: int, begin: Fraction, end: Fraction, title: str) -> Chapter:
    start, stop = round(begin / MS), round(end / MS)
    metadata = {"title": title}
    return {"id": number, "start": start, "end": stop, "time_base": MS, "metadata": metadata}


def bitmap(begin: Fraction) -> bytes:
    """A display set of PGS: a segment of composition (0x16), and one that ends it (0x80)."""
    text = f"bitmap of {begin}".encode()
    return b"\x16" + len(text).to_bytes(2, "big") + text + b"\x80\0\0"


def _styles() -> bytes | None:
    decoder = av.CodecContext.create("subrip", "r")
    decoder.open(strict=False)
    return decoder.subtitle_header


def _mux(
    container: OutputContainer, track: Stream, packet: Packet, begin: Fraction, end: Fraction
) -> None:
    packet.stream, packet.time_base = track, MS
    packet.pts = packet.dts = round(begin / MS)
    packet.duration = round((end - begin) / MS)
    container.mux(packet)


rewritten = partial(made_clips.rewritten, comment='{"sdbr": "1"}')


def shown(path: Path, track: int = 0) -> list[tuple[float, float, bytes]]:
    """When, in seconds after the first picture, each subtitle of a track is shown, and what."""
    with av.open(str(path)) as container:
        first = next(iter(container.decode(video=0)))
        zero = first.pts * first.time_base
    with av.open(str(path)) as container:
        return list(_lines(container, container.streams.subtitles[track], zero))


def _lines(
    container: InputContainer, stream: SubtitleStream, zero: Fraction
) -> Iterator[tuple[float, float, bytes]]:
    for packet in container.demux(stream):
        if not packet.size or bytes(packet) == b"\0\0":
            continue
        begin = packet.pts * packet.time_base - zero
        end = begin + (packet.duration or 0) * packet.time_base
        text = bytes(packet)
        if stream.codec_context.codec.canonical_name != "hdmv_pgs_subtitle":
            text = packet.decode()[0].dialogue
        else:
            text = text[3:-3]
        yield float(begin), float(end), text


def expected(lines: Sequence[tuple[Fraction, Fraction, str]]) -> list[object]:
    near = {"abs": 0.0011}
    return [
        (pytest.approx(float(a), **near), pytest.approx(float(b), **near), text.encode())
        for a, b, text in lines
    ]


@pytest.mark.parametrize(
    ("source", "codec", "target", "becomes"),
    [
        ("a.mkv", "subrip", "b.mkv", "subrip"),
        ("a.mkv", "ass", "b.mkv", "ass"),
        ("a.mkv", "subrip", "b.mp4", "mov_text"),
        ("a.mkv", "subrip", "b.webm", "webvtt"),
        ("a.mp4", "mov_text", "b.mp4", "mov_text"),
        ("a.mp4", "mov_text", "b.mov", "mov_text"),
        ("a.mp4", "mov_text", "b.mkv", "subrip"),
        ("a.mov", "mov_text", "b.mp4", "mov_text"),
        ("a.webm", "webvtt", "b.mp4", "mov_text"),
        ("a.webm", "webvtt", "b.webm", "webvtt"),
    ],
)
def test_subtitles_come_along_with_their_times_and_languages(
    tmp_path: Path, source: str, codec: str, target: str, becomes: str
) -> None:
    path = make(tmp_path / source, Film(subtitles=[codec, codec]))
    writer = rewritten(path, tmp_path / target)
    assert writer.notes == ()
    for track in (0, 1):
        assert shown(tmp_path / target, track) == expected(LINES)
    with av.open(str(tmp_path / target)) as container:
        tracks = container.streams.subtitles
        assert [track.codec_context.codec.canonical_name for track in tracks] == [becomes] * 2
        assert [track.language for track in tracks] == ["eng", "ger"]
        assert [bool(track.disposition & Disposition.default) for track in tracks] == [False, True]
        titles = [track.metadata.get("title") or track.metadata.get("name") for track in tracks]
        assert titles == ["Dialog", "Dialog"]


@pytest.mark.parametrize("target", ["b.mp4", "b.mkv", "b.webm"])
def test_a_part_takes_its_subtitles_and_chapters_cut_where_it_is(
    tmp_path: Path, target: str
) -> None:
    film = Film(subtitles=["subrip"], chapters=CHAPTERS)
    path = make(tmp_path / "a.mkv", film)
    start, end = Fraction(4, 5), Fraction(9, 5)
    rewritten(path, tmp_path / target, start, end)
    first, second = LINES
    cut = [
        (Fraction(0), first[1] - start, first[2]),
        (second[0] - start, end - start, second[2]),
    ]
    assert shown(tmp_path / target) == expected(cut)
    assert chapters(tmp_path / target) == [(0, 0.2, "Begin"), (0.2, 1, "Middle")]
    rewritten(path, tmp_path / target, start, None)
    begin, end, text = second
    assert shown(tmp_path / target)[1:] == expected([(begin - start, end - start, text)])


def chapters(path: Path) -> list[tuple[float, float, str]]:
    with av.open(str(path)) as container:
        return [
            (
                round(float(one["start"] * one["time_base"]), 3),
                round(float(one["end"] * one["time_base"]), 3),
                one["metadata"]["title"],
            )
            for one in container.chapters()
        ]


def test_a_part_late_in_a_long_film_begins_with_what_is_shown_there(tmp_path: Path) -> None:
    path = make(
        tmp_path / "a.mkv", Film(bitmaps=[(Fraction(n, 5), Fraction(n, 5)) for n in range(9)])
    )
    rewritten(path, tmp_path / "b.mkv", Fraction(1), Fraction(3, 2))
    assert [(a, text) for a, _, text in shown(tmp_path / "b.mkv")] == [
        (0, b"bitmap of 1"),
        (pytest.approx(0.2), b"bitmap of 6/5"),
        (pytest.approx(0.4), b"bitmap of 7/5"),
    ]
    rewritten(path, tmp_path / "c.mkv", Fraction(22, 25), Fraction(3, 2))
    assert shown(tmp_path / "c.mkv")[0] == (0, 0, b"bitmap of 4/5")


@pytest.mark.parametrize("kind", ["mp4", "mov", "webm"])
def test_subtitles_that_a_container_does_not_hold_are_named_with_what_does(
    tmp_path: Path, kind: str
) -> None:
    film = Film(subtitles=["ass"], bitmaps=[(Fraction(1), Fraction(2))])
    path = make(tmp_path / "a.mkv", film)
    assert rewritten(path, tmp_path / f"b.{kind}").notes == (
        f"Subtitles (spa) were left out: {kind} does not support this format."
        " Use --container mkv to keep them.",
        f"Subtitles (eng) lost their positions and fonts: {kind} supports plain text only."
        " Use --container mkv to keep them.",
    )
    assert shown(tmp_path / f"b.{kind}") == expected(LINES)


@pytest.mark.parametrize("target", ["b.mp4", "b.webm"])
def test_subtitles_whose_styles_are_missing_become_plain_text(tmp_path: Path, target: str) -> None:
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=RATE)
        video.width, video.height = 32, 32
        track = container.add_mux_stream("ass")
        for number in range(2 * RATE):
            frame = av.VideoFrame.from_ndarray(picture(number, 32, 32), format="rgb24")
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        for number, (begin, end, text) in enumerate(LINES):
            line = Packet(f"{number},0,Default,,0,0,0,,{text}".encode())
            _mux(container, track, line, begin, end)
    rewritten(path, tmp_path / target)
    assert shown(tmp_path / target) == expected(LINES)


def test_a_subtitle_that_cannot_be_written_does_not_take_the_others_along(tmp_path: Path) -> None:
    path = make(tmp_path / "a.mkv", Film(subtitles=["subrip"]))
    with av.open(str(path)) as source, av.open(str(tmp_path / "b.mkv"), "w") as container:
        video, track = source.streams.video[0], source.streams.subtitles[0]
        copies = {0: container.add_stream_from_template(video, opaque=True)}
        copies[1] = container.add_stream_from_template(track)
        for packet in source.demux(video, track):
            if packet.size:
                packet.stream = copies[packet.stream_index]
                container.mux(packet)
        # MP4 holds texts of up to 65535 bytes.
        _mux(container, copies[1], Packet(b"A" * 70_000), Fraction(9, 4), Fraction(5, 2))
    writer = rewritten(tmp_path / "b.mkv", tmp_path / "c.mp4")
    assert writer.notes == ("Some subtitles cannot be read and were left out.",)
    assert shown(tmp_path / "c.mp4") == expected(LINES)


def test_matroska_keeps_bitmaps_and_the_fonts_of_ass(tmp_path: Path) -> None:
    film = Film(subtitles=["ass"], bitmaps=[(Fraction(1), Fraction(2))], attachment=b"a font")
    path = make(tmp_path / "a.mkv", film)
    assert rewritten(path, tmp_path / "b.mkv").notes == ()
    assert shown(tmp_path / "b.mkv", 1) == expected([(Fraction(1), Fraction(2), "bitmap of 1")])
    with av.open(str(tmp_path / "b.mkv")) as container:
        (font,) = container.streams.attachments
        assert (font.name, font.mimetype, font.data) == ("font.ttf", "font/ttf", b"a font")


@pytest.mark.parametrize("target", ["b.gif", "b.webp", "b.png", "b"])
def test_what_holds_pictures_alone_says_what_it_left_out(tmp_path: Path, target: str) -> None:
    path = make(tmp_path / "a.mkv", Film(subtitles=["subrip"], chapters=CHAPTERS))
    (note,) = rewritten(path, tmp_path / target, Fraction(0), Fraction(1, 5)).notes
    assert note.startswith("The subtitles and chapters were left out: ")


@pytest.mark.parametrize("target", ["b.mp4", "b.mov", "b.mkv", "b.webm"])
def test_title_date_and_place_come_along_and_what_is_no_longer_true_does_not(
    tmp_path: Path, target: str
) -> None:
    tags = {"title": "A film", "artist": "Somebody", "location": "+48.8577+002.2950/"}
    untrue = {"encoder": "Old", "com.android.version": "14", "encoded_by": "Old"}
    when = {"creation_time": "2021-05-06T10:11:12.000000Z"}
    path = make(tmp_path / "a.mkv", Film(tags=tags | untrue | when))
    assert rewritten(path, tmp_path / target).notes == ()
    with av.open(str(tmp_path / target)) as container:
        found = {name.lower(): value for name, value in container.metadata.items()}
        video = container.streams.video[0]
        assert video.language == "fra"
        assert "Main angle" in video.metadata.values()
    if target != "b.webm":  # WebM has no date.
        tags = tags | when
    assert {name: found.get(name) for name in tags} == tags
    assert "Old" not in found.values()
    assert "com.android.version" not in found


def test_a_tag_that_a_container_has_no_place_for_is_named(tmp_path: Path) -> None:
    path = make(tmp_path / "a.mkv", Film(tags={"mood": "blue", "title": "A film"}))
    assert rewritten(path, tmp_path / "b.mp4").notes == (
        "mp4 does not support these tags: mood. Use --container mkv to keep them.",
    )
    assert rewritten(path, tmp_path / "b.mkv").notes == ()


def test_a_cover_stays_behind_because_it_shows_the_film_as_it_was(tmp_path: Path) -> None:
    cover = BytesIO()
    Image.fromarray(picture(0)).save(cover, "PNG")
    path = make(
        tmp_path / "a.mkv",
        Film(attachment=cover.getvalue(), attached="cover.png", mimetype="image/png"),
    )
    assert rewritten(path, tmp_path / "b.mkv").notes == (
        "The cover art was left out because it shows the original video.",
    )
    with av.open(str(tmp_path / "b.mkv")) as container:
        assert [stream.type for stream in container.streams] == ["video"]


def test_a_comment_becomes_the_description_because_the_record_stands_in_its_place(
    tmp_path: Path,
) -> None:
    path = make(tmp_path / "a.mkv", Film(tags={"comment": "From my balcony"}))
    (note,) = rewritten(path, tmp_path / "b.mp4").notes
    assert note.startswith("The comment was moved to description")
    with av.open(str(tmp_path / "b.mp4")) as container:
        assert container.metadata["description"] == "From my balcony"
    assert read_comment(tmp_path / "b.mp4") == '{"sdbr": "1"}'
    assert "comment" in " ".join(rewritten(path, tmp_path / "b.mov").notes)


def test_the_record_of_an_earlier_clip_makes_way_for_the_new_one(tmp_path: Path) -> None:
    path = make(tmp_path / "a.mkv", Film(tags={"comment": '{"sdbr": "0", "seed": 3}'}))
    assert rewritten(path, tmp_path / "b.mkv").notes == ()
    with av.open(str(tmp_path / "b.mkv")) as container:
        assert '{"sdbr": "0", "seed": 3}' not in container.metadata.values()


def test_without_a_record_a_comment_stays_where_it_was(tmp_path: Path) -> None:
    path = make(tmp_path / "a.mkv", Film(tags={"comment": "From my balcony"}))
    assert rewritten(path, tmp_path / "b.mp4", comment="").notes == ()
    assert read_comment(tmp_path / "b.mp4") == "From my balcony"


@pytest.mark.parametrize("target", ["b.mp4", "b.mov", "b.mkv"])
def test_a_part_has_the_timecode_of_its_first_frame(tmp_path: Path, target: str) -> None:
    path = make(tmp_path / "a.mov", Film(timecode="10:59:59:20"))
    rewritten(path, tmp_path / target, Fraction(2, 5), None)
    with av.open(str(tmp_path / target)) as container:
        tags = container.metadata | container.streams.video[0].metadata
        assert {name.lower(): value for name, value in tags.items()}["timecode"] == "11:00:00:05"


@pytest.mark.parametrize(
    ("label", "rate", "frames", "later"),
    [
        ("01:00:00:00", 24, 24, "01:00:01:00"),
        ("23:59:59:24", 25, 1, "00:00:00:00"),
        ("00:00:59;29", 30, 1, "00:01:00;02"),
        ("00:09:59;29", 30, 1, "00:10:00;00"),
        ("00:00:00;00", 30, 107892, "01:00:00;00"),
        ("00:00:59;59", 60, 1, "00:01:00;04"),
        ("00:00:59:29", 30, 1, "00:01:00:00"),
        ("01:02:03;04", 30, 0, "01:02:03;04"),
        ("00:00:01;24", 25, 1, "00:00:02:00"),
        ("01:00:00:0", 10, 3, "01:00:00:03"),
    ],
)
def test_a_timecode_counts_frames_and_drops_labels_after_a_semicolon(
    label: str, rate: int, frames: int, later: str
) -> None:
    assert later_timecode(label, rate, frames) == later


def test_every_drop_frame_label_of_eleven_minutes_comes_once() -> None:
    label, seen = "00:00:00;00", []
    for _ in range(17982 + 1800):
        seen.append(label)
        label = later_timecode(label, 30, 1)
    assert label == "00:11:00;02"
    assert seen == sorted(set(seen))
    assert not {one for one in seen if one[6:] in ("00;00", "00;01") and one[4] != "0"}
