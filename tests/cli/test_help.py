import subprocess
import sys
from importlib import import_module

import click

from sdbr.cli import cli

LOADED = (
    "import sys; from sdbr.cli import run; run(['--help']);"
    "print([name for name in sys.modules if name.startswith('sdbr.commands.')], file=sys.stderr)"
)


def test_the_help_imports_no_command():
    ran = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True)
    assert ran.stderr.strip() == "[]"


def test_the_help_tells_each_command_by_the_first_sentence_of_its_file(sdbr):
    for group, package in ([], "sdbr.commands"), (["edit"], "sdbr.commands.edit"):
        text = sdbr(*group, "--help").data.decode()
        for name in _names(group):
            told = import_module(f"{package}.{name}").__doc__.partition(": ")[2].partition(".")[0]
            line = next(line for line in text.splitlines() if line.startswith(f"  {name} "))
            assert line.split(maxsplit=1)[1] == f"{told[0].upper()}{told[1:]}."


def test_each_file_of_a_folder_is_a_command_of_its_name():
    for group in [], ["edit"]:
        names = _names(group)
        assert names
        folder = cli if not group else cli.get_command(click.Context(cli), group[0])
        assert all(folder.get_command(click.Context(folder), name).name == name for name in names)
        assert not {"__init__", "__pycache__"} & set(names)


def _names(group):
    folder = cli if not group else cli.get_command(click.Context(cli), group[0])
    return folder.list_commands(click.Context(folder))


def test_drawing_from_words_loads_no_library_of_pictures():
    code = (
        "import sys; from sdbr.cli import run; run(sys.argv[1:]);"
        "print([name for name in ('PIL', 'numpy', 'av', 'cv2') if name in sys.modules])"
    )
    drawing = ["txt2img", "a fox", "--seed", "7", "--offline", "--dry-run", "--quiet"]
    ran = subprocess.run([sys.executable, "-c", code, *drawing], capture_output=True, text=True)
    assert ran.stdout.splitlines()[-1] == "[]"


def test_help_that_nobody_can_read_is_no_failure():
    command = f"{sys.executable} -m sdbr --help >&-"
    ran = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
