import io
import sys
import threading
from contextlib import contextmanager

from sdbr.console import Console, StatusLine, counted


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
    with voice.status(lambda _: StatusLine("d")):
        pass
    assert capsys.readouterr() == ("", "")


def test_details_are_for_those_who_asked(capsys):
    Console().detail("a")
    Console(verbose=True).detail("b")
    assert capsys.readouterr().err == "b\n"


def test_many_lines_alike_are_said_every_ten_seconds_with_their_number(capsys, monkeypatch):
    clock = iter([100.0, 101.0, 109.0, 110.0, 115.0])
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    voice = Console()
    for number in range(5):
        voice.passing(f"Throttled {number}.")
    assert capsys.readouterr().err == "Throttled 0.\nThrottled 3. (4 such replies so far)\n"


def test_those_who_asked_hear_every_line(capsys):
    voice = Console(verbose=True)
    for number in range(3):
        voice.passing(str(number))
    assert capsys.readouterr().err == "0\n1\n2\n"


@contextmanager
def shown(voice, line):
    """Runs the block once the status line was drawn."""
    drawn = threading.Event()

    def draw(columns):
        drawn.set()
        return line(columns)

    with voice.status(draw):
        assert drawn.wait(10)
        with voice.results():  # The line is drawn whole.
            pass
        yield


def test_without_a_terminal_nobody_is_asked_and_a_log_gets_a_line_now_and_then(capsys, monkeypatch):
    monkeypatch.setattr("sdbr.console._REPORT", 0.01)
    voice = Console()
    assert not voice.terminal
    with shown(voice, lambda _: StatusLine("keyframes 5/21", 0.2, "0.40 of 1.68 USD")):
        pass
    told = capsys.readouterr().err.splitlines()
    assert set(told) == {"keyframes 5/21, 0.40 of 1.68 USD"}


def test_a_short_run_fills_no_log(capsys):
    with Console().status(lambda _: StatusLine("pictures 1/2")):
        pass
    assert capsys.readouterr() == ("", "")


def test_on_a_terminal_the_line_is_drawn_below_what_is_said_and_removed(monkeypatch, capsys):
    monkeypatch.setattr("sdbr.console._REFRESH", 0.01)
    terminal = at_a_terminal(monkeypatch)
    voice = Console()
    assert voice.terminal
    with shown(voice, lambda _: StatusLine("pictures {1}/2", 0.5, "0.04 USD")):
        voice.say("a line above it")
    assert "a line above it\n" in terminal.getvalue()
    assert "pictures {1}/2" in terminal.getvalue()
    last = terminal.getvalue().rpartition("\r")
    assert last[2] == ""
    assert last[0].rpartition("\r")[2].strip() == ""
    assert capsys.readouterr().out == ""


def test_a_dumb_terminal_gets_no_line_that_is_redrawn(monkeypatch):
    monkeypatch.setattr("sdbr.console._REFRESH", 0.01)
    monkeypatch.setattr("sdbr.console._REPORT", 0.01)
    monkeypatch.setenv("TERM", "dumb")
    terminal, told = at_a_terminal(monkeypatch), threading.Event()

    def line(_columns):
        if "pictures 1/2" in terminal.getvalue():
            told.set()
        return StatusLine("pictures 1/2", 0.5, "0.04 USD")

    with Console().status(line):
        assert told.wait(10)
    assert "\r" not in terminal.getvalue()
    assert set(terminal.getvalue().splitlines()) == {"pictures 1/2, 0.04 USD"}


def test_what_passes_stands_in_the_line_where_there_is_room(monkeypatch):
    monkeypatch.setattr("sdbr.console._REFRESH", 0.01)
    terminal = at_a_terminal(monkeypatch)
    voice, notes = Console(), threading.Event()

    def line(_columns):
        if "Throttled, now 4 at once" in terminal.getvalue():
            notes.set()
        return StatusLine("pictures 1/2", 0.5, "0.04 USD")

    with shown(voice, line):
        voice.passing("Throttled, now 4 at once; trying again in 3 s.")
        assert notes.wait(10)
    assert "trying again" not in terminal.getvalue()


def test_closed_streams_are_no_trouble(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", None)
    monkeypatch.setattr(sys, "stderr", None)
    voice = Console()
    assert not voice.terminal
    voice.say("nobody hears this")
    with voice.status(lambda _: StatusLine("pictures 1/2")), voice.results():
        pass
    assert capsys.readouterr().out == ""
