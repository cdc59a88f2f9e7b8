import os
import struct
import subprocess
import sys
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from sdbr.media import formats
from sdbr.media.formats import png_chunk, png_chunks, sniff, whole

SUFFIXES = ["png", "jpeg", "webp", "gif", "bmp"]


def encoded(suffix: str, **options: object) -> bytes:
    buffer = BytesIO()
    Image.effect_noise((37, 21), 50).convert("RGB").save(buffer, suffix, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_format_and_size_are_read_from_the_header(suffix):
    assert sniff(encoded(suffix)) == (suffix, (37, 21))


@pytest.mark.parametrize("options", [{"lossless": True}, {"exif": b"Exif\0\0MM\0*\0\0\0\0"}])
def test_every_kind_of_webp_is_measured(options):
    assert sniff(encoded("webp", **options)) == ("webp", (37, 21))


def test_a_thumbnail_in_a_jpeg_is_not_taken_for_the_picture():
    thumbnail = encoded("jpeg")
    buffer = BytesIO()
    Image.new("RGB", (90, 60)).save(buffer, "jpeg", comment=thumbnail)
    assert sniff(buffer.getvalue()) == ("jpeg", (90, 60))


@pytest.mark.parametrize("data", [b"", b"hello", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF"])
def test_other_bytes_are_nothing(data):
    assert sniff(data) is None
    assert not whole(data)


@pytest.mark.parametrize("suffix", ["png", "jpeg", "webp"])
def test_a_file_cut_anywhere_is_not_whole(suffix):
    data = encoded(suffix)
    assert whole(data)
    assert not any(whole(data[:length]) for length in range(len(data) - 1))


def test_a_progressive_jpeg_cut_between_scans_is_not_whole():
    data = encoded("jpeg", progressive=True)
    assert whole(data)
    assert not any(whole(data[:length]) for length in range(len(data) - 1))


def test_a_png_with_a_flipped_byte_is_not_whole():
    data = bytearray(encoded("png"))
    data[len(data) // 2] ^= 1
    assert not whole(bytes(data))


def test_bytes_behind_the_end_do_no_harm():
    assert all(whole(encoded(suffix) + b"trailer") for suffix in ("png", "jpeg", "webp"))


def test_pillow_is_not_imported():
    code = "import sys, sdbr.media.formats; print('PIL' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.skipif("SDBR_TEST_MEDIA" not in os.environ, reason="SDBR_TEST_MEDIA is not set")
def test_real_photos_are_whole_and_measured_as_pillow_does():
    photos = sorted((Path(os.environ["SDBR_TEST_MEDIA"]) / "photos").iterdir())
    for photo in photos:
        data = photo.read_bytes()
        with Image.open(photo) as image:
            assert sniff(data) == (image.format.lower(), image.size)
        assert whole(data)


@pytest.mark.parametrize("damage", ["stream", "checksum", "short"])
def test_a_png_whose_pixels_do_not_unpack_is_not_whole(damage):
    data = encoded("png")
    (idat,) = [chunk for chunk in png_chunks(data) if chunk.name == b"IDAT"]
    packed = bytearray(data[idat.start : idat.end])
    if damage == "stream":
        packed[len(packed) // 2] ^= 0xFF
    elif damage == "checksum":
        packed[-1] ^= 0xFF
    else:
        del packed[-6:]
    assert whole(data)
    assert not whole(
        data[: idat.start - 8] + png_chunk(b"IDAT", bytes(packed)) + data[idat.end + 4 :]
    )


@pytest.mark.parametrize("more", [0, 1, 1024, 5000])
@pytest.mark.parametrize("parts", [1, 3])
def test_a_png_is_whole_however_its_pixels_end_beside_a_part_that_is_unpacked(parts, more):
    """A megapixel in RGB is three parts and 1024 bytes: such pictures were refused, and paid."""
    header = struct.pack(">IIBBBBB", 1024, 1024, 8, 2, 0, 0, 0)
    for pixels in (bytes(1), bytes(range(4))):
        size = parts * formats._UNPACKED_AT_ONCE + more
        packed = zlib.compress((pixels * size)[:size])
        for cut, expected in ((0, True), (1, False), (5, False)):
            body = formats.png_chunk(b"IDAT", packed[: len(packed) - cut])
            chunks = formats.png_chunk(b"IHDR", header) + body + formats.png_chunk(b"IEND", b"")
            assert formats.whole(formats.PNG_SIGNATURE + chunks) is expected
