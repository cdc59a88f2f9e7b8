from dataclasses import replace
from decimal import Decimal

import pytest

from sdbr.config.settings import Spending
from sdbr.errors import OverBudget
from sdbr.generation.estimate import consent, estimate, in_usd
from tests.material import CORE, SD35, SDXL, request_for


def told(requests, has=(), billed=True):
    return estimate(requests, lambda key: key in has, billed)


def asked(count, model=CORE):
    return [(f"key-{number}", request_for(model, seed=number + 1)) for number in range(count)]


def test_each_picture_that_is_missing_is_counted_and_priced():
    estimate_ = told(asked(120, SD35))
    assert (estimate_.sends, estimate_.cost) == (120, Decimal("9.60"))
    assert str(estimate_) == (
        "120 pictures × 0.08 USD = 9.60 USD (stability.sd3-5-large-v1:0, price of 2026-11)"
    )


def test_what_is_paid_for_is_not_counted_but_told():
    estimate_ = told(asked(10), has=("key-0", "key-1", "key-2"))
    assert (estimate_.pictures, estimate_.sends, estimate_.cost) == (10, 7, Decimal("0.28"))
    assert estimate_.saved == Decimal("0.12")
    assert str(estimate_).startswith("10 pictures, 3 cached: 7 × 0.04 USD = 0.28 USD")


def test_equal_requests_are_sent_once():
    assert told(asked(1) * 5).sends == 1


def test_all_paid_for_costs_nothing():
    assert str(told(asked(1), has=("key-0",))) == "1 picture, all cached = 0.00 USD"


def test_several_models_are_added_up():
    estimate_ = told([*asked(2), ("other", request_for(SD35))])
    assert estimate_.cost == Decimal("0.16")
    assert "2 × 0.04 USD + 1 × 0.08 USD" in str(estimate_)


def test_sdxl_with_many_steps_has_its_own_price():
    dear = request_for(SDXL, extras=(("steps", 60),))
    assert told([("a", request_for(SDXL)), ("b", dear)]).cost == Decimal("0.12")


def test_an_emulator_bills_nothing_and_says_so():
    assert "emulated, not billed" in str(told(asked(1), billed=False))


@pytest.mark.parametrize(
    ("amount", "text"),
    [("0", "0.00"), ("0.6", "0.60"), ("0.018", "0.018"), ("1E+2", "100.00"), ("9.600", "9.60")],
)
def test_dollars_have_two_decimals_and_more_only_where_they_say_something(amount, text):
    assert in_usd(Decimal(amount)) == text


@pytest.mark.parametrize(
    ("count", "spending"),
    [
        (25, Spending()),
        (26, Spending(assume_yes=True)),
        (26, Spending(cap=Decimal("0.10"))),
        (26, Spending(ask_above=Decimal(2))),
    ],
)
def test_small_sums_and_given_consent_are_not_asked_about(count, spending):
    consent(told(asked(count)), spending, None)


def test_above_a_dollar_without_a_terminal_there_is_no_consent():
    with pytest.raises(OverBudget, match=r"costs 1\.04 USD.*Add --yes, or --max-cost 1\.04\."):
        consent(told(asked(26)), Spending(), None)


@pytest.mark.parametrize("answer", [True, False])
def test_at_a_terminal_the_answer_decides(answer):
    questions = []

    def ask(question):
        questions.append(question)
        return answer

    if answer:
        consent(told(asked(26)), Spending(), ask)
    else:
        with pytest.raises(OverBudget, match="Nothing was sent"):
            consent(told(asked(26)), Spending(), ask)
    assert questions == ["Spend 1.04 USD?"]


def test_an_unknown_price_is_asked_about_and_cannot_be_capped():
    unpriced = replace(CORE, tiers=(), invoke_id="arn:own")
    estimate_ = told(asked(1, unpriced))
    with pytest.raises(OverBudget):
        consent(estimate_, Spending(), None)
    consent(estimate_, Spending(assume_yes=True), None)
    with pytest.raises(OverBudget, match=r'price of arn:own is unknown.*"arn:own" = 0\.08'):
        consent(estimate_, Spending(cap=Decimal(5)), None)
