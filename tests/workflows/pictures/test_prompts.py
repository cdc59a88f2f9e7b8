import io
import sys

import pytest

from sdbr.errors import InputProblem, UsageProblem
from sdbr.workflows.pictures.jobs import all_prompts


def test_prompts_come_in_the_order_in_which_they_were_given(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"two\n\n  three \r\n")))
    (tmp_path / "p.txt").write_bytes("\ufefffünf\nsix".encode())
    prompts = all_prompts(["one", "-", "four"], tmp_path / "p.txt")
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
    with pytest.raises(InputProblem, match=rf"p\.txt, line {line}: this is no .*UTF-8"):
        all_prompts([], tmp_path / "p.txt")


@pytest.mark.parametrize("text", ["", "\n \n"])
def test_no_prompt_at_all_is_refused(tmp_path, text):
    (tmp_path / "p.txt").write_text(text)
    with pytest.raises(UsageProblem, match="No prompt"):
        all_prompts([], tmp_path / "p.txt")


@pytest.mark.parametrize(("name", "words"), [("gone", "no such file"), (".", "is a directory")])
def test_a_file_that_cannot_be_read_is_told_by_name(tmp_path, name, words):
    with pytest.raises(InputProblem, match=words):
        all_prompts([], tmp_path / name)
