import contextlib
import os
import resource
import struct
import subprocess
import sys
import zlib
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from sdbr.errors import InputProblem, UsageProblem
from sdbr.media.stills.open import open_answer, open_picture
from sdbr.media.stills.profile import matrix_profile
from sdbr.request import Picture, Size

MEDIA = Path(os.environ.get("SDBR_TEST_MEDIA", ""))
needs_media = pytest.mark.skipif(
    "SDBR_TEST_MEDIA" not in os.environ, reason="SDBR_TEST_MEDIA is not set"
)
ORANGE = (230, 120, 20)


def encoded(image: Image.Image, suffix: str, **options: object) -> bytes:
    buffer = BytesIO()
    image.save(buffer, suffix, **options)
    return buffer.getvalue()


def png(width: int, height: int, rows: bytes, depth: int = 8, color: int = 2) -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def marked() -> Image.Image:
    """Red left, blue right, and a green corner at the top left."""
    image = Image.new("RGB", (40, 20), "red")
    image.paste("blue", (20, 0, 40, 20))
    image.paste("lime", (0, 0, 8, 8))
    return image


@pytest.mark.parametrize("turn", range(1, 9))
def test_every_exif_turn_comes_out_upright(turn):
    lying = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    image = marked().transpose(lying[turn]) if turn > 1 else marked()
    exif = Image.Exif()
    exif[0x0112] = turn
    for suffix in ("png", "jpeg", "webp", "tiff"):
        opened = open_picture(encoded(image, suffix, exif=exif))
        assert opened.size == opened.image.size == (40, 20)
        red, green, _ = opened.image.getpixel((2, 2))
        assert green > 200 > red
    assert (turn == 1) or f"rotated upright (EXIF {turn})" in open_picture(
        encoded(image, "jpeg", exif=exif)
    ).notes


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK", "LAB", "I;16", "I", "F"])
def test_every_mode_becomes_rgb(mode):
    white = Image.new("RGB", (4, 4), "white").convert("L" if mode in ("I;16", "I", "F") else "RGB")
    if mode == "LAB":
        lab = ImageCms.createProfile("LAB")
        white = ImageCms.profileToProfile(
            white, ImageCms.createProfile("sRGB"), lab, outputMode="LAB"
        )
    elif mode == "I;16":
        white = Image.fromarray(__import__("numpy").full((4, 4), 65535, "uint16"))
    else:
        white = white.convert(mode)
    opened = open_picture(encoded(white, "tiff"))
    assert opened.image.mode == "RGB"
    assert min(opened.image.getpixel((1, 1))) >= 254


def test_deep_gray_is_scaled_and_not_cut_off():
    levels = [0, 128, 129, 257, 32768, 65278, 65535]
    row = b"\0" + struct.pack(">7H", *levels)
    opened = open_picture(png(7, 1, row, depth=16, color=0))
    assert [opened.image.getpixel((x, 0))[0] for x in range(7)] == [
        round(level / 257) for level in levels
    ]
    assert opened.notes == ("16 to 8 bits",)


def test_deep_color_is_scaled_and_not_cut_off():
    row = b"\0" + struct.pack(">6H", 0, 32896, 65535, 400, 20000, 60000)
    pixels = open_picture(png(2, 1, row, depth=16)).image
    for pixel, levels in zip(
        [(0, 0), (1, 0)], [(0, 32896, 65535), (400, 20000, 60000)], strict=True
    ):
        for got, level in zip(pixels.getpixel(pixel), levels, strict=True):
            assert abs(got - level / 257) <= 1


def test_inverted_cmyk_as_adobe_writes_it_keeps_its_colors():
    cmyk = Image.new("RGB", (16, 16), ORANGE).convert("CMYK")
    opened = open_picture(encoded(cmyk, "jpeg", quality=95))
    assert max(abs(a - b) for a, b in zip(opened.image.getpixel((8, 8)), ORANGE, strict=True)) < 6
    assert opened.notes == ("CMYK to sRGB",)


def test_a_color_profile_is_applied():
    lab = ImageCms.createProfile("LAB")
    wide = Image.new("RGB", (4, 4), ORANGE)
    lab_image = ImageCms.profileToProfile(
        wide, ImageCms.createProfile("sRGB"), lab, outputMode="LAB"
    )
    profile = ImageCms.ImageCmsProfile(lab).tobytes()
    opened = open_picture(encoded(lab_image, "tiff", icc_profile=profile))
    assert max(abs(a - b) for a, b in zip(opened.image.getpixel((1, 1)), ORANGE, strict=True)) < 4
    assert "to sRGB" in opened.notes[0]
    assert opened.image.info == {}


