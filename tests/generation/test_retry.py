import threading

import pytest

from sdbr.errors import AccessProblem, Interrupted, Refused, ServiceProblem, Trace, UsageProblem
from sdbr.generation.retry import RetryPolicy, retry
from tests.material import CORE, drawn, request_for, throttled

FOX = request_for(CORE)


class Answers:
    """Gives one prepared answer after the other, the last one for ever, and counts the sends."""

    def __init__(self, *answers):
        self.answers = answers
        self.sends = 0

    def __call__(self, request):
        answer = self.answers[min(self.sends, len(self.answers) - 1)]
        self.sends += 1
        if isinstance(answer, Exception):
            raise answer
        return drawn(request)


def failed(*, again=True, billed="no", sent=True, wait=0.0):
    problem = ServiceProblem("It failed.", again=again, billed=billed, wait=wait)
    problem.trace = Trace(sent=sent, billed=billed)
    return problem


@pytest.fixture(autouse=True)
def no_jitter(monkeypatch):
    """Waits of no length, so that only what the service asks for is waited."""
    monkeypatch.setattr("random.uniform", lambda _low, _high: 0.0)


def ask(answers, attempts=12, timeout=60.0, stop=None, tell=None):
    draw = retry(
        answers, RetryPolicy(attempts, timeout), stop or threading.Event(), tell or (lambda _: None)
    )
    return draw(FOX)


def test_a_passing_failure_is_sent_again_until_the_picture_comes():
    answers = Answers(throttled(), failed(), failed(), None)
    assert ask(answers).seed == FOX.seed
    assert answers.sends == 4


@pytest.mark.parametrize(
    "error", [UsageProblem("x"), AccessProblem("x"), Refused("x"), failed(again=False), KeyError()]
)
def test_what_cannot_succeed_unchanged_is_sent_once(error):
    answers = Answers(error)
    with pytest.raises(type(error)) as raised:
        ask(answers)
    assert raised.value is error
    assert answers.sends == 1


@pytest.mark.parametrize("attempts", [1, 2, 12])
def test_no_more_sends_than_attempts(attempts):
    answers = Answers(throttled())
    with pytest.raises(ServiceProblem) as raised:
        ask(answers, attempts=attempts)
    assert answers.sends == attempts
    assert ("Gave up after" in str(raised.value)) == (attempts > 1)
    assert raised.value.trace is not None


@pytest.mark.parametrize("billed", ["perhaps", "yes"])
def test_sends_that_may_have_been_billed_without_a_picture_are_five_at_most(billed):
    answers = Answers(failed(billed=billed))
    with pytest.raises(ServiceProblem, match="after 5 attempts"):
        ask(answers)
    assert answers.sends == 5


def test_throttling_between_them_does_not_count_against_the_five():
    paid, free = failed(billed="perhaps"), throttled()
    answers = Answers(paid, free, paid, free, free, paid, free, paid, paid)
    with pytest.raises(ServiceProblem):
        ask(answers, attempts=100)
    assert answers.sends == 9


def test_an_endpoint_that_cannot_be_reached_is_tried_three_times():
    answers = Answers(failed(sent=False))
    with pytest.raises(ServiceProblem, match="after 3 attempts"):
        ask(answers)
    assert answers.sends == 3


def test_what_the_service_asks_to_wait_is_waited(monkeypatch):
    stop, waits = threading.Event(), []
    monkeypatch.setattr(stop, "wait", waits.append)
    ask(Answers(throttled(2.5), throttled(0.25), None), stop=stop)
    assert waits == [2.5, 0.25]


def test_without_a_word_of_the_service_waits_double_up_to_twenty_seconds(monkeypatch):
    stop, waits = threading.Event(), []
    monkeypatch.setattr("random.uniform", lambda low, high: (low, high)[1])
    monkeypatch.setattr(stop, "wait", waits.append)
    with pytest.raises(ServiceProblem):
        ask(Answers(throttled(None)), attempts=9, timeout=1000, stop=stop)
    assert waits == [0.5, 1, 2, 4, 8, 16, 20, 20]


def test_a_wait_beyond_the_time_left_is_not_begun():
    answers = Answers(throttled(3600))
    with pytest.raises(ServiceProblem):
        ask(answers, timeout=60)
    assert answers.sends == 1


def test_stop_ends_a_wait():
    stop = threading.Event()
    answers = Answers(throttled(3600))
    with pytest.raises(Interrupted):
        ask(answers, timeout=10_000, stop=stop, tell=lambda _: stop.set())
    assert answers.sends == 1


def test_a_stopped_run_sends_nothing():
    stop = threading.Event()
    stop.set()
    answers = Answers(None)
    with pytest.raises(Interrupted):
        ask(answers, stop=stop)
    assert answers.sends == 0


def test_each_wait_is_told_with_its_cause():
    lines = []
    slowed = throttled()
    slowed.slowed = "now 4 at once"
    ask(Answers(slowed, failed(), None), tell=lines.append)
    assert lines == [
        "Throttled, now 4 at once; retrying in 1 s.",
        "It failed; retrying in 1 s.",
    ]
