"""Any of Pillow's pixel formats as 8-bit sRGB, and transparency laid on a background."""

from __future__ import annotations

from io import BytesIO
from itertools import product

from PIL import Image, ImageCms, ImageColor

from sdbr.errors import UsageProblem
from sdbr.media.color_codes import is_hdr
from sdbr.media.stills.profile import ColorCode, profile_of_chunks

_ROUNDING = 2  # Levels by which profiles of sRGB from several makers differ.


def in_srgb(image: Image.Image, code: ColorCode | None = None) -> tuple[Image.Image, list[str]]:
    """Return the picture as RGB, or RGBA where something in it is transparent, and what was done.

    `code`, or else a color profile in the file, or else what a PNG's gAMA and cHRM say is applied;
    CMYK without any is converted by Pillow's formula.
    """
    profile: object = image.info.get("icc_profile", profile_of_chunks(image.info))
    if profile is None and "icc_profile" in image.info:
        profile = b""  # Pillow could not unpack it.
    if code is not None:
        profile = code if is_hdr(code.curve) else code.profile()
    transparency = image.info.get("transparency")
    if image.mode == "RGB" and profile is None and transparency is None:
        return image, []
    image, notes = in_eight_bits(image)
    if image.mode in ("P", "1", "PA", "La", "RGBa"):
        clear = image.mode in ("PA", "La", "RGBa") or "transparency" in image.info
        image = image.convert("RGBA" if clear else "RGB")
    elif transparency is not None and image.mode in ("L", "RGB") and not notes:
        image = image.convert("RGBA")
    if image.mode in ("LA", "RGBA"):
        return _with_alpha(image, profile, notes)
    color, conversions = _color(image, profile)
    return color, notes + conversions


def flatten(image: Image.Image, background: str) -> tuple[Image.Image, list[str]]:
    """Lay an RGBA picture on a background color. Raises UsageProblem for an unknown color."""
    color = rgb_of(background)
    if image.mode != "RGBA":
        return image, []
    below = Image.new("RGB", image.size, color)
    below.paste(image, mask=image)
    return below, [f"transparent parts filled with {background}"]


def rgb_of(color: str) -> tuple[int, ...]:
    """Return the levels of a color's name or #rrggbb. Raises UsageProblem for an unknown one."""
    try:
        return ImageColor.getrgb(color)[:3]
    except ValueError as error:
        raise UsageProblem(
            f"{color!r} is not a color. Use a name such as white, or #rrggbb."
        ) from error


def _with_alpha(
    image: Image.Image, profile: object, notes: list[str]
) -> tuple[Image.Image, list[str]]:
    opaque = image.getchannel("A").getextrema() == (255, 255)
    if profile is None and not opaque:
        return image if image.mode == "RGBA" else image.convert("RGBA"), notes
    color, conversions = _color(image.convert(image.mode[:-1]), profile)
    if not opaque:
        color.putalpha(image.getchannel("A"))
    return color, notes + conversions


def _color(image: Image.Image, profile: object) -> tuple[Image.Image, list[str]]:
    if isinstance(profile, ColorCode):
        return _from_hdr(image.convert("RGB"), profile)
    if not isinstance(profile, bytes):
        return _by_formula(image)
    try:
        return _by_profile(image, profile)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        done, notes = _by_formula(image)
        return done, [*notes, "unusable color profile ignored"]


def _from_hdr(image: Image.Image, code: ColorCode) -> tuple[Image.Image, list[str]]:
    import numpy as np

    from sdbr.media import hdr

    deep = np.asarray(image, np.uint16) * 257
    planes = [deep[..., channel] for channel in range(3)]
    shown = hdr.in_bt709(planes, code.curve, code.primaries)
    return Image.fromarray(shown), ["HDR to SDR"]


def _by_profile(image: Image.Image, profile: bytes) -> tuple[Image.Image, list[str]]:
    source = ImageCms.ImageCmsProfile(BytesIO(profile))
    if image.mode == "L" and source.profile.xcolor_space.strip() == "RGB":
        image = image.convert("RGB")
    target = ImageCms.createProfile("sRGB")
    intent = ImageCms.Intent.RELATIVE_COLORIMETRIC
    black = ImageCms.Flags.BLACKPOINTCOMPENSATION
    transform = ImageCms.buildTransform(source, target, image.mode, "RGB", intent, flags=black)
    if _is_srgb(transform, image.mode):
        return _by_formula(image)
    done = ImageCms.applyTransform(image, transform)
    if done is None:
        raise ValueError("no picture came back")
    title = (source.profile.profile_description or "its color profile").strip()
    kind = "CMYK" if image.mode == "CMYK" else "colors"
    return done, [f"{kind} to sRGB ({title[:40]})"]


def _is_srgb(transform: ImageCms.ImageCmsTransform, mode: str) -> bool:
    """Whether a profile says what sRGB says, by what becomes of colors; a title may be wrong."""
    import numpy as np

    if mode not in ("L", "RGB"):
        return False
    values = bytes(range(256))
    if mode == "RGB":
        values = b"".join(map(bytes, product(range(0, 256, 17), repeat=3)))
    colors = Image.frombytes(mode, (len(values) // len(mode), 1), values)
    shown = np.asarray(ImageCms.applyTransform(colors, transform), np.int16)
    return int(np.abs(shown - np.asarray(colors.convert("RGB"), np.int16)).max()) <= _ROUNDING


def _by_formula(image: Image.Image) -> tuple[Image.Image, list[str]]:
    if image.mode == "LAB":
        lab, srgb = (ImageCms.createProfile(space) for space in ("LAB", "sRGB"))
        done = ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
        return done or image, ["LAB to sRGB"]
    if image.mode == "RGB":
        return image, []  # a large picture is not copied for nothing
    return image.convert("RGB"), ["CMYK to sRGB"] if image.mode == "CMYK" else []


def in_eight_bits(image: Image.Image) -> tuple[Image.Image, list[str]]:
    """Return a deep gray picture as 8-bit gray, and what was done; others come back as they are.

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
