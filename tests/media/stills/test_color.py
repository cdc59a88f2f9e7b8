"""Color profiles and the color chunks of PNG, as they come into sRGB."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from sdbr.media.open import open_reader
from sdbr.media.stills.open import DecodedPicture, open_picture
from sdbr.media.stills.profile import matrix_profile

P3 = (0.3127, 0.3290, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060)
ADOBE_RGB = (0.3127, 0.3290, 0.640, 0.330, 0.210, 0.710, 0.150, 0.060)
# From linear light of the one to that of sRGB: W3C, CSS Color 4, and Adobe RGB (1998).
P3_TO_SRGB = ((1.2249, -0.2247, 0.0), (-0.0420, 1.0419, 0.0), (-0.0197, -0.0786, 1.0979))
ADOBE_TO_SRGB = ((1.3982, -0.3982, 0.0), (0.0, 1.0, 0.0), (0.0, -0.0429, 1.0429))
COLORS = [(200, 90, 60), (60, 180, 90), (90, 110, 220), (128, 128, 128), (20, 30, 25)]
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def noise(mode: str) -> Image.Image:
    values = np.random.default_rng(1).integers(0, 256, (32, 32, len(mode)), np.uint8)
    return Image.fromarray(values.squeeze())


def opened(image: Image.Image, suffix: str = "png", **options: object) -> DecodedPicture:
    buffer = BytesIO()
    image.save(buffer, suffix, **options)
    return open_picture(buffer.getvalue(), keep_alpha=True)


def pixels(image: Image.Image) -> npt.NDArray[np.int64]:
    return np.asarray(image, np.int64)


def row(colors: list[tuple[int, int, int]]) -> Image.Image:
    return Image.fromarray(np.array([colors], np.uint8))


def with_chunks(**chunks: bytes) -> PngInfo:
    info = PngInfo()
    for name, body in chunks.items():
        info.add(name.encode(), body)
    return info


def expected(
    colors: npt.ArrayLike, exponent: float, matrix: npt.ArrayLike
) -> npt.NDArray[np.float64]:
    light = np.clip((np.asarray(colors) / 255) ** exponent @ np.array(matrix).T, 0, 1)
    return 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def srgb_light(level: int) -> float:
    value = level / 255
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def icc(space: bytes, pcs: bytes, tags: dict[bytes, bytes]) -> bytes:
    """A printer's profile of version 2."""
    tags |= {b"wtpt": b"XYZ " + struct.pack(">4x3i", 63190, 65536, 54061)}
    tags |= {b"desc": b"desc" + struct.pack(">4xI", 6) + b"Paper\0" + bytes(78)}
    table, body, start = struct.pack(">I", len(tags)), b"", 132 + 12 * len(tags)
    for name, data in tags.items():
        table += name + struct.pack(">II", start + len(body), len(data))
        body += data.ljust((len(data) + 3) // 4 * 4, b"\0")
    head = struct.pack(">I4xI", start + len(body), 0x02100000) + b"prtr" + space + pcs + bytes(12)
    head += b"acsp" + bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + table + body


def test_a_linear_profile_is_applied_although_its_title_says_srgb() -> None:
    profile = matrix_profile(1.0, title="sRGB IEC61966-2.1")
    for mode in ("RGB", "L"):
        gray = opened(Image.new(mode, (4, 4), "#373737"), icc_profile=profile)
        assert gray.image.getpixel((1, 1)) == (128, 128, 128)
        assert gray.notes == ("colors to sRGB (sRGB IEC61966-2.1)",)


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "LA"])
@pytest.mark.parametrize("profile", [SRGB, matrix_profile(None, title="my monitor")])
def test_what_is_srgb_by_its_numbers_stays_as_it_is(mode: str, profile: bytes) -> None:
    image = noise(mode) if mode != "LA" else noise("RGBA").convert("LA")
    shown = opened(image, icc_profile=profile)
    wanted = image.convert("RGBA" if "A" in mode else "RGB")
    assert (pixels(shown.image) == pixels(wanted)).all()
    assert shown.notes == ()


