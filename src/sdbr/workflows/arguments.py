"""Telling inputs from the prompt where both are plain arguments."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from sdbr.bedrock.catalog import Catalog
from sdbr.bedrock.families import dialect_of
from sdbr.errors import UsageProblem


def inputs_and_prompt(
    arguments: tuple[str, ...], flags: Mapping[str, Any], catalog: Catalog
) -> tuple[tuple[str, ...], str]:
    """Split `INPUT... PROMPT`: the last argument is the prompt, unless the model takes none.

    Beside a named look with words of its own (`prefix`) the prompt may be left out.

    Raises UsageProblem where one of the two is missing.
    """
    if not arguments:
        raise UsageProblem('Name an input and say how it should look: photo.jpg "as a woodcut".')
    if not _takes_prompt(flags, catalog):
        return arguments, ""
    *inputs, last = arguments
    # os.path says no where a Path raises: a prompt may be longer than a name can be.
    looks_like_input = last == "-" or os.path.isfile(last)
    if inputs and not looks_like_input:
        return tuple(inputs), last
    if flags.get("prefix"):
        return arguments, ""
    if flags.get("style_image") or "style-transfer" in str(flags.get("model")):
        return arguments, ""
    if not inputs and not looks_like_input:
        raise UsageProblem(f'No input. Name a picture before the prompt: photo.jpg "{last[:60]}".')
    raise UsageProblem(f'No prompt. Say how {last} should look, for example "as a woodcut".')


def _takes_prompt(flags: Mapping[str, Any], catalog: Catalog) -> bool:
    name = flags.get("model")
    if not name or "," in name:
        return True
    model = catalog.find(name, flags.get("family"))
    return "prompt" in dialect_of(model).takes(model)
