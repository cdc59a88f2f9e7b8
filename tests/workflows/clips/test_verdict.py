from __future__ import annotations

import pytest

from sdbr.motion.ghosts import MovingThings, Structure
from sdbr.motion.warp_error import Steadiness
from sdbr.workflows.clips.steadiness import SteadinessCurve
from sdbr.workflows.clips.verdict import describe, list_passages

AS_DRAWN = Structure(4, 4, 1, 1)


def measured(error=0.0008, poor=()):
    """25 frames a second; something moves in every frame, and is poorly drawn in some."""
    steady = SteadinessCurve(times={number: number / 25 for number in range(100)})
    for number in range(1, 100):
        steady.curve[number] = Steadiness(error, 0.0004, 200)
        result = AS_DRAWN.times(0.25) if number in poor else AS_DRAWN
        result = Structure(result.shown, result.added, 1, 1)
        drawn = AS_DRAWN if number % 10 == 0 else None
        steady.moving[number] = MovingThings(0.05, result, drawn)
    return steady


def test_a_clip_with_little_flicker_and_no_ghosts_is_steady_in_one_line():
    (line,) = describe(measured())
    assert line.startswith("steady; flicker 0.80, source 0.40")
    assert line.endswith("ghosting 0%, at most 0%")


def test_ghosts_are_told_by_when_how_much_and_what_to_do():
    words, numbers = describe(measured(poor=range(80, 96)))
    assert words.startswith("ghosting at 3.2–3.8 s: moving objects lose up to 50%")
    assert "--keyframes auto:fine" in words
    assert numbers.startswith("flicker 0.80")


def test_what_flickers_is_called_so_whatever_moves():
    words, _ = describe(measured(error=0.02, poor=range(80, 96)))
    assert words.startswith("flickers. ")


@pytest.mark.parametrize(
    ("poor", "error", "advice"), [(range(80, 96), 0.0008, "--steady off"), ((), 0.02, "auto")]
)
def test_where_every_frame_is_drawn_more_keyframes_are_no_advice(poor, error, advice):
    words, _ = describe(measured(error, poor), filled=False, all_asked=True)
    assert advice in words
    assert "auto:fine" not in words


def test_where_auto_found_that_every_frame_is_due_it_is_no_advice():
    words, _ = describe(measured(0.02), filled=False)
    assert words == "flickers. Lower --strength."


def test_a_clip_of_one_frame_has_no_verdict():
    assert describe(SteadinessCurve()) == ["flicker: not measured, the clip has only one frame"]


def test_the_same_is_told_in_json():
    told = measured(poor=range(80, 96)).as_json()
    assert told["verdict"] == "ghosting"
    assert told["look_at"] == [[3.2, 3.84]]
    assert dict(map(tuple, told["ghost_curve"]))[91] == 0.5
    assert told["likeness"] == told["likeness_drawn"] == 0.7071
    assert measured().as_json()["look_at"] == []


def test_passages_are_named_up_to_three():
    assert list_passages([(3.2, 3.9)]) == "3.2–3.9 s"
    assert list_passages([(1, 1.01), (2, 3)]) == "1.0, 2.0–3.0 s"
    assert list_passages([(n, n + 0.5) for n in range(4)]).endswith("and 1 more passage")
    assert list_passages([(n, n + 0.5) for n in range(5)]).endswith("2.0–2.5 s and 2 more passages")
