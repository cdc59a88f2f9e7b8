"""Tables and lines of 40 and 80 columns."""

import os
import pty

import pytest

from sdbr.cli.table import fold, stdout_columns, table

ROWS = [
    ("ALIAS", "TASKS", "USD", "AS OF"),
    ("core", "text-to-image, image-to-image", "0.04", "2026-11"),
]


def test_a_table_that_fits_is_not_broken():
    assert list(table(ROWS, None)) == list(table(ROWS, 80))
    assert list(table(ROWS, None))[1] == "core   text-to-image, image-to-image  0.04  2026-11"


def test_cells_of_a_table_that_is_too_wide_are_broken_between_words():
    assert list(table(ROWS, 38, indent=" ")) == [
        " ALIAS  TASKS            USD   AS OF",
        " core   text-to-image,   0.04  2026-11",
        "        image-to-image",
    ]


def test_optional_columns_are_left_out_where_broken_cells_are_not_enough():
    lines = "\n".join(table(ROWS, 24, optional=("AS OF", "TASKS"))).splitlines()
    assert lines[:2] == ["ALIAS  USD", "core   0.04"]
    assert " ".join(" ".join(lines[2:]).split()) == "For AS OF, TASKS: a wider terminal, or --json."
    assert max(map(len, lines)) <= 24


def test_a_folded_line_keeps_its_words_and_hangs():
    text = "  prompt: a lighthouse at dusk over a stormy sea"
    lines = fold(text, 24).splitlines()
    assert lines == ["  prompt: a lighthouse", "      at dusk over a", "      stormy sea"]
    assert fold(text, None) == fold(text, 80) == text


def test_a_pipe_has_no_width_and_a_terminal_its_own(monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    reader, writer = os.pipe()
    ours, theirs = pty.openpty()
    kept = os.dup(1)
    try:
        os.dup2(writer, 1)
        assert stdout_columns() is None
        monkeypatch.setenv("COLUMNS", "33")
        assert stdout_columns() == 33
    finally:
        os.dup2(kept, 1)
        for one in (reader, writer, ours, theirs, kept):
            os.close(one)


@pytest.mark.parametrize("columns", [40, 80])
@pytest.mark.parametrize(
    "command",
    [
        ("ledger",),
        *(("ledger", "--by", group) for group in ("day", "model", "run", "send")),
        ("models", "--all"),
        ("models", "sdxl"),
        ("config",),
        ("inspect", "source/img/a-fox-7.png"),
    ],
)
def test_no_line_is_wider_than_the_terminal(sdbr, emulator, monkeypatch, columns, command):
    del emulator
    sdbr("txt2img", "a fox", "--seed", "7")
    monkeypatch.setenv("COLUMNS", str(columns))
    ran = sdbr(*command)
    assert ran.code == 0
    # A word that is too long for its place stays whole.
    long = [line for line in ran.lines if len(line) > columns]
    assert all(max(map(len, line.split())) > 20 for line in long), long
