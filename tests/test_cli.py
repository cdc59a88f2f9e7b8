import json
import os
import signal
import subprocess
import sys

import pytest

from sdbr.errors import EXIT_CODES, SdbrError
from tests.material import run_with_full_stdout

HEAVY = ("boto3", "botocore", "numpy", "PIL", "cv2", "av", "imageio", "sqlite3", "tqdm")
LOADED = (
    "import sys; from sdbr.cli import run; run(sys.argv[1:]);"
    f"print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
)
COMMANDS = ("txt2img", "models", "ledger", "cache")


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["txt2img", "--help"], ["nope"]])
def test_help_and_usage_load_nothing_heavy(arguments):
    ran = subprocess.run([sys.executable, "-c", LOADED, *arguments], capture_output=True, text=True)
    assert ran.stderr.splitlines()[-1] == "[]"


def test_the_package_itself_imports_nothing():
    code = "import sys; before = set(sys.modules); import sdbr; print(set(sys.modules) - before)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ran.stdout.strip() == "{'sdbr'}"


def test_help_lists_the_commands_and_the_exit_codes(sdbr):
    ran = sdbr("--help")
    text = ran.data.decode()
    assert ran.code == 0
    assert all(f"\n  {name} " in text for name in COMMANDS)
    assert all(f"\n  {code} " in text for code in EXIT_CODES)
    assert ran.errors == ""


def test_without_a_command_the_help_is_shown(sdbr):
    ran = sdbr()
    assert ran.code == 0
    assert b"Usage: sdbr" in ran.data


def test_each_command_explains_itself_with_examples(sdbr):
    for name in COMMANDS:
        ran = sdbr(name, "-h")
        assert ran.code == 0
        assert f"sdbr {name}" in ran.data.decode().partition("Examples:")[2]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["paint"], "No such command: paint. See"),
        (["txtimg"], "No such command: txtimg. Did you mean txt2img?"),
        (["edit", "rase"], "No such command: rase. Did you mean erase?"),
        (
            ["img2img", "a", "--strenght", "1"],
            "--strenght. Did you mean --strength",
        ),
        (["--nonsense"], "--nonsense"),
        (["txt2img", "x", "--sed", "5"], "--seed"),
        (["txt2img", "x", "--cuont", "3"], "--cuont. Did you mean --count? See"),
        (
            ["txt2img", "x", "--strength", "0.3"],
            "--strength. It belongs to img2img, img2gif, vid2vid",
        ),
        (["img2img", "x", "y", "--fps", "3"], "--fps. It belongs to img2gif, vid2vid and review."),
        (["vid2vid", "x", "--report"], "--report. report is a command. Run `sdbr report`."),
        (["ledger", "--xyzzy"], "--xyzzy. See"),
        (["vid2vid", "x", "y", "--test", "3"], "--test. Did you mean --test-frames?"),
        (["--offline", "txt2img", "x"], "--offline. Put options after the command."),
        (["edit", "a fox"], "No such command: a fox. See `sdbr edit --help`."),
        (["a fox"], 'No such command: a fox. Try `sdbr txt2img "a fox"`.'),
        (["a red fox", "--offline"], 'Try `sdbr txt2img "a red fox"`.'),
        ([__file__, "ink"], f'Try `sdbr img2img {__file__} "ink"`.'),
        (["txt2img", "x", "--count", "many"], "Invalid --count: 'many' is not a whole number"),
        (["txt2img", "x", "--seed"], "requires an argument. See `sdbr txt2img --help`."),
        (["edit", "erase", "x", "--seed"], "See `sdbr edit erase --help`."),
        (["txt2img", "x", "--format", "gif"], "--format"),
        (["txt2img", "x", "--format", "wepb"], "'webp'. Did you mean webp? See"),
        (
            ["completion", "bsh"],
            "Unknown shell 'bsh'. Did you mean bash? Choose from bash, zsh and fish. See",
        ),
        (["completion"], "Missing shell. Choose from bash, zsh and fish. See"),
    ],
)
def test_wrong_usage_is_one_line_that_points_to_the_help(sdbr, arguments, words):
    ran = sdbr(*arguments)
    assert ran.code == 2
    assert words in ran.failure
    assert "--help" in ran.failure
    assert ran.data == b""


