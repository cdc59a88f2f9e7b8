"""What a workspace's sdbr.toml may decide only once the user trusts it.

A workspace often comes with a download. Its file may shape pictures: models, looks, workers.
Where prompts, pictures and credentials go, what counts as a price, what counts as consent and
whether results are marked as generated, or signed, is the user's to say: in the user's own file, in
the environment, by flags, or by `sdbr trust`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sdbr.errors import UsageProblem
from sdbr.files import write_whole

if TYPE_CHECKING:
    from sdbr.config.file import File, Key

_ALONE = ("profile", "endpoint_url", "max_cost", "ask_above", "provenance", "sign")


def decisions(file: File) -> list[tuple[Key, object]]:
    """The settings of a file that need trust: their keys and values."""
    return list(_decisions(file.values))


def _decisions(values: Mapping[str, Any]) -> Iterator[tuple[Key, Any]]:
    for name in _ALONE:
        if name in values:
            yield (name,), values[name]
    for model, price in values.get("prices", {}).items():
        yield ("prices", model), price
    for table in ("aliases", "models"):
        for name, model in values.get(table, {}).items():
            if _is_arn(model):
                yield (table, name), model
    for name, look in values.get("looks", {}).items():
        if _is_arn(look.get("model", "")):
            yield ("looks", name, "model"), look["model"]


def _is_arn(model: str) -> bool:
    """Whether a model's name leads to an account of somebody's choice, at a price nobody knows."""
    return model.startswith("arn:")


def check(file: File) -> None:
    """Raise UsageProblem for a workspace's file that decides more than it may."""
    found = decisions(file)
    if found and _read_trusted().get(_place(file)) != _digest(file):
        named = " and ".join(f"{'.'.join(key)} (line {file.line(key)})" for key, _ in found[:3])
        more = f" and {len(found) - 3} more" if len(found) > 3 else ""
        raise UsageProblem(
            f"{file.path} sets {named}{more}, which a workspace's file may only do once you "
            f"trust it. To review and accept it, run: sdbr trust --workspace {file.path.parent}"
        )


def accept(file: File) -> None:
    """Trust a file as it is now; a change of it needs trust anew. Raises InputProblem."""
    _write({**_read_trusted(), _place(file): _digest(file)})


def revoke(file: File) -> None:
    """Trust a file no more. Raises InputProblem."""
    _write({place: digest for place, digest in _read_trusted().items() if place != _place(file)})


def _read_trusted() -> dict[str, str]:
    try:
        known = json.loads(_register().read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return known if isinstance(known, dict) else {}


def _write(known: Mapping[str, str]) -> None:
    write_whole(_register(), json.dumps(known, indent=1).encode())


def _register() -> Path:
    # Never beside a file that SDBR_CONFIG names: that may lie in a workspace.
    from sdbr.config import own_folder

    return own_folder() / "trusted.json"


def _place(file: File) -> str:
    return str(file.path.resolve())


def _digest(file: File) -> str:
    return hashlib.sha256(file.text.encode()).hexdigest()
