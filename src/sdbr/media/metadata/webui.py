"""The text in which stable-diffusion-webui tells how a picture was made.

The prompt, then a line that begins "Negative prompt:", then one line of "Steps: 30, Seed: 1, …".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import NamedTuple

_NEGATIVE = "Negative prompt:"
# webui takes the last line for fields when it holds at least this many.
_FEWEST_FIELDS = 3
# The key's length is bounded so that a long line without a colon is not searched over and over.
_FIELD = re.compile(r'(\w[\w \-/]{1,99}):\s*+("(?:\\.|[^\\"])++"|[^,]*)(?:,|$)')
_NEEDS_QUOTES = re.compile(r'[,:\r\n]|^$|^["\s]|\s$')


class Parameters(NamedTuple):
    """A prompt, a negative prompt, and the other settings as text."""

    prompt: str
    negative: str
    fields: dict[str, str]


def compose(prompt: str, negative: str, fields: Mapping[str, str]) -> str:
    """Write the text as the webui does.

    Keys are of letters, digits, spaces, `-` and `/`, at least two of them; three fields at least
    are needed for any reader to find them. A prompt with a line that begins "Negative prompt:"
    cannot be told from a negative prompt.
    """
    settings = ", ".join(f"{key}: {_quote(value)}" for key, value in fields.items())
    lines = (prompt, f"{_NEGATIVE} {negative}" if negative else "", settings)
    return "\n".join(line for line in lines if line)


def parse(text: str) -> Parameters:
    """Read the text, whoever wrote it; text of any other kind is a prompt and nothing else."""
    *lines, last = text.rstrip().split("\n")
    fields = _FIELD.findall(last)
    if len(fields) < _FEWEST_FIELDS:
        lines, fields = text.split("\n"), []
    settings = {key: _unquote(value) for key, value in fields}
    for number, line in enumerate(lines):
        if line.startswith(_NEGATIVE):
            first = line[len(_NEGATIVE) :].removeprefix(" ")
            negative = "\n".join([first, *lines[number + 1 :]])
            return Parameters("\n".join(lines[:number]), negative, settings)
    return Parameters("\n".join(lines), "", settings)


def _quote(value: str) -> str:
    return json.dumps(value, ensure_ascii=False) if _NEEDS_QUOTES.search(value) else value


def _unquote(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] == '"':
        try:
            return str(json.loads(value))
        except ValueError:
            return value
    return value
