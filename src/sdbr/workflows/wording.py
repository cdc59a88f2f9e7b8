"""Prompts from arguments, from stdin and from files."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from sdbr.errors import InputProblem, UsageProblem

_LARGEST_FILE = 16 * 1024 * 1024


def all_prompts(arguments: Iterable[str], file: Path | None) -> list[str]:
    """Every prompt in order; `-` stands for the lines of stdin. Raises UsageProblem for none."""
    prompts = list(_from_arguments(arguments))
    if file is not None:
        prompts += _lines(_text_of(file))
    if not prompts:
        raise UsageProblem('No prompt. Say what to draw, for example "a lighthouse at dusk".')
    return prompts


def _from_arguments(arguments: Iterable[str]) -> Iterator[str]:
    for argument in arguments:
        if argument == "-":
            yield from _lines(sys.stdin.buffer.read(_LARGEST_FILE).decode("utf-8", "replace"))
        else:
            # What the terminal could not decode must not surface later, in a file's metadata.
            yield argument.encode("utf-8", "replace").decode("utf-8").replace("\0", "")


def _text_of(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return stream.read(_LARGEST_FILE).decode("utf-8", "replace")
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise InputProblem(f"{file} cannot be read: {why}. Check the path.") from error


def _lines(text: str) -> list[str]:
    lines = text.removeprefix("\ufeff").replace("\0", "").splitlines()
    return [line.strip() for line in lines if line.strip()]
