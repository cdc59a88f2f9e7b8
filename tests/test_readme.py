import os
import re
import shlex
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

from sdbr.emulator.http.server import NO_HTTP2
from sdbr.errors import EXIT_CODES, InputProblem
from sdbr.media.stills.decoders import _load
from tests.test_docs import loaded

README = Path(__file__).parent.parent / "README.md"


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", README.read_text("utf-8"), re.M | re.S)


def test_every_command_that_the_readme_shows_does_what_it_says(tmp_path):
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    shown = [line.rpartition("&& ")[2].removeprefix(".venv/bin/") for line in lines]
    shown = [line for line in shown if line.startswith("sdbr ") and "emulate" not in line]
    assert len(shown) >= 9
    environment = {**os.environ, "SDBR_OFFLINE": "1"}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    for line in shown:
        ran = subprocess.run(
            line, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        assert ran.returncode == 0, f"{line}: {ran.stderr}"
        for path in ran.stdout.splitlines() if "inspect" not in line else ():
            assert (tmp_path / path).is_file(), f"{line} printed {path}"


def test_two_lines_install_and_test_with_an_environment_of_their_own():
    install, check = blocks("sh")[0].splitlines(), blocks("sh")[1].splitlines()
    assert len(install) == len(check) == 1
    make, pip, draw = install[0].split(" && ")
    assert make == "python3 -m venv .venv"
    assert pip == ".venv/bin/pip install -e ."
    assert draw.startswith(".venv/bin/sdbr txt2img ")
    assert draw.endswith(" --offline")
    program, script = check[0].split()
    assert (program, (README.parent / script).is_file()) == (".venv/bin/python", True)


@pytest.mark.parametrize("has", [version, lambda _name: "0.0.1"], ids=["new", "old"])
def test_the_checks_install_the_development_tools_once(monkeypatch, capsys, has):
    check, ran = loaded(README.parent / "dev" / "check.py"), []

    def run(command, **_options):
        ran.append([str(word) for word in command])
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(check, "version", has)
    monkeypatch.setattr(check.subprocess, "run", run)
    assert check.main() == 0
    missing = has("pytest") == "0.0.1"
    assert (ran[0][1:4] == ["-m", "pip", "install"]) == missing
    assert len(ran) == len(check.STEPS) + missing
    said = capsys.readouterr().err
    assert said == "Installing the development tools: pip install -e '.[dev]'\n" * missing


def test_what_the_container_copies_is_there_and_not_ignored():
    root = README.parent
    lines = (root / "Containerfile").read_text("utf-8").splitlines()
    copied = [words[1:-1] for line in lines if (words := line.split()) and words[0] == "COPY"]
    names = [name for several in copied for name in several]
    kept = (root / ".dockerignore").read_text("utf-8").splitlines()
    assert kept[0] == "*"
    assert {f"!{name}" for name in names} == set(kept[1:])
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    shared = project["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]
    needed = [*shared, project["project"]["readme"], *project["project"]["license-files"]]
    assert set(needed) <= set(names)
    assert all((root / name).exists() for name in names)


def test_each_optional_library_is_an_extra_that_its_message_installs():
    extras = tomllib.loads((README.parent / "pyproject.toml").read_text("utf-8"))["project"]
    known = set(extras["optional-dependencies"]) - {"dev"}
    named = r"pip install 'sdbr\[(\w+)\]'"
    assert re.findall(named, NO_HTTP2) == ["http2"]
    for extra in known - {"http2"}:
        with pytest.raises(InputProblem, match=re.escape(f"pip install 'sdbr[{extra}]'")):
            _load("a_library_that_is_missing", "This", extra)
    told = re.findall(r"'\.\[([\w,]+)\]'", README.read_text("utf-8"))
    assert set(told[-1].split(",")) == known


def test_the_settings_that_the_readme_shows_are_taken(sdbr, workspace):
    (workspace / "sdbr.toml").write_text(blocks("toml")[0], "utf-8")
    assert sdbr("trust", "--yes").code == 0
    assert sdbr("txt2img", "a fox", "--model", "fast", "--dry-run").code == 0


@pytest.mark.skipif(sys.platform == "win32", reason="runs pytest in a process of its own")
def test_the_tests_that_the_readme_shows_pass(tmp_path):
    shown = [block for block in blocks("python") if "def test_" in block]
    for number, block in enumerate(shown):
        (tmp_path / f"test_{number}.py").write_text(block, "utf-8")
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "0", str(tmp_path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert "2 passed" in ran.stdout, ran.stdout + ran.stderr


def test_the_python_that_the_readme_shows_runs(tmp_path):
    shown = [block for block in blocks("python") if "import sdbr" in block]
    assert len(shown) == 2
    told = []
    for block in shown:
        ran = subprocess.run(
            [sys.executable, "-c", block], cwd=tmp_path, capture_output=True, text=True
        )
        assert (ran.returncode, ran.stderr) == (0, "")
        told += ran.stdout.splitlines()
    assert told[0].endswith("a-fox-in-the-snow-7.png (1024, 1024) 7 0.04")
    assert told[1:] == [
        "0.08",
        "The safety filter refused the prompt. Rephrase it.",
        "4 requests, 1 picture",
    ]


def test_the_exit_codes_of_the_readme_are_those_of_the_code():
    rows = re.findall(r"^\| (\d+) \| (.+) \|$", README.read_text("utf-8"), re.M)
    assert {int(code): meaning for code, meaning in rows} == EXIT_CODES


def test_the_commands_of_the_table_exist(sdbr):
    for command in re.findall(r"^\| `(sdbr .+?)` \|", README.read_text("utf-8"), re.M):
        words = shlex.split(command)[1:]
        assert sdbr(*words[: 2 if words[0] == "edit" else 1], "--help").code == 0