@pytest.mark.parametrize(
    ("points", "gamma", "matrix"),
    [(P3, 1 / 1.8, P3_TO_SRGB), (ADOBE_RGB, 256 / 563, ADOBE_TO_SRGB), (P3, 1.0, P3_TO_SRGB)],
    ids=["P3", "Adobe RGB", "linear P3"],
)
def test_a_wide_gamut_is_converted(
    points: tuple[float, ...], gamma: float, matrix: npt.ArrayLike
) -> None:
    shown = opened(row(COLORS), icc_profile=matrix_profile(gamma, points, "wide"))
    assert np.abs(pixels(shown.image)[0] - expected(COLORS, 1 / gamma, matrix)).max() <= 2
    assert shown.notes == ("colors to sRGB (wide)",)


def test_a_gray_profile_is_applied() -> None:
    """Of light itself: half of the light is level 188."""
    profile = icc(b"GRAY", b"XYZ ", {b"kTRC": b"curv" + bytes(8)})
    shown = opened(Image.new("L", (4, 4), 128), icc_profile=profile)
    assert shown.image.getpixel((1, 1)) == (188, 188, 188)
    assert shown.notes == ("colors to sRGB (Paper)",)


def test_a_cmyk_profile_is_applied() -> None:
    """Its cyan ink is said to print as a red of L* 50, a* 60, b* 40: (213, 60, 55) in sRGB."""
    white, red = (255, 128, 128), (128, 188, 168)
    grid = [red if corner & 8 else white for corner in range(16)]
    table = bytes((0, 0, 0, 0, 4, 3, 2, 0)) + struct.pack(">9i", *(65536, 0, 0, 0) * 2, 65536)
    straight = bytes(range(256))
    table += straight * 4 + bytes(value for color in grid for value in color) + straight * 3
    profile = icc(b"CMYK", b"Lab ", {b"A2B0": b"mft1" + table})
    cyan = Image.new("CMYK", (16, 16), (255, 0, 0, 0))
    shown = opened(cyan, "tiff", icc_profile=profile)
    assert np.abs(pixels(shown.image)[8, 8] - (213, 60, 55)).max() <= 2
    assert shown.notes == ("CMYK to sRGB (Paper)",)


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_profile_that_cannot_be_unpacked_is_left_out(mode: str) -> None:
    buffer = BytesIO()
    noise(mode).save(buffer, "png", icc_profile=SRGB)
    start, name, rest = buffer.getvalue().partition(b"iCCP")
    at = rest.index(b"\0") + 2
    (length,) = struct.unpack(">I", start[-4:])
    chunk = name + rest[:at] + bytes(length - at)
    data = start + chunk + struct.pack(">I", zlib.crc32(chunk)) + rest[length + 4 :]
    shown = open_picture(data, keep_alpha=True)
    assert (pixels(shown.image) == pixels(noise(mode))).all()
    assert shown.notes == ("unusable color profile ignored",)


def test_gamma_and_primaries_of_a_png_count_where_it_has_no_profile() -> None:
    linear = {"gAMA": struct.pack(">I", 100_000)}
    p3 = {"cHRM": struct.pack(">8I", *(round(100_000 * part) for part in P3))}
    gray = opened(Image.new("RGB", (4, 4), "#373737"), pnginfo=with_chunks(**linear))
    assert gray.image.getpixel((1, 1)) == (128, 128, 128)
    assert gray.notes == ("colors to sRGB (gAMA, cHRM)",)
    both = opened(row(COLORS), pnginfo=with_chunks(**linear, **p3))
    assert np.abs(pixels(both.image)[0] - expected(COLORS, 1, P3_TO_SRGB)).max() <= 2


