"""Makes bad input out of good: bytes, JSON and text, all decided by a random generator."""

from __future__ import annotations

import random
from typing import Any

_LONG = 2_000
_EDGES = (0, 1, 2, 127, 128, 255, 256, 32_767, 65_535, 2**31 - 1, 2**31, 2**32 - 1)
_SCALARS: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 7, 2**31, 10**30, 1.5, -0.0, float("nan"), float("inf"), 1e308),
    *("", " ", "x", "../../x", "/etc/passwd", "-o", "--help", "\ud800", "\0", "\x1b[2J", "a\nb"),
    *(
        "é" * 300,
        "🦊" * 80,
        "1/0",
        "1e999",
        "NaN",
        "con",
        "1e99999999",
        "00:00:1e9999999",
        "1" * 5_000,
        "<script>alert(1)</script>",
    ),
)
_SIGNS = "ab-_./\\ \0\n\r\t\"'{}[]()|&;<>*?~$`%:=#@!,0129é漢🦊\u202e\ufeff\ud800"


def mutated(data: bytes, chance: random.Random) -> bytes:
    """The bytes with one to eight changes, and now and then cut off."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        if not changed:
            break
        # Headers decide more than pixels do: every second change is made near the start.
        reach = min(len(changed), 200) if chance.random() < 0.5 else len(changed)
        _change(changed, chance.randrange(reach), chance)
    if chance.random() < 0.2:
        del changed[chance.randrange(len(changed) + 1) :]
    return bytes(changed)


def _change(data: bytearray, at: int, chance: random.Random) -> None:
    kind = chance.randrange(6)
    if kind == 0:
        data[at] = chance.randrange(256)
    elif kind == 1:
        data[at] ^= 1 << chance.randrange(8)
    elif kind == 2:
        width = chance.choice((1, 2, 4))
        value = chance.choice(_EDGES) & (1 << 8 * width) - 1
        data[at : at + width] = value.to_bytes(width, chance.choice(("big", "little")))
    elif kind == 3:
        del data[at : at + chance.randint(1, 32)]
    elif kind == 4:
        data[at:at] = chance.randbytes(chance.randint(1, 32))
    else:
        start = chance.randrange(len(data))
        data[at:at] = data[start : start + chance.randint(1, 200)]


def any_json(chance: random.Random, depth: int = 3) -> Any:
    """Any value that JSON can hold, and some that it should not."""
    kind = chance.randrange(6) if depth else 0
    if kind < 3:
        return chance.choice(_SCALARS)
    if kind == 3:
        return text(chance)
    if kind == 4:
        return [any_json(chance, depth - 1) for _ in range(chance.randrange(4))]
    return {text(chance): any_json(chance, depth - 1) for _ in range(chance.randrange(4))}


def bent(value: Any, chance: random.Random, share: float = 0.15) -> Any:
    """The JSON value with about `share` of its parts replaced, left out or added."""
    if chance.random() < share:
        return any_json(chance)
    if isinstance(value, dict):
        kept = {name: bent(part, chance, share) for name, part in value.items() if _stays(chance)}
        return {**kept, text(chance): any_json(chance)} if chance.random() < share else kept
    if isinstance(value, list):
        return [bent(part, chance, share) for part in value if _stays(chance)]
    return value


def _stays(chance: random.Random) -> bool:
    return chance.random() > 0.05


def text(chance: random.Random) -> str:
    """Text that breaks lines, paths, shells and encodings."""
    if chance.random() < 0.3:
        return str(chance.choice(_SCALARS))
    length = _LONG if chance.random() < 0.02 else chance.randrange(20)
    return "".join(chance.choice(_SIGNS) for _ in range(length))


def sayable(chance: random.Random) -> str:
    """Text that can be an argument of a command line."""
    return text(chance).replace("\0", "").encode("utf-8", "replace").decode()
