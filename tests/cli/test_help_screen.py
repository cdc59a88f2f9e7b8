"""What help is like on a terminal of 80 columns."""

import sys
from itertools import takewhile

import pytest

from tests.test_docs import tool

COMMANDS = [name for name, _, _ in tool().commands()]


def shown(sdbr, *arguments):
    """The lines of help above its examples, which are to be pasted whole."""
    lines = sdbr(*arguments).data.decode().splitlines()
    return lines, list(takewhile(lambda line: line != "Examples:", lines))


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_fits_one_screen(sdbr, name):
    lines, prose = shown(sdbr, *name.split(), "--help")
    assert len(lines) <= 45
    assert max(map(len, prose)) <= 80


@pytest.mark.parametrize("name", COMMANDS)
def test_every_flag_takes_one_line(sdbr, name):
    first = "--help-all" if "--help-all" in sdbr(*name.split(), "--help").data.decode() else "-h"
    _, prose = shown(sdbr, *name.split(), first)
    below = [line for line in prose if line.startswith("  ")][1:]
    flags = [line for line in below if line.lstrip().startswith("-")]
    assert flags
    assert [line for line in below if line.startswith("     ")] == []
    assert [line for line in flags if len(line.split("  ")) < 3] == []


def test_help_shows_what_matters_and_help_all_the_rest(sdbr):
    short, _ = shown(sdbr, "vid2vid", "--help")
    every, _ = shown(sdbr, "vid2vid", "--help-all")
    count = sum(line.startswith("  -") for line in every)
    assert count > 60
    assert any(line.split() == f"--help-all Show all {count} options.".split() for line in short)
    assert not any("--unexplained" in line for line in short)
    assert any("--unexplained" in line for line in every)


def test_values_are_named_for_what_they_are(sdbr):
    every, _ = shown(sdbr, "img2gif", "--help-all")
    text = "\n".join(every)
    for words in ("--timeout SECONDS", "--width PIXELS", "--rotate DEGREES", "--max-cost USD"):
        assert words in text
    assert "INTEGER" not in text
    assert "TEXT" not in text


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pty")
def test_long_help_goes_through_a_pager_where_the_screen_is_too_small(workspace):
    from tests.pseudo_terminal import run_in_terminal

    pager = {"PAGER": "cat -n"}
    long = run_in_terminal(["vid2vid", "--help-all"], workspace, rows=24, environment=pager)
    assert any(line.split()[:2] == ["1", "Usage:"] for line in long.lines)
    short = run_in_terminal(["flicker", "--help"], workspace, rows=24, environment=pager)
    assert short.lines[0].startswith("Usage:")
    assert (long.code, short.code) == (0, 0)