def test_every_error_has_an_exit_code_of_the_table():
    kinds = SdbrError.__subclasses__()
    assert {kind.exit_code for kind in kinds} == set(EXIT_CODES) - {0, 1}
    assert len({kind.exit_code for kind in kinds}) == len(kinds)


def test_a_bug_is_one_line_that_asks_for_a_report(sdbr, monkeypatch):
    def broken(*_, **__):
        raise ZeroDivisionError("five\nby nothing")

    monkeypatch.setattr("sdbr.bedrock.catalog.load", broken)
    ran = sdbr("txt2img", "a fox")
    assert ran.code == 1
    assert ran.failure == (
        "sdbr: This is a bug in sdbr: ZeroDivisionError: five by nothing. "
        "Please report it with the output of SDBR_DEBUG=1."
    )
    monkeypatch.setenv("SDBR_DEBUG", "1")
    assert "Traceback" in sdbr("txt2img", "a fox").errors


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["models"], ["txt2img", "--help"], ["config"]]
)
def test_a_full_stdout_is_one_line_and_no_bug(tmp_path, arguments):
    ran = run_with_full_stdout(arguments, tmp_path)
    assert ran.returncode == 9
    assert ran.stderr == (
        "sdbr: Cannot write to stdout: no space left on device. Free some space, or redirect the "
        "output elsewhere.\n"
    )


def test_another_failure_of_the_system_is_a_bug(sdbr, monkeypatch):
    def broken(*_, **__):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("sdbr.bedrock.catalog.load", broken)
    ran = sdbr("txt2img", "a fox")
    assert (ran.code, "This is a bug" in ran.failure) == (1, True)


def test_ctrl_c_outside_a_run_is_130(sdbr, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("sdbr.bedrock.catalog.load", interrupted)
    ran = sdbr("txt2img", "a fox")
    assert ran.code == 130
    assert "Interrupted" in ran.failure


def test_ctrl_c_before_the_first_command_is_known_just_ends_the_process():
    code = (
        "import os, signal, sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'click':\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Finder())\n"
        "from sdbr.__main__ import main\n"
        "main()\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60)
    assert (ran.returncode, ran.stderr) == (-signal.SIGINT, b"")


@pytest.mark.parametrize("hash_seed", ["1", "2", "3"])
def test_a_sweep_over_two_flags_comes_in_the_order_of_the_help(tmp_path, hash_seed):
    arguments = ["txt2img", "a fox", "--seed", "1..2", "--aspect", "1:1,3:2"]
    ran = subprocess.run(
        [sys.executable, "-m", "sdbr", *arguments, "--dry-run", "--json", "--offline"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    bodies = [json.loads(line)["body"] for line in ran.stdout.splitlines()]
    order = [(body["aspect_ratio"], body["seed"]) for body in bodies]
    assert order == [("1:1", 1), ("3:2", 1), ("1:1", 2), ("3:2", 2)]


@pytest.mark.parametrize("encoding", ["ascii", "cp437", "cp850", "cp1252"])
def test_a_terminal_of_another_code_page_shows_ascii_for_what_it_has_not(tmp_path, encoding):
    ran = subprocess.run(
        [sys.executable, "-m", "sdbr", "txt2img", "a fox", "--offline", "--count", "2"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0", "LC_ALL": "C"},
        capture_output=True,
    )
    told = ran.stderr.decode(encoding)
    assert ran.returncode == 0, told
    sign = "x" if encoding in ("ascii", "cp437") else "×"
    assert told.startswith(f"2 pictures {sign} 0.04 USD")
    assert "?" not in told


@pytest.mark.parametrize("arguments", [["--help"], ["vid2vid", "--help-all"], ["models", "core"]])
def test_help_and_tables_are_readable_in_ascii(tmp_path, arguments):
    ran = subprocess.run(
        [sys.executable, "-m", "sdbr", *arguments],
        cwd=tmp_path,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
    )
    assert (ran.returncode, ran.stderr, b"?" in ran.stdout) == (0, b"", False)
