"""The grid of faults: what the emulator is told, and how a run may end under it."""

from __future__ import annotations

from dataclasses import dataclass

DONE, PARTLY, REFUSED, OVER = 0, 8, 6, 7


@dataclass(frozen=True, slots=True)
class Fault:
    """One row of the grid.

    `emulator` and `sdbr` are flags for either side. `exits` are the exit codes with which the
    first run may end; after another one than 0 the same command is run again, `cure` added, and
    in the end without the fault. `same` tells whether the result must be that of an undisturbed
    run, `other_seeds` how often a refused picture may be drawn anew.
    """

    name: str
    emulator: tuple[str, ...]
    exits: tuple[int, ...] = (DONE,)
    sdbr: tuple[str, ...] = ()
    cure: tuple[str, ...] = ()
    same: bool = True
    other_seeds: int = 0


_SOON = ("--retry-after", "0")
_IMPATIENT = ("--timeout", "4")
_LATE = ("--slow-by", "1s")
_MAY_FAIL = (DONE, PARTLY, 5)
# What was perhaps billed counts against what was agreed to, so retries may end a run.
_MAY_STOP = (DONE, PARTLY, OVER)
_MAY_FAIL_OR_STOP = (*_MAY_STOP, 5)
_ACCESS = (4,)

FAULTS = (
    Fault("nothing", ()),
    Fault("throttled, 20%", ("--throttle", "20%", *_SOON)),
    Fault("throttled, 40%", ("--throttle", "40%", *_SOON)),
    Fault("throttled, 60%", ("--throttle", "60%", *_SOON), _MAY_FAIL),
    Fault("at most 2 at once", ("--max-in-flight", "2", "--latency", "100ms", *_SOON), _MAY_FAIL),
    Fault("500, 25%", ("--error-500", "25%")),
    Fault("503, 25%", ("--error-503", "25%")),
    Fault("dropped before the picture, 25%", ("--drop-before", "25%"), _MAY_STOP),
    Fault("dropped after the picture, 25%", ("--drop-after", "25%"), _MAY_STOP),
    Fault("truncated bodies, 25%", ("--cut-body", "25%"), _MAY_STOP),
    Fault("truncated JSON, 25%", ("--broken-json", "25%"), _MAY_STOP),
    Fault("not a picture, 25%", ("--not-a-picture", "25%"), _MAY_STOP),
    Fault("pictures as data URIs, 30%", ("--data-uri", "30%")),
    Fault("answers without a picture, 15%", ("--no-pictures", "15%"), _MAY_FAIL_OR_STOP),
    Fault("no answer has a picture", ("--no-pictures", "first:3"), _MAY_FAIL_OR_STOP),
    Fault("HTML instead of an answer", ("--html-page", "first:3"), _MAY_FAIL_OR_STOP),
    Fault("errors of 64 MB", ("--huge-error", "first:1"), (2, PARTLY)),
    Fault("sent byte by byte, 15%", ("--dribble", "15%"), _MAY_FAIL, _IMPATIENT),
    Fault("endless 100 Continue, 15%", ("--endless-continue", "15%"), _MAY_FAIL, _IMPATIENT),
    Fault("inference error, 25%", ("--inference-error", "25%"), _MAY_STOP),
    Fault("stalled, 15%", ("--stall", "15%"), _MAY_FAIL, _IMPATIENT),
    Fault("stalled in the body, 15%", ("--stall-body", "15%"), _MAY_FAIL, _IMPATIENT),
    Fault("slow first byte, 30%", ("--slow-first-byte", "30%", *_LATE)),
    Fault(
        "1 in 7 filtered, reseeded",
        ("--filter-output", "14.3%"),
        (DONE, OVER),
        ("--on-filtered", "reseed:5"),
        same=False,
        other_seeds=5,
    ),
    Fault(
        "1 in 7 filtered, stop",
        ("--filter-output", "14.3%"),
        (DONE, REFUSED),
        ("--on-filtered", "stop"),
        cure=("--on-filtered", "reseed:5"),
        same=False,
        other_seeds=5,
    ),
    Fault("model retired after 2", ("--ended", "after:2", "--latency", "100ms"), _ACCESS),
    Fault("credentials expired after 2", ("--expired-token", "after:2"), _ACCESS),
    Fault("access lost after 2", ("--access-denied", "after:2"), _ACCESS),
    Fault(
        "all at once",
        (
            *("--throttle", "15%", "--error-500", "5%", "--error-503", "5%", "--cut-body", "5%"),
            *("--drop-before", "5%", "--drop-after", "5%", "--broken-json", "5%"),
            *("--not-a-picture", "5%", "--slow-first-byte", "5%", *_LATE, *_SOON),
        ),
        _MAY_FAIL_OR_STOP,
    ),
)
