"""How a drawn picture goes in again: its padding cut off, and as large as it came where it may."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image

from sdbr.bedrock.families import SizeRule
from sdbr.media.stills.encode import encode_under
from sdbr.media.stills.fit import Box, Placement, allows
from sdbr.media.stills.open import open_picture
from sdbr.media.stills.place import apply, restore
from sdbr.request import Picture, Size


@dataclass(frozen=True, slots=True)
class Loop:
    """`placement` is how what is seen of a picture lies in what the model takes; see `rule`.

    What was cropped from the still is gone for good, so it is no part of it.
    """

    placement: Placement
    rule: SizeRule

    @classmethod
    def of(cls, placement: Placement, rule: SizeRule) -> Loop:
        """The way back in after a still was placed so."""
        used = placement.used.size
        return cls(Placement(used, placement.size, _whole(used), placement.placed), rule)

    def seen(self, picture: Picture) -> Image.Image:
        """What a drawn picture shows, at the size it was drawn."""
        return restore(open_picture(picture.data).image, self.placement)

    def again(self, image: Image.Image, drawn: Size) -> bytes:
        """The file to draw over, for an image that was seen of a picture of size `drawn`.

        A frame drawn over a smaller copy of the last one would lose detail each time.
        """
        size = drawn if allows(self.rule, drawn) else self.placement.size
        x, y = (size[n] / self.placement.size[n] for n in range(2))
        left, top, right, bottom = self.placement.placed
        placed = Box(round(left * x), round(top * y), round(right * x), round(bottom * y))
        shape = Size(*image.size)
        return encode_under(apply(image, Placement(shape, size, _whole(shape), placed)))


def _whole(size: Size) -> Box:
    return Box(0, 0, *size)
