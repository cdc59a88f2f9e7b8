"""Reads what answers of different families share, and tells refusals from pictures.

Whatever arrives, the outcome is an Artifact, Refused, or a ServiceProblem that may be tried
again: never a KeyError from an answer that looks otherwise than documented.
"""

from __future__ import annotations

from collections.abc import Mapping

import pybase64

from sdbr.bedrock.families import Artifact
from sdbr.errors import NoPicture, Refused, ServiceProblem

_INFERENCE_ERROR = "Inference error"  # Sent again: the other reasons are verdicts on the request.
_LARGEST_SEED = 4_294_967_295  # Answers may name one more than requests take.
_WHAT_WAS_REFUSED = {
    "Filter reason: prompt": "The safety filter refused the prompt. Rephrase it.",
    "Filter reason: input image": "The safety filter refused the input picture. Use another one.",
    "Filter reason: output image": (
        "The safety filter refused the generated picture. Try another --seed or "
        "--on-filtered reseed."
    ),
}


def picture_or_refusal(answer: Mapping[str, object]) -> Artifact:
    """The picture of a `seeds`, `finish_reasons`, `images` answer.

    A refused picture comes with HTTP 200, a reason, and `images` missing, `[]` or `[""]`.
    """
    reason = _first(answer.get("finish_reasons"))
    if reason == _INFERENCE_ERROR:
        raise ServiceProblem("Bedrock reported an inference error.", again=True, billed="perhaps")
    if reason is not None:
        raise explain_refusal(str(reason))
    seed = _first(answer.get("seeds"))
    return Artifact(picture_bytes(_first(answer.get("images"))), seed_number(seed))


def explain_refusal(reason: str) -> Refused:
    """The error for a safety filter's word, in plain words."""
    message = _WHAT_WAS_REFUSED.get(
        reason,
        f"The safety filter refused the request ({reason[:80]}). Change the prompt or the seed.",
    )
    return Refused(message, reason=reason)


def picture_bytes(encoded: object) -> bytes:
    """Decoded base64, of a data URI too; a ServiceProblem when missing, empty or damaged."""
    try:
        if isinstance(encoded, str) and encoded.startswith("data:"):
            encoded = encoded.partition(",")[2]
        if isinstance(encoded, str) and (data := pybase64.b64decode(encoded, validate=True)):
            return data
    except ValueError:
        pass
    raise broken_answer("contains no picture")


def broken_answer(what: str, data: bytes = b"") -> NoPicture:
    """A 200 answer that cannot be used: it was made, so it is billed, and may be asked again."""
    return NoPicture(f"Bedrock's response {what}.", data)


def seed_number(value: object) -> int | None:
    """`value` where it is a seed (0 to 4294967295), also one spelled as text; else None."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    try:
        number = int(value)
    except ValueError:
        return None
    return number if 0 <= number <= _LARGEST_SEED else None


def _first(values: object) -> object:
    return values[0] if isinstance(values, list) and values else None
