"""Install the built wheel alone, in each Python that is here, and use it as the README does.

Usage: python dev/package.py

What the tests of one Python cannot see: a file that the wheel leaves out, a library that only the
development tools bring along, a newer Python whose threads switch elsewhere, or to which pip gives
other versions. Fails where the wheel has more than a megabyte.
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
MOST_BYTES = 1_000_000
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
    for version in NEWER:
        python = python_called(version)
        if python is not None and not sys.version.startswith(f"{version}."):
            yield python


def python_called(version: str) -> str | None:
    """The first program of a Python version on the path or in pyenv's folder that runs."""
    versions = Path.home() / ".pyenv" / "versions"
    found = [shutil.which(f"python{version}"), *sorted(versions.glob(f"{version}.*/bin/python"))]
    return next((str(path) for path in found if path and _works(str(path), version)), None)


def _works(python: str, version: str) -> bool:
    ran = subprocess.run([python, "--version"], capture_output=True, text=True, check=False)
    return ran.stdout.startswith(f"Python {version}.")


def build_wheel(folder: Path) -> Path:
    """Build this project's wheel into the folder."""
    pip(sys.executable, "wheel", "--no-deps", "-w", str(folder), str(ROOT))
    (wheel,) = folder.glob("*.whl")
    if wheel.stat().st_size > MOST_BYTES:
        sys.exit(f"{wheel.name} has {wheel.stat().st_size:,} bytes, over {MOST_BYTES:,}.")
    return wheel


def make_environment(python: str, folder: Path, *wanted: str) -> Path:
    """Make an environment with the wanted packages and return its programs' folder."""
    run([python, "-m", "venv", str(folder)])
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    pip(programs / "python", "install", *wanted)
    return programs


def pip(python: str | Path, command: str, *arguments: str) -> None:
    """Run a command of pip that must succeed."""
    run([str(python), "-m", "pip", command, "--quiet", *arguments])


def run(command: list[str], cwd: Path = ROOT) -> None:
    """Run a command that must succeed; offline, so that nothing is asked of any account."""
    environment = {**os.environ, "SDBR_OFFLINE": "1"}
    # What is installed is tested, not a working copy.
    environment.pop("PYTHONPATH", None)
    subprocess.run(command, cwd=cwd, env=environment, check=True, stdout=subprocess.DEVNULL)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        wheel = build_wheel(scratch)
        for number, python in enumerate(pythons()):
            programs = make_environment(python, scratch / f"python{number}", str(wheel))
            pip(programs / "python", "check")
            workspace = scratch / f"workspace{number}"
            workspace.mkdir()
            for step in STEPS:
                run([str(programs / "sdbr"), *step], workspace)
            if number:
                # This Python runs the whole suite; the others what hangs on threads and money.
                pip(programs / "python", "install", *TOOLS)
                run([str(programs / "python"), "-m", "pytest", *TESTS])
            print(f"{wheel.name} works with {python}", flush=True)


if __name__ == "__main__":
    main()
