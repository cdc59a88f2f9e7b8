"""Plant one wrong change at a time in src/sdbr and see whether a test notices.

Usage: python dev/mutation.py [--samples 200] [--seed 1] [--jobs 2] [--only PACKAGE] [--limit 150]

A change flips a comparison, an operator, a condition, a truth or a number. It is made in a copy of
the tree in a temporary folder, never in the checkout. The tests that import the changed module, or
are named after it, run first; then those one import farther away, and so on to those that reach it
through a command. Each change that no test notices within the limit is printed with its place. It
is a gap in the tests, or a change that makes no difference: that is for a reader to decide.
"""

from __future__ import annotations

import argparse
import ast
import copy
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("generation", "store", "motion", "workflows", "media")
HANGS_AFTER = 60
"""Seconds for one test; a change that makes one wait for ever is noticed."""
COMPARISONS: Mapping[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    **{ast.Lt: (ast.LtE, ast.Gt), ast.LtE: (ast.Lt, ast.GtE)},
    **{ast.Gt: (ast.GtE, ast.Lt), ast.GtE: (ast.Gt, ast.LtE)},
    **{ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,)},
    **{ast.In: (ast.NotIn,), ast.NotIn: (ast.In,)},
}
OPERATORS: Mapping[type[ast.operator], type[ast.operator]] = {
    **{ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}
}
WITHOUT_EFFECT = frozenset({"strict", "slots", "frozen", "decorator_list", "annotation", "returns"})
"""Fields and keyword arguments in which a change cannot matter to what is right."""


@dataclass(frozen=True, slots=True)
class Change:
    """A part of a module's text, from `start` to `end` in bytes, and what stands there instead."""

    path: Path
    line: int
    start: int
    end: int
    text: str

    def applied(self, source: bytes) -> bytes:
        """The module's text with the change in it."""
        return source[: self.start] + self.text.encode() + source[self.end :]

    def __str__(self) -> str:
        source = (ROOT / self.path).read_bytes()
        lines = [text.decode().splitlines() for text in (source, self.applied(source))]
        before, after = (text[self.line - 1].strip() for text in lines)
        return f"{self.path}:{self.line}\n    - {before}\n    + {after}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the tests said of a change: how many files ran, for how long, who noticed."""

    word: str
    files: int
    seconds: float
    by: str = ""


def changes_in(path: Path) -> Iterator[Change]:
    """Every change that can be made in a module, in the order of its text."""
    source = (ROOT / path).read_bytes()
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for node in _with_effect(ast.parse(source)):
        begin = starts[node.lineno - 1] + node.col_offset
        end = starts[(node.end_lineno or 0) - 1] + (node.end_col_offset or 0)
        for text in _instead_of(node):
            yield Change(path, node.lineno, begin, end, text)


def _with_effect(node: ast.AST) -> Iterator[ast.expr]:
    """The expressions below a node in which a change may matter, conditions marked as such."""
    if isinstance(node, ast.expr):
        yield node
    if isinstance(node, ast.JoinedStr) or _is_for_tools(node):
        return
    for name, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            told = child.arg if isinstance(child, ast.keyword) else name
            if isinstance(child, ast.AST) and told not in WITHOUT_EFFECT:
                if isinstance(child, ast.expr) and name in ("test", "ifs"):
                    child.condition = True  # type: ignore[attr-defined]
                yield from _with_effect(child)


def _is_for_tools(node: ast.AST) -> bool:
    """Whether a statement speaks to type checkers and readers alone."""
    told = [node.test] if isinstance(node, ast.If) else getattr(node, "targets", [])
    return any(isinstance(n, ast.Name) and n.id in ("TYPE_CHECKING", "__all__") for n in told)


def _instead_of(node: ast.expr) -> Iterator[str]:
    turned_below = isinstance(node, ast.Compare | ast.UnaryOp | ast.BoolOp)
    if getattr(node, "condition", False) and not turned_below:
        yield f"(not ({ast.unparse(node)}))"
    match node:
        case ast.Constant(value=bool() as truth):
            yield str(not truth)
        case ast.Constant(value=int() | float() as number):
            yield from {repr(number + 1), repr(number * 2 or number + 1)}
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield f"({ast.unparse(operand)})"
        case ast.BoolOp(op=op, values=values):
            other = ast.Or() if isinstance(op, ast.And) else ast.And()
            yield f"({ast.unparse(ast.BoolOp(other, values))})"
        case ast.Compare(ops=[op]):
            for kind in COMPARISONS[type(op)]:
                yield f"({ast.unparse(_with(node, ops=[kind()]))})"
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            # Of texts and lists any other operator would fail at once.
            if _may_be_number(left) and _may_be_number(right):
                yield f"({ast.unparse(_with(node, op=OPERATORS[type(op)]()))})"


