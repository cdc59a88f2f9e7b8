import pytest

from sdbr.errors import (
    AccessProblem,
    InputProblem,
    Interrupted,
    OverBudget,
    PartlyDone,
    Refused,
    ServiceProblem,
    UsageProblem,
)
from sdbr.generation.filter_policy import STOP, OnFiltered
from sdbr.workflows.failures import Failures, ends_the_run

SKIP = OnFiltered("skip")


@pytest.mark.parametrize(
    ("error", "stop", "skip"),
    [
        (AccessProblem(""), True, True),
        (OverBudget(""), True, True),
        (InputProblem(""), True, True),
        (UsageProblem(""), True, True),
        (Interrupted(""), True, True),
        (Refused(""), True, False),
        (ServiceProblem(""), False, False),
    ],
)
def test_what_would_meet_every_other_picture_ends_the_run(error, stop, skip):
    assert ends_the_run(error, STOP) == stop
    assert ends_the_run(error, SKIP) == skip


def failures(total, done, *, fatal=None, single=()):
    told = Failures(total, done)
    for error in single:
        told.add(error, fatal=False)
    if fatal is not None:
        told.add(fatal, fatal=True)
    return told


def test_without_a_failure_nothing_is_raised():
    failures(3, 3).raise_at_end()


def test_what_is_missing_without_a_failure_was_stopped():
    with pytest.raises(Interrupted, match="2 of 3 pictures; they are saved"):
        failures(3, 2).raise_at_end()


def test_some_that_failed_by_themselves_are_a_run_done_in_part():
    told = failures(5, 3, single=[ServiceProblem("It timed out."), Refused("No.")])
    with pytest.raises(PartlyDone) as raised:
        told.raise_at_end()
    assert str(raised.value) == (
        "2 of 5 pictures are missing. It timed out. Run the same command again for the rest."
    )


@pytest.mark.parametrize("error", [ServiceProblem("Down."), Refused("No.")])
def test_a_run_that_made_nothing_ends_with_the_failure_itself(error):
    with pytest.raises(type(error), match=f"2 of 2 pictures are missing. {error}"):
        failures(2, 0, single=[error]).raise_at_end()


def test_what_ended_the_run_comes_before_what_failed_by_itself():
    told = failures(5, 1, single=[ServiceProblem("Down.")], fatal=OverBudget("The cap."))
    with pytest.raises(OverBudget, match=r"4 of 5 pictures are missing. The cap."):
        told.raise_at_end()


def test_the_first_failure_that_ends_a_run_is_the_one_that_is_told():
    told = failures(3, 0, fatal=AccessProblem("First."))
    told.add(AccessProblem("Second."), fatal=True)
    told.add(Interrupted("Stopped."), fatal=True)
    with pytest.raises(AccessProblem, match=r"First\."):
        told.raise_at_end()


def test_a_single_picture_is_not_counted():
    with pytest.raises(Refused) as raised:
        failures(1, 0, single=[Refused("No.")]).raise_at_end()
    assert str(raised.value) == "No."


def test_a_service_that_failed_for_every_worker_and_gave_nothing_is_down():
    down = [ServiceProblem("Down.")] * 8
    assert failures(100, 0, single=down).hopeless(8)
    assert not failures(100, 0, single=down[:7]).hopeless(8)
    assert not failures(100, 1, single=down).hopeless(8)
