"""What results are called: templates such as `{prompt}-{seed}`, and the values of their fields."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from string import Formatter

from sdbr.bedrock.families import rules
from sdbr.bedrock.validation import flag
from sdbr.errors import UsageProblem
from sdbr.request import ImageRequest
from sdbr.workspace import kept_name, slug

_LONGEST = 200  # Bytes. File systems take 255; a number and a suffix follow.
_FIELDS = ("prompt", "input", "seed", "model", "strength", "style", "aspect", "size", "negative")
_SPEAKING = frozenset({"prompt", "model", "style", "aspect", "size"})
"""Fields whose value needs no word before it: `a-fox-7-anime`, but `a-fox-7-strength-0.4`."""


def is_template(name: str) -> bool:
    """Whether a name has fields to be filled in."""
    return "{" in name or "}" in name


def escape_name(name: str) -> str:
    """The template that stands for exactly this name."""
    return name.replace("{", "{{").replace("}", "}}")


def field_of(name: str) -> str:
    """The field that stands for a flag, which is called as the flag is."""
    return flag(name).removeprefix("--").removeprefix("the ")


def template_of(
    name: str | None, fields: Iterable[str], *, over_input: bool, seedless: bool
) -> str:
    """The template of a name of the user's, a stem or a template; None chooses one.

    The swept `fields` tell its files apart, and the seed does, where a model takes one. Raises
    UsageProblem for a name that would be a path.
    """
    refuse_folders(name or "")
    if name and is_template(name):
        return name
    base = escape_name(slug(name)) if name else "{input}" if over_input else "{prompt}"
    if not seedless:
        base += "-{seed}"
    elif not name:
        base += "-{model}"
    return with_fields(base, fields)


def with_fields(template: str, fields: Iterable[str]) -> str:
    """The template, with those of `fields` at its end that it has not; the seed is in it already.

    The words of a named look (`prefix`) are a part of the prompt.
    """
    for field in ("prompt" if name == "prefix" else name for name in fields):
        place = f"{{{field}}}"
        if field not in ("seed", "picture") and place not in template:
            template += f"-{place}" if field in _SPEAKING else f"-{field}-{place}"
    return template


def values_of(
    request: ImageRequest, flags: Mapping[str, object], seed: int | None, stem: str = ""
) -> dict[str, str]:
    """What stands for each field: `stem` for the input, "default" for a flag that is not given."""
    model = request.model
    given = {**dict.fromkeys((*_FIELDS, *rules())), **flags, "strength": request.strength}
    values = {field_of(name): _show(value) for name, value in given.items()}
    own = {
        "prompt": slug(request.prompt),
        "seed": _show(seed),
        "model": slug(model.title) if not model.aliases else model.aliases[0],
    }
    values |= own
    values.pop("input", None)
    return values | ({"input": stem} if stem else {})


def check_template(name: str, flags: Iterable[str], *, over_input: bool) -> None:
    """Raise UsageProblem for a template that has a field that is none."""
    fields = {*_FIELDS, *rules(), *flags} - (set() if over_input else {"input"})
    fill_template(name, dict.fromkeys(map(field_of, fields), ""))


def fill_template(template: str, values: Mapping[str, str]) -> str:
    """The file name's stem, its fields filled in. Raises UsageProblem for a field that is none."""
    pieces: list[str] = []
    try:
        for literal, field, spec, conversion in Formatter().parse(template):
            pieces.append(literal)
            if field is not None:
                pieces.append(values[field.replace("_", "-")])
            if spec or conversion:
                raise ValueError(template)
    except KeyError as unknown:
        fields = ", ".join(
            name for name in (*_FIELDS, "number") if name in {**values, "number": ""}
        )
        raise UsageProblem(
            f"--name contains {{{unknown.args[0]}}}, which is not a field. Use {fields}, or "
            "the name of a flag."
        ) from None
    except ValueError:
        raise UsageProblem(
            f"--name is {template!r}: write fields as {{seed}}, and a literal brace as {{{{."
        ) from None
    over = len("".join(pieces).encode("utf-8", "surrogateescape")) - _LONGEST
    if over > 0:
        longest = max(range(len(pieces)), key=lambda at: len(pieces[at]))
        short = pieces[longest].encode("utf-8", "surrogateescape")[:-over]
        pieces[longest] = short.decode("utf-8", "ignore")
    return kept_name("".join(pieces), _LONGEST)


def clip_stem(
    name: str | None, request: ImageRequest, flags: Mapping[str, object], source: str
) -> str:
    """The stem of a clip's or an animation's name: by its template, else as its source."""
    if name is None:
        return kept_name(source)
    return fill_template(name, values_of(request, flags, request.seed, kept_name(source)))


def record_template(name: str | None) -> dict[str, str]:
    """What a record says of a template, so that another prompt gives another name."""
    return {"name": name} if name and is_template(name) else {}


def fields_among(names: Iterable[str]) -> list[str]:
    """The fields that stand for flags of the look among `names`."""
    return [field_of(name) for name in names if name in (*_FIELDS, *rules())]


def refuse_folders(name: str) -> None:
    """Raise UsageProblem for a name or a template that would be a path."""
    if re.search(r"[/\\]", name):
        raise UsageProblem(
            f"--name is {name!r}, but it cannot contain folders. Set the folder with -o."
        )


def _show(value: object) -> str:
    if value is None:
        return "default"
    if isinstance(value, int | float):
        return f"{value:g}" if isinstance(value, float) else str(value)
    ratio = re.fullmatch(r"(\d+):(\d+)", str(value))
    return f"{ratio[1]}x{ratio[2]}" if ratio else slug(str(value))
