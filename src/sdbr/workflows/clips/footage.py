"""Look over a clip once: which frames there really are, and which of them are drawn."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil

import numpy as np

from sdbr.concurrency import side_by_side
from sdbr.errors import InputProblem
from sdbr.media.clip import Clip, Pixels, TimedFrame
from sdbr.media.open import Reader
from sdbr.media.stills.color import rgb_of
from sdbr.media.stills.pixels import flatten
from sdbr.motion.keyframes import KeyframeRule, find_shots, place_keyframes
from sdbr.motion.keyframes_stream import place_streaming
from sdbr.motion.plan import KeyframePlan, reasons
from sdbr.motion.survey import FrameSurvey, survey
from sdbr.workflows.clips.overrides import with_frames
from sdbr.workflows.clips.selection import FrameSelection


@dataclass(frozen=True, slots=True)
class FrameInfo:
    """A wanted frame without its pixels: its number from 0, its time, and a digest of them.

    The digest is that of what is sent, on the clip's background; `opaque` says that nothing of it
    shows.
    """

    number: int
    at: Fraction
    lasts: Fraction
    digest: str
    opaque: bool = True


@dataclass(frozen=True, slots=True)
class Footage:
    """What is wanted of a clip: its frames as decoding gives them, not as the file declares.

    `surveys` are what the survey for keyframes says of each frame, `plan` which of them are drawn.
    `background` is the color that transparent parts are laid on; `starts` are the frames at which
    another look begins without a cut of the source, `fixed` those that are keyframes in any case.
    """

    clip: Clip
    choice: FrameSelection
    frames: tuple[FrameInfo, ...]
    surveys: tuple[FrameSurvey, ...]
    plan: KeyframePlan
    background: str = "white"
    starts: tuple[int, ...] = ()
    fixed: tuple[int, ...] = ()

    @property
    def see_through(self) -> bool:
        """Whether anything is transparent in the wanted frames."""
        return not all(frame.opaque for frame in self.frames)

    @property
    def duration(self) -> Fraction:
        """Seconds from the first wanted frame to the end of the last."""
        return self.frames[-1].at + self.frames[-1].lasts - self.frames[0].at

    @property
    def cut_at(self) -> Fraction | None:
        """When the last wanted frame ends, in seconds from the clip's first frame.

        None where the choice goes to the clip's end: sound that outlasts the picture stays.
        """
        if self.choice.end is None and self.choice.most is None:
            return None
        return self.frames[-1].at + self.frames[-1].lasts


def survey_clip(
    reader: Reader,
    choice: FrameSelection,
    rule: KeyframeRule,
    background: str,
    thorough: bool = False,
    seen: Callable[[], None] = lambda: None,
) -> Footage:
    """Decode the clip once, survey its frames and place the keyframes.

    A `thorough` look takes several times as long; `auto` can then be `place_again`. `seen` is
    called after each frame. Raises InputProblem where there is no frame,
    UsageProblem for an unknown background.
    """
    rgb_of(background)
    noted: dict[int, FrameInfo] = {}

    def inspect_frame(item: tuple[int, TimedFrame]) -> Pixels:
        number, frame = item
        pixels = flatten(frame.image, background)
        opaque = bool((frame.image[..., 3:] == 255).all())
        noted[number] = FrameInfo(number, frame.at, frame.lasts, pixel_digest(pixels), opaque)
        return pixels

    def pictures() -> Iterator[Pixels]:
        for pixels in side_by_side(inspect_frame, enumerate(read_wanted(reader, choice))):
            yield pixels
            seen()

    if streams(rule, thorough):
        surveys, plan = place_streaming(pictures(), rule)
    else:
        surveys = survey(pictures(), compare=rule.word == "auto")
        plan = place_keyframes(surveys, rule)
    # They were looked at side by side, so not in their order.
    frames = tuple(noted[number] for number in sorted(noted))
    if not frames:
        raise InputProblem(
            f"{reader.clip.path} has no frames in the selected part. Change --start, --end or "
            "--duration."
        )
    return Footage(reader.clip, choice, frames, tuple(surveys), plan, background)


def streams(rule: KeyframeRule, thorough: bool) -> bool:
    """Whether the keyframes are placed while the clip streams past, not by a whole survey."""
    return rule.word == "auto" and not thorough


def expected_frames(clip: Clip, choice: FrameSelection) -> int:
    """How many frames are wanted, by what the clip says of itself; 0 where it says nothing."""
    whole = clip.duration
    if whole is None:
        whole = None if clip.frames is None else clip.frames / clip.rate
    if whole is None:
        return 0
    seconds = max(Fraction(0), min(whole, choice.end or whole) - choice.start)
    rate = min(clip.rate / choice.every, choice.fps or clip.rate)
    count = max(1, round(seconds * rate))
    return count if choice.most is None else min(count, choice.most)


def place_again(footage: Footage, rule: KeyframeRule) -> Footage:
    """The same footage, thoroughly looked over, with its keyframes by another rule."""
    plan = with_frames(place_keyframes(footage.surveys, rule, footage.starts), footage.fixed)
    return replace(footage, plan=replace(plan, reasons=reasons(plan)))


def with_starts(
    footage: Footage, starts: Sequence[int], fixed: Sequence[int], rule: KeyframeRule
) -> Footage:
    """The footage with shots that begin at these frames as well, and `fixed` ones as keyframes.

    A keyframe stands on either side of a start: what comes before is filled from both its ends. The
    source's own cuts have their keyframes already.
    """
    cuts = {shot.start for shot in footage.plan.shots}
    starts = [number for number in starts if number not in cuts]
    footage = replace(footage, starts=tuple(starts), fixed=tuple(fixed))
    if not starts and not fixed:
        return footage
    if rule.word != "auto":
        return place_again(footage, rule)
    plan = replace(footage.plan, shots=find_shots(footage.surveys, starts))
    plan = with_frames(plan, [*starts, *(number - 1 for number in starts), *fixed])
    return replace(footage, plan=replace(plan, reasons=reasons(plan)))


def read_wanted(reader: Reader, choice: FrameSelection) -> Iterator[TimedFrame]:
    """The frames that the choice leaves, decoded anew. Raises InputProblem.

    Each lasts until the next wanted one, so that no time is lost.
    """
    held: TimedFrame | None = None
    count = 0
    due = Fraction(0)
    for number, frame in enumerate(reader.frames(choice.start, choice.end)):
        if held is not None:
            held = replace(held, lasts=frame.at - held.at)
        wanted = number % choice.every == 0 and (choice.fps is None or frame.end > due)
        if held is None or wanted:
            if held is not None:
                yield held
                if count == choice.most:
                    return
            count += 1
            held = frame
            if choice.fps is not None and due < frame.end:
                due += ceil((frame.end - due) * choice.fps) / choice.fps
        else:
            held = replace(held, lasts=frame.end - held.at)
    if held is not None:
        yield held


def read_numbered(
    reader: Reader,
    footage: Footage,
    numbers: Collection[int],
    seen: Callable[[], None] = lambda: None,
) -> Iterator[tuple[int, Pixels]]:
    """The frames of the footage with these numbers, in order, decoded anew on its background.

    Nothing after the last of them is decoded. `seen` is called after each frame of the clip.
    Raises InputProblem.
    """
    left = set(numbers)
    for number, frame in enumerate(read_wanted(reader, footage.choice) if left else ()):
        if number in left:
            yield number, flatten(frame.image, footage.background)
            left.discard(number)
        seen()
        if not left:
            return


def pixel_digest(pixels: Pixels) -> str:
    """A name for a frame's pixels; exact repeats have the same."""
    name = hashlib.sha256("x".join(map(str, pixels.shape)).encode())
    name.update(np.ascontiguousarray(pixels).data)
    return name.hexdigest()
