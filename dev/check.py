"""Run everything that CI runs: format, lint, types, import contracts, structure, wording, tests.

Usage: python dev/check.py
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

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


def main() -> int:
    """Run the steps in order and stop at the first that fails."""
    root = Path(__file__).parent.parent
    for name, (tool, *arguments) in STEPS.items():
        began = time.monotonic()
        print(f"== {name}", flush=True)
        code = subprocess.run([BIN / tool, *arguments], cwd=root, check=False).returncode
        if code != 0:
            print(f"== {name} failed", flush=True)
            return code
        print(f"== {name} passed in {time.monotonic() - began:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
