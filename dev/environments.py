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
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from package import ROOT, TOOLS, build_wheel, make_environment, pip, python_called, run

NEIGHBORS = ("s3fs", "gradio", "moviepy", "opencv-python")
# A picture, and a clip whose frames OpenCV looks at.
STEPS = (
    ("txt2img", "a fox", "--count", "3", "--seed", "7", "--quiet"),
    ("vid2vid", "source/img", "ink", "--fps", "8", "--seed", "1", "--yes", "--quiet"),
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


def test(choice: str, python: str, arguments: list[str], scratch: Path) -> None:
    """The suite in an environment of the lowest or newest libraries, sdbr installed with it.

    What was installed and what pytest says is shown.
    """
    wanted = (*requirements(choice), *TOOLS)
    own = make_environment(python, scratch / choice, "--upgrade", *wanted) / "python"
    pip(own, "install", "--no-deps", str(ROOT))
    pip(own, "check")
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    for module, *rest in (("pip", "list", "--format=freeze"), ("pytest", *arguments)):
        subprocess.run([own, "-m", module, *rest], cwd=ROOT, env=environment, check=True)


def beside(python: str, scratch: Path) -> None:
    """The wheel with each neighbor: pip agrees, both import, and a picture is drawn offline."""
    wheel = build_wheel(scratch / "wheels")
    for neighbor in NEIGHBORS:
        own = make_environment(python, scratch / neighbor, str(wheel), neighbor) / "python"
        if neighbor == "opencv-python":
            # Both wheels write the same files: the one that shall serve alone is what is tested.
            pip(own, "uninstall", "--yes", HEADLESS, neighbor)
            pip(own, "install", neighbor)
        else:
            pip(own, "check")
        module = "cv2" if neighbor == "opencv-python" else neighbor
        run([str(own), "-c", f"import {module}, sdbr"], scratch)
        home = scratch / f"{neighbor}-workspace"
        home.mkdir()
        for step in STEPS:
            run([str(own), "-m", "sdbr", *step], home)
        print(f"{wheel.name} works beside {neighbor}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("choice", choices=["lowest", "newest", "beside"])
    parser.add_argument("--python", default="", metavar="3.x")
    parser.add_argument("arguments", nargs="*", help="for pytest, after --")
    told = parser.parse_intermixed_args()
    python = python_called(told.python) if told.python else sys.executable
    if python is None:
        parser.error(f"There is no Python {told.python} here.")
    with tempfile.TemporaryDirectory() as name:
        if told.choice == "beside":
            beside(python, Path(name))
        else:
            test(told.choice, python, told.arguments, Path(name))


if __name__ == "__main__":
    main()
