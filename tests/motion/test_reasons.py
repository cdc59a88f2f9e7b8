from __future__ import annotations

from sdbr.motion.cuts import STILL, Change
from sdbr.motion.plan import KeyframePlan, reasons
from sdbr.motion.survey import Note

CLOSE = KeyframePlan("auto", (range(0, 20), range(20, 40)), (0, 19, 20, 24, 28, 32, 36, 39))


def notes(new, motion):
    return [Note(Change(2.0, 0.01, motion), {}, {1: new})] * 40


def test_numbers_and_cuts_are_counted_as_people_count():
    said = reasons(CLOSE, notes(0.01, 0.0))
    assert said[:2] == ("8 of 40 frames to generate", "2 shots, cut at frame 21")


def test_the_cause_of_many_keyframes_is_named():
    assert (
        "frames 21–40 need many keyframes: 30% of each frame is new"
        in reasons(CLOSE, notes(0.3, 0.02))[2]
    )
    assert "fast motion, 2.0%" in reasons(CLOSE, notes(0.01, 0.02))[2]
    assert "cover each other" in reasons(CLOSE, notes(0.01, 0.0))[2]


def test_many_cuts_are_not_all_named():
    shots = tuple(range(n, n + 2) for n in range(0, 40, 2))
    plan = KeyframePlan("every", shots, tuple(range(40)))
    assert reasons(plan, notes(0.5, 0.0))[1] == "20 shots, cuts at frames 3, 5, 7, 9, 11, 13 …"


def test_what_was_asked_for_needs_no_reason():
    still = [Note(STILL, {}, {})] * 3
    assert reasons(KeyframePlan("all", (range(3),), (0, 1, 2)), still) == (
        "3 of 3 frames to generate",
    )
    assert reasons(KeyframePlan("auto", (), ()), []) == ()
