import io
import sys

from sdbr.console import Console, counted


class Terminal(io.StringIO):
    def isatty(self):
        return True


def at_a_terminal(monkeypatch):
    """Give this process a terminal for stdin and stderr; pytest replaces them before each test."""
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(sys, "stdin", Terminal())
    return stream


def test_lines_go_to_stderr_alone(capsys):
    Console().say("hello")
    assert capsys.readouterr() == ("", "hello\n")


def test_one_is_not_many():
    assert [counted(n, "picture") for n in (0, 1, 2)] == ["0 pictures", "1 picture", "2 pictures"]


def test_quiet_says_nothing(capsys):
    voice = Console(quiet=True, verbose=True)
    voice.say("a")
    voice.detail("b")
    voice.passing("c")
    with voice.progress(5, "picture"):
        voice.step("")
    assert capsys.readouterr() == ("", "")


def test_details_are_for_those_who_asked(capsys):
    Console().detail("a")
    Console(verbose=True).detail("b")
    assert capsys.readouterr().err == "b\n"


def test_many_lines_alike_are_said_once_a_second(capsys, monkeypatch):
    clock = iter([10.0, 10.1, 10.9, 11.0, 11.5])
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    voice = Console()
    for number in range(5):
        voice.passing(str(number))
    assert capsys.readouterr().err == "0\n3\n"


def test_those_who_asked_hear_every_line(capsys):
    voice = Console(verbose=True)
    for number in range(3):
        voice.passing(str(number))
    assert capsys.readouterr().err == "0\n1\n2\n"


def test_without_a_terminal_there_is_no_bar_and_nobody_to_ask(capsys):
    voice = Console()
    assert not voice.terminal
    with voice.progress(5, "picture"):
        voice.step("0.04 USD")
    assert capsys.readouterr() == ("", "")


def test_on_a_terminal_a_bar_counts_and_tells_the_dollars(monkeypatch, capsys):
    terminal = at_a_terminal(monkeypatch)
    voice = Console()
    assert voice.terminal
    with voice.progress(2, "picture"):
        voice.say("a line above it")
        voice.step("0.04 USD")
        voice.step("0.08 USD")
    assert "a line above it" in terminal.getvalue()
    assert "2/2" in terminal.getvalue()
    assert "0.08 USD" in terminal.getvalue()
    assert capsys.readouterr().out == ""


def test_one_picture_needs_no_bar(monkeypatch):
    terminal = at_a_terminal(monkeypatch)
    with Console().progress(1, "picture"):
        Console().step("")
    assert terminal.getvalue() == ""


def test_closed_streams_are_no_trouble(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", None)
    monkeypatch.setattr(sys, "stderr", None)
    voice = Console()
    assert not voice.terminal
    voice.say("nobody hears this")
    with voice.progress(5, "picture"):
        voice.step("")
    assert capsys.readouterr().out == ""
