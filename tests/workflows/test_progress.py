import threading
from decimal import Decimal

import pytest

from sdbr.generation.budget import Budget
from sdbr.workflows.progress import Phase, RunProgress


class Clock:
    seconds = 100.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def clock():
    return Clock()


def budget(told, spent):
    money = Budget(None, threading.Event(), Decimal(told))
    money.billed = Decimal(spent)
    return money


def clip(clock, drawn=5, filled=44):
    phases = [
        Phase("keyframes", 21, 8.0, at_once=4, done=drawn, taken=40.0),
        Phase("in between", 132, 0.1, done=filled),
        Phase("writing", 1, 0.0),
    ]
    return RunProgress(phases, budget("1.68", "0.40"), clock)


def test_a_clip_tells_its_phases_the_dollars_and_the_time_to_go(clock):
    line = clip(clock).line(80)
    assert line.left == "keyframes 5/21"
    assert line.share == pytest.approx(5 / 21)
    assert line.right == "0.40 of 1.68 USD · in between 44/132 · ~35 s left"


@pytest.mark.parametrize(
    ("columns", "right"),
    [
        (80, "0.40 of 1.68 USD · in between 44/132 · ~35 s left"),
        (60, "0.40 of 1.68 USD · ~35 s left"),
        (40, "0.40 USD · ~35 s left"),
        (34, "~35 s left"),
        (20, ""),
    ],
)
def test_what_matters_most_stays_where_columns_are_few(clock, columns, right):
    line = clip(clock).line(columns)
    assert line.right == right
    assert len(f"{line.left}  {line.right}") < columns


def test_the_phases_follow_each_other(clock):
    assert clip(clock, drawn=21).line(80).left == "in between 44/132"
    written = clip(clock, drawn=21, filled=132).line(80)
    assert (written.left, written.share) == ("writing", None)
    assert written.right == "0.40 of 1.68 USD"


def test_what_is_drawn_beyond_the_plan_raises_the_total(clock):
    money = budget("1.68", "1.68")
    progress = RunProgress([Phase("keyframes", 21, done=21)], money, clock)
    money.expect(Decimal("0.08"))
    assert progress.line(80).right == "1.68 of 1.76 USD"
    money.expect(Decimal("-0.08"))
    assert progress.line(80).right == "1.68 of 1.68 USD"


def test_more_than_was_expected_stands_beside_the_cap(clock):
    money = Budget(Decimal("0.20"), threading.Event(), Decimal("0.12"))
    money.billed = Decimal("0.16")
    assert RunProgress([Phase("pictures", 3)], money, clock).line(80).right == (
        "0.16 of up to 0.20 USD"
    )


def test_more_than_was_told_is_not_told_as_a_part_of_it(clock):
    progress = RunProgress([Phase("pictures", 3)], budget("0.12", "0.16"), clock)
    assert progress.line(80).right == "0.16 USD"


def test_the_time_to_go_is_known_from_what_pictures_took_before(clock):
    progress = RunProgress([Phase("pictures", 20, 6.0, at_once=4)], now=clock)
    assert progress.seconds_left() == 30.0
    clock.seconds += 3
    assert progress.seconds_left() == 27.0


def test_a_picture_that_takes_longer_than_expected_leaves_the_time_of_the_others(clock):
    progress = RunProgress([Phase("pictures", 20, 6.0, at_once=4)], now=clock)
    clock.seconds += 60
    assert progress.seconds_left() == 24.0


def test_the_first_frame_in_between_which_waited_for_keyframes_makes_no_promise(clock):
    progress = RunProgress([Phase("in between", 44)], now=clock)
    clock.seconds += 60
    progress.step("in between")
    assert progress.seconds_left() is None
    for _ in range(3):
        clock.seconds += 0.5
        progress.step("in between")
    assert progress.seconds_left() == 20.0
    assert progress.pace("in between") == 0.5


def test_nothing_is_said_of_a_time_that_nobody_knows(clock):
    progress = RunProgress([Phase("pictures", 4)], now=clock)
    assert progress.seconds_left() is None
    assert progress.line(80).right == ""
    clock.seconds += 5
    progress.step("pictures", 5.0)
    assert progress.line(80).right == "~15 s left"


def test_pictures_from_the_cache_make_no_promise_for_those_that_are_drawn(clock):
    progress = RunProgress([Phase("pictures", 12)], now=clock)
    for _ in range(10):
        progress.step("pictures", free=True)
    assert progress.seconds_left() is None
    clock.seconds += 7
    progress.step("pictures", 7.0)
    assert progress.seconds_left() == 7.0


def test_the_slowest_of_phases_that_overlap_decides(clock):
    phases = [Phase("keyframes", 10, 1.0), Phase("in between", 100, 0.5)]
    assert RunProgress(phases, now=clock).seconds_left() == 50.0


def test_where_nobody_knows_how_many_there_are_they_are_counted(clock):
    progress = RunProgress([Phase("looking over a.mp4", 0)], now=clock)
    progress.step("looking over a.mp4")
    assert progress.line(80).left == "looking over a.mp4 1"
    assert progress.line(80).share is None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "~5 s left"), (42, "~45 s left"), (58, "~1 min left"), (200, "~3 min left")],
)
def test_a_time_is_told_no_finer_than_it_is_known(clock, seconds, words):
    assert RunProgress([Phase("pictures", 2, seconds / 2)], now=clock).line(80).right == words


def test_hours_are_told_as_hours(clock):
    assert RunProgress([Phase("p", 2, 2000.0)], now=clock).line(80).right == "~1 h 07 min left"
