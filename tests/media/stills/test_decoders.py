"""Pictures that further libraries read: HEIC and JPEG XL; and AVIF, which Pillow reads itself."""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from sdbr.errors import InputProblem
from sdbr.media.open import open_reader
from sdbr.media.stills.open import open_picture
from sdbr.media.stills.profile import matrix_profile

HEIC = b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic" + bytes(64)
JPEG_XL = b"\xff\x0a" + bytes(64)
LIBRARIES = {"HEIF": "pillow_heif.HeifImagePlugin", "JXL": "pillow_jxl.JpegXLImagePlugin"}


def encoded(image: Image.Image, format: str, **options: object) -> bytes:
    if format in LIBRARIES:
        pytest.importorskip(LIBRARIES[format])
    buffer = BytesIO()
    image.save(buffer, format, quality=95, **options)
    return buffer.getvalue()


def marked() -> Image.Image:
    """Red left, blue right, and a green corner at the top left."""
    image = Image.new("RGB", (64, 32), "red")
    image.paste("blue", (32, 0, 64, 32))
    image.paste("lime", (0, 0, 12, 12))
    return image


def turned() -> tuple[Image.Image, bytes]:
    """The marked picture lying on its side, and the EXIF that turns it upright."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return marked().transpose(Image.Transpose.ROTATE_90), exif.tobytes()


@pytest.mark.parametrize(
    ("data", "library", "line"),
    [
        (HEIC, "pillow_heif", "HEIC picture. Install support for it: {}heic]'"),
        (
            JPEG_XL,
            "pillow_jxl",
            "JPEG XL picture. Install support for it: {}jxl]'",
        ),
    ],
)
def test_without_its_library_a_picture_is_refused_with_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, library: str, line: str
) -> None:
    for module in [name for name in sys.modules if name.partition(".")[0] == library]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, library, None)
    path = tmp_path / "photo.jpg"
    path.write_bytes(data)
    with pytest.raises(InputProblem) as caught:
        open_picture(path)
    assert str(caught.value) == f"'{path}' is a " + line.format("pip install 'sdbr[")


@pytest.mark.parametrize("format", ["AVIF", "HEIF", "JXL"])
def test_colors_are_right(format: str) -> None:
    plain = open_picture(encoded(marked(), format))
    assert (plain.size, plain.format) == ((64, 32), format.lower())
    for place, color in ((20, 24), (255, 0, 0)), ((50, 16), (0, 0, 255)), ((4, 4), (0, 255, 0)):
        shown = plain.image.getpixel(place)
        assert isinstance(shown, tuple)
        assert max(abs(a - b) for a, b in zip(shown, color, strict=True)) < 10
    assert plain.notes == ()


@pytest.mark.parametrize("format", ["AVIF", "HEIF"])
def test_a_profile_is_applied(format: str) -> None:
    gray = Image.new("RGB", (16, 16), "#373737")
    opened = open_picture(encoded(gray, format, icc_profile=matrix_profile(1.0)))
    assert opened.image.getpixel((8, 8)) == pytest.approx((128, 128, 128), abs=2)


@pytest.mark.parametrize("format", ["AVIF", "HEIF"])
def test_a_picture_is_turned_upright_once(format: str) -> None:
    lying, exif = turned()
    opened = open_picture(encoded(lying, format, exif=exif))
    assert opened.size == opened.image.size == (64, 32)
    shown = opened.image.getpixel((4, 4))
    assert isinstance(shown, tuple)
    assert shown[1] > 200 > shown[0]


def test_a_jpeg_inside_a_jpeg_xl_keeps_its_turn_and_its_profile(tmp_path: Path) -> None:
    pytest.importorskip(LIBRARIES["JXL"])
    _, exif = turned()
    gray = Image.new("RGB", (32, 64), "#373737")
    gray.save(tmp_path / "a.jpg", exif=exif, icc_profile=matrix_profile(1.0), quality=95)
    with Image.open(tmp_path / "a.jpg") as jpeg:
        jpeg.save(tmp_path / "a.jxl", lossless_jpeg=True)
    opened = open_picture(tmp_path / "a.jxl")
    assert opened.size == (64, 32)
    assert opened.image.getpixel((8, 8)) == pytest.approx((128, 128, 128), abs=2)


@pytest.mark.parametrize("format", ["AVIF", "HEIF", "JXL"])
def test_transparency_is_kept_where_it_is_asked_for(format: str) -> None:
    clear = marked().convert("RGBA")
    clear.putalpha(0)
    kept = open_picture(encoded(clear, format), keep_alpha=True).image
    assert kept.getchannel("A").getextrema() == (0, 0)


def test_an_avif_that_names_its_container_first_is_no_heic() -> None:
    data = encoded(marked(), "AVIF")
    assert data[8:12] == b"avif"
    assert open_picture(data[:8] + b"mif1" + data[12:]).format == "avif"


@pytest.mark.parametrize("format", ["HEIF", "JXL"])
def test_damage_is_told(format: str) -> None:
    data = encoded(Image.effect_noise((64, 64), 90).convert("RGB"), format)
    with pytest.raises(InputProblem, match=r"is damaged|is truncated"):
        open_picture(data[: len(data) // 2])


def test_a_jpeg_xl_that_declares_too_much_is_refused_unread() -> None:
    """Height and width in 30 bits each, after the two bits that say so."""
    side = 3 | 59_999 << 2
    bits = side << 1 | side << 36
    with pytest.raises(InputProblem, match="declares 60000x60000 pixels"):
        open_picture(b"\xff\x0a" + bits.to_bytes(9, "little") + bytes(64))


@pytest.mark.parametrize("data", [HEIC, JPEG_XL, b"\0\0\0\x14ftypavif\0\0\0\0mif1"])
def test_as_a_clip_it_is_called_a_still(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a").write_bytes(data)
    with pytest.raises(InputProblem, match="is a still picture"):
        open_reader(tmp_path / "a")
