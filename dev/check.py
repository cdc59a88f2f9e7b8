"""Run everything that CI runs: format, lint, types, import contracts, structure, wording, tests.

Usage: python dev/check.py

Where this Python lacks sdbr or a development tool, or has one that is too old, installs them first.
"""

from __future__ import annotations

import subprocess
import sys
import time
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
STEPS = {
    "format": ["ruff", "format", "--check", "."],
    "lint": ["ruff", "check", "."],
    "types": ["mypy"],
    "imports": ["lint-imports"],
    "structure": ["python", "dev/structure.py"],
    "wording": ["python", "dev/wording.py"],
    "tests": ["pytest"],
}


def complete() -> bool:
    """Whether this Python has sdbr and all that pyproject.toml asks for to develop it."""
    try:
        from packaging.requirements import Requirement  # pytest installs it.
    except ImportError:
        return False
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    needed = (project["name"], *project["dependencies"], *project["optional-dependencies"]["dev"])
    try:
        return all(
            one.specifier.contains(version(one.name))
            for one in map(Requirement, needed)
            if one.marker is None or one.marker.evaluate()
        )
    except PackageNotFoundError:
        return False


def main() -> int:
    """Install what is missing, run the steps in order, and stop at the first that fails."""
    if not complete():
        print("Installing the development tools: pip install -e '.[dev]'", file=sys.stderr)
        install = [sys.executable, "-m", "pip", "install", "--quiet", "-e", ".[dev]"]
        code = subprocess.run(install, cwd=ROOT, check=False).returncode
        if code != 0:
            return code
    for name, (tool, *arguments) in STEPS.items():
        began = time.monotonic()
        print(f"== {name}", flush=True)
        code = subprocess.run([BIN / tool, *arguments], cwd=ROOT, check=False).returncode
        if code != 0:
            print(f"== {name} failed", flush=True)
            return code
        print(f"== {name} passed in {time.monotonic() - began:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
