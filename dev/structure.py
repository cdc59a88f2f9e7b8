"""Check the structure of src/sdbr: `python dev/structure.py` prints what breaks its measures.

The root holds at most 8 files and 11 folders; no class name stands twice, no module is over 300
lines, and none that a single other one imports is under 40. `--table` prints the totals besides.
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent / "src" / "sdbr"
MOST_LINES, FEWEST_LINES = 300, 40
MOST_FILES, MOST_FOLDERS = 8, 11
LISTS = ("commands", "bedrock.families", "emulator.dialects")
"""Packages that find their modules by name: each file there is an entry, whatever its length."""


def modules() -> dict[str, Path]:
    """Every module of the package by its dotted name."""
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def importers(known: Mapping[str, Path]) -> dict[str, set[str]]:
    """For each module, the modules that import it, at the top or inside a function."""
    found: dict[str, set[str]] = defaultdict(set)
    for name, path in known.items():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module in known:
                for alias in node.names:
                    inner = f"{node.module}.{alias.name}"
                    found[inner if inner in known else node.module].add(name)
    return found


def classes(known: Mapping[str, Path]) -> dict[str, list[str]]:
    """For each class name, the modules in which it stands."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, path in known.items():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                found[node.name].append(name)
    return found


def lines(path: Path) -> int:
    """How many lines a file has."""
    return len(path.read_text("utf-8").splitlines())


def faults() -> Iterator[str]:
    """One line for each measure that does not hold."""
    known = modules()
    files = list(ROOT.glob("*.py"))
    folders = [path for path in ROOT.iterdir() if (path / "__init__.py").is_file()]
    if len(files) > MOST_FILES or len(folders) > MOST_FOLDERS:
        yield f"root: {len(files)} files and {len(folders)} folders"
    for name, places in sorted(classes(known).items()):
        if len(places) > 1:
            yield f"class {name}: {', '.join(places)}"
    by = importers(known)
    for name, path in known.items():
        if lines(path) > MOST_LINES:
            yield f"{name}: {lines(path)} lines"
        listed = any(f"sdbr.{package}." in name for package in LISTS)
        small = lines(path) < FEWEST_LINES and path.name != "__init__.py"
        if small and len(by[name]) == 1 and not listed:
            yield f"{name}: {lines(path)} lines, only imported by {min(by[name])}"


def main() -> int:
    """Print the faults, with --table the totals as well; 1 if there is a fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", action="store_true", help="print the totals besides")
    told = list(faults())
    if parser.parse_args().table:
        known = modules()
        client = {n: p for n, p in known.items() if not n.startswith("sdbr.emulator")}
        alone = sum(len(who) == 1 for who in importers(known).values())
        print(f"{len(known)} modules, {alone} with one importer")
        print(
            f"{sum(map(lines, known.values()))} lines, without the emulator "
            f"{sum(map(lines, client.values()))}"
        )
    print("\n".join(told) or "The measures of the structure hold.")
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())
