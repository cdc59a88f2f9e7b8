from dataclasses import replace

import pytest

from sdbr.errors import UsageProblem
from sdbr.workflows.names import clip_stem, escape_name, fill_template, values_of, with_fields
from tests.material import CORE, request_for

FOX = replace(request_for(CORE, seed=7), prompt="A red fox!", strength=0.4)
FLAGS = {"aspect": "16:9", "cfg_scale": 7.5, "negative": "rain, snow"}
VALUES = values_of(FOX, FLAGS, 7, "photo")


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{prompt}-{seed}", "a-red-fox-7"),
        ("{input} {strength}", "photo 0.4"),
        ("{model}_{aspect}", "core_16x9"),
        ("{cfg-scale}{cfg_scale}", "7.57.5"),
        ("no {negative}", "no rain-snow"),
        ("{style}", "default"),
        ("{{{seed}}}", "{7}"),
        ("Plain Name", "Plain Name"),
        (".{seed}", "7"),
    ],
)
def test_fields_are_filled_in(template, expected):
    assert fill_template(template, VALUES) == expected


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{sed}", "{sed}, which is not a field. Use prompt, input, seed"),
        ("{seed:>500}", "write fields as {seed}"),
        ("{seed!r}", "write fields as {seed}"),
        ("{seed.real}", "is not a field"),
        ("{0}", "is not a field"),
        ("{}", "is not a field"),
        ("{seed", "write fields as {seed}"),
        ("seed}", "write fields as {seed}"),
    ],
)
def test_a_field_that_is_none_is_refused_with_those_there_are(template, words):
    with pytest.raises(UsageProblem) as refused:
        fill_template(template, VALUES)
    assert words in str(refused.value)


@pytest.mark.parametrize("name", ["a{b", "}{", "{{x}}", "plain"])
def test_an_escaped_name_stands_for_itself(name):
    assert fill_template(escape_name(name), VALUES) == name


def test_a_long_name_keeps_what_tells_it_from_others():
    values = values_of(FOX, FLAGS, 7, "ü" * 90)
    name = fill_template("{input}-{prompt}-{negative}-{seed}-strength-{strength}", values)
    assert len(name.encode()) <= 200
    assert name.endswith("-a-red-fox-rain-snow-7-strength-0.4")


def test_fields_are_added_once_and_never_the_seed():
    fields = ["strength", "style", "seed", "prefix", "picture"]
    named = with_fields("{prompt}-{seed}", fields)
    assert named == "{prompt}-{seed}-strength-{strength}-{style}"
    assert with_fields(named, fields) == named


def test_a_clip_is_called_as_its_source_or_its_template():
    assert clip_stem(None, FOX, {}, "a{b}") == "a{b}"
    assert clip_stem("{input}-{seed}", FOX, {}, "clip") == "clip-7"
