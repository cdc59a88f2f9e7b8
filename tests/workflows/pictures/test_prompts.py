import io
import sys

import pytest

from sdbr.errors import InputProblem, UsageProblem
from sdbr.workflows.prompt_list import prompt_lines


def all_prompts(arguments, file, **how):
    return [line.text for line in prompt_lines(arguments, file, **how)]


def test_prompts_come_in_the_order_in_which_they_were_given(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"two\n\n  three \r\n")))
    (tmp_path / "p.txt").write_bytes("\ufefffünf\nsix".encode())
    prompts = all_prompts(["one", "-", "four"], tmp_path / "p.txt", each=True)
    assert prompts == ["one", "two", "three", "four", "fünf", "six"]


def test_a_prompt_as_an_argument_keeps_its_lines_and_spaces():
    assert all_prompts([" a\nb "], None) == [" a\nb "]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "UTF-16-BE with a mark"]
)
def test_a_file_of_prompts_is_read_as_its_byte_order_mark_says(tmp_path, encoding):
    text = "N\u00f6rdlicher Fuchs\r\n\u72d0\r\n"
    data = ("\ufeff" + text).encode("utf-16-be") if " " in encoding else text.encode(encoding)
    (tmp_path / "p.txt").write_bytes(data)
    assert all_prompts([], tmp_path / "p.txt") == ["N\u00f6rdlicher Fuchs", "\u72d0"]


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"fox\ncaf\xe9\n", 2),
        ("a\nb\nfox\n".encode("utf-16-le"), 1),
        (b"fox\r\na\r\nb\0c\r\n", 3),
        (b"\xff\xfea\0\n\0\x00\xd8", 2),
    ],
)
def test_a_file_that_is_no_text_is_told_with_the_line(tmp_path, data, line):
    (tmp_path / "p.txt").write_bytes(data)
    with pytest.raises(InputProblem, match=rf"p\.txt, line {line}: not valid .*text"):
        all_prompts([], tmp_path / "p.txt")


@pytest.mark.parametrize("text", ["", "\n \n"])
def test_a_file_without_a_prompt_is_refused(tmp_path, text):
    (tmp_path / "p.txt").write_text(text)
    with pytest.raises(InputProblem, match=r"p\.txt is empty\. Write one prompt per line\."):
        all_prompts([], tmp_path / "p.txt")


def test_no_prompt_at_all_is_refused():
    with pytest.raises(UsageProblem, match="No prompt"):
        all_prompts([], None)


@pytest.mark.parametrize(("name", "words"), [("gone", "no such file"), (".", "is a directory")])
def test_a_file_that_cannot_be_read_is_told_by_name(tmp_path, name, words):
    with pytest.raises(InputProblem, match=words):
        all_prompts([], tmp_path / name)


def test_unquoted_words_are_one_prompt_where_somebody_sits_at_a_terminal():
    assert all_prompts(["a", "fox", "in", "the", "snow"], None, join=True) == ["a fox in the snow"]


@pytest.mark.parametrize(
    ("words", "join"),
    [
        (["a", "fox", "in", "the", "snow"], False),
        (["a fox", "in the snow"], True),
        (["a", "fox", "-"], True),
    ],
)
def test_several_prompts_that_may_be_one_are_refused_with_both_ways_on(words, join):
    with pytest.raises(UsageProblem) as refused:
        all_prompts(words, None, join=join)
    assert f'put the whole prompt in quotes: "{" ".join(words)}".' in str(refused.value)
    assert f"For {len(words)} pictures, add --each." in str(refused.value)


def read(tmp_path, name, text):
    (tmp_path / name).write_text(text, encoding="utf-8", newline="")
    return prompt_lines([], tmp_path / name)


def test_a_line_of_text_may_end_in_flags(tmp_path):
    lines = read(
        tmp_path, "p.txt", "a fox --seed 5 --negative 'people, text'\nan owl -- at night\n"
    )
    assert [(line.text, line.flags) for line in lines] == [
        ("a fox", ("--seed", "5", "--negative", "people, text")),
        ("an owl -- at night", ()),
    ]
    assert lines[1].where.endswith("p.txt, line 2")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("p.csv", '\ufeffprompt,seed,cfg_scale\r\n"a fox, red",5,\r\n,,\r\nan owl,,7\r\n'),
        ("p.tsv", "seed\tprompt\tcfg-scale\n5\ta fox, red\t\n\tan owl\t7\n"),
        (
            "p.jsonl",
            '{"prompt": "a fox, red", "seed": 5}\n\n{"prompt": "an owl", "cfg_scale": 7}\n',
        ),
        ("p.txt", '{"prompt": "a fox, red", "seed": 5}\n{"prompt": "an owl", "cfg-scale": "7"}\n'),
    ],
)
def test_a_table_has_a_column_for_each_flag(tmp_path, name, text):
    assert [(line.text, line.flags) for line in read(tmp_path, name, text)] == [
        ("a fox, red", ("--seed=5",)),
        ("an owl", ("--cfg-scale=7",)),
    ]


def test_a_list_in_json_is_a_sweep(tmp_path):
    (line,) = read(tmp_path, "p.jsonl", '{"prompt": "a fox", "seed": [1, 2], "style": null}\n')
    assert line.flags == ("--seed=1,2",)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("p.csv", "seed,style\n1,anime\n", "no column named prompt"),
        ("p.csv", "prompt,seed\na fox,1\nan owl,2,3\n", "line 3 has 3 cells, but there are 2"),
        ("p.csv", "prompt,seed\n,1\n", "line 2: no prompt"),
        ("p.csv", 'prompt\n"a fox\n', "Check the quotes"),
        ("p.jsonl", '{"prompt": "a fox"}\nan owl\n', "line 2: not a JSON object"),
        ("p.jsonl", '{"prompt": "a fox", "name": "\\ud800"}\n', "line 1: not a JSON object"),
        ("p.jsonl", '["a fox"]\n', "line 1: not a JSON object"),
        ("p.jsonl", '{"seed": 1}\n', "line 1: no prompt"),
        ("p.txt", "a fox --negative 'people\n", "line 1: a quotation mark is missing"),
        ("p.txt", "a fox\n--seed 5\n", "line 2: no prompt"),
    ],
)
def test_a_list_that_cannot_be_understood_is_told_with_its_line(tmp_path, name, text, words):
    with pytest.raises(InputProblem, match=words):
        read(tmp_path, name, text)
