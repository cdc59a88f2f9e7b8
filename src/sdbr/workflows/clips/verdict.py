"""What a clip's measured numbers say in words, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence

from sdbr.console import counted
from sdbr.motion.ghosts import find_ghosts
from sdbr.workflows.clips.steadiness import SteadinessCurve

_MOST_NAMED = 3
# What to do, by the verdict and by whether motion made any of the frames.
_ADVICE = {
    ("ghosting", True): "Generate more keyframes with --keyframes auto:fine, "
    "or replace a poor one with --redraw.",
    ("ghosting", False): "Try --steady off, which leaves frames as they were generated.",
    ("flickers", True): "Lower --strength, or generate more keyframes with --keyframes auto:fine.",
    ("flickers", False): "Lower --strength.",
}


def describe(
    measured: SteadinessCurve, filled: bool = True, *, all_asked: bool = False
) -> list[str]:
    """One line with the numbers where a clip is steady, or one more that says what to do.

    `filled` says whether motion made any of the frames, `all_asked` whether that none should be was
    asked for.
    """
    if not measured.curve:
        return [str(measured)]
    verdict = measured.verdict
    told = f"{verdict}{_tell_where(measured) if verdict == 'ghosting' else ''}"
    advice = _ADVICE.get((verdict, filled))
    if verdict == "flickers" and all_asked:
        advice = "Generate fewer frames with --keyframes auto, or lower --strength."
    return [f"{told}. {advice}", str(measured)] if advice else [f"{told}; {measured}"]


def _tell_where(measured: SteadinessCurve) -> str:
    lacking = measured.shortfalls()
    most = max(lacking.get(number, 0) for each in find_ghosts(lacking) for number in each)
    where = list_passages(measured.passages())
    return f" at {where}: moving objects lose up to {most:.0%} of their detail"


def list_passages(passages: Sequence[tuple[float, float]]) -> str:
    """Passages as one reads them: 3.2–3.9 s, 5.0 s and 2 more."""
    named = [f"{start:.1f}" if f"{start:.1f}" == f"{end:.1f}" else f"{start:.1f}–{end:.1f}"
             for start, end in passages[:_MOST_NAMED]]  # fmt: skip
    more = len(passages) - len(named)
    rest = f" and {counted(more, 'more passage')}" if more else ""
    return f"{', '.join(named)} s{rest}"
