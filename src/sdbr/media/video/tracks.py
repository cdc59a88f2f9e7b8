"""Chooses among the picture tracks of a file the one that a player would show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from sdbr.errors import InputProblem, UsageProblem
from sdbr.media.video.clock import PacketCount

LARGEST = 1 << 26
"""The most pixels a frame may have; 8K film has half as many."""

PIXEL_LIMIT = {"max_pixels": str(LARGEST)}
"""What tells a decoder so."""

_NO_FILM = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image


@dataclass(frozen=True, slots=True)
class ChosenTrack:
    """The number of a picture track, from 1 in the order of the file, and why it was taken."""

    number: int
    notes: tuple[str, ...] = ()


def picture_stream(container: InputContainer, number: int) -> VideoStream:
    """Return the picture track with this number, from 1, in the order of the file."""
    stream = container.streams.video[number - 1]
    stream.codec_context.options = dict(PIXEL_LIMIT)
    return stream


def choose_track(
    container: InputContainer,
    path: Path,
    counts: Mapping[int, PacketCount],
    wanted: int | None = None,
) -> ChosenTrack:
    """Choose the picture track `wanted`, else the one to show.

    That is the default one, then the largest, then the longest; a cover, a thumbnail or one
    single picture only where nothing moves. `counts` are by index of stream. Raises InputProblem
    where there is no picture, and UsageProblem for a number that there is not.
    """
    streams = container.streams.video
    usable = [n for n, stream in enumerate(streams, 1) if stream.codec_context is not None]
    named = {n: f"{n} ({_describe(streams[n - 1])})" for n in usable}
    if wanted is not None:
        if wanted not in usable:
            listed = ", ".join(named.values())
            raise UsageProblem(f"--track is {wanted}: {path} has these video tracks: {listed}.")
        return ChosenTrack(wanted)

    def rank(number: int) -> tuple[bool, bool, int, Fraction, int]:
        stream = streams[number - 1]
        context = stream.codec_context
        count = counts[stream.index].packets
        length = (stream.duration or 0) * Fraction(stream.time_base or 0)
        # A stream of one picture among others is a thumbnail, whatever the file says of it.
        return (
            count > 1,
            bool(stream.disposition & Disposition.default),
            context.width * context.height,
            length or Fraction(count),
            -number,
        )

    films = [n for n in usable if not streams[n - 1].disposition & _NO_FILM]
    if not films:
        raise InputProblem(f"{path} has no video. Name a file with a video stream.")
    best = max(films, key=rank)
    others = [named[n] for n in films if rank(n)[0] and n != best]
    if not others:
        return ChosenTrack(best)
    note = f"Using video track {named[best]}; others are {', '.join(others)}. Choose with --track."
    return ChosenTrack(best, (note,))


def _describe(stream: VideoStream) -> str:
    context = stream.codec_context
    return f"{context.width}x{context.height} {context.codec.canonical_name}"
