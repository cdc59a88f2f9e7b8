"""Where keyframes go. It is decided from the source alone, so the price is known before a call."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import chain, pairwise
from typing import Protocol

from sdbr.console import counted
from sdbr.errors import UsageProblem
from sdbr.motion.cuts import find_cuts
from sdbr.motion.plan import KeyframePlan, reasons
from sdbr.motion.survey import DISTANCES, MOVING_COUNTS, FrameSurvey

FARTHEST = 24
# Flow is chained, and its memory held, from a keyframe to the next: no rule may go farther.
FARTHEST_EVERY = 48

# Keyframes that leave more than this unexplained of each other have too little in common to agree
# on colors: in a fast pan each half of a frame between would have its own.
STRANGERS = 0.8


@dataclass(frozen=True, slots=True)
class KeyframeLevel:
    """How closely `auto` draws: the share of a frame midway between two keyframes that they may
    leave unexplained, 0 to 1, and the fewest frames from one to the next."""

    unexplained: float
    nearest: int


# People who move were drawn every 9, 4 and 3 frames, and were 0.76, 0.87 and 0.92 as like a
# model's own drawing of them as with every frame drawn.
LEVELS = {
    "draft": KeyframeLevel(0.40, 8),
    "standard": KeyframeLevel(0.25, 4),
    "fine": KeyframeLevel(0.12, 2),
}

# Levels of 255 by which a frame is in another light than the keyframes: those of a strobe and of a
# flash are 40 and more apart, those of a scene that is not lit otherwise up to 15.
OTHER_LIGHT = 25.0

# Down to a 4096th of a share.
BISECTIONS = 12


class Unexplained(Protocol):
    """What frames of a shot leave unexplained of others, as shares of a frame, 0 to 1.

    `distance` is one of `DISTANCES`.
    """

    def pair(self, middle: int, distance: int) -> float:
        """What the frames so far before and after the middle one cannot explain of it."""
        ...

    def alone(self, key: int, distance: int) -> float:
        """What a frame cannot explain of the one so far after it."""
        ...


@dataclass(frozen=True, slots=True)
class SurveyedClip:
    """What the whole survey say."""

    surveys: Sequence[FrameSurvey]

    def pair(self, middle: int, distance: int) -> float:
        """See `Unexplained`; everything where the survey did not look."""
        return self.surveys[middle].pair.get(distance, 1.0)

    def alone(self, key: int, distance: int) -> float:
        """See `Unexplained`; everything where the survey did not look."""
        return self.surveys[key].alone.get(distance, 1.0)


@dataclass(frozen=True, slots=True)
class KeyframeRule:
    """How keyframes are placed: `all`, `every` nth frame, or `auto`.

    `every` counts for `every`, `level` for `auto`; `calls` is the most keyframes that `auto` may
    place in all, or None.
    """

    word: str
    every: int = 1
    level: KeyframeLevel = LEVELS["standard"]
    calls: int | None = None


def read_rule(
    text: str, unexplained: float | None = None, calls: int | None = None
) -> KeyframeRule:
    """The rule that `all`, `every:N`, `auto` or `auto:LEVEL` says, `unexplained` in place of the
    level's own; anything else raises UsageProblem."""
    word, _, detail = text.partition(":")
    if text == "all":
        return KeyframeRule(text)
    if word == "auto" and (detail or "standard") in LEVELS and text != "auto:":
        level = LEVELS[detail or "standard"]
        if unexplained is not None:
            level = replace(level, unexplained=unexplained)
        return KeyframeRule(word, level=level, calls=calls)
    if word == "every" and detail.isdecimal() and 1 <= int(detail) <= FARTHEST_EVERY:
        return KeyframeRule(word, every=int(detail))
    raise UsageProblem(
        f"--keyframes is {text!r}: use all, auto, auto:draft, auto:standard, auto:fine, or every:N "
        f"with N from 1 to {FARTHEST_EVERY}."
    )


def place_keyframes(
    surveys: Sequence[FrameSurvey], rule: KeyframeRule, starts: Collection[int] = ()
) -> KeyframePlan:
    """The plan for a clip by its survey; deterministic. Shots also begin at the frames `starts`.

    Raises TooFewCalls where `auto` cannot do with the calls allowed.
    """
    shots = find_shots(surveys, starts)
    plan = KeyframePlan(rule.word, shots, _placed(surveys, shots, rule))
    return replace(plan, reasons=reasons(plan))


def find_shots(surveys: Sequence[FrameSurvey], starts: Collection[int] = ()) -> tuple[range, ...]:
    """The clip's shots as ranges of frame numbers, which begin at cuts and at the frames `starts`;
    none where there are no frames."""
    if not surveys:
        return ()
    inner = {*find_cuts([each.change for each in surveys]), *starts}
    edges = (0, *sorted(inner - {0}), len(surveys))
    return tuple(range(first, end) for first, end in pairwise(edges))


