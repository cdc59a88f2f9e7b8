"""Checks of single values, made before anything is sent; each names the flag to change."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sdbr.errors import UsageProblem

MAX_PROMPT = 10_000  # Characters, of every model since 2024.
STYLES = (
    *("3d-model", "analog-film", "anime", "cinematic", "comic-book", "digital-art", "enhance"),
    *("fantasy-art", "isometric", "line-art", "low-poly", "modeling-compound", "neon-punk"),
    *("origami", "photographic", "pixel-art", "tile-texture"),
)
ASPECTS = ("16:9", "1:1", "21:9", "2:3", "3:2", "4:5", "5:4", "9:16", "9:21")

SHAPED_BY_INPUT = (
    "--aspect only works without an input picture: the result has the shape of the input. Leave "
    "it out, or use --size."
)

Value = str | int | float

_FLAGS = {
    "prompt": "the prompt",
    "negative_prompt": "--negative",
    "init_image": "an input picture",
    "clip_guidance_preset": "--clip-guidance",
    "output_format": "--format",
}


def flag(field: str) -> str:
    """What the user calls a request field: `style_image` is `--style-image`."""
    return _FLAGS.get(field, "--" + field.replace("_", "-"))


@dataclass(frozen=True, slots=True)
class NumberRange:
    """A number from `low` to `high`, both included; `whole` for integers."""

    low: float
    high: float
    whole: bool = False

    def check(self, field: str, value: Value) -> Value:
        """`value` itself, or UsageProblem."""
        number = isinstance(value, int if self.whole else (int, float))
        if not number or not self.low <= float(value) <= self.high:
            raise UsageProblem(
                f"{flag(field)} is {value}: use a {'whole ' if self.whole else ''}number from "
                f"{self.low:g} to {self.high:.12g}."
            )
        return value


@dataclass(frozen=True, slots=True)
class Choices:
    """One of a few words."""

    words: tuple[str, ...]

    def check(self, field: str, value: Value) -> Value:
        """`value` itself, or UsageProblem."""
        if value not in self.words:
            raise UsageProblem(f"{flag(field)} is {value!r}: choose from {', '.join(self.words)}.")
        return value


@dataclass(frozen=True, slots=True)
class TextLength:
    """Up to `most` characters."""

    most: int = MAX_PROMPT

    def check(self, field: str, value: Value) -> Value:
        """`value` itself, or UsageProblem."""
        _check_length(field, len(str(value)), self.most)
        return value


@dataclass(frozen=True, slots=True)
class JsonObject:
    """The text of a JSON object."""

    def check(self, field: str, value: Value) -> Value:
        """`value` itself, or UsageProblem."""
        try:
            if isinstance(json.loads(str(value)), dict):
                return value
        except ValueError:
            pass
        raise UsageProblem(
            f"{flag(field)} is {value}: use a JSON object, such as '{{\"key\": 1}}'."
        )


Rule = NumberRange | Choices | TextLength | JsonObject

STYLE = Choices(STYLES)
ASPECT = Choices(ASPECTS)
FRACTION = NumberRange(0, 1)
# 0 means "draw one at random"; SD3.5 takes none above this, other models one more.
SEED = NumberRange(1, 4_294_967_294, whole=True)


class EmptyPrompt(UsageProblem):
    """A request without a prompt, for a model that needs one."""


def check_prompt(prompt: str, most: int = MAX_PROMPT) -> str:
    """The prompt itself, or EmptyPrompt, or UsageProblem when it is too long."""
    if not prompt.strip():
        raise EmptyPrompt("The prompt is empty. Describe what to generate.")
    _check_length("prompt", len(prompt), most)
    return prompt


def _check_length(field: str, length: int, most: int) -> None:
    if length > most:
        name = flag(field)
        raise UsageProblem(
            f"{name[0].upper()}{name[1:]} has {length:,} characters, and the model "
            f"accepts at most {most:,}. Shorten it."
        )
