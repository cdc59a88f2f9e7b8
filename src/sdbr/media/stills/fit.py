"""Which size a picture is brought to so that a model takes it, and where it lies in there.

Pure geometry; `place` does it to pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import ceil, floor, log, sqrt
from typing import Literal, NamedTuple

from sdbr.bedrock.families import SizeRule
from sdbr.errors import InputProblem
from sdbr.request import Size

Fit = Literal["cover", "contain", "stretch", "none"]


class CropBox(NamedTuple):
    """A rectangle in pixels; the right and bottom edges are not part of it."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def size(self) -> Size:
        """Width and height."""
        return Size(self.right - self.left, self.bottom - self.top)


@dataclass(frozen=True, slots=True)
class Placement:
    """How a picture of size `source` becomes one of `size`, which the model takes.

    The part `used` of the source is scaled to the rectangle `placed`; what is left of the size
    is padding.
    """

    source: Size
    size: Size
    used: CropBox
    placed: CropBox

    def __str__(self) -> str:
        """Tell in a few words what is done: "4608x1976 -> 1344x576, padded to 1344x768"."""
        if self.source == self.size == self.placed.size:
            return f"{self.source} unchanged"
        kept = self.used.size
        start = f"{self.source}" + (f" cropped to {kept}" if kept != self.source else "")
        scaled = f"{start} -> {self.placed.size}" if kept != self.placed.size else start
        return scaled + (f", padded to {self.size}" if self.placed.size != self.size else "")


def plan_fit(source: Size, rule: SizeRule, mode: Fit = "contain") -> Placement:
    """Choose the allowed size nearest in aspect and then in scale, and place the picture in it.

    `contain` keeps all of the picture and pads, `cover` fills the size and crops the middle,
    `stretch` changes the aspect, `none` changes nothing. Any aspect works, 1x5000 too. Raises
    InputProblem for `none` when the size does not fit already.
    """
    if mode == "none" and not allows(rule, source):
        raise InputProblem(
            f"The picture is {source}, and the model takes {describe_rule(rule)}. Leave out "
            "--fit none, or resize the picture."
        )
    size = source if allows(rule, source) else _nearest(source, rule, mode)
    used, placed = _whole(source), _whole(size)
    if mode == "cover":
        used = _middle(source, _inscribe(size, source))
    elif mode == "contain":
        placed = _middle(size, _inscribe(source, size))
    return Placement(source, size, used, placed)


def allows(rule: SizeRule, size: Size) -> bool:
    """Whether the model takes a picture of this size."""
    if rule.exact:
        return size in rule.exact
    short, long = sorted(size)
    return (
        rule.min_side <= short
        and long <= rule.max_side
        and rule.min_pixels <= short * long <= rule.max_pixels
        and (rule.max_aspect is None or long <= rule.max_aspect * short)
        and all(side % rule.multiple_of == 0 for side in size)
    )


def describe_rule(rule: SizeRule) -> str:
    """The rule in words, for a message."""
    if rule.exact:
        return "only " + ", ".join(str(size) for size in rule.exact)
    words = [f"sides of {rule.min_side} to {rule.max_side}"]
    if rule.multiple_of > 1:
        words.append(f"multiples of {rule.multiple_of}")
    words.append(f"{rule.min_pixels:,} to {rule.max_pixels:,} pixels")
    if rule.max_aspect is not None:
        words.append(f"an aspect ratio of at most {rule.max_aspect:g}:1")
    return ", ".join(words)


def _nearest(source: Size, rule: SizeRule, mode: Fit) -> Size:
    width, height = _ideal(source, rule, mode)
    if rule.exact:
        candidates = list(rule.exact)
    else:
        around = (_multiples(side, rule) for side in (width, height))
        candidates = [size for pair in product(*around) if allows(rule, size := Size(*pair))]
    if not candidates:
        raise InputProblem(
            f"No size close to {source} meets the model's limits: {describe_rule(rule)}. "
            "Resize the picture first."
        )

    def distance(size: Size) -> tuple[float, float]:
        aspect = abs(log(size.width * height / (size.height * width)))
        scale = abs(log(size.width * size.height / (width * height)))
        # Padding and cropping cost more than a few pixels more or fewer.
        return (round(aspect, 9), scale) if rule.exact else (4 * aspect + scale, 0.0)

    return min(candidates, key=distance)


def _ideal(source: Size, rule: SizeRule, mode: Fit) -> tuple[float, float]:
    """The size, not yet of whole pixels, of an aspect the rule allows, scaled no more than needed.

    An aspect r can be had when r = long / short is under each of the four bounds below.
    """
    width, height = float(source.width), float(source.height)
    if rule.exact:
        return width, height
    bounds = (rule.max_side / rule.min_side, rule.max_pixels / rule.min_side**2)
    limit = min(rule.max_aspect or bounds[0], *bounds, rule.max_side**2 / max(rule.min_pixels, 1))
    aspect = min(max(width / height, 1 / limit), limit)
    # To contain, the shorter side grows; to cover, the longer one shrinks.
    width_changes = (aspect > width / height) == (mode != "cover")
    if mode == "stretch":
        width, height = sqrt(width * height * aspect), sqrt(width * height / aspect)
    elif width_changes:
        width = height * aspect
    else:
        height = width / aspect
    short, long = sorted((width, height))
    least = max(rule.min_side / short, sqrt(rule.min_pixels / (short * long)))
    most = min(rule.max_side / long, sqrt(rule.max_pixels / (short * long)))
    scale = min(max(1.0, least), most)
    return width * scale, height * scale


def _multiples(side: float, rule: SizeRule) -> list[int]:
    step = rule.multiple_of
    steps = range(floor(side / step) - 2, ceil(side / step) + 3)
    return [n * step for n in steps if n > 0]


def _inscribe(inner: Size, outer: Size) -> Size:
    """The largest size of `inner`'s aspect in `outer`; a gap of a pixel or less is closed."""
    scale = min(outer.width / inner.width, outer.height / inner.height)
    sides = (max(1, round(side * scale)) for side in inner)
    return Size(*(o if o - s <= 1 else s for s, o in zip(sides, outer, strict=True)))


def _middle(outer: Size, inner: Size) -> CropBox:
    left, top = (outer.width - inner.width) // 2, (outer.height - inner.height) // 2
    return CropBox(left, top, left + inner.width, top + inner.height)


def _whole(size: Size) -> CropBox:
    return CropBox(0, 0, *size)
