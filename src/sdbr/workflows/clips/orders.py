"""What is wanted of clips in each of several looks: one result per look, named after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sdbr.errors import UsageProblem
from sdbr.workflows.clips.prepare import ClipOrder, ClipSpec, given
from sdbr.workflows.look import look_of
from sdbr.workflows.names import field_of, with_fields
from sdbr.workflows.sweep import Variant, expand


def orders_of(
    order: ClipOrder, flags: Mapping[str, object], wildcards: Path, *, one_file: bool
) -> list[ClipOrder]:
    """The order, which has no look yet, in each combination of the values of the look's flags.

    `wildcards` is the folder of those in prompts; `one_file` says that the result is named as a
    file. Raises UsageProblem, also where several results would be one file.
    """
    variants = expand(flags, wildcards)
    if len(variants) == 1:
        return [_in_looks(order, variants[0].values)]
    if one_file:
        raise UsageProblem(
            f"{len(variants)} looks cannot be written to one file. Use -o with a folder."
        )
    return [
        replace(
            _in_looks(order, variant.values),
            spec=_named_after(variant, order.spec),
            label=", ".join(value for _, value in variant.labels),
        )
        for variant in variants
    ]


def _in_looks(order: ClipOrder, flags: Mapping[str, Any]) -> ClipOrder:
    shots = tuple((shot, shot.look(flags)) for shot in order.spec.shots)
    return replace(order, look=look_of(flags), shots=shots)


def _named_after(variant: Variant, spec: ClipSpec) -> ClipSpec:
    fields = dict(variant.labels)
    swept = {name: value for name, value in variant.values.items() if field_of(name) in fields}
    name = with_fields(spec.name or "{input}", swept)
    # Among the looks of a picture, the seed is in every name.
    if "seed" in swept and "{seed}" not in name:
        name += "-{seed}"
    return replace(spec, flags=given({**dict(spec.flags), **swept}), name=name)
