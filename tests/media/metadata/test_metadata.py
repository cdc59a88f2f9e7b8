import json
import struct
import zlib
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from sdbr.errors import InputProblem
from sdbr.media.formats import jpeg_segments, png_chunks, sniff, webp_chunks, whole
from sdbr.media.metadata import PictureMetadata, embed, read

PARAMETERS = "a fox 🦊 naïve\nNegative prompt: blur\nSteps: 30, Seed: 7, Size: 64x48, Model: x"
RECORD = json.dumps({"prompt": 'a <fox> & "friends" 🦊', "seed": 7}, ensure_ascii=False)
KINDS = ["png", "png-alpha", "jpeg", "progressive", "webp", "webp-lossless", "webp-alpha"]


def encoded(kind: str, **more: object) -> bytes:
    mode = "RGBA" if kind.endswith("alpha") else "RGB"
    image = Image.linear_gradient("L").resize((64, 48)).convert(mode)
    if mode == "RGBA":
        image.putalpha(Image.radial_gradient("L").resize((64, 48)))
    options: dict[str, object] = {
        "progressive": {"progressive": True},
        "webp-lossless": {"lossless": True},
        "webp-alpha": {"lossless": True},
    }.get(kind, {})
    suffix = {"progressive": "jpeg"}.get(kind, kind.partition("-")[0])
    buffer = BytesIO()
    image.save(buffer, suffix, **options, **more)
    return buffer.getvalue()


def payload(data: bytes) -> bytes:
    """The encoded pixels, whatever the container."""
    match sniff(data).format:
        case "png":
            return b"".join(data[c.start : c.end] for c in png_chunks(data) if c.name == b"IDAT")
        case "jpeg":
            return data[list(jpeg_segments(data))[-1].start :]
    names = (b"VP8 ", b"VP8L", b"ALPH", b"ANMF")
    return b"".join(data[c.start : c.end] for c in webp_chunks(data) if c.name in names)


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_embedded_is_read_back_and_no_pixel_is_touched(kind):
    data = encoded(kind)
    made = embed(data, PARAMETERS, RECORD)
    assert read(made) == PictureMetadata(PARAMETERS, RECORD)
    assert payload(made) == payload(data)
    assert whole(made)
    before, after = Image.open(BytesIO(data)), Image.open(BytesIO(made))
    assert (after.mode, after.size) == (before.mode, before.size)
    assert after.tobytes() == before.tobytes()


@pytest.mark.parametrize(("kind", "alpha"), [("webp-alpha", 0x10), ("webp-lossless", 0)])
def test_the_header_of_a_webp_tells_of_transparency_exif_and_xmp(kind, alpha):
    """As the container's specification has it: a browser goes by these bits."""
    assert not any(chunk.name == b"VP8X" for chunk in webp_chunks(encoded(kind)))
    made = embed(encoded(kind), PARAMETERS, RECORD)
    (header,) = (chunk for chunk in webp_chunks(made) if chunk.name == b"VP8X")
    assert made[header.start] == alpha | 0x08 | 0x04


@pytest.mark.parametrize("kind", KINDS)
def test_embedding_again_replaces_what_was_there(kind):
    data = encoded(kind)
    once = embed(data, PARAMETERS, RECORD)
    assert embed(embed(data, "an earlier, longer text" * 9, "{}" * 99), PARAMETERS, RECORD) == once
    assert embed(once, PARAMETERS, RECORD) == once


@pytest.mark.parametrize("kind", ["jpeg", "webp", "webp-lossless"])
def test_exif_that_is_there_already_is_kept(kind):
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "A camera maker with a long name"
    exif.get_ifd(0x8769)[0xA434] = "a lens"
    made = Image.open(BytesIO(embed(encoded(kind, exif=exif), PARAMETERS, RECORD))).getexif()
    assert (made[0x0112], made[0x010F]) == (6, "A camera maker with a long name")
    assert made.get_ifd(0x8769)[0xA434] == "a lens"
    assert made.get_ifd(0x8769)[0x9286] == b"UNICODE\0" + PARAMETERS.encode("utf-16-be")


def test_the_png_text_is_where_other_programs_look_for_it():
    image = Image.open(BytesIO(embed(encoded("png"), PARAMETERS, RECORD)))
    assert image.text == {"parameters": PARAMETERS, "sdbr": RECORD}


