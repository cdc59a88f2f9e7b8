"""sdbr inspect: show how a result was made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sdbr.cli.help import Command
from sdbr.cli.options import json_option, workspace_option

if TYPE_CHECKING:
    from sdbr.workflows.provenance.read import Ancestor

_EXAMPLES = """
sdbr inspect generate/img/photo-7.png
sdbr inspect generate/img/ --json
"""


@click.command("inspect", cls=Command, epilog=_EXAMPLES)
@click.argument("files", nargs=-1, metavar="FILE...")
@json_option
@workspace_option
def command(files: tuple[str, ...], as_json: bool, root: Path) -> None:
    """Show how results were made, and from what. Reads stable-diffusion-webui pictures, too."""
    from sdbr.console import shown
    from sdbr.errors import InputProblem
    from sdbr.workflows.clips.steadiness import kept
    from sdbr.workflows.provenance import read
    from sdbr.workspace import Workspace

    workspace = Workspace(root)
    silent = []
    for path in read.results(files, workspace):
        ancestor = read.trace(path, workspace.hidden / "inputs")
        if measured := kept(workspace.hidden, ancestor.made):
            ancestor = replace(ancestor, made={**ancestor.made, "steadiness": measured})
        if not ancestor.made:
            silent.append(str(path))
        elif as_json:
            import json

            click.echo(json.dumps(_as_json(ancestor), ensure_ascii=False))
        else:
            click.echo(shown("\n".join(_lines(ancestor))))
    if silent:
        raise InputProblem(
            f"{', '.join(silent)}: no record of how it was made. Name a file that sdbr made."
        )


def _lines(ancestor: Ancestor, indent: str = "") -> Iterator[str]:
    where = ancestor.path or f"{ancestor.name} (no longer found)"
    yield f"{indent}{f'{ancestor.role}: ' if ancestor.role else ''}{where}"
    for name, value in _facts(ancestor.made):
        yield f"{indent}  {name}: {value}"
    for parent in ancestor.parents:
        yield from _lines(parent, indent + "  ")


def _facts(made: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if "parameters" in made:
        yield from ((name, str(value)) for name, value in made["parameters"].items() if value)
        return
    if not made:
        return
    told = dict(made.get("request", {}))
    extras = told.pop("extras", {})
    facts: dict[str, Any] = {
        "command": made.get("command"),
        "model": told.pop("model", None),
        "prompt": told.pop("prompt", None),
        "negative prompt": told.pop("negative_prompt", None),
        "seed": made.get("seed") or told.get("seed"),
        "strength": told.get("strength"),
        "motion": made.get("motion"),
        "frames": made.get("frames"),
        "flicker": _flicker(made.get("steadiness")),
        "style": told.get("style"),
        "aspect": told.get("aspect"),
        **extras,
        "size": "x".join(map(str, made.get("size", ()))),
        "price": f"{made['price_usd']} USD" if made.get("price_usd") else None,
        "drawn on": made.get("drawn_on"),
        "answered by": "Amazon Bedrock" if made.get("answered_by") == "aws" else "an emulator",
        "treatment": "; ".join(made.get("treatment", ())),
        "flags": _flags(made) if "frames" in made else None,
        "finish": ", ".join(f"{k} {v}" for k, v in made.get("finish", {}).items()),
        "key": made.get("key", "")[:16],
        "version": f"sdbr {made.get('sdbr')}",
    }
    yield from ((name, str(value)) for name, value in facts.items() if value not in (None, ""))


def _flicker(measured: Any) -> str:
    """How steady a clip came out, E_warp × 1000; "" where nobody measured it."""
    names = ("flicker", "flicker_source", "sharpness")
    told = measured if isinstance(measured, Mapping) else {}
    numbers = [value for name in names if isinstance(value := told.get(name), float)]
    if len(numbers) < len(names):
        return ""
    flicker, floor, sharp = numbers
    return f"{1000 * flicker:.2f}, source {1000 * floor:.2f}; sharpness {sharp:.0f}"


def _flags(made: Mapping[str, Any]) -> str:
    """The flags that made a clip; what the request tells is told there."""
    silent = {"prompt", "model", "negative", "strength", "style"}
    told = ((name.replace("_", "-"), v) for name, v in made.get("told", {}).items())
    return " ".join(f"--{name} {v}" for name, v in told if name not in silent)


def _as_json(ancestor: Ancestor) -> dict[str, object]:
    return {
        "path": str(ancestor.path) if ancestor.path else None,
        "name": ancestor.name,
        "role": ancestor.role or None,
        "made": dict(ancestor.made),
        "sources": [_as_json(parent) for parent in ancestor.parents],
    }
