"""Reads the shots of a direction, from --at or from a TOML file, and checks them.

It imports pydantic, and is itself imported only where there is a direction.
"""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, TypeAdapter
from pydantic import ValidationError as Invalid
from pydantic_core import ErrorDetails

from sdbr.bedrock.validation import STYLES
from sdbr.config.file import Words, explain, line_of
from sdbr.errors import UsageProblem
from sdbr.files import decode_text, plain_read_errors
from sdbr.workflows.clips.direction import DirectedShot
from sdbr.workflows.clips.flags import Looks
from sdbr.workflows.clips.selection import parse_time
from sdbr.workflows.prompt_template import escape_prompt, texts_of
from sdbr.workflows.sweep import TEXTS, single_variant

_FLAGS = re.compile(r"(?:^|\s)(?=--[a-z])")
_HEADER = re.compile(r"""\s*\[\[\s*["']?shot["']?\s*\]\]""")
_NUMBER = re.compile(r"shot:([1-9]\d{0,5})")
"""A shot of the source, by its number."""
_OF_CLIPS = ("model", "negative", "style", "strength", "seed")
"""What of a named look says something of a shot, beside its prompt."""
_NOTHING_ELSE = ConfigDict(extra="forbid")


def _start(value: object) -> str:
    text = str(value)
    if _NUMBER.fullmatch(text) is None:
        try:
            parse_time("start", text)
        except UsageProblem:
            raise ValueError(
                "should be seconds, hh:mm:ss or a shot, such as 12.5, 1:02 or shot:3"
            ) from None
    return text


def _number(value: object) -> object:
    try:
        return Decimal(str(value))
    except ArithmeticError:
        raise ValueError("should be a number") from None


def _strengths(value: object) -> tuple[float, ...]:
    """A strength, or those of a shot's first and last frame."""
    try:
        numbers = tuple(float(part) for part in str(value).split(".."))
    except ValueError:
        numbers = ()
    if len(numbers) not in (1, 2) or not all(0 <= number <= 1 for number in numbers):
        raise ValueError("should be from 0 to 1, or a ramp such as 0.3..0.7")
    return numbers


def _style(text: str) -> str:
    if text not in STYLES:
        raise ValueError(f"should be one of {', '.join(STYLES)}")
    return text


@dataclass(frozen=True, slots=True)
class ShotTable:
    """[[shot]]: from when on it holds, and what it has in place of the command's flags.

    `crossfade` is in seconds. `prefix` is what a look says around the prompt, for records.
    """

    __pydantic_config__ = _NOTHING_ELSE

    start: Annotated[str, BeforeValidator(_start)] | None = None
    prompt: str | None = None
    negative: Words | None = None
    strength: Annotated[tuple[float, ...], BeforeValidator(_strengths)] | None = None
    seed: Annotated[int, BeforeValidator(_number), Field(ge=1)] | None = None
    style: Annotated[Words, AfterValidator(_style)] | None = None
    model: Words | None = None
    look: Words | None = None
    crossfade: Annotated[Decimal, BeforeValidator(_number), Field(ge=0, le=3600)] | None = None
    prefix: str | None = None


_KNOWN = [field.name for field in fields(ShotTable) if field.name != "prefix"]


@dataclass(frozen=True, slots=True)
class DirectionTable:
    """The whole file."""

    __pydantic_config__ = _NOTHING_ELSE

    shot: Annotated[list[ShotTable], Field(min_length=1)]


@cache
def _adapter() -> TypeAdapter[DirectionTable]:
    return TypeAdapter(DirectionTable)


def read_words(at: Sequence[tuple[str, str]], looks: Looks) -> tuple[DirectedShot, ...]:
    """The shots of --at: a time and a prompt each, which flags may follow.

    Raises UsageProblem.
    """
    shots = []
    for time, words in at:
        begins = time if _NUMBER.fullmatch(time) else f"{float(parse_time('--at', time)):g}"
        if not words.strip():
            raise UsageProblem("--at has no prompt. Use --at TIME PROMPT.")
        try:
            table = _adapter().validate_python({"shot": [{"start": time, **_values(time, words)}]})
        except Invalid as invalid:
            raise UsageProblem(f"--at {time}: {_complaint(invalid.errors()[0])}.") from None
        name = f"--at {begins} {words.strip()!r}"
        shots.append(_directed(table.shot[0], name, f"--at {time}", looks))
    return _in_order(shots, "--at")


def _values(time: str, words: str) -> dict[str, str]:
    text, *flags = _FLAGS.split(words.strip(), maxsplit=1)
    values = {"prompt": text.strip()} if text.strip() else {}
    try:
        tokens = shlex.split(flags[0]) if flags else []
    except ValueError:
        raise UsageProblem(f"--at {time}: a quotation mark is missing in {words!r}.") from None
    while tokens:
        name, equals, value = tokens.pop(0).partition("=")
        if not name.startswith("--") or not (equals or tokens):
            raise UsageProblem(
                f"--at {time}: {name!r} is not a flag with a value. Put the prompt first, then "
                "flags such as --strength 0.4."
            )
        values[name.removeprefix("--")] = value if equals else tokens.pop(0)
    return values


