import io
import sys

import pytest

from sdbr.errors import InputProblem, UsageProblem
from sdbr.workflows.inputs import all_prompts


def test_prompts_come_in_the_order_in_which_they_were_given(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"two\n\n  three \r\n")))
    (tmp_path / "p.txt").write_bytes("\ufefffünf\nsix".encode())
    prompts = all_prompts(["one", "-", "four"], tmp_path / "p.txt")
    assert prompts == ["one", "two", "three", "four", "fünf", "six"]


def test_a_prompt_as_an_argument_keeps_its_lines_and_spaces():
    assert all_prompts([" a\nb "], None) == [" a\nb "]


def test_what_is_no_text_becomes_text():
    assert all_prompts(["caf\udce9\0"], None) == ["caf?"]


def test_a_file_with_other_bytes_becomes_text(tmp_path):
    (tmp_path / "p.txt").write_bytes(b"caf\xe9\nfox\0")
    assert all_prompts([], tmp_path / "p.txt") == ["caf\ufffd", "fox"]


@pytest.mark.parametrize("text", ["", "\n \n"])
def test_no_prompt_at_all_is_refused(tmp_path, text):
    (tmp_path / "p.txt").write_text(text)
    with pytest.raises(UsageProblem, match="No prompt"):
        all_prompts([], tmp_path / "p.txt")


@pytest.mark.parametrize(("name", "words"), [("gone", "no such file"), (".", "is a directory")])
def test_a_file_that_cannot_be_read_is_told_by_name(tmp_path, name, words):
    with pytest.raises(InputProblem, match=words):
        all_prompts([], tmp_path / name)
