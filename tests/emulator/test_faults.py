from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from sdbr.emulator.faults import KINDS, Faults, When, when


@pytest.mark.parametrize(
    ("told", "rule"),
    [
        (0.3, When(rate=0.3)),
        ("0.3", When(rate=0.3)),
        ("30%", When(rate=0.3)),
        (1, When(rate=1.0)),
        ("#7", When(numbers=frozenset({7}))),
        ("nth:3,7", When(numbers=frozenset({3, 7}))),
        ("every:5", When(every=5)),
        ("first:3", When(first=3)),
        ("after:0", When(after=0)),
    ],
)
def test_a_rule_is_a_rate_or_a_count(told: float | str, rule: When) -> None:
    assert when(told) == rule


@pytest.mark.parametrize(
    "told", ["1.1", "-0.1", "often", "every:0", "nth:x", "#0", "nan", "last:3", ""]
)
def test_any_other_rule_is_refused_with_the_grammar(told: str) -> None:
    with pytest.raises(ValueError, match="Use a rate"):
        when(told)


def struck(faults: Faults, count: int = 12) -> list[int]:
    return [n for n in range(1, count + 1) if faults.strike(n, b"same", n) is not None]


@pytest.mark.parametrize(
    ("rule", "numbers"),
    [
        ("#2", [2]),
        ("nth:1,9", [1, 9]),
        ("every:5", [5, 10]),
        ("first:2", [1, 2]),
        ("after:10", [11, 12]),
    ],
)
def test_a_count_strikes_the_invocations_it_names(rule: str, numbers: list[int]) -> None:
    assert struck(Faults(throttle=rule)) == numbers


def test_rates_come_out_about_as_told() -> None:
    faults = Faults(throttle=0.3, error_500=0.1)
    found = Counter(faults.strike(n, str(n).encode(), 1) for n in range(4000))
    assert found["throttle"] / 4000 == pytest.approx(0.3, abs=0.03)
    assert found["error_500"] / 4000 == pytest.approx(0.1, abs=0.02)


def test_a_rate_strikes_by_content_and_attempt_whatever_the_order() -> None:
    faults = Faults(throttle=0.5)
    contents = [str(n).encode() for n in range(50)]
    there = {it: faults.strike(n, it, 1) for n, it in enumerate(contents, 1)}
    back = {it: faults.strike(n, it, 1) for n, it in enumerate(reversed(contents), 1)}
    assert there == back


def test_another_attempt_or_another_seed_is_another_draw() -> None:
    faults, other = Faults(throttle=0.5), Faults(throttle=0.5, seed=1)
    first = [faults.strike(1, str(n).encode(), 1) for n in range(64)]
    assert first != [faults.strike(1, str(n).encode(), 2) for n in range(64)]
    assert first != [other.strike(1, str(n).encode(), 1) for n in range(64)]


def test_rates_above_one_together_are_refused() -> None:
    with pytest.raises(ValueError, match=r"add up to 1\.2"):
        Faults(throttle=0.7, error_500=0.5)


def test_without_faults_nothing_strikes() -> None:
    assert struck(Faults()) == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_strike(kind: str) -> None:
    faults: dict[str, Any] = {kind: 1}
    assert Faults(**faults).strike(1, b"", 1) == kind
