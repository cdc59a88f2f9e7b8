import sqlite3
import threading
from contextlib import closing
from decimal import Decimal

import pytest

from sdbr.errors import OverBudget, Refused, ServiceProblem, Trace, UsageProblem
from sdbr.generation.budget import Budget, meter
from sdbr.generation.generate import KeyedRequest
from sdbr.store.ledger import Ledger
from tests.material import CORE, drawn, request_for, throttled

FOX = request_for(CORE)


@pytest.fixture
def ledger(tmp_path):
    book = Ledger(tmp_path / "ledger.db")
    yield book
    book.close()


def metered(generate, ledger, cap=None):
    budget = Budget(cap and Decimal(cap), threading.Event())
    run = ledger.begin_run("txt2img", "local")
    draw = meter(lambda wanted: generate(wanted.request), ledger, run, budget, "us-west-2")
    return lambda request: draw(KeyedRequest(request, "key")), budget


def lose_the_table(ledger):
    with closing(sqlite3.connect(ledger.path, isolation_level=None)) as other:
        other.execute("DROP TABLE sends")


def rows(ledger):
    return [(r["outcome"], r["billed"]) for r in ledger.query("SELECT * FROM sends ORDER BY id")]


def test_a_picture_is_one_row_billed(ledger):
    draw, budget = metered(drawn, ledger)
    draw(FOX)
    assert rows(ledger) == [("picture", "yes")]
    assert budget.billed == Decimal("0.04")


def test_the_row_stands_before_the_request_is_sent(ledger):
    seen = []

    def generate(request):
        seen.extend(rows(ledger))
        return drawn(request)

    metered(generate, ledger)[0](FOX)
    assert seen == [("open", "perhaps")]


@pytest.mark.parametrize(
    ("error", "outcome", "billed"),
    [
        (throttled(), "Bedrock throttles.", "no"),
        (ServiceProblem("Cut off.", billed="yes"), "Cut off.", "yes"),
        (ServiceProblem("Lost.", billed="perhaps"), "Lost.", "perhaps"),
        (Refused("The filter.", reason="prompt"), "refused", "perhaps"),
        (UsageProblem("Malformed."), "Malformed.", "no"),
    ],
)
def test_a_failure_is_one_row_with_its_cause(ledger, error, outcome, billed):
    def generate(_):
        raise error

    draw, budget = metered(generate, ledger)
    with pytest.raises(type(error)):
        draw(FOX)
    assert rows(ledger) == [(outcome, billed)]
    money = {"yes": budget.billed, "perhaps": budget.possibly_billed}
    assert money == {name: Decimal("0.04") if name == billed else 0 for name in money}


def test_what_never_left_this_machine_has_no_row(ledger):
    error = UsageProblem("Too large.")
    error.trace = Trace(sent=False)

    def generate(_):
        raise error

    draw, budget = metered(generate, ledger)
    with pytest.raises(UsageProblem):
        draw(FOX)
    assert rows(ledger) == []
    assert budget.spent == 0


def test_beyond_the_cap_there_is_neither_a_row_nor_a_send(ledger):
    sends = []
    draw, _ = metered(lambda request: sends.append(1) or drawn(request), ledger, cap="0.08")
    draw(FOX)
    draw(FOX)
    with pytest.raises(OverBudget):
        draw(FOX)
    assert len(sends) == len(rows(ledger)) == 2


def test_when_the_row_cannot_be_written_nothing_is_sent_and_the_money_is_free(ledger):
    sends = []
    draw, budget = metered(lambda request: sends.append(1) or drawn(request), ledger, cap="0.04")
    lose_the_table(ledger)
    for _ in range(2):
        with pytest.raises(Exception, match="Cannot use the ledger"):
            draw(FOX)
    assert sends == []
    assert budget.spent == 0


def test_a_paid_picture_is_kept_although_its_row_cannot_be_settled(ledger):
    def generate(request):
        lose_the_table(ledger)
        return drawn(request)

    assert metered(generate, ledger)[0](FOX)


def test_a_bug_leaves_the_row_open_and_nobody_waiting_for_its_money(ledger):
    def generate(_):
        raise ZeroDivisionError

    draw, budget = metered(generate, ledger, cap="0.04")
    with pytest.raises(ZeroDivisionError):
        draw(FOX)
    assert rows(ledger) == [("open", "perhaps")]
    assert budget.possibly_billed == Decimal("0.04")
    with pytest.raises(OverBudget):
        draw(FOX)
