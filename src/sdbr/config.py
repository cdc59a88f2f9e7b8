"""sdbr.toml: the user's own defaults, prices and aliases.

Read from the user's configuration folder and from the workspace; the workspace wins.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from sdbr.errors import UsageProblem

FILE_NAME = "sdbr.toml"


@dataclass(frozen=True, slots=True)
class Config:
    """What sdbr.toml may hold; None leaves the choice to the built-in default.

    `prices` are USD a picture by model name, `aliases` are own names for models, `models` are
    the default models by command.
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
    prices: Mapping[str, Decimal] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)


def user_file() -> Path:
    """Where the user's own sdbr.toml lies; SDBR_CONFIG names another one."""
    if named := os.environ.get("SDBR_CONFIG"):
        return Path(named)
    from platformdirs import user_config_path

    return user_config_path("sdbr") / FILE_NAME


def load(workspace: Path) -> Config:
    """The user's settings under the workspace's. Raises UsageProblem for what is wrong in them."""
    config = Config()
    for path in (user_file(), workspace / FILE_NAME):
        if os.path.isfile(path):  # False, not an error, where the path cannot even be looked at.
            config = _over(config, _read(path))
    return config


def _read(path: Path) -> Config:
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except (OSError, ValueError) as error:
        raise UsageProblem(f"{path} cannot be read: {error}. Mend or remove it.") from error
    values: dict[str, Any] = {}
    for name, value in told.items():
        if name not in _KINDS:
            raise UsageProblem(
                f"{path} has an unknown setting {name!r}. Known are {', '.join(_KINDS)}."
            )
        try:
            values[name] = _KINDS[name](value)
        except (TypeError, ValueError, InvalidOperation, AttributeError):
            raise UsageProblem(f"{path}: {name} cannot be {value!r}. Mend it.") from None
    return Config(**values)


def _over(below: Config, above: Config) -> Config:
    told = {f.name: getattr(above, f.name) for f in fields(Config)}
    merged: dict[str, Any] = {
        name: {**getattr(below, name), **value} if isinstance(value, dict) else value
        for name, value in told.items()
        if value is not None
    }
    return replace(below, **merged)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _number(value: object) -> Decimal:
    number = Decimal(str(value))
    if isinstance(value, bool) or not number.is_finite() or number < 0:
        raise ValueError(value)
    return number


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(value)
    return value


def _texts(value: Any) -> dict[str, str]:
    return {name: _text(entry) for name, entry in value.items()}


_KINDS: dict[str, Any] = {
    "region": _text,
    "profile": _text,
    "endpoint_url": _text,
    "workers": _count,
    "attempts": _count,
    "timeout": lambda value: float(_number(value)),
    "rpm": lambda value: float(_number(value)),
    "max_cost": _number,
    "ask_above": _number,
    "prices": lambda value: {name: _number(usd) for name, usd in value.items()},
    "aliases": _texts,
    "models": _texts,
}
