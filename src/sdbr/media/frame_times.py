"""The times of a folder's frames, kept beside them in frames.json."""

from __future__ import annotations

import json
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from sdbr.media.clip import Pace
from sdbr.media.timing import fraction_of

NAME = "frames.json"
Span = tuple[Fraction, Fraction]


@dataclass(frozen=True, slots=True)
class FrameTimes:
    """Each file's `at` and `lasts` in seconds, by file name; the pace; how they were made."""

    pace: Pace
    spans: dict[str, Span]
    comment: str = ""


def save_times(folder: Path, times: FrameTimes) -> None:
    """Write the folder's frames.json; fractions stay fractions."""
    whole = {
        "rate": str(times.pace.rate),
        "tick": str(times.pace.tick),
        "variable": times.pace.variable,
        "comment": times.comment,
        "frames": {name: [str(at), str(lasts)] for name, (at, lasts) in times.spans.items()},
    }
    (folder / NAME).write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")


def load_times(folder: Path) -> FrameTimes | None:
    """Read the folder's frames.json; None where there is none, or none that can be used."""
    try:
        whole = json.loads((folder / NAME).read_text(encoding="utf-8"))
        pace = Pace(fraction_of(whole["rate"]), fraction_of(whole["tick"]), bool(whole["variable"]))
        spans = {
            str(name): (fraction_of(at), fraction_of(lasts))
            for name, (at, lasts) in whole["frames"].items()
        }
        usable = pace.rate > 0 and pace.tick > 0 and all(s[1] > 0 for s in spans.values())
        return FrameTimes(pace, spans, str(whole["comment"])) if usable else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ArithmeticError):
        return None
