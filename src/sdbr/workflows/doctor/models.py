"""The models: offered here, active, open to this account; and how old their prices are."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from sdbr.bedrock.account import Availability, ControlPlane, Offer, PermissionDenied
from sdbr.bedrock.catalog import Catalog
from sdbr.concurrency import map_ordered
from sdbr.errors import AccessProblem, SdbrError
from sdbr.request import Model
from sdbr.workflows.doctor.finding import Finding, explain_failure, fix, note, ok

_SOON = 90  # Days: AWS gives six months or more of notice, half of which may be over.
_OLD_MONTHS = 6
_AT_ONCE = 8  # Questions under way: there are 16 models to ask for.


def check_models(
    plane: ControlPlane, catalog: Catalog, defaults: Sequence[Model]
) -> Iterator[Finding]:
    """Ask the control plane about every model that the catalog takes for active."""
    today = date.today()
    active = [model for model in catalog.models if not model.lifecycle.ended(today)]
    yield prices(active, today)
    try:
        offer = plane.offer()
        offered = [model for model in active if model.id in offer.models]
        answers = map_ordered(
            lambda model: plane.availability(model.id),
            offered,
            workers=_AT_ONCE,
            stop=threading.Event(),
        )
        availabilities = dict(zip(offered, answers, strict=True))
    except PermissionDenied as problem:
        yield note("models", f"{problem} Without it, sdbr cannot see which models are available.")
        return
    except SdbrError as problem:
        yield explain_failure("models", problem)
        return
    troubles = {model: trouble(model, offer, availabilities.get(model)) for model in active}
    yield from access(troubles, offer.region, defaults)
    yield from lifecycles(offer, catalog, today)


def trouble(model: Model, offer: Offer, availability: Availability | None) -> str:
    """What stands in the way of `model`, with what to do; "" where nothing does."""
    if model.id not in offer.models:
        if model.regions and offer.region not in model.regions:
            return f"not available in {offer.region}. Use --region {model.regions[0]}"
        return f"no longer available in {offer.region}. See `sdbr models` for others"
    if model.needs_profile and f"us.{model.id}" not in offer.profiles:
        return f"no inference profile in {offer.region}. Use --region us-west-2"
    if availability is None or not availability.authorized:
        return "not allowed for this identity. Allow bedrock:InvokeModel, or ask your administrator"
    if not (availability.agreed and availability.entitled):
        return (
            "no subscription yet. Allow aws-marketplace:Subscribe and "
            "aws-marketplace:ViewSubscriptions; the first call subscribes within minutes"
        )
    return ""


def access(
    troubles: Mapping[Model, str], region: str, defaults: Iterable[Model]
) -> Iterator[Finding]:
    """How many can be called, and one line for each kind of trouble."""
    callable_now = [model for model, reason in troubles.items() if not reason]
    if callable_now:
        names = ", ".join(map(_short, callable_now))
        said = f"{len(callable_now)} of {len(troubles)} can be called in {region}: {names}"
        yield ok("models", said, region=region, open=[model.id for model in callable_now])
    by_default = {model.id for model in defaults}
    for reason in dict.fromkeys(filter(None, troubles.values())):
        closed = [model for model in troubles if troubles[model] == reason]
        said = f"{', '.join(map(_short, closed))}: {reason}."
        ids = [model.id for model in closed]
        if by_default & set(ids) or not callable_now:
            yield fix("models", said, AccessProblem.exit_code, closed=ids)
        else:
            yield note("models", said, closed=ids)


def lifecycles(offer: Offer, catalog: Catalog, today: date) -> Iterator[Finding]:
    """Models that end, and models that the catalog does not know."""
    known = {model.id for model in catalog.models}
    for live in offer.models.values():
        if live.id not in known:
            said = (
                f"Bedrock offers {live.id}, which is not in sdbr's catalog. Try it with --family."
            )
            yield note("models", said)
        elif live.end is not None and (live.end - today).days <= _SOON:
            yield note(
                "models",
                f"{live.id} will be retired on {live.end}. Choose another model.",
                end=live.end,
            )
        elif live.status == "LEGACY":
            yield note(
                "models", f"{live.id} is a legacy model. Choose another before it is retired."
            )


def prices(active: Sequence[Model], today: date) -> Finding:
    """How old the catalog's prices are."""
    dated = [model.price_as_of for model in active if model.price_as_of[:4].isdecimal()]
    own = len(active) - len(dated)
    if not dated:
        return ok("prices", f"{own} custom")
    also = f"; {own} custom" if own else ""
    oldest = min(dated)
    months = (today.year - int(oldest[:4])) * 12 + today.month - int(oldest[5:7])
    if months > _OLD_MONTHS:
        said = f"The prices are of {oldest}, {months} months old{also}. Compare them with AWS's "
        return note("prices", f"{said}list; [prices] in sdbr.toml overrides them.", months=months)
    return ok("prices", f"of {oldest}{also}", months=months)


def _short(model: Model) -> str:
    return model.aliases[0] if model.aliases else model.id
