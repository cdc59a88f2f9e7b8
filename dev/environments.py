"""Run the tests with the lowest or newest libraries that pyproject.toml allows, or beside others.

Usage: python dev/environments.py lowest [--python 3.12] [-- pytest's arguments]
       python dev/environments.py newest
       python dev/environments.py beside

`beside` installs the built wheel with what pins the same libraries, each in an environment of its
own, and draws a picture offline. Where bounds conflict pip says so, and this fails.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parent.parent
TOOLS = ("pytest", "pytest-xdist", "hypothesis", "h2")
NEIGHBORS = ("s3fs", "gradio", "moviepy", "opencv-python")
# A picture, and a clip whose frames OpenCV looks at.
STEPS = (
    ("txt2img", "a fox", "--count", "3", "--seed", "7"),
    ("vid2vid", "source/img", "ink", "--fps", "8", "--seed", "1"),
)
HEADLESS = "opencv-python-headless"


def requirements(choice: str) -> list[str]:
    """What pyproject.toml asks for; for `lowest` at exactly its lower bounds."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    if choice == "newest":
        return list(told)
    # `isal>=1.6.1; platform…` keeps its marker.
    halves = (each.partition(";") for each in told)
    return [half.split(",")[0].replace(">=", "==") + mark + marker for half, mark, marker in halves]


def make(python: str, folder: Path, wanted: Iterable[str]) -> str:
    """Make an environment with the wanted packages and return its Python."""
    run([python, "-m", "venv", str(folder)])
    own = str(folder / ("Scripts" if os.name == "nt" else "bin") / "python")
    run([own, "-m", "pip", "install", "--quiet", "--upgrade", *wanted])
    return own


def run(command: list[str], cwd: Path = ROOT, source: str = "") -> None:
    """Run a command that must succeed, with the working copy's source or what is installed."""
    unwanted = ("PYTHONPATH", "VIRTUAL_ENV")
    environment = {name: value for name, value in os.environ.items() if name not in unwanted}
    environment |= {"PYTHONPATH": source} if source else {}
    subprocess.run(command, cwd=cwd, env=environment, check=True)


def test(choice: str, python: str, arguments: list[str], scratch: Path) -> None:
    """The suite in an environment of the lowest or newest libraries, sdbr installed with it."""
    own = make(python, scratch / choice, [*requirements(choice), *TOOLS])
    run([own, "-m", "pip", "install", "--quiet", "--no-deps", str(ROOT)])
    run([own, "-m", "pip", "check"])
    run([own, "-m", "pip", "list", "--format=freeze"])
    run([own, "-m", "pytest", *arguments], source=str(ROOT / "src"))


def beside(python: str, scratch: Path) -> None:
    """The wheel with each neighbor: pip agrees, both import, and a picture is drawn offline."""
    wheels = scratch / "wheels"
    run([python, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(wheels), str(ROOT)])
    (wheel,) = wheels.glob("*.whl")
    for neighbor in NEIGHBORS:
        own = make(python, scratch / neighbor, [str(wheel), neighbor])
        if neighbor == "opencv-python":
            # Both wheels write the same files: the one that shall serve alone is what is tested.
            run([own, "-m", "pip", "uninstall", "--quiet", "--yes", HEADLESS, neighbor])
            run([own, "-m", "pip", "install", "--quiet", neighbor])
        else:
            run([own, "-m", "pip", "check"])
        module = "cv2" if neighbor == "opencv-python" else neighbor
        run([own, "-c", f"import {module}, sdbr"], scratch)
        home = scratch / f"{neighbor}-workspace"
        home.mkdir()
        for step in STEPS:
            run([own, "-m", "sdbr", *step, "--offline", "--yes", "--quiet"], home)
        print(f"{wheel.name} works beside {neighbor}", flush=True)


def python_called(version: str) -> str:
    """The program of a Python version; this one where none is named. Raises FileNotFoundError."""
    if not version:
        return sys.executable
    found = [
        *sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python")),
        *filter(None, [shutil.which(f"python{version}")]),
    ]
    if not found:
        raise FileNotFoundError(f"There is no Python {version} here.")
    return str(found[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("choice", choices=["lowest", "newest", "beside"])
    parser.add_argument("--python", default="", metavar="3.x")
    parser.add_argument("arguments", nargs="*", help="for pytest, after --")
    told = parser.parse_args()
    python = python_called(told.python)
    with tempfile.TemporaryDirectory() as name:
        if told.choice == "beside":
            beside(python, Path(name))
        else:
            test(told.choice, python, told.arguments, Path(name))


if __name__ == "__main__":
    main()
