"""Install the built wheel alone, in each Python that is here, and use it as the README does.

Usage: python dev/package.py

What the tests of one Python cannot see: a file that the wheel leaves out, a library that only the
development tools bring along, a newer Python whose threads switch elsewhere, or to which pip gives
other versions.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
NEWER = ("3.12", "3.13", "3.14")
STEPS = (
    ("txt2img", "a fox in the snow", "--count", "4", "--seed", "7", "-q"),
    ("vid2vid", "source/img", "watercolour", "--fps", "8", "-q"),
    ("img2gif", "source/img/a-fox-in-the-snow-7.png", "ink", "--frames", "4", "-q"),
    ("report",),
)


TOOLS = ("pytest", "pytest-xdist", "hypothesis", "h2")
TESTS = ("tests/test_concurrency.py", "tests/generation", "tests/store", "tests/bedrock")


def pythons() -> Iterator[str]:
    """This Python, and the first of each newer version on the path or in pyenv's folder."""
    yield sys.executable
    versions = Path.home() / ".pyenv" / "versions"
    for version in NEWER:
        found = [
            shutil.which(f"python{version}"),
            *sorted(versions.glob(f"{version}.*/bin/python")),
        ]
        working = (str(path) for path in found if path and _works(str(path), version))
        if (python := next(working, None)) is not None:
            yield python


def _works(python: str, version: str) -> bool:
    if sys.version.startswith(f"{version}."):
        return False
    ran = subprocess.run([python, "--version"], capture_output=True, text=True, check=False)
    return ran.stdout.startswith(f"Python {version}.")


def install(python: str, wheel: Path, folder: Path) -> Path:
    """Make an environment with the wheel and what it asks for, and return its programs' folder."""
    run([python, "-m", "venv", str(folder)])
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    run([str(programs / "python"), "-m", "pip", "install", "--quiet", str(wheel)])
    run([str(programs / "python"), "-m", "pip", "check"])
    return programs


def run(command: list[str], cwd: Path = ROOT) -> None:
    """Run a command that must succeed; offline, so that nothing is asked of any account."""
    environment = {**os.environ, "SDBR_OFFLINE": "1"}
    subprocess.run(command, cwd=cwd, env=environment, check=True, stdout=subprocess.DEVNULL)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        run([sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", name, "."])
        (wheel,) = scratch.glob("*.whl")
        for number, python in enumerate(pythons()):
            programs = install(python, wheel, scratch / f"python{number}")
            workspace = scratch / f"workspace{number}"
            workspace.mkdir()
            for step in STEPS:
                run([str(programs / "sdbr"), *step], workspace)
            if number:
                # This Python runs the whole suite; the others what hangs on threads and money.
                run([str(programs / "python"), "-m", "pip", "install", "--quiet", *TOOLS])
                run([str(programs / "python"), "-m", "pytest", *TESTS])
            print(f"{wheel.name} works with {python}", flush=True)


if __name__ == "__main__":
    main()
