"""All benchmarks, one after the other, as one document in Markdown on stdout.

    python dev/benchmarks/all.py FOLDER [NAME …] > measured.md

FOLDER holds `clips` and `photos`. Names choose among the parts; without them all run, which takes
an hour and wants the machine to itself: what a part was beside is told above and below it.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from runs import machine

HERE = Path(__file__).parent


def parts(media: Path) -> dict[str, tuple[str, ...]]:
    """The benchmarks by name, each as a script and its arguments."""
    clips = [str(path) for path in sorted((media / "clips").iterdir())]
    photos = [str(path) for path in sorted((media / "photos").iterdir())]
    large = next(path for path in clips if "720p" in path)
    return {
        "start-up": ("startup.py",),
        "pictures": ("pictures.py",),
        "clips": ("clips.py", large),
        "films": ("films.py", large),
        "scan": ("scan.py", str(media / "clips")),
        "steadiness": ("steadiness.py", *clips),
        "gifs": ("gifs.py", *clips, *photos),
    }


def main() -> int:
    every = parts(Path(sys.argv[1]))
    wanted = sys.argv[2:] or list(every)
    if unknown := [name for name in wanted if name not in every]:
        print(f"{', '.join(unknown)}: no such part. Say {', '.join(every)}.", file=sys.stderr)
        return 2
    failed = 0
    for name in wanted:
        script, *arguments = every[name]
        print(f"## {name}\n\n{machine()}\n", flush=True)
        began = time.perf_counter()
        code = subprocess.run((sys.executable, HERE / script, *arguments), check=False).returncode
        failed += code != 0
        print(f"{time.perf_counter() - began:.0f} s; {machine()}\n", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
