"""Check that help, messages, README and docs avoid the words that docs/style.md rules out.

Usage: python dev/wording.py [FILE …]
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TypeGuard

ROOT = Path(__file__).parent.parent
STYLE = ROOT / "docs" / "style.md"
_CODE = re.compile(r"^```.*?^```|`[^`\n]*`|\]\([^)]*\)|<!--.*?-->", re.M | re.S)
# A row of a table of docs/style.md: the words to avoid, separated by commas, and what to write.
_ROW = re.compile(r"^\| (?!not this|---)(.+?) \| (.+?) \|", re.M)


def replacements() -> dict[str, str]:
    """What to write for each word or phrase that docs/style.md rules out."""
    return {
        phrase.strip().lower(): better
        for phrases, better in _ROW.findall(STYLE.read_text("utf-8"))
        for phrase in phrases.split(",")
    }


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """The texts of a file that a user reads, each with the line where it begins."""
    source = path.read_text("utf-8")
    if path.suffix == ".py":
        yield from _messages(ast.parse(source))
    else:
        yield 1, _CODE.sub(lambda code: re.sub(r"[^\n]", " ", code[0]), source)


def _messages(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Strings with a space in them; of docstrings only those of commands, which --help shows."""
    shown = {id(node.body[0]) for node in ast.walk(tree) if _is_command(node)}
    internal = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and id(node) not in shown
    }
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) and id(node) not in internal else None
        if isinstance(text, str) and " " in text:
            yield node.lineno, text


def _is_command(node: ast.AST) -> TypeGuard[ast.FunctionDef]:
    return isinstance(node, ast.FunctionDef) and any(
        re.search(r"\.(command|group)\(", ast.unparse(one)) for one in node.decorator_list
    )


def findings(path: Path, words: dict[str, str]) -> Iterator[tuple[int, str, str]]:
    """Each word that is ruled out: its line, the word, and what to write."""
    phrases = sorted(words, key=len, reverse=True)
    spaced = "|".join(re.escape(phrase).replace(r"\ ", r"\s+") for phrase in phrases)
    pattern = re.compile(rf"(?<![\w-])(?:{spaced})(?![\w-])", re.I)
    for first, text in texts(path):
        for match in pattern.finditer(text):
            phrase = " ".join(match[0].lower().split())
            yield first + text.count("\n", 0, match.start()), match[0], words[phrase]


def files() -> list[Path]:
    """All files with words for users."""
    pages = [path for path in (ROOT / "docs").rglob("*.md") if path != STYLE]
    return sorted([*ROOT.glob("*.md"), *pages, *(ROOT / "src").rglob("*.py")])


def main() -> int:
    """Print FILE:LINE for each finding."""
    words = replacements()
    count = 0
    for path in [Path(name).resolve() for name in sys.argv[1:]] or files():
        for line, found, better in findings(path, words):
            count += 1
            place = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
            print(f"{place}:{line}: {' '.join(found.split())!r}: write {better}")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
