"""sdbr.toml: the user's own defaults, prices, aliases and looks.

Read from the user's configuration folder and from the workspace; the workspace wins, and the
environment over both. See `trust` for what a workspace's file may not decide.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from decimal import Decimal
    from pathlib import Path

    from sdbr.config.file import File

FILE_NAME = "sdbr.toml"
MODEL_VARIABLE = "SDBR_MODEL_"


@dataclass(frozen=True, slots=True)
class Config:
    """What sdbr.toml may hold; None leaves the choice to the built-in default.

    `prices` are USD a picture by model name, `aliases` are own names for models, `models` are
    the default models by command, `looks` are flags by name under a name of the user's own.
    """

    region: str | None = None
    profile: str | None = None
    endpoint_url: str | None = None
    workers: int | None = None
    attempts: int | None = None
    timeout: float | None = None
    rpm: float | None = None
    max_cost: Decimal | None = None
    ask_above: Decimal | None = None
    provenance: bool | None = None
    sign: tuple[Path, Path] | None = None
    prices: Mapping[str, Decimal] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)
    looks: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


TABLES = ("prices", "aliases", "models", "looks")


def user_file() -> Path:
    """Where the user's own sdbr.toml lies; SDBR_CONFIG names another one."""
    from pathlib import Path  # Not above: `sdbr --help` would take a fifth longer.

    if named := os.environ.get("SDBR_CONFIG"):
        return Path(named)
    return own_folder() / FILE_NAME


def own_folder() -> Path:
    """The user's own configuration folder; one that cannot be where there is no home.

    A container's random user has neither HOME nor an entry in /etc/passwd.
    """
    from pathlib import Path

    from platformdirs import user_config_path

    try:
        return user_config_path("sdbr")
    except RuntimeError:
        return Path(os.devnull, "sdbr")


def load(workspace: Path) -> Config:
    """The user's settings under the workspace's.

    Raises UsageProblem for what is wrong in them, and for a workspace's file that decides what it
    may not.
    """
    found = files(workspace)
    check_trust(found)
    layers = [file.values for file in found]
    return merge([*layers, {"models": models_of(os.environ)}])


def files(workspace: Path) -> list[File]:
    """The settings files that there are, checked, the weaker first. Raises UsageProblem."""
    found = []
    own, beside = user_file(), workspace / FILE_NAME
    for path in (own,) if _same(own, beside) else (own, beside):
        if os.path.isfile(path):  # False, not an error, where the path cannot even be looked at.
            from sdbr.config import file as config_file

            found.append(config_file.read(path))
    return found


def _same(path: Path, other: Path) -> bool:
    return os.path.isfile(path) and os.path.isfile(other) and os.path.samefile(path, other)


def check_trust(found: Iterable[File]) -> None:
    """Raise UsageProblem where a file that is not the user's own decides what needs trust."""
    for file in found:
        if file.path != user_file():
            from sdbr.config import trust

            trust.check(file)


def merge(layers: Iterable[Mapping[str, Any]]) -> Config:
    """One config of several, the later over the earlier; tables are merged entry by entry."""
    config = Config()
    for values in layers:
        both: dict[str, Any] = {
            name: {**getattr(config, name), **value} if name in TABLES else value
            for name, value in values.items()
        }
        config = replace(config, **both)
    return config


def models_of(environment: Mapping[str, str]) -> dict[str, str]:
    """Default models by command, from SDBR_MODEL_IMG2IMG and its like."""
    return {
        name.removeprefix(MODEL_VARIABLE).lower().replace("_", " "): value
        for name, value in environment.items()
        if name.startswith(MODEL_VARIABLE) and value
    }
