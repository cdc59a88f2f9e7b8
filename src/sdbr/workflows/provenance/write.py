"""How a picture was made, as text for people and as JSON for `inspect` and `replay`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from sdbr import __version__
from sdbr.media.metadata import webui
from sdbr.media.metadata.xmp import DigitalSource
from sdbr.request import ImageRequest, Picture
from sdbr.workflows.pictures.job import Input, Job


def webui_text(job: Job, picture: Picture) -> str:
    """The `parameters` text that users of stable-diffusion-webui know."""
    request = job.request
    extras = dict(request.extras)
    parameters: dict[str, Any] = {
        "Steps": extras.get("steps"),
        "Sampler": extras.get("sampler"),
        "CFG scale": extras.get("cfg_scale"),
        "Seed": picture.seed,
        "Size": str(picture.size),
        "Model": request.model.invoke_id,
        "Denoising strength": request.strength,
        "Style": request.style,
        "Version": f"sdbr {__version__}",
    }
    fields = {name: str(value) for name, value in parameters.items() if value is not None}
    return without_account(webui.compose(request.prompt, request.negative_prompt, fields))


def digital_source(request: ImageRequest, inputs: Iterable[Input]) -> DigitalSource:
    """What the IPTC calls a result: created by a model, or edited by one if it had inputs.

    Enlarging is editing too: Stability AI's upscalers generate what they add.
    """
    edited = any(True for _ in inputs)
    term = "compositeWithTrainedAlgorithmicMedia" if edited else "trainedAlgorithmicMedia"
    model = without_account(request.model.invoke_id)
    return DigitalSource(term, f"sdbr {__version__}", model)


def record_text(record: Mapping[str, object]) -> str:
    """The record as it stands in a result, which travels: without the account of an ARN."""
    return without_account(json.dumps(record, ensure_ascii=False, sort_keys=True))


def without_account(text: str) -> str:
    """`text` with the account's number left out of each ARN."""
    return re.sub(r"(arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:)\d{12}:", r"\1:", text)


def as_json(job: Job, picture: Picture, command: str, realm: str) -> str:
    """All that is needed to make the picture again; the same picture gives the same text."""
    record = {
        **common_fields(command, job.request, realm, job.inputs, job.treatment),
        "seed": picture.seed,
        "size": list(picture.size),
        "price_usd": picture.price,
        # The day alone: the same pictures drawn twice on one day are the same files. The ledger
        # has the second.
        "drawn_on": picture.drawn_at[:10],
        "key": picture.key,
        "finish": finish_fields(job),
        "told": dict(job.flags),
        "stem": job.source_stem,
        "name": job.name,
    }
    return record_text(record)


def common_fields(
    command: str,
    request: ImageRequest,
    realm: str,
    inputs: Iterable[Input],
    treatment: Iterable[str],
) -> dict[str, Any]:
    """What the record of every kind of result says."""
    return {
        "sdbr": __version__,
        "command": command,
        "request": request_fields(request),
        "seed": request.seed,
        "answered_by": realm,
        "inputs": [asdict(one) for one in inputs],
        "treatment": list(treatment),
    }


def request_fields(request: ImageRequest) -> dict[str, object]:
    """The request without its pictures, in neutral words; what was not given is left out."""
    fields: dict[str, Any] = {
        "model": request.model.invoke_id,
        "speaks_like": request.model.id,
        "prompt": request.prompt,
        "negative_prompt": request.negative_prompt,
        "seed": request.seed,
        "aspect": request.aspect,
        "size": list(request.size) if request.size else None,
        "style": request.style,
        "format": request.format,
        "strength": request.strength,
        "extras": dict(request.extras),
    }
    return {name: value for name, value in fields.items() if value not in (None, "", {})}


def finish_fields(job: Job) -> dict[str, object]:
    """What was done to the model's picture, in words."""
    finish = job.finish
    fields = {
        "format": finish.format,
        "quality": finish.quality,
        "size": list(finish.size) if finish.size else None,
        "placement": str(finish.placement) if finish.placement else None,
    }
    return {name: value for name, value in fields.items() if value is not None}