def test_other_text_chunks_and_the_color_profile_stay():
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", "me")
    info.add_text("parameters", "old")
    made = embed(encoded("png", pnginfo=info, icc_profile=b"profile"), PARAMETERS, "")
    image = Image.open(BytesIO(made))
    assert image.text == {"Author": "me", "parameters": PARAMETERS}
    assert image.info["icc_profile"] == b"profile"


def test_foreign_xmp_in_a_webp_stays():
    foreign = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="'
        b'http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="">hello'
        b"</rdf:Description></rdf:RDF></x:xmpmeta>"
    )
    made = embed(encoded("webp", xmp=foreign), PARAMETERS, RECORD)
    assert b"hello" in Image.open(BytesIO(made)).info["xmp"]
    assert read(made) == PictureMetadata(PARAMETERS, RECORD)


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
def test_texts_longer_than_a_jpeg_segment_survive(kind):
    long, record = "é🦊" * 60_000, json.dumps(["x" * 200_000])
    made = embed(encoded(kind), long, record)
    assert read(made) == PictureMetadata(long, record)
    Image.open(BytesIO(made)).load()


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
def test_pictures_of_the_webui_are_read(kind, tmp_path):
    if kind == "png":
        info = PngImagePlugin.PngInfo()
        info.add_text("parameters", PARAMETERS)
        data = encoded(kind, pnginfo=info)
    else:
        exif = Image.Exif()
        exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + PARAMETERS.encode("utf-16-be")
        data = encoded(kind, exif=exif)
    path = tmp_path / "picture"
    path.write_bytes(data)
    assert read(path) == PictureMetadata(PARAMETERS, "")


def test_a_comment_with_the_low_byte_first_is_read_too():
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + PARAMETERS.encode("utf-16-le")
    assert read(encoded("jpeg", exif=exif)) == PictureMetadata(PARAMETERS, "")


def test_a_text_that_unpacks_to_gigabytes_is_cut_short():
    bomb = zlib.compress(b"0" * 64_000_000)
    body = b"parameters\0\0" + bomb
    chunk = struct.pack(">I", len(body)) + b"zTXt" + body
    data = encoded("png")
    bombed = data[:33] + chunk + struct.pack(">I", zlib.crc32(chunk[4:])) + data[33:]
    made = read(bombed)
    assert made is not None
    assert len(made.parameters) == 4 * 1024 * 1024


def test_a_picture_that_says_nothing_gives_none():
    assert [read(encoded(kind)) for kind in KINDS] == [None] * len(KINDS)


def test_other_bytes_are_handed_back_unchanged():
    for data in (b"", b"text", b"GIF89a", b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP"):
        assert embed(data, "x", "y") == data
        assert read(data) is None


def test_a_file_that_is_not_there_is_an_input_problem(tmp_path):
    with pytest.raises(InputProblem, match=r"Cannot read .*none\.png: no such file"):
        read(tmp_path / "none.png")


@given(st.sampled_from(KINDS), st.text(max_size=200), st.text(max_size=200), st.booleans())
def test_any_text_survives(kind, parameters, record, ascii_only):
    parameters, record = (t.replace("\0", "").strip("\ufeff") for t in (parameters, record))
    if kind != "png":
        parameters = "Steps: 1" + parameters
    record = json.dumps(record, ensure_ascii=ascii_only)
    assert read(embed(PLAIN[kind], parameters, record)) == PictureMetadata(parameters, record)


@given(st.sampled_from(KINDS), st.data())
def test_a_damaged_picture_never_ends_in_a_traceback(kind, data):
    bytes_ = bytearray(LABELLED[kind])
    for _ in range(data.draw(st.integers(1, 6))):
        bytes_[data.draw(st.integers(0, min(len(bytes_), 700) - 1))] = data.draw(
            st.integers(0, 255)
        )
    damaged = bytes(bytes_[: data.draw(st.integers(0, len(bytes_)))])
    read(damaged)
    sniff(damaged)
    whole(damaged)
    embed(damaged, PARAMETERS, RECORD)


PLAIN = {kind: encoded(kind) for kind in KINDS}
LABELLED = {kind: embed(data, PARAMETERS, RECORD) for kind, data in PLAIN.items()}
