"""Prompts from the command line, from stdin and from files, each with flags of its own."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sdbr.errors import InputProblem, UsageProblem
from sdbr.files import decode_text, plain_read_errors, read_stdin

_LARGEST_FILE = 16 * 1024 * 1024  # Bytes: 1,600 prompts of the longest that Bedrock takes.
_FLAGS = re.compile(r"(?:^|\s)(?=--[a-z])")
_TABLES = {".csv": ",", ".tsv": "\t"}


@dataclass(frozen=True, slots=True)
class PromptLine:
    """A prompt, the words of the flags that stand with it, and where it stands."""

    text: str
    flags: tuple[str, ...] = ()
    where: str = ""


def prompt_lines(
    arguments: Sequence[str], file: Path | None, *, each: bool = False, join: bool = False
) -> list[PromptLine]:
    """Every prompt in order; `-` stands for the lines of stdin.

    Several arguments are several prompts where `each` says so. Otherwise they are one that was
    not quoted: words are joined where `join` allows it. Raises UsageProblem for several prompts
    that may be one, and for none; InputProblem for what cannot be read.
    """
    if len(arguments) > 1 and not each:
        arguments = [_one_prompt(arguments, join)]
    lines: list[PromptLine] = []
    for argument in arguments:
        if argument == "-":
            lines += _read_list(read_stdin(_LARGEST_FILE, "prompts, one per line,"), "stdin", "")
        elif argument.startswith("@") and Path(argument[1:]).is_file():
            raise UsageProblem(
                f"{argument!r} is a prompt of one word. To read prompts from the file, use "
                f"--prompts {argument[1:]}."
            )
        else:
            lines.append(PromptLine(argument))
    if file is not None:
        lines += _read_list(_data_of(file), str(file), file.suffix.lower())
    if not lines and file is not None:
        raise InputProblem(f"{file} is empty. Write one prompt per line.")
    if not lines:
        raise UsageProblem(
            'No prompt. Describe what to generate, for example "a lighthouse at dusk".'
        )
    return lines


def _one_prompt(arguments: Sequence[str], join: bool) -> str:
    words = " ".join(arguments)
    if join and not any(argument == "-" or " " in argument for argument in arguments):
        return words
    shown = words if len(words) <= 60 else f"{words[:59]}…"
    raise UsageProblem(
        f"These are {len(arguments)} separate prompts. For one picture, put the whole prompt in "
        f'quotes: "{shown}". For {len(arguments)} pictures, add --each.'
    )


def lines_of(file: Path) -> Iterator[tuple[int, str]]:
    """The lines of a text file that are not blank, with their numbers. Raises InputProblem."""
    yield from _number_lines(_data_of(file), str(file))


def _data_of(file: Path) -> bytes:
    with plain_read_errors(file), file.open("rb") as stream:
        return stream.read(_LARGEST_FILE)


def _text_of(data: bytes, where: str) -> str:
    text = decode_text(data, where)
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise InputProblem(f"{where}, line {line}: not valid text. Save the file as UTF-8.")
    return text


def _number_lines(data: bytes, where: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(_text_of(data, where).splitlines(), 1):
        if line.strip():
            yield number, line.strip()


def _read_list(data: bytes, where: str, suffix: str) -> list[PromptLine]:
    if suffix in _TABLES:
        return list(_table(_text_of(data, where), where, _TABLES[suffix]))
    lines = list(_number_lines(data, where))
    in_json = suffix in (".jsonl", ".ndjson", ".json") or all(_is_object(line) for _, line in lines)
    read = _of_json if in_json else _of_text
    return [read(line, f"{where}, line {number}") for number, line in lines]


def _is_object(line: str) -> bool:
    try:
        return line.startswith("{") and isinstance(json.loads(line), dict)
    except ValueError:
        return False


def _of_text(line: str, where: str) -> PromptLine:
    """`a fox --seed 5`: the flags begin at the first word that looks like one."""
    text, *flags = _FLAGS.split(line, maxsplit=1)
    if not flags:
        return PromptLine(line, where=where)
    if not text.strip():
        raise InputProblem(f"{where}: no prompt. Put it before the flags.")
    try:
        return PromptLine(text.strip(), tuple(shlex.split(flags[0])), where)
    except ValueError:
        raise InputProblem(f"{where}: a quotation mark is missing.") from None


def _of_json(line: str, where: str) -> PromptLine:
    try:
        row = json.loads(line)
        json.dumps(row, ensure_ascii=False).encode()  # "\\ud800" is half a character.
    except ValueError:
        row = None
    if not isinstance(row, dict):
        raise InputProblem(f'{where}: not a JSON object such as {{"prompt": "a fox"}}.')
    values = {
        name: ",".join(map(str, value)) if isinstance(value, list) else str(value)
        for name, value in row.items()
        if value is not None
    }
    return _of_row(values.items(), where)


def _table(text: str, where: str, delimiter: str) -> Iterator[PromptLine]:
    """A row a prompt, under a row of flag names; an empty cell tells nothing."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        if "prompt" not in header:
            raise InputProblem(f"{where} has no column named prompt. Name it in the first row.")
        for row in reader:
            place = f"{where}, line {reader.line_num}"
            if len(row) > len(header):
                raise InputProblem(
                    f"{place} has {len(row)} cells, but there are {len(header)} columns."
                )
            if any(cell.strip() for cell in row):
                yield _of_row(zip(header, row, strict=False), place)
    except csv.Error as error:
        raise InputProblem(f"{where}, line {reader.line_num}: {error}. Check the quotes.") from None


def _of_row(cells: Iterable[tuple[str, str]], where: str) -> PromptLine:
    values = {name.strip(): value.strip() for name, value in cells if value.strip()}
    prompt = values.pop("prompt", "")
    if not prompt:
        raise InputProblem(f"{where}: no prompt.")
    flags = (f"--{name.replace('_', '-')}={value}" for name, value in values.items())
    return PromptLine(prompt, tuple(flags), where)