def _may_be_number(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return not isinstance(node.value, str | bytes)
    return not isinstance(node, ast.JoinedStr | ast.List | ast.Tuple)


def _with(node: ast.expr, **fields: object) -> ast.expr:
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


class Tests:
    """Which test files reach a module, and over how many imports."""

    def __init__(self) -> None:
        places = {**_modules(ROOT / "src"), **_modules(ROOT, "tests")}
        trees = {name: ast.parse(path.read_bytes()) for name, path in places.items()}
        self._files = {n: p for n, p in places.items() if p.name.startswith("test_")}
        self._importers: dict[str, set[str]] = defaultdict(set)
        for name, tree in trees.items():
            # What conftest.py imports every test would reach.
            if not name.endswith("conftest"):
                for imported in _imports(tree) & places.keys():
                    self._importers[imported].add(name)
        # A module that nobody imports is found by its name, as commands are: so do the tests.
        by_name = {n.rpartition(".")[2]: n for n in places if n not in self._importers}
        for test in self._files:
            for node in ast.walk(trees[test]):
                if isinstance(node, ast.Constant) and node.value in by_name:
                    self._importers[by_name[node.value]].add(test)

    def rings(self, path: Path) -> Iterator[list[str]]:
        """The test files for a module, nearest first, each once."""
        module = ".".join(path.relative_to("src").with_suffix("").parts)
        name = f"test_{path.stem}"
        ring = {test for test, file in self._files.items() if file.stem.startswith(name)}
        seen, front = set(ring), {module.removesuffix(".__init__")}
        while ring or front:
            if files := sorted(ring & self._files.keys()):
                yield [str(self._files[test].relative_to(ROOT)) for test in files]
            ring = {one for reached in front for one in self._importers[reached]} - seen
            seen, front = seen | ring, ring


def _modules(below: Path, top: str = "") -> dict[str, Path]:
    found = {}
    for path in (below / top).rglob("*.py"):
        parts = path.relative_to(below).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def _imports(tree: ast.AST) -> set[str]:
    """All that is imported for use, at the top or inside a function."""
    found: set[str] = set()
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.update((node.module, *(f"{node.module}.{alias.name}" for alias in node.names)))
        elif not _is_for_tools(node):
            waiting += ast.iter_child_nodes(node)
    return found


class Copies:
    """Copies of the tree, one for each job, in which changes are made and tests are run."""

    def __init__(self, folder: Path, jobs: int) -> None:
        listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
        told = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True)
        self._free: SimpleQueue[Path] = SimpleQueue()
        for job in range(jobs):
            for name in filter(None, told.stdout.splitlines()):
                target = folder / str(job) / name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / name, target)
            self._free.put(folder / str(job))

    def judge(self, change: Change, rings: Iterable[list[str]], limit: float) -> Verdict:
        """Run the tests ring by ring until one notices the change or the limit is reached."""
        home = self._free.get()
        source = (ROOT / change.path).read_bytes()
        began, files = time.monotonic(), 0
        try:
            for ring in rings:
                left = limit - (time.monotonic() - began)
                (home / change.path).write_bytes(change.applied(source))
                failed = _first_failure(home, ring, left) if left > 1 else "out of time"
                if failed == "out of time":
                    return Verdict("missed in time", files, time.monotonic() - began)
                files += len(ring)
                if failed:
                    (home / change.path).write_bytes(source)
                    sound = not _first_failure(home, [failed], limit)
                    word = "caught" if sound else "caught by a test that fails anyhow"
                    return Verdict(word, files, time.monotonic() - began, failed)
            return Verdict("missed", files, time.monotonic() - began)
        finally:
            (home / change.path).write_bytes(source)
            self._free.put(home)


def _first_failure(home: Path, tests: list[str], limit: float) -> str:
    """The first test that fails, "" where all pass, "out of time" where the limit comes first."""
    options = ["-x", "-n0", "-p", "no:cacheprovider", "-o", f"faulthandler_timeout={HANGS_AFTER}"]
    options += ["-o", "faulthandler_exit_on_timeout=true", "-rfE", "--tb=no"]
    # A change and its undoing may fall into one second: no compiled module may outlive them.
    environment = {**os.environ, "PYTHONPATH": str(home / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", *options, *tests]
    with subprocess.Popen(
        command,
        cwd=home,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            out, _ = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return "out of time"
    if process.returncode in (0, 5):  # 5: no test was collected.
        return ""
    told = [line for line in out.splitlines() if line.startswith(("FAILED ", "ERROR "))]
    named = [line.partition(" ")[2].partition(" - ")[0] for line in told]
    return named[0] if named else tests[0]


def main() -> int:
    """Plant the changes, print those that no test noticed, and count."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", metavar="PACKAGE", help="a package or module, such as media")
    parser.add_argument("--limit", type=float, default=150, help="seconds for one change")
    told = parser.parse_args()
    folders = [told.only.replace(".", "/")] if told.only else PACKAGES
    below = [ROOT / "src" / "sdbr" / name for name in folders]
    paths = sorted(
        path.relative_to(ROOT)
        for place in below
        for path in (place.rglob("*.py") if place.is_dir() else [place.with_suffix(".py")])
    )
    every = [change for path in paths for change in changes_in(path)]
    chosen = random.Random(told.seed).sample(every, min(told.samples, len(every)))
    print(f"{len(chosen)} of {len(every)} changes", flush=True)
    tests = Tests()
    counts: dict[str, int] = defaultdict(int)
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(told.jobs) as pool:
        copies = Copies(Path(folder), told.jobs)

        def judged(change: Change) -> tuple[Change, Verdict]:
            return change, copies.judge(change, tests.rings(change.path), told.limit)

        for change, verdict in pool.map(judged, chosen):
            counts[verdict.word] += 1
            place = change if verdict.word != "caught" else f"{change.path}:{change.line}"
            ran = f"{verdict.files} files, {verdict.seconds:.0f} s"
            print(f"{verdict.word} ({ran}) {place} {verdict.by}".rstrip(), flush=True)
    print(", ".join(f"{count} {word}" for word, count in sorted(counts.items())))
    return int(counts["caught"] < len(chosen))


if __name__ == "__main__":
    sys.exit(main())