def test_a_broken_color_profile_is_left_out():
    opened = open_picture(encoded(Image.new("RGB", (4, 4), ORANGE), "png", icc_profile=b"nonsense"))
    assert opened.image.getpixel((1, 1)) == ORANGE
    assert opened.notes == ("unusable color profile ignored",)


def test_transparent_parts_show_the_background_or_are_kept():
    clear = Image.new("RGBA", (2, 1), (255, 0, 0, 0))
    clear.putpixel((1, 0), (255, 0, 0, 255))
    data = encoded(clear, "png")
    assert open_picture(data).image.getpixel((0, 0)) == (255, 255, 255)
    assert open_picture(data, background="#102030").image.getpixel((0, 0)) == (16, 32, 48)
    assert open_picture(data).image.getpixel((1, 0)) == (255, 0, 0)
    kept = open_picture(data, keep_alpha=True).image
    assert (kept.mode, kept.getchannel("A").getpixel((0, 0))) == ("RGBA", 0)
    with pytest.raises(UsageProblem, match="'beautiful' is not a color"):
        open_picture(data, background="beautiful")


def test_a_transparent_palette_color_shows_the_background():
    image = Image.new("P", (2, 1), 0)
    image.putpalette([255, 0, 0, 0, 255, 0])
    image.putpixel((1, 0), 1)
    for suffix in ("png", "gif"):
        opened = open_picture(encoded(image, suffix, transparency=0)).image
        assert [opened.getpixel((x, 0)) for x in (0, 1)] == [(255, 255, 255), (0, 255, 0)]


def test_an_alpha_channel_in_which_nothing_is_clear_is_dropped():
    opened = open_picture(encoded(Image.new("RGBA", (3, 3), ORANGE), "png"), keep_alpha=True)
    assert (opened.image.mode, opened.notes) == ("RGB", ())


@pytest.mark.parametrize("keep_alpha", [True, False])
def test_padding_is_no_transparency(keep_alpha):
    padded = Image.new("RGBA", (3, 3), (*ORANGE, 0))
    padded.putpixel((0, 0), (0, 0, 0, 0))
    data = encoded(padded, "png")
    opened = open_picture(data, keep_alpha=keep_alpha, drop_padding=True)
    assert (opened.image.mode, opened.image.getpixel((1, 1))) == ("RGB", ORANGE)
    assert opened.notes == ("fully transparent alpha ignored",)
    assert open_picture(data).image.getpixel((1, 1)) == (255, 255, 255)


def test_an_empty_canvas_shows_the_background():
    data = encoded(Image.new("RGBA", (3, 3)), "png")
    opened = open_picture(data, background="red", drop_padding=True)
    assert opened.image.getpixel((1, 1)) == (255, 0, 0)


@pytest.mark.parametrize("suffix", ["gif", "webp", "png"])
def test_the_first_frame_of_an_animation_is_taken(suffix):
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "blue")]
    options = {"save_all": True, "append_images": frames[1:], "lossless": True}
    opened = open_picture(encoded(frames[0], suffix, **options))
    assert opened.image.getpixel((4, 4)) == (255, 0, 0)
    assert opened.notes[0] == "first frame of an animation"


def test_a_large_jpeg_is_decoded_no_larger_than_needed():
    data = encoded(Image.linear_gradient("L").resize((1600, 800)).convert("RGB"), "jpeg")
    opened = open_picture(data, at_least=Size(100, 100))
    assert opened.size == (1600, 800)
    assert opened.image.size == (400, 200)


def test_an_upright_size_is_meant_when_less_is_needed():
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded(Image.new("RGB", (1600, 400)), "jpeg", exif=exif)
    assert open_picture(data, at_least=Size(100, 100)).image.size == (200, 800)
    assert open_picture(data, at_least=Size(50, 400)).image.size == (200, 800)


def test_more_pixels_than_the_cap_are_refused_unread():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    bomb = png(20_000, 20_000, bytes(2501) * 20_000, depth=1, color=0)
    with pytest.raises(InputProblem, match=r"declares 20000x20000 pixels .400 megapixels"):
        open_picture(bomb)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 150_000


