"""The models: what is alive, for which task, where, for how much.

Data in catalog.toml, and of the packages that add families.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from sdbr.bedrock import families
from sdbr.bedrock.validation import Value
from sdbr.errors import UsageProblem
from sdbr.request import Lifecycle, Model, Size, Tier


@dataclass(frozen=True, slots=True)
class Catalog:
    """Every model sdbr knows, and the user's own aliases (alias → id, alias or ARN)."""

    models: tuple[Model, ...]
    aliases: Mapping[str, str]

    def find(self, name: str, family: str | None = None) -> Model:
        """The model called `name`: an id, alias, `us.` profile, ARN, or anything with `family`.

        `family` is the name of the catalog model whose language and price an unknown id
        shares. Raises UsageProblem when the name is unknown and no family is given.
        """
        name = self.aliases.get(name, name)
        like = self._find(family) if family else None
        if family and like is None:
            raise UsageProblem(
                f"Unknown --family {family!r}. Use a catalog model with the same API, for "
                "example --family sd3.5 (see `sdbr models`)."
            )
        known = like or self._find(name.rsplit("/", 1)[-1])
        if known is None:
            raise UsageProblem(self._say_unknown(name))
        is_address = name.startswith(("arn:", "us.", "stability.")) or like is not None
        return replace(known, invoke_id=name) if is_address and name != known.id else known

    def able(self, task: str, today: date) -> tuple[Model, ...]:
        """The models that do `task` and are alive on `today`, cheapest first.

        Those of other packages come last: installing one changes no default.
        """
        alive = (m for m in self.models if task in m.tasks and not m.lifecycle.ended(today))
        return tuple(sorted(alive, key=_rank))

    def _find(self, name: str) -> Model | None:
        bare = name.removeprefix("us.")
        for model in self.models:
            if bare == model.id or name in model.aliases:
                return model
        return None

    def _say_unknown(self, name: str) -> str:
        import difflib

        names = [alias for model in self.models for alias in (model.id, *model.aliases)]
        close = difflib.get_close_matches(name, [*names, *self.aliases], n=2)
        hint = f"Did you mean {' or '.join(close)}?" if close else "See `sdbr models`."
        return (
            f"Unknown model {name!r}. {hint} For an ID or ARN of your own, add --family, for "
            "example --family sd3.5."
        )


def load(prices: Mapping[str, Decimal], aliases: Mapping[str, str]) -> Catalog:
    """The catalog, built in and added, under the user's `prices` (name → USD) and `aliases`.

    Raises UsageProblem for a package whose models cannot be used, when a price names a model that
    the catalog does not have, or an alias would stand for another model than the catalog says: a
    price told for one would be paid for the other.
    """
    models = (*_built_in(), *_added())
    for alias in aliases:
        if any(alias.removeprefix("us.") == it.id or alias in it.aliases for it in models):
            raise UsageProblem(
                f"The alias {alias!r} in sdbr.toml is already the name of a model (see `sdbr "
                "models`). Choose another."
            )
    catalog = Catalog(models, dict(aliases))
    own = {catalog.find(name).id: usd for name, usd in prices.items()}
    priced = [
        replace(model, tiers=(Tier(own[model.id]),), price_as_of="your settings")
        if model.id in own
        else model
        for model in models
    ]
    return Catalog(tuple(priced), dict(aliases))


def price_of(
    model: Model, size: Size | None = None, extras: Iterable[tuple[str, Value]] = ()
) -> Decimal | None:
    """USD for one picture of this size with these extras, or None where the catalog has no price.

    Only SDXL's price depends on them: on its steps (30 unless given) and on its size.
    """
    steps = int(dict(extras).get("steps", 30))
    size = size or Size(1024, 1024)  # An init image is counted as SDXL's usual size.
    for tier in model.tiers:
        fits_steps = tier.max_steps is None or steps <= tier.max_steps
        fits_size = tier.max_pixels is None or size.width * size.height <= tier.max_pixels
        if fits_steps and fits_size:
            return tier.usd
    return None


def names_of(models: Iterable[Model]) -> str:
    """Their short names in one phrase: `core, ultra or sd3.5`."""
    names = [model.aliases[0] if model.aliases else model.id for model in models]
    return " or ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def _rank(model: Model) -> tuple[bool, Decimal]:
    price = model.tiers[0].usd if model.tiers else Decimal("Infinity")
    return model.family in families.added(), price


@cache
def _added() -> tuple[Model, ...]:
    """The models of the families that other packages add. Raises UsageProblem.

    None may take another one's name: a price told for one would be paid for the other.
    """
    taken = {name for model in _built_in() for name in (model.id, *model.aliases)}
    models: list[Model] = []
    for family, module in families.added().items():
        for model in module.MODELS:
            names = {model.id, *model.aliases}
            if model.family != family or not model.aliases or names & taken:
                raise UsageProblem(
                    f"The model {model.id} of the model family {family} cannot be used: it "
                    f"needs family={family!r}, and an alias and an ID that no other model has. "
                    "Update or uninstall the package."
                )
            taken |= names
            models.append(model)
    return tuple(models)


@cache
def _built_in() -> tuple[Model, ...]:
    text = Path(__file__).with_name("catalog.toml").read_text(encoding="utf-8")
    return tuple(_model(entry) for entry in tomllib.loads(text)["models"])


def _model(entry: Mapping[str, Any]) -> Model:
    needs_profile = bool(entry.get("needs_profile", False))
    return Model(
        id=entry["id"],
        invoke_id=f"us.{entry['id']}" if needs_profile else entry["id"],
        family=entry["family"],
        title=entry["title"],
        tasks=tuple(entry["tasks"]),
        aliases=tuple(entry["aliases"]),
        regions=tuple(entry.get("regions", ())),
        needs_profile=needs_profile,
        lifecycle=Lifecycle(entry.get("launch"), entry.get("legacy"), entry.get("end")),
        tiers=tuple(
            Tier(Decimal(tier["usd"]), tier.get("max_steps"), tier.get("max_pixels"))
            for tier in entry["tiers"]
        ),
        price_as_of=entry["price_as_of"],
        replaced_by=tuple(entry.get("replaced_by", ())),
    )
