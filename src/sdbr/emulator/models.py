"""The models that the emulator knows: those of `models.toml`, and of packages that add some."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

SERVICE_REGIONS = ("us-east-1", "us-east-2", "us-west-2")


@dataclass(frozen=True, slots=True)
class ImageRule:
    """What a model takes as an input image; None where it sets no limit.

    Sides and pixels are counted in the image's own pixels, `max_aspect` is the longer side
    divided by the shorter.
    """

    min_side: int | None = None
    max_side: int | None = None
    min_pixels: int | None = None
    max_pixels: int | None = None
    max_aspect: float | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a request: its JSON kind, the range of its value (or its length) or a choice."""

    name: str
    kind: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    rule: ImageRule | None = None


@dataclass(frozen=True, slots=True)
class EmulatedModel:
    """One model: what it takes, in which dialect, where it is offered, when it began and ended."""

    id: str
    title: str
    task: str
    wording: str
    dialect: str = "stable_image"
    aliases: tuple[str, ...] = ()
    fields: Mapping[str, Field] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    profile: bool = False
    launch: date | None = None
    legacy: date | None = None
    end: date | None = None

    def ended(self, today: date) -> bool:
        """Whether the end of its life has come."""
        return self.end is not None and today >= self.end

    @property
    def profile_id(self) -> str:
        """The id of its inference profile, or nothing when it has none."""
        return f"us.{self.id}" if self.profile else ""


@cache
def data() -> dict[str, Any]:
    """The whole of `models.toml`."""
    text = resources.files(__package__).joinpath("models.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def models() -> dict[str, EmulatedModel]:
    """Every model by its id and by each of its other names. Raises ImportError."""
    from sdbr.emulator.dialects import added

    known: dict[str, EmulatedModel] = {}
    others = (model for module in added().values() for model in module.MODELS)
    for model in (*others, *map(_model, data()["models"])):
        known.update(dict.fromkeys((model.id, *model.aliases), model))
    return known


def size_of(ratio: str) -> tuple[int, int]:
    """Width and height in pixels of an aspect ratio."""
    width, height = data()["sizes"][ratio]
    return width, height


def _model(row: dict[str, Any]) -> EmulatedModel:
    sdxl = row.get("dialect") == "sdxl"
    names = tuple(data()["sdxl"]) if sdxl else tuple(row.get("fields", ()))
    profile = row.get("profile", False)
    return EmulatedModel(
        id=row["id"],
        title=row["title"],
        task=row["task"],
        wording=row["wording"],
        dialect=row.get("dialect", "stable_image"),
        aliases=tuple(row.get("aliases", ())),
        fields={name: _field(name, row, sdxl) for name in names},
        required=tuple(row.get("required", ())),
        regions=SERVICE_REGIONS if profile else tuple(row.get("regions", ())),
        profile=profile,
        launch=row.get("launch"),
        legacy=row.get("legacy"),
        end=row.get("end"),
    )


def _field(name: str, row: dict[str, Any], sdxl: bool) -> Field:
    choices = {
        "mode": row.get("modes"),
        "aspect_ratio": data()["ratios"],
        "style_preset": data()["presets"],
        "output_format": row.get("formats", ["jpeg", "png", "webp"]),
    }
    if name in choices:
        return Field(name, "string", choices=tuple(choices[name]))
    if name == "creativity":
        low, high = row["creativity"]
        return Field(name, "number", low, high)
    spec = data()["sdxl" if sdxl else "fields"][name]
    rule = spec.get("rule") or row.get("images", {}).get(name, "standard")
    return Field(
        name,
        spec["kind"],
        spec.get("low"),
        spec.get("high"),
        tuple(spec.get("choices", ())),
        _rule(name, rule) if spec["kind"] == "image" else None,
    )


def _rule(name: str, rule: str) -> ImageRule:
    # A service resizes the mask to the image, so no limit is known for it.
    return ImageRule(**data()["rules"]["free" if name == "mask" else rule])
