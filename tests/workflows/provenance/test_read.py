import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdbr.workflows.provenance.read import record_of

RECORD = {
    "command": "img2img",
    "seed": 7,
    "size": [64, 48],
    "request": {"prompt": "a fox", "seed": 7, "extras": {"steps": 30}},
    "told": {"prompt": "a fox", "strength": 0.5},
    "finish": {"format": "png", "size": [64, 48]},
    "inputs": [{"role": "init_image", "name": "one.png", "sha256": "0" * 64}],
    "treatment": ["contain"],
    "stem": "one",
    "told_by_a_later_sdbr": [1, {"a": 2}],
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


def test_what_sdbr_writes_is_read_unchanged():
    assert record_of(json.dumps(RECORD)) == RECORD


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seed", "7"),
        ("seed", -1),
        ("seed", True),
        ("size", [64]),
        ("size", [64, 48, 3]),
        ("size", "64x48"),
        ("size", [64, None]),
        ("frames", 1.5),
        ("command", ["img2img"]),
        ("request", "a fox"),
        ("told", [1]),
        ("finish", 3),
        ("inputs", {"role": "init_image"}),
        ("treatment", "contain"),
        ("parameters", {"prompt": "x"}),
    ],
)
def test_a_field_of_another_type_is_left_out_alone(name, value):
    rest = {field: told for field, told in RECORD.items() if field != name}
    assert record_of(json.dumps({**RECORD, name: value})) == rest


@pytest.mark.parametrize(
    "wrong", ["x", {}, {"role": "init_image", "name": "x", "sha256": "../../../etc/x"}]
)
def test_an_input_without_a_digest_is_none(wrong):
    told = {**RECORD, "inputs": [wrong, *RECORD["inputs"]]}
    assert record_of(json.dumps(told)) == RECORD


@pytest.mark.parametrize("text", ["", "[]", "null", "{", '"x"', "[" * 100_000, "9" * 5_000])
def test_what_is_no_record_is_an_empty_one(text):
    assert record_of(text) == {}


def test_halves_of_pairs_are_made_sayable():
    told = record_of('{"stem": "\\ud800", "\\ud800": ["\\ud800"]}')
    assert told == {"stem": "?", "?": ["?"]}


@given(st.dictionaries(st.sampled_from(list(RECORD)), JSON), st.sets(st.sampled_from(list(RECORD))))
def test_any_record_can_be_relied_on_and_loses_nothing_that_is_right(strange, names):
    right = {name: RECORD[name] for name in names}
    record = record_of(json.dumps({**strange, **right}))
    assert {name: record.get(name) for name in names} == right
    json.dumps(record, ensure_ascii=False).encode()
    assert all(isinstance(record.get(name, ""), str) for name in ("command", "stem"))
    assert all(isinstance(record.get(name, {}), dict) for name in ("request", "told", "finish"))
    assert all(isinstance(side, int) for side in record.get("size", []))
    assert all(len(one["sha256"]) == 64 for one in record.get("inputs", []))
