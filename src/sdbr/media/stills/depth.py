"""Pictures of more than 8 bits a channel, scaled to 8 rather than cut off at 255."""

from __future__ import annotations

from PIL import Image


def in_eight_bits(image: Image.Image) -> tuple[Image.Image, list[str]]:
    """Return a deep grey picture as 8-bit grey, and what was done; others come back as they are.

    Pillow has no deep RGB: it takes the upper byte of each channel while it decodes.
    """
    if image.mode.startswith("I;16"):
        return _from_16_bits(image), ["16 to 8 bits"]
    if image.mode in ("I", "F"):
        return _from_numbers(image)
    return image, []


def _from_16_bits(image: Image.Image) -> Image.Image:
    import numpy as np

    # In place, because the picture may be large: round(v / 257), with no sum above 65535.
    levels = np.array(image, dtype=np.uint16)
    np.minimum(levels, 65407, out=levels)
    levels += 128
    levels //= 257
    return Image.fromarray(levels.astype(np.uint8))


def _from_numbers(image: Image.Image) -> tuple[Image.Image, list[str]]:
    """32-bit numbers do not say what white is: 1, 255 and 65535 are tried, then the largest."""
    import numpy as np

    levels = np.nan_to_num(np.array(image, dtype=np.float32), posinf=0, neginf=0)
    largest = float(levels.max(initial=0))
    unit = 1.0 if image.mode == "F" else 255.0
    white = next((w for w in (unit, 255.0, 65535.0) if largest <= w), largest)
    np.clip(levels, 0, None, out=levels)
    levels *= 255 / white
    np.rint(levels, out=levels)
    return Image.fromarray(levels.astype(np.uint8)), ["32 to 8 bits"]
