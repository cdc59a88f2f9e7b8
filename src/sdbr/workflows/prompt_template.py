r"""The templates in a text: `{red|blue}`, `{2$$oak|ash|elm}` and `__colors__`.

The grammar is that of dynamicprompts, as far as every choice can be drawn: what it does at random
(weights, samplers) and its variables are refused, so that nothing is paid for by mistake.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, islice, product
from pathlib import Path

from sdbr.errors import InputProblem, UsageProblem
from sdbr.workflows.prompt_list import lines_of
from sdbr.workspace import natural_key

MOST = 10_000
"""Texts of one template, and pictures of one command: 400 USD at the cheapest price."""
_DEEPEST = 20  # Wildcards and braces within each other; more is a file that names itself.
_EMPTY = "\udfff"  # An empty choice, until the blanks around it are made one. In no UTF-8 text.
TOKEN = re.compile(r"(\\+)([{}|]|__)|[$%](?=\{)|[{}|]|__(?P<wildcard>[^\s_{}|]\S*?)__")
"""What makes a text a template."""
_HOW_MANY = re.compile(r"(\d*)(-?)(\d*)\$\$(?:([^${}]*)\$\$)?")
_WEIGHT = re.compile(r"\s*[\d.]+::")
_FILE = re.compile(r"[\w*. /-]+")


def texts_of(template: str, wildcards: Path | None = None, *, kept: str = "") -> list[str]:
    r"""Every text that the template stands for, in its order; `\{` and `\__` are no template.

    `wildcards` is the folder of the files that `__name__` stands for, `kept` a word in braces
    that stays. Raises UsageProblem for what looks like a template and is none, InputProblem for
    a file that is missing.
    """
    texts = _Template(template, wildcards, kept).texts()
    whole = (" ".join(t.replace(_EMPTY, "").split()) if _EMPTY in t else t for t in texts)
    return list(dict.fromkeys(whole))


def escape_prompt(text: str) -> str:
    """The template that stands for exactly `text`."""
    return re.sub(r"(\\*)([{}|]|__)", lambda found: rf"{found[1] * 2}\{found[2]}", text)


@dataclass(slots=True)
class _Template:
    """A template on its way through: `at` is how far it is read, `depth` how deep it lies."""

    text: str
    folder: Path | None
    kept: str = ""
    depth: int = 0
    at: int = 0

    def texts(self) -> list[str]:
        """All texts of the whole template."""
        texts = self._sequence(top=True)
        if self.at < len(self.text):
            raise UsageProblem(f"Unmatched }} in {self._quoted}. Write \\}} for a literal brace.")
        return texts

    def _sequence(self, *, top: bool) -> list[str]:
        """Up to the end, or to the | or } that ends a choice."""
        parts: list[list[str]] = []
        while found := TOKEN.search(self.text, self.at):
            parts.append([self.text[self.at : found.start()]])
            token, self.at = found[0], found.end()
            if found[1]:
                parts.append([self._unescape(found)])
            elif found["wildcard"]:
                parts.append(self._values(found["wildcard"]))
            elif token == "{":
                parts.append(self._choice())
            elif token in "$%":
                raise UsageProblem(f"{token}{{…}} in {self._quoted} is not supported.")
            elif token == "|" and top:
                parts.append([token])
            else:
                self.at = found.start()
                return self._join(parts)
        parts.append([self.text[self.at :]])
        self.at = len(self.text)
        return self._join(parts)

    def _join(self, parts: Sequence[list[str]]) -> list[str]:
        return _cap(map("".join, product(*parts)), self.text)

    def _unescape(self, found: re.Match[str]) -> str:
        """Backslashes come in pairs; one that is left over makes a letter of what follows."""
        pairs, odd = divmod(len(found[1]), 2)
        if not odd:
            self.at = found.start(2)
        return "\\" * pairs + found[2] * odd

    def _choice(self) -> list[str]:
        """What stands between braces, of which the first is read."""
        start, self.depth = self.at, self.depth + 1
        self._check_depth()
        if self.kept and self.text.startswith(f"{self.kept}}}", start):
            self.at, self.depth = start + len(self.kept) + 1, self.depth - 1
            return [f"{{{self.kept}}}"]
        how_many = _HOW_MANY.match(self.text, self.at)
        self.at = how_many.end() if how_many else self.at
        options: list[list[str]] = []
        ended_by = "|"
        while ended_by == "|":
            if weight := _WEIGHT.match(self.text, self.at):
                raise UsageProblem(
                    f"{weight[0].strip()} in {self._quoted} is a weight, but every choice is "
                    "generated. Leave weights out."
                )
            options.append([text.strip() or _EMPTY for text in self._sequence(top=False)])
            ended_by = self.text[self.at : self.at + 1]
            self.at += 1
        if not ended_by:
            raise UsageProblem(f"Unclosed {{ in {self._quoted}. Write \\{{ for a literal brace.")
        self.depth -= 1
        if how_many:
            return _cap(self._choose(how_many, options), self.text)
        if len(options) < 2:
            inside = self.text[start : self.at - 1]
            raise UsageProblem(
                f"{{{inside}}} in {self._quoted} has no choices. Write {{red|blue}}, or "
                rf"\{{{inside}\}} for literal braces."
            )
        return _cap((text for option in options for text in option), self.text)

    def _choose(self, how_many: re.Match[str], options: Sequence[list[str]]) -> Iterator[str]:
        """So many of the options joined, in the order in which they are written."""
        first, dash, last, between = how_many.groups()
        # Of one wildcard, its values are the options.
        items = options if len(options) > 1 else [[text] for text in options[0]]
        low = int(first or (1 if dash else 0))
        high = int(last or (len(items) if dash else low))
        if not 1 <= low <= high <= len(items):
            raise UsageProblem(f"{how_many[0]} in {self._quoted} must ask for 1 to {len(items)}.")
        for count in range(low, high + 1):
            for some in combinations(items, count):
                for texts in product(*some):
                    yield (", " if between is None else between).join(texts)

    def _values(self, name: str) -> list[str]:
        """The values in the file or files that a wildcard names, templates themselves."""
        lines = _lines_of(name, self.folder)
        self.depth += 1
        self._check_depth()
        templates = (_Template(line, self.folder, depth=self.depth) for line in lines)
        values = _cap((text for template in templates for text in template.texts()), self.text)
        self.depth -= 1
        return values

    def _check_depth(self) -> None:
        if self.depth > _DEEPEST:
            raise UsageProblem(
                f"{self._quoted} is nested too deeply. Does a wildcard file refer to itself?"
            )

    @property
    def _quoted(self) -> str:
        text = self.text if len(self.text) <= 60 else f"{self.text[:59]}…"
        return f'"{text}"'


def _cap(texts: Iterable[str], template: str) -> list[str]:
    several = list(islice(texts, MOST + 1))
    if len(several) > MOST:
        raise UsageProblem(
            f"The choices in {template[:40]!r} make more than {MOST:,} prompts. Use fewer."
        )
    return several


def _lines_of(name: str, folder: Path | None) -> list[str]:
    r"""The values of a wildcard, one a line; lines that begin with # are comments."""
    words = f"or write \\__{name}\\__ to keep these words"
    if folder is None:
        raise UsageProblem(f"__{name}__ has several values, but only one is possible here.")
    if not _FILE.fullmatch(name) or ".." in name or name.startswith("/"):
        raise UsageProblem(
            f"__{name}__ is not a wildcard. Names consist of letters, digits, -, / and *."
        )
    files = sorted(folder.glob(f"{name}.txt"), key=lambda path: natural_key(str(path)))
    if not files:
        raise InputProblem(
            f"__{name}__ has no values. Add them to {folder / name}.txt, one per line, {words}."
        )
    lines = (line for file in files for _, line in lines_of(file))
    values = [line for line in lines if not line.startswith("#")]
    if not values:
        raise InputProblem(f"{files[0]} has no values for __{name}__. Add some, {words}.")
    return values
