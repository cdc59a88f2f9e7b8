import random
import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from sdbr.errors import Interrupted, OverBudget
from sdbr.generation.budget import Budget

CENTS = Decimal("0.04")


def budget(cap, stop=None):
    return Budget(None if cap is None else Decimal(cap), stop or threading.Event())


@pytest.mark.parametrize(("cap", "pictures"), [("0.20", 5), ("0.19", 4), ("0.04", 1), ("0.03", 0)])
def test_as_many_fit_as_the_cap_holds(cap, pictures):
    purse = budget(cap)
    for _ in range(pictures):
        purse.reserve(CENTS)
        purse.book(CENTS, "yes")
    with pytest.raises(OverBudget, match=r"over --max-cost 0\."):
        purse.reserve(CENTS)
    assert purse.billed == pictures * CENTS


def test_without_a_cap_everything_fits():
    purse = budget(None)
    purse.reserve(Decimal(10**9))
    purse.book(Decimal(10**9), "yes")
    assert purse.billed == 10**9


def test_what_was_not_billed_comes_back_and_what_perhaps_was_does_not():
    purse = budget("0.08")
    for billed in ("no", "no", "no", "perhaps", "no", "yes"):
        purse.reserve(CENTS)
        purse.book(CENTS, billed)
    assert (purse.billed, purse.possibly_billed) == (CENTS, CENTS)
    with pytest.raises(OverBudget, match=r"with 0\.04 USD and possibly 0\.04 USD spent"):
        purse.reserve(CENTS)


def test_the_message_says_that_a_cap_counts_one_run_and_what_another_may_spend():
    purse = budget("0.08")
    for _ in range(2):
        purse.reserve(CENTS)
        purse.book(CENTS, "yes")
    expected = (
        r"The cap applies to each run: .*same command again.* up to 0\.08 USD more\. `sdbr ledger`"
    )
    with pytest.raises(OverBudget, match=expected):
        purse.reserve(CENTS)


def test_a_cap_below_one_picture_is_not_met_by_another_run():
    with pytest.raises(OverBudget, match=r"--max-cost 0\.03\. Raise --max-cost\.$"):
        budget("0.03").reserve(CENTS)


def test_a_price_agreed_to_is_named_as_that():
    purse = Budget(Decimal("0.04"), threading.Event(), agreed=True)
    purse.reserve(CENTS)
    purse.book(CENTS, "perhaps")
    with pytest.raises(OverBudget, match=r"over the 0\.04 USD you agreed to\..*price of the rest"):
        purse.reserve(CENTS)


@pytest.mark.parametrize(("billed", "fits"), [("no", True), ("yes", False), ("perhaps", False)])
def test_a_send_that_does_not_fit_waits_for_those_in_flight(billed, fits):
    purse, outcome = budget("0.04"), []
    purse.reserve(CENTS)

    def wait():
        try:
            purse.reserve(CENTS)
            outcome.append(True)
        except OverBudget:
            outcome.append(False)

    waiter = threading.Thread(target=wait)
    waiter.start()
    assert outcome == []
    purse.book(CENTS, billed)
    waiter.join(20)
    assert outcome == [fits]


def test_stop_ends_the_wait():
    stop = threading.Event()
    purse = budget("0.04", stop)
    purse.reserve(CENTS)
    stop.set()
    with pytest.raises(Interrupted):
        purse.reserve(CENTS)


@pytest.mark.parametrize("seed", range(20))
def test_the_cap_is_never_passed_by_one_picture_with_32_threads_and_any_outcome(seed):
    chance = random.Random(seed)
    cap = Decimal(chance.randrange(0, 500)) / 100
    prices = [Decimal(chance.choice(["0.04", "0.08", "0.14", "0.6"])) for _ in range(200)]
    outcomes = [chance.choice(["yes", "no", "perhaps"]) for _ in prices]
    purse, most, lock = budget(cap), Decimal(0), threading.Lock()
    flying = Decimal(0)

    def draw(price, billed):
        nonlocal flying, most
        try:
            purse.reserve(price)
        except OverBudget:
            return
        with lock:
            flying += price
            most = max(most, flying + purse.spent)
        with lock:
            flying -= price
            purse.book(price, billed)

    with ThreadPoolExecutor(32) as pool:
        list(pool.map(draw, prices, outcomes))
    assert most <= cap
    assert purse.spent <= cap
    left = cap - purse.spent
    refused = len(prices) and left < max(prices)
    assert refused or purse.spent == sum(
        (p for p, billed in zip(prices, outcomes, strict=True) if billed != "no"), Decimal(0)
    )


def test_what_is_left_beyond_the_plan_is_given_to_one_alone():
    purse = Budget(Decimal("0.40"), threading.Event(), Decimal("0.20"))
    assert purse.spare(CENTS) == 5
    purse.plan(3 * CENTS)
    assert purse.spare(CENTS) == 2
    purse.plan(-CENTS)
    assert purse.spare(CENTS) == 3
    for _ in range(9):
        purse.reserve(CENTS)
        purse.book(CENTS, "perhaps")
    assert purse.spare(CENTS) == 1
