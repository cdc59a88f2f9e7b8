"""A record as a file tells it, brought into the shape that everybody relies on.

Anybody can write into a file's metadata. What has another type than sdbr writes is left out, so
that a stranger's file is at worst silent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

_DIGEST = re.compile(r"[0-9a-f]{64}")
_LARGEST = 2**53
_WRONG = object()


def record_of(text: str) -> dict[str, Any]:
    """The record in `text`; {} where it holds none. Unknown fields stay as they are."""
    try:
        told = json.loads(text, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(told, dict):
        return {}
    shaped = {name: _SHAPES.get(name, _any)(value) for name, value in sayable(told).items()}
    return {name: value for name, value in shaped.items() if value is not _WRONG}


def sayable(value: Any) -> Any:
    """JSON of strings that can be encoded: halves of surrogate pairs become question marks."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {sayable(name): sayable(part) for name, part in value.items()}
    return [sayable(part) for part in value] if isinstance(value, list) else value


def _any(value: Any) -> Any:
    return value


def _text(value: Any) -> Any:
    return value if isinstance(value, str) else _WRONG


def _count(value: Any) -> Any:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and 0 <= value < _LARGEST else _WRONG


def _size(value: Any) -> Any:
    sides = value if isinstance(value, list) else []
    return value if len(sides) == 2 and _WRONG not in map(_count, sides) else _WRONG


def _scalar(value: Any) -> Any:
    return _WRONG if isinstance(value, list | dict) or value is None else value


def _table(value: Any, **shapes: Callable[[Any], Any]) -> Any:
    """A table of scalars, but for the fields that have a shape of their own."""
    if not isinstance(value, dict):
        return _WRONG
    shaped = {name: shapes.get(name, _scalar)(part) for name, part in value.items()}
    return {name: part for name, part in shaped.items() if part is not _WRONG}


def _request(value: Any) -> Any:
    texts = dict.fromkeys(("model", "speaks_like", "prompt", "negative_prompt", "style"), _text)
    return _table(value, size=_size, seed=_count, extras=_table, **texts)


def _told(value: Any) -> Any:
    names = ("prompt", "negative", "model", "family", "aspect", "size", "style", "background")
    return _table(value, quality=_count, **dict.fromkeys(names, _text))


def _finish(value: Any) -> Any:
    return _table(value, size=_size)


def _inputs(value: Any) -> Any:
    return [one for one in value if _is_input(one)] if isinstance(value, list) else _WRONG


def _is_input(value: Any) -> bool:
    if not isinstance(value, Mapping):
        return False
    texts = all(isinstance(value.get(name), str) for name in ("role", "name", "sha256"))
    return texts and _DIGEST.fullmatch(value["sha256"]) is not None


def _texts(value: Any) -> Any:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else _WRONG


_SHAPES: Mapping[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("sdbr", "command", "price_usd", "drawn_on", "key", "answered_by"), _text),
    **dict.fromkeys(("motion", "fingerprint", "stem"), _text),
    **dict.fromkeys(("seed", "frames", "drawn"), _count),
    "size": _size,
    "request": _request,
    "told": _told,
    "finish": _finish,
    "inputs": _inputs,
    "treatment": _texts,
    "parameters": lambda _: _WRONG,  # Another program's word for its own settings.
}
