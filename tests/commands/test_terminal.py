"""What a user sees of a run on a terminal."""

import re
import sys

import pytest

from sdbr.emulator.faults import Faults
from tests.commands.clip_runs import clip_in

if sys.platform == "win32":
    pytest.skip("Windows has no pseudo-terminal", allow_module_level=True)

from tests.pseudo_terminal import run_in_terminal


def status_lines(seen, word):
    """The different status lines that the screens showed, in their order."""
    lines = (line for screen in seen.screens for line in screen if line.startswith(word))
    return list(dict.fromkeys(lines))


@pytest.mark.parametrize("columns", [80, 40])
def test_each_path_has_a_line_of_its_own_and_no_bar_is_left(start_emulator, workspace, columns):
    start_emulator(latency=(0.3, 0.5))
    arguments = ["txt2img", "a fox", "--count", "6", "--seed", "1", "--workers", "2"]
    seen = run_in_terminal(arguments, workspace, columns)
    assert seen.code == 0
    *_, last = seen.lines
    assert last == "6 of 6 done, 0.24 USD spent (emulated)"
    paths = [line for line in seen.lines if "source/" in line]
    assert paths == [f"source/img/a-fox-{seed}.png" for seed in range(1, 7)]
    shown = status_lines(seen, "pictures")
    assert any(re.fullmatch(r"pictures \d/6 .*0\.\d\d( of 0\.24)? USD.*", line) for line in shown)
    assert max(map(len, shown)) <= columns
    assert not any(line.startswith("pictures") for line in seen.lines)


def test_the_time_to_go_is_told_from_the_start_once_pictures_were_drawn(start_emulator, workspace):
    start_emulator(latency=(0.6, 0.6))
    run_in_terminal(["txt2img", "a fox", "--seed", "1"], workspace)
    again = ["txt2img", "an owl", "--count", "4", "--workers", "1"]
    before = status_lines(run_in_terminal(again, workspace), "pictures 0/4")
    assert any(" left" in line for line in before)


def test_throttling_fills_no_screen_and_stands_in_the_status_line(start_emulator, workspace):
    start_emulator(latency=(0.3, 0.3), faults=Faults(throttle="first:8"))
    seen = run_in_terminal(["txt2img", "a fox", "--count", "8"], workspace, columns=100)
    assert seen.code == 0
    assert not any("hrottled" in line for line in seen.lines)
    assert any("Throttled, now" in line for line in status_lines(seen, "pictures"))


def test_a_clip_shows_its_phases(start_emulator, workspace):
    start_emulator(latency=(0.5, 0.5))
    clip = clip_in(workspace)
    arguments = ["vid2vid", clip, "a woodcut", "--keyframes", "every:4", "--workers", "1"]
    seen = run_in_terminal(arguments, workspace)
    assert seen.code == 0
    assert any(re.match(r"keyframes \d/\d .*USD", line) for line in status_lines(seen, "keyframes"))
    assert seen.lines[-1].endswith("USD spent (emulated)")
    assert "generate/videos/clip.mp4" in seen.lines


@pytest.mark.usefixtures("emulator")
def test_a_log_is_told_in_lines_without_a_bar(sdbr):
    ran = sdbr("txt2img", "a fox", "--count", "2", "--seed", "1")
    assert ran.errors.splitlines()[1:] == [
        "2 of 2 pictures are one color throughout. Try another --seed or prompt.",
        "2 of 2 done, 0.08 USD spent (emulated)",
    ]
    assert "\r" not in ran.errors


def test_verbose_tells_where_and_how_long_each_picture_took(emulator, sdbr, workspace):
    told = sdbr("txt2img", "a fox", "--seed", "7", "-v").errors
    assert f"Workspace: {workspace.resolve()}\n" in told
    assert f"Bedrock: {emulator.url}\n" in told
    assert re.search(r"^stability\.\S+, seed 7: \d+\.\d s, request \S+$", told, re.M)
    assert "seed 7: cached" in sdbr("txt2img", "a fox", "--seed", "7", "-v").errors
    assert "seed 7" not in sdbr("txt2img", "an owl", "--seed", "7").errors