def test_damage_is_told_in_one_line(tmp_path):
    whole = encoded(Image.effect_noise((60, 60), 90).convert("RGB"), "png")
    for data, words in {
        b"": "is empty",
        b"some text": "is not a supported picture",
        whole[: len(whole) // 2]: "is truncated",
        png(0, 0, b""): "declares a size of zero",
        flipped(whole, whole.index(b"IDAT") + 4 + 1500): "is damaged and cannot be decoded",
        flipped(whole, len(whole) - 14): "is damaged and cannot be decoded",
        b"\0\0\0\x18ftypisom" + bytes(64): "is a video",
    }.items():
        path = tmp_path / "it.png"
        path.write_bytes(data)
        with pytest.raises(InputProblem, match=words) as caught:
            open_picture(path)
        assert str(caught.value).startswith(str(path))
        assert "\n" not in str(caught.value)


def test_a_folder_and_a_missing_file_are_told(tmp_path):
    with pytest.raises(InputProblem, match="is a folder"):
        open_picture(tmp_path)
    with pytest.raises(InputProblem, match=r"Cannot read .*: no such file"):
        open_picture(tmp_path / "none.png")


SEEDS = [
    encoded(marked().convert(mode), suffix)
    for mode, suffix in [
        *(("RGB", "png"), ("P", "png"), ("RGBA", "png"), ("RGB", "jpeg"), ("CMYK", "jpeg")),
        *(("RGB", "webp"), ("P", "gif"), ("RGB", "tiff"), ("RGB", "bmp"), ("L", "jpeg")),
    ]
]


@pytest.mark.filterwarnings("ignore::UserWarning")
@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(SEEDS), st.data())
def test_a_mutated_picture_opens_or_is_an_input_problem(seed, data):
    mutated = bytearray(seed)
    for _ in range(data.draw(st.integers(0, 5))):
        mutated[data.draw(st.integers(0, len(mutated) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(mutated[: data.draw(st.integers(0, len(mutated)))])
    with contextlib.suppress(InputProblem):
        assert open_picture(cut).image.mode == "RGB"


@given(st.binary(max_size=300))
def test_random_bytes_are_an_input_problem(data):
    with pytest.raises(InputProblem):
        open_picture(data)


@needs_media
def test_every_broken_file_gives_one_line_and_nothing_else():
    code = (
        "import sys\nfrom pathlib import Path\nfrom sdbr.errors import InputProblem\n"
        "from sdbr.media.stills.open import open_picture\n"
        "for path in sorted(Path(sys.argv[1]).iterdir()):\n"
        "    try: print('opened', path, open_picture(path).size)\n"
        "    except InputProblem as problem: print(problem)\n"
    )
    argv = [sys.executable, "-c", code, str(MEDIA / "broken")]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert done.stderr == ""
    assert len(lines) == len(list((MEDIA / "broken").iterdir()))
    assert not [line for line in lines if line.startswith("opened")]


@needs_media
def test_every_photo_opens_upright_and_in_its_colors():
    photos = {path.stem: open_picture(path) for path in (MEDIA / "photos").iterdir()}
    assert {opened.image.mode for opened in photos.values()} == {"RGB"}
    assert photos["landscape-exif6"].size == (1800, 1200)
    red, green, blue = photos["cmyk-100x100"].image.getpixel((5, 2))
    assert red > 200
    assert max(green, blue) < 60
    sky = photos["china-cmyk-640x427"].image.getpixel((600, 10))
    assert min(sky) > 180
    assert photos["china-cmyk-640x427"].notes == ("CMYK to sRGB",)


def answered(data: bytes, format: str = "png") -> Picture:
    return Picture(data, format, Size(4, 4), seed=7)


def test_what_is_see_through_in_a_model_s_picture_is_white_unless_it_is_kept():
    picture = answered(encoded(Image.new("RGBA", (4, 4), (255, 0, 0, 0)), "webp", lossless=True))
    picture = replace(picture, format="webp")
    assert open_answer(picture).getpixel((0, 0)) == (255, 255, 255)
    assert open_answer(picture, keep_alpha=True).getpixel((0, 0))[3] == 0


def test_a_model_s_picture_is_brought_to_srgb_by_its_profile():
    linear = matrix_profile(1.0)
    opened = open_answer(
        answered(encoded(Image.new("RGB", (4, 4), "#373737"), "png", icc_profile=linear))
    )
    assert abs(opened.getpixel((0, 0))[0] - 128) <= 1
    assert "icc_profile" not in opened.info


def test_a_model_s_picture_that_cannot_be_decoded_is_told_with_what_to_do():
    with pytest.raises(InputProblem, match="Run the command again with --fresh"):
        open_answer(answered(encoded(marked(), "png")[:60]))