def _placed(
    surveys: Sequence[FrameSurvey], shots: tuple[range, ...], rule: KeyframeRule
) -> tuple[int, ...]:
    if rule.word == "all":
        return tuple(chain.from_iterable(shots))
    if rule.word == "every":
        return tuple(key for shot in shots for key in every(shot, rule.every))
    level = rule.level if rule.calls is None else affordable(surveys, shots, rule)
    keys = auto(surveys, shots, level)
    lit = add_lights(surveys, shots, keys)
    return lit if rule.calls is None or len(lit) <= rule.calls else keys


def every(shot: range, count: int) -> tuple[int, ...]:
    """The shot's first frame, every `count`-th after it, and its last.

    The keyframes of `every:16` are among those of `every:8`, so that who has paid for the first
    pays only the new ones for the second.
    """
    return tuple(sorted({*shot[::count], shot[-1]}))


def auto(
    surveys: Sequence[FrameSurvey], shots: Sequence[range], level: KeyframeLevel
) -> tuple[int, ...]:
    """Keyframes as far apart as two neighbors leave no more unexplained midway than the level says.

    A shot's last frame is one, unless the keyframe before it explains what follows alone.
    """
    clip, keys = SurveyedClip(surveys), []
    for shot in shots:
        key: int | None = shot.start
        while key is not None:
            keys.append(key)
            key = following(clip, key, shot.stop - 1, level)
    return tuple(keys)


def add_lights(
    surveys: Sequence[FrameSurvey], shots: Sequence[range], keyframes: tuple[int, ...]
) -> tuple[int, ...]:
    """The keyframes, and the brightest and the darkest frame of each shot whose light is far from
    that of all its keyframes: how a look takes to a strobe's light is seen in none of them."""
    lights = [each.light for each in surveys]
    added: set[int] = set()
    for shot in shots:
        keyed = [lights[key] for key in keyframes if key in shot]
        darkest, brightest = min(shot, key=lights.__getitem__), max(shot, key=lights.__getitem__)
        if min(keyed) - lights[darkest] > OTHER_LIGHT:
            added.add(darkest)
        if lights[brightest] - max(keyed) > OTHER_LIGHT:
            added.add(brightest)
    return tuple(sorted({*keyframes, *added}))


def following(explained: Unexplained, key: int, last: int, level: KeyframeLevel) -> int | None:
    """The keyframe after another; None where that explains the rest up to the last frame alone.

    Nothing is asked about frames farther than `FARTHEST` from the key.
    """
    rest = [distance for distance in DISTANCES if distance <= last - key]
    near = last - key <= DISTANCES[-1]
    if near and all(explained.alone(key, distance) <= level.unexplained for distance in rest):
        return None
    return min(last, key + _reach(explained, key, last, level))


def _reach(explained: Unexplained, key: int, last: int, level: KeyframeLevel) -> int:
    """How far on the next keyframe may stand; past the last frame means there.

    Nearer than the level's `nearest` only where most of a frame between would be unexplained,
    and not only what moves in it.
    """
    share, reach = level.unexplained, 1
    for distance in DISTANCES:
        far = 2 * distance
        if key + far > last:
            return last - key
        allowed = share if far > level.nearest else max(share, MOVING_COUNTS)
        if explained.pair(key + distance, distance) > allowed:
            break
        strange = far > level.nearest and far in DISTANCES
        if strange and explained.alone(key, far) > max(STRANGERS, share):
            break
        reach = far
    return reach


class TooFewCalls(UsageProblem):
    """`auto` cannot do with the calls allowed; `needed` is the least number of them."""

    def __init__(self, shots: int, needed: int, allowed: int) -> None:
        super().__init__(
            f"A clip of {counted(shots, 'shot')} needs at least {counted(needed, 'keyframe')}, "
            f"but only {allowed} can be generated. Allow more."
        )
        self.needed = needed


def affordable(
    surveys: Sequence[FrameSurvey], shots: tuple[range, ...], rule: KeyframeRule
) -> KeyframeLevel:
    """The level with the smallest unexplained share, from the rule's own up, that keeps to the
    calls allowed. Raises TooFewCalls where there is none."""

    def at(share: float) -> KeyframeLevel:
        return replace(rule.level, unexplained=share)

    def calls(share: float) -> int:
        return len(auto(surveys, shots, at(share)))

    low, high, allowed = rule.level.unexplained, 1.0, rule.calls or 0
    if calls(low) <= allowed:
        return rule.level
    if calls(high) > allowed:
        raise TooFewCalls(len(shots), calls(high), allowed)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        low, high = (low, middle) if calls(middle) <= allowed else (middle, high)
    return at(high)
