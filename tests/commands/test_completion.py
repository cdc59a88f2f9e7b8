import os
import shutil
import subprocess
import sys

import pytest

from sdbr.bedrock.validation import STYLES
from sdbr.cli import completion
from sdbr.workflows.clips import source


@pytest.fixture
def program(workspace, tmp_path):
    """The folder of an `sdbr` that a shell finds."""
    folder = tmp_path / "bin"
    folder.mkdir()
    path = folder / "sdbr"
    path.write_text(f'#!/bin/sh\nexec {sys.executable} -m sdbr "$@"\n')
    path.chmod(0o755)
    for name in ("cat.png", "dog.JPG", "film.mp4", "notes.txt", "a b.png"):
        (workspace / name).write_bytes(b"")
    (workspace / "clips").mkdir()
    return folder


def shell(name, code, program):
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    environment = {**os.environ, "PATH": f"{program}:{os.environ['PATH']}"}
    arguments = {"bash": ["--norc", "-c"], "zsh": ["-f", "-c"], "fish": ["--no-config", "-c"]}
    ran = subprocess.run(
        [name, *arguments[name], code], env=environment, capture_output=True, text=True, timeout=60
    )
    assert ran.stderr == ""
    return ran.stdout.splitlines()


def offered(program, line):
    """What bash offers for the last word of `line`."""
    words = " ".join(f"'{word}'" for word in line.split(" "))
    return shell(
        "bash",
        'compopt() { :; }; eval "$(sdbr completion bash)"; '
        f"COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); "
        '_sdbr_completion sdbr; printf "%s\\n" "${COMPREPLY[@]}"',
        program,
    )


def test_models_are_offered_with_the_users_aliases_also_behind_a_comma(program, workspace):
    (workspace / "sdbr.toml").write_text('[aliases]\nmine = "core"\n')
    assert set(offered(program, "sdbr txt2img --model ")) >= {"core", "ultra", "sd3.5", "mine"}
    assert offered(program, "sdbr txt2img --model core,ultra-") == ["core,ultra-1.1"]


def test_styles_and_looks_are_offered(program, workspace):
    (workspace / "sdbr.toml").write_text('[looks.woodcut]\nprompt = "woodcut"\n')
    assert offered(program, "sdbr img2img --style ") == list(STYLES)
    assert offered(program, "sdbr img2img --look w") == ["woodcut"]


def test_files_are_offered_by_what_the_command_takes(program):
    assert set(offered(program, "sdbr img2img ")) == {"cat.png", "dog.JPG", "a b.png", "clips"}
    assert set(offered(program, "sdbr vid2vid ")) == {"film.mp4", "clips"}
    assert set(offered(program, "sdbr img2img cat.png --mask c")) == {"cat.png", "clips"}
    assert set(offered(program, "sdbr txt2img --prompts n")) == {"notes.txt"}


def test_commands_and_flags_are_offered(program):
    assert {"img2img", "img2gif"} <= set(offered(program, "sdbr img2"))
    assert offered(program, "sdbr edit era") == ["erase"]
    assert offered(program, "sdbr report --over") == ["--overwrite"]


@pytest.mark.parametrize("name", ["zsh", "fish"])
def test_the_script_of_each_shell_can_be_read_by_it(program, name):
    check = {"zsh": "zsh -n /dev/stdin", "fish": "fish --no-execute /dev/stdin"}
    assert shell(name, f"sdbr completion {name} | {check[name]}", program) == []


def test_fish_offers_files_by_what_the_command_takes(program):
    shown = shell("fish", "sdbr completion fish | source; complete -C 'sdbr vid2vid '", program)
    assert {line.split("\t")[0] for line in shown} == {"film.mp4", "clips/"}


@pytest.mark.parametrize(("name", "cls"), completion.SHELLS.items())
def test_files_by_suffix_are_in_each_script(name, cls):
    assert "suffixes" in cls.source_template, name


def test_the_suffixes_of_clips_are_those_that_are_read():
    assert completion.VIDEOS == source.VIDEOS


def test_a_shell_that_nobody_knows_is_a_usage_error(sdbr):
    assert sdbr("completion", "tcsh").code == 2
