"""What the page of a review shows, as JSON: shots, keyframes, takes, prices, the film."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from sdbr.bedrock.families import family_of
from sdbr.generation.estimate import in_usd
from sdbr.workflows.review.clicks import Review
from sdbr.workflows.review.state import Take

_PLAYED = {
    **dict.fromkeys((".mp4", ".webm", ".mov"), "video"),
    **dict.fromkeys((".gif", ".webp", ".apng"), "image"),
}
_NOTHING = Decimal(0)


def status_of(review: Review) -> dict[str, Any]:
    """Everything that the page shows but the pictures themselves; prices are texts in USD."""
    plan, allowance = review.clip.plan, review.allowance
    request = plan.requests.opening
    shots: list[dict[str, Any]] = [
        {
            "frames": [shot.start + 1, shot.stop],
            "seconds": [float(plan.footage.frames[at].at) for at in (shot.start, shot.stop - 1)],
            "keyframes": [_keyframe(review, n) for n in plan.footage.plan.keyframes_of(shot)],
        }
        for shot in plan.footage.plan.shots
    ]
    every = [one for shot in shots for one in shot["keyframes"]]
    missing = takes_missing(review)
    return {
        "name": review.clip.name,
        "prompt": request.prompt,
        "model": request.model.title,
        "size": list(plan.size),
        "takes_strength": "strength" in family_of(request.model).takes(request.model),
        "takes_seed": "seed" in family_of(request.model).takes(request.model),
        "price": in_usd(review.price),
        "spent": in_usd(allowance.spent),
        "cap": None if allowance.cap is None else in_usd(allowance.cap),
        "emulated": review.emulated,
        "finished": review.over.is_set(),
        "shots": shots,
        "approved": sum(one["approved"] for one in every),
        "ready": sum(one["ready"] for one in every),
        "total": len(every),
        "missing": {
            "keyframes": list(missing),
            "price": in_usd(review.estimate(missing).cost if missing else _NOTHING),
        },
        "film": {
            "path": review.state.film,
            "shown_as": _PLAYED.get(film_of(review).suffix.lower(), ""),
            "version": review.films,
            "making": review.filming,
            "error": review.film_error,
        },
    }


def takes_missing(review: Review) -> Mapping[int, Take]:
    """The chosen takes that have no picture and are not being generated, by frame number."""
    chosen = {n: review.keyframe(n).take for n in review.clip.plan.footage.plan.keyframes}
    return {
        number: take
        for number, take in chosen.items()
        if number not in review.busy
        and not take.picture
        and not review.pictures.is_ready(number, take)
    }


def film_of(review: Review) -> Path:
    """The film's file; a path without a name where there is none among the results.

    The state is a file of the workspace, which may come from anyone: it names no other file.
    """
    film = Path(review.state.film)
    among = film.parent.resolve() == review.clip.order.where.results.resolve()
    return film if among and film.is_file() else Path()


def _keyframe(review: Review, number: int) -> dict[str, Any]:
    one, pictures = review.keyframe(number), review.pictures
    seed = pictures.new_seed(number, one)
    takes = [
        {
            "name": pictures.name_of(number, take, one.mask),
            "prompt": take.prompt,
            "strength": take.strength,
            "seed": take.seed,
            "own": bool(take.picture),
            "ready": pictures.is_ready(number, take),
        }
        for take in one.takes
    ]
    return {
        "number": number,
        "seconds": float(review.clip.plan.footage.frames[number].at),
        "takes": takes,
        "chosen": one.chosen,
        "ready": takes[one.chosen]["ready"],
        "approved": one.approved,
        "mask": one.mask,
        "busy": number in review.busy,
        "error": review.errors.get(number, ""),
        "prompt": one.generated.prompt,
        "strength": one.generated.strength,
        "seed": one.generated.seed,
        "new_seed": seed,
    }