def test_what_a_png_says_of_srgb_in_chunks_leaves_its_pixels_as_they_are() -> None:
    usual = {
        "gAMA": struct.pack(">I", 45455),
        "cHRM": struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000),
    }
    nonsense = {"gAMA": bytes(4), "cHRM": bytes(32)}
    linear = {"gAMA": struct.pack(">I", 100_000)}
    for chunks in (usual, nonsense, {"cHRM": bytes(32)}, linear | {"sRGB": b"\0"}):
        shown = opened(noise("RGB"), pnginfo=with_chunks(**chunks))
        assert (pixels(shown.image) == pixels(noise("RGB"))).all()
        assert shown.notes == ()
    shown = opened(noise("RGB"), pnginfo=with_chunks(**linear), icc_profile=SRGB)
    assert (pixels(shown.image) == pixels(noise("RGB"))).all()


def test_cicp_of_a_png_counts_more_than_its_profile() -> None:
    """Display P3 with sRGB's curve, full range, as H.273 numbers them."""
    chunks = with_chunks(cICP=bytes((12, 13, 0, 1)))
    shown = opened(row(COLORS), pnginfo=chunks, icc_profile=SRGB)
    light = [[255 * srgb_light(level) for level in color] for color in COLORS]
    assert np.abs(pixels(shown.image)[0] - expected(light, 1, P3_TO_SRGB)).max() <= 2
    plain = opened(noise("RGB"), pnginfo=with_chunks(cICP=bytes((1, 13, 0, 1))))
    assert (pixels(plain.image) == pixels(noise("RGB"))).all()
    assert plain.notes == ()


# SDR bars, and what BT.2100 makes of them in BT.2020 of 8 bits: PQ (16) and HLG (18).
BARS = [(191, 191, 191), (191, 140, 115), (191, 191, 0), (0, 191, 191), (191, 0, 191), (0, 0, 191)]
IN_HDR = {
    16: [
        (130,) * 3,
        (124, 113, 102),
        (129, 130, 78),
        (106, 128, 130),
        (120, 72, 128),
        (61, 40, 127),
    ],
    18: [
        (161,) * 3,
        (151, 128, 106),
        (159, 161, 66),
        (113, 158, 160),
        (142, 60, 157),
        (46, 26, 156),
    ],
}


@pytest.mark.parametrize("curve", [16, 18], ids=["PQ", "HLG"])
@pytest.mark.parametrize("suffix", ["png", "avif"])
def test_an_hdr_picture_keeps_its_hues(curve: int, suffix: str) -> None:
    wide = Image.fromarray(np.repeat(np.array([IN_HDR[curve]], np.uint8), 16, 1).repeat(16, 0))
    buffer = BytesIO()
    if suffix == "png":
        wide.save(buffer, suffix, pnginfo=with_chunks(cICP=bytes((9, curve, 0, 1))))
        data = buffer.getvalue()
    else:
        wide.save(buffer, suffix, quality=100, subsampling="4:4:4")
        head, box, rest = buffer.getvalue().partition(b"colrnclx")
        data = head + box + struct.pack(">HH", 9, curve) + rest[4:]
    shown = open_picture(data)
    middles = pixels(shown.image)[8, 8::16]
    # A step of 8 bits is up to 24 levels of a channel that is black.
    assert np.abs(middles - BARS).mean() < 5
    assert np.abs(middles - BARS)[np.array(BARS) > 0].max() <= 8
    assert shown.notes == ("HDR to SDR",)


@pytest.mark.parametrize("kind", ["png", "webp", "folder"])
def test_frames_of_a_clip_are_converted_too(tmp_path: Path, kind: str) -> None:
    gray, dark = (Image.new("RGB", (8, 8), color) for color in ("#373737", "#010101"))
    profile, path = matrix_profile(1.0), tmp_path / f"clip.{kind}"
    if kind == "folder":
        path.mkdir()
        for name, image in (("1.png", gray), ("2.png", dark)):
            image.save(path / name, icc_profile=profile)
    else:
        options = {"save_all": True, "append_images": [dark], "duration": 40, "lossless": True}
        gray.save(path, icc_profile=profile, **options)
    shown = [frame.image[4, 4].tolist() for frame in open_reader(path).frames()]
    assert shown == [[128] * 3, [13] * 3]
