import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdbr.errors import InputProblem, UsageProblem
from sdbr.workflows.prompt_template import escape_prompt, texts_of


@pytest.fixture
def wildcards(tmp_path):
    (tmp_path / "woods").mkdir()
    (tmp_path / "colors-warm.txt").write_text("# warm ones\nred\n\norange\n")
    (tmp_path / "colors-cold.txt").write_text("blue\n")
    (tmp_path / "woods" / "birds.txt").write_text("owl\n{jay|wren}\n")
    (tmp_path / "animal.txt").write_text("__woods/birds__\nfox\n")
    (tmp_path / "endless.txt").write_text("a __endless__\n")
    (tmp_path / "empty.txt").write_text("# nothing yet\n")
    return tmp_path


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("a fox", ["a fox"]),
        ("a {red|blue} fox", ["a red fox", "a blue fox"]),
        ("a {very |}red fox", ["a veryred fox", "a red fox"]),
        ("a { red | } fox", ["a red fox", "a fox"]),
        ("{a|a}", ["a"]),
        ("{a {x|y}|b}", ["a x", "a y", "b"]),
        ("{2$$oak|ash|elm}", ["oak, ash", "oak, elm", "ash, elm"]),
        ("{2$$ and $$oak|ash}", ["oak and ash"]),
        ("{1-2$$oak|ash}", ["oak", "ash", "oak, ash"]),
        ("{-2$$oak|ash}", ["oak", "ash", "oak, ash"]),
        ("{1-$$oak|ash}", ["oak", "ash", "oak, ash"]),
        ("__colors-warm__", ["red", "orange"]),
        ("__colors-*__", ["blue", "red", "orange"]),
        ("{2$$__colors-*__}", ["blue, red", "blue, orange", "red, orange"]),
        ("a __woods/birds__", ["a owl", "a jay", "a wren"]),
        ("__animal__", ["owl", "jay", "wren", "fox"]),
        (r"\{red|blue\} \__x\__", ["{red|blue} __x__"]),
        ("snake_case, ____, __ x __, a | b, C:\\x", ["snake_case, ____, __ x __, a | b, C:\\x"]),
        ("5 $$ (fox:1.4) [a]", ["5 $$ (fox:1.4) [a]"]),
    ],
)
def test_a_template_stands_for_every_text_in_its_order(wildcards, template, expected):
    assert texts_of(template, wildcards) == expected


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{fox}", "has no choices. Write {red|blue}, or \\{fox\\}"),
        ("a {red|blue fox", "Unclosed {"),
        ("red|blue} fox", "Unmatched }"),
        ("${color=red} fox", "${…} in"),
        ("{0.5::red|blue}", "Leave weights out"),
        ("{3$$red|blue}", "must ask for 1 to 2"),
        ("__~colors__", "is not a wildcard"),
        ("__../secret__", "is not a wildcard"),
        ("__endless__", "Does a wildcard file refer to itself?"),
        ("{a|b}" * 20, "more than 10,000 prompts"),
        ("{" * 500, "nested too deeply"),
    ],
)
def test_what_looks_like_a_template_and_is_none_is_refused(wildcards, template, words):
    with pytest.raises(UsageProblem) as refused:
        texts_of(template, wildcards)
    assert words in str(refused.value)


@pytest.mark.parametrize("name", ["colors", "empty"])
def test_a_wildcard_without_values_names_the_file_to_fill(wildcards, name):
    with pytest.raises(InputProblem, match=rf"{name}.*for __{name}__|{name}\.txt, one per line"):
        texts_of(f"a __{name}__ fox", wildcards)


@given(st.text(alphabet="ab\\{}|_$ ") | st.text())
def test_a_literal_stands_for_exactly_its_text(text):
    assert texts_of(escape_prompt(text)) == [text]