def read_file(path: Path, looks: Looks) -> tuple[DirectedShot, ...]:
    """The shots of a TOML file. Raises UsageProblem with the line of what is wrong, InputProblem
    for a file that cannot be read."""
    with plain_read_errors(path):
        text = decode_text(path.read_bytes(), str(path))
    try:
        given = tomllib.loads(text + "\n", parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise UsageProblem(f"{path} is not valid TOML: {error}.") from error
    try:
        table = _adapter().validate_python(given)
    except Invalid as invalid:
        complaints = [f"{_place(text, one)}: {_complaint(one)}" for one in invalid.errors()[:3]]
        raise UsageProblem(f"{path}, {'; '.join(complaints)}.") from None
    shots = []
    for number, one in enumerate(table.shot, 1):
        where = f"Shot {number} ({path}, line {_line(text, number - 1)})"
        if one.start is None and number > 1:
            raise UsageProblem(f'{where} has no start. Add one, such as start = "0:05.2".')
        shots.append(_directed(one, where, where, looks))
    return _in_order(shots, str(path))


def _place(text: str, error: ErrorDetails) -> str:
    match error["loc"]:
        case ("shot", int(index), *rest):
            return f"line {_line(text, index, *map(str, rest[:1]))}, shot {index + 1}"
        case (name, *_):
            return f"line {line_of(text, (str(name),))}"
    return "line 1"


def _line(text: str, index: int, key: str | None = None) -> int:
    """The line, from 1, of the shot with this index, or of one of its keys; 1 if not found."""
    lines = text.splitlines()
    headers = [number for number, line in enumerate(lines, 1) if _HEADER.match(line)]
    if index >= len(headers):
        return 1
    first, end = headers[index], [*headers, len(lines) + 1][index + 1]
    if key is not None:
        begins = re.compile(rf"""\s*["']?{re.escape(key)}["']?\s*=""")
        found = (number for number in range(first, end) if begins.match(lines[number - 1]))
        return next(found, first)
    return first


def _complaint(error: ErrorDetails) -> str:
    if error["type"] in ("missing", "too_short") and error["loc"] == ("shot",):
        return "there is no [[shot]]"
    names = [str(part) for part in error["loc"] if isinstance(part, str) and part != "shot"]
    known = _KNOWN if error["loc"][:1] == ("shot",) and names else ["shot"]
    return explain(error, names[0] if names else "shot", known)


def _directed(table: ShotTable, name: str, where: str, looks: Looks) -> DirectedShot:
    """The shot of a table. `where` names it where a value of it is wrong."""
    start = table.start or "0"
    numbered = _NUMBER.fullmatch(start)
    own = {key: value for key, value in asdict(table).items() if value not in (None, "")}
    if table.prefix is not None:
        own["prefix"] = table.prefix
    strengths: tuple[float, ...] = own.pop("strength", ())
    ramp = (strengths[0], strengths[1]) if len(strengths) > 1 else None
    chosen = _look(own.pop("look", None), where, looks)
    flags = {n: own[n] for n in ("prefix", "prompt", *_OF_CLIPS) if n in own}
    flags |= {"strength": strengths[0]} if strengths else {}
    flags = {**chosen, **flags}
    for text in TEXTS & flags.keys():
        flags[text] = _single(text, str(flags[text]), where)
    # What was read is a text, whatever it looks like.
    literal = {n: escape_prompt(v) if n in TEXTS - {"prefix"} else v for n, v in flags.items()}
    try:
        flags |= {n: single_variant(literal)[n] for n in flags.keys() - TEXTS}
    except UsageProblem as problem:
        raise UsageProblem(f"{where}: {problem}") from None
    crossfade = Fraction(table.crossfade or 0)
    told = {**literal, "strength": "..".join(map(str, ramp))} if ramp else literal
    told |= {"crossfade": table.crossfade} if table.crossfade else {}
    return DirectedShot(
        Fraction(0) if numbered else parse_time("start", start),
        name,
        (start, _as_words(told)),
        tuple(sorted(flags.items())),
        ramp,
        crossfade,
        int(numbered[1]) if numbered else 0,
    )


def _look(name: str | None, where: str, looks: Looks) -> dict[str, Any]:
    """The flags of a named look, as far as a shot has them; its words replace the command's."""
    if name is None:
        return {}
    if name not in looks:
        known = f"Available looks: {', '.join(looks)}" if looks else f"Add [looks.{name}]"
        raise UsageProblem(f"{where}: unknown look {name!r}. {known}; see `sdbr config`.")
    flags = {key: value for key, value in looks[name].items() if key in _OF_CLIPS}
    return {**flags, "prefix": looks[name].get("prompt", "")}


def _single(field: str, template: str, where: str) -> str:
    """The one text of a template. Raises UsageProblem where it stands for several."""
    texts = texts_of(template, kept="prompt" if field == "prefix" else "")
    if len(texts) > 1:
        what = "prompts" if field == "prompt" else f"values of {field}"
        raise UsageProblem(f"{where} has {len(texts)} {what}. Use one, and \\{{ for a brace in it.")
    return texts[0].strip()


def _as_words(told: Mapping[str, Any]) -> str:
    """The flags as --at takes them: a prompt, and those that follow it."""
    prompt = str(told.get("prompt", ""))
    plain = not _FLAGS.search(prompt)
    flags = [
        f"--{name} {shlex.quote(str(value))}"
        for name, value in sorted(told.items())
        if name != "prompt" or not plain
    ]
    return " ".join([*([prompt] if prompt and plain else []), *flags])


def _in_order(shots: Sequence[DirectedShot], what: str) -> tuple[DirectedShot, ...]:
    starts = {(shot.number, shot.start) for shot in shots}
    if len(starts) < len(shots):
        raise UsageProblem(f"{what} has two shots with the same start. Leave one of them out.")
    return tuple(sorted(shots, key=lambda shot: shot.start))
