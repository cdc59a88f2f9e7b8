import subprocess
import sys
from io import BytesIO

import pytest
from PIL import Image, ImageChops

from sdbr.errors import InputProblem
from sdbr.media.formats import sniff, whole
from sdbr.media.stills.encode import encode, encode_under

NOISE = Image.effect_noise((128, 96), 120).convert("RGB")


@pytest.mark.parametrize("format", ["png", "jpeg", "webp"])
def test_each_format_is_written_whole_and_the_same_each_time(format):
    data = encode(NOISE, format)
    assert sniff(data) == (format, (128, 96))
    assert whole(data)
    assert encode(NOISE, format) == data


def test_png_keeps_every_pixel():
    back = Image.open(BytesIO(encode(NOISE)))
    assert ImageChops.difference(back, NOISE).getbbox() is None


def test_what_is_transparent_becomes_white_in_a_jpeg():
    clear = Image.new("RGBA", (16, 16), (255, 0, 0, 0))
    assert min(Image.open(BytesIO(encode(clear, "jpeg"))).getpixel((8, 8))) > 250


def test_a_png_that_is_too_large_becomes_a_jpeg_or_keeps_its_alpha_in_a_webp():
    limit = len(encode(NOISE)) - 1
    assert sniff(encode_under(NOISE, "png", limit + 1)).format == "png"
    assert sniff(encode_under(NOISE, "png", limit)).format == "jpeg"
    clear = NOISE.convert("RGBA")
    clear.putalpha(100)
    packed = encode_under(clear, "png", limit)
    assert sniff(packed).format == "webp"
    assert Image.open(BytesIO(packed)).mode == "RGBA"


def test_quality_falls_until_the_file_fits():
    limit = len(encode(NOISE, "jpeg", 60))
    data = encode_under(NOISE, "jpeg", limit)
    assert len(data) <= limit
    assert sniff(data).format == "jpeg"


def test_what_cannot_be_packed_is_told():
    with pytest.raises(InputProblem, match="128x96 cannot be compressed to 100 bytes"):
        encode_under(NOISE, "png", 100)
    with pytest.raises(InputProblem, match=r"Cannot write a picture of .* as webp"):
        encode(Image.new("RGB", (20_000, 1)), "webp")


def test_without_isal_a_frame_has_the_same_pixels_and_is_looked_over():
    code = """
import sys; sys.modules["isal"] = None
from io import BytesIO; import numpy as np; from PIL import Image
from sdbr.emulator.painter.files import png; from sdbr.media.formats import whole
from sdbr.media.stills.encode import encode_frame
pixels = np.random.default_rng(1).integers(0, 255, (30, 40, 3), np.uint8)
for file in (encode_frame(pixels), png(Image.fromarray(pixels), {})):
    assert np.array_equal(np.asarray(Image.open(BytesIO(file))), pixels)
    assert whole(file) and not whole(file[:900] + bytes(20) + file[920:])
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
