import pytest

from sdbr.errors import UsageProblem
from sdbr.workflows.sweep import expand, single_variant


def values(name, text):
    return [variant.values[name] for variant in expand({name: text})]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("seed", "1..4", [1, 2, 3, 4]),
        ("seed", "4..1", [4, 3, 2, 1]),
        ("seed", "1..9..4", [1, 5, 9]),
        ("seed", "9..1..4", [9, 5, 1]),
        ("seed", "9..1..-4", [9, 5, 1]),
        ("seed", "7,1..2", [7, 1, 2]),
        ("strength", "0.2..0.8..0.2", [0.2, 0.4, 0.6, 0.8]),
        ("strength", "0.8..0.2..0.3", [0.8, 0.5, 0.2]),
        ("strength", "0.2..0.7..0.2", [0.2, 0.4, 0.6]),
        ("cfg_scale", "5..9..2", [5.0, 7.0, 9.0]),
        ("steps", "20..40..10", [20, 30, 40]),
        ("creativity", "0.1..0.5..0.2", [0.1, 0.3, 0.5]),
    ],
)
def test_a_range_is_from_to_and_step_for_every_number(name, text, expected):
    assert values(name, text) == expected


def test_a_range_of_fractions_without_a_step_names_one_and_what_it_gives():
    with pytest.raises(UsageProblem, match=r"0\.2\.\.0\.8\.\.0\.1 gives 7 values\."):
        expand({"strength": "0.2..0.8"})


@pytest.mark.parametrize(
    ("name", "text", "written"),
    [
        ("strength", "0.2:0.8", "0.2..0.8..0.1: from, to, step"),
        ("strength", "0.2:0.8:0.3", "0.2..0.8..0.3: from, to, step"),
        ("seed", "1:9", "a range (1..9)"),
        ("seed", "1-9", "a range (1..9)"),
    ],
)
def test_another_way_to_write_a_range_is_told_the_right_one(name, text, written):
    with pytest.raises(UsageProblem) as refused:
        expand({name: text})
    assert written in str(refused.value)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("seed", "1..9..0"),
        ("seed", "1..2..3..4"),
        ("seed", "1.."),
        ("seed", "1..9..0.5"),
        ("seed", "1..1e9"),
        ("strength", "0..1..1e-99999"),
        ("steps", "nan..9"),
    ],
)
def test_a_range_that_cannot_be_is_refused(name, text):
    with pytest.raises(UsageProblem):
        expand({name: text})


def test_a_range_of_too_many_values_is_refused_as_too_long():
    with pytest.raises(UsageProblem, match=r"makes more than 10,000 values\. Use fewer values\."):
        values("seed", "1..99999999")


def test_what_takes_one_value_takes_no_range():
    with pytest.raises(UsageProblem, match="takes only one value for seed"):
        single_variant({"seed": "1..3"})
