"""The mark of generated content, read by Pillow and by an XML parser of its own."""

import io
import json
import struct
import xml.etree.ElementTree as ElementTree

import pytest
from PIL import Image

from sdbr.media import metadata
from sdbr.media.metadata import xmp
from sdbr.media.metadata.xmp import DigitalSource
from tests.material import picture_file

SOURCE = DigitalSource("trainedAlgorithmicMedia", "sdbr 9", "stability.core")
TRAINED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
IPTC = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}"
BASIC = "{http://ns.adobe.com/xap/1.0/}"
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
FOREIGN = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<r:Description r:about="uuid:1" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    ' xmlns:i="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" i:DigitalSourceType="{type}">'
    "<dc:rights><r:Alt><r:li>© Ada &amp; Co</r:li></r:Alt></dc:rights></r:Description>"
    "</r:RDF></x:xmpmeta>" + " " * 2000 + '<?xpacket end="w"?>'
)
CAMERA = FOREIGN.replace("{type}", f"{xmp.VOCABULARY}digitalCapture")
FORMATS = ["png", "jpeg", "webp"]


def packet_in(data: bytes) -> str:
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        packet = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    return packet if isinstance(packet, str) else packet.decode()


def tree_of(packet: str) -> ElementTree.Element:
    return ElementTree.fromstring(packet.encode())


def values(packet: str, name: str) -> list[str]:
    """Each value of a property, written as an element or as an attribute."""
    tree = tree_of(packet)
    elements = [node.text or "" for node in tree.iter(name)]
    return elements + [node.attrib[name] for node in tree.iter() if name in node.attrib]


@pytest.mark.parametrize("format", FORMATS)
def test_a_picture_names_its_source_type_tool_and_model(format):
    packet = packet_in(metadata.embed(picture_file(format), "a fox", "{}", SOURCE))
    assert values(packet, f"{IPTC}DigitalSourceType") == [TRAINED]
    assert values(packet, f"{IPTC}AISystemUsed") == ["stability.core"]
    assert values(packet, f"{BASIC}CreatorTool") == ["sdbr 9"]


@pytest.mark.parametrize("format", FORMATS)
def test_the_mark_leaves_pixels_and_record_alone_and_repeats_byte_for_byte(format):
    plain, record = picture_file(format), json.dumps({"prompt": "<a> & é"}, ensure_ascii=False)
    marked = metadata.embed(plain, "a fox", record, SOURCE)
    assert metadata.read(marked) == metadata.PictureMetadata("a fox", record, TRAINED)
    assert Image.open(io.BytesIO(marked)).tobytes() == Image.open(io.BytesIO(plain)).tobytes()
    assert metadata.embed(plain, "a fox", record, SOURCE) == marked
    assert metadata.embed(marked, "a fox", record, SOURCE) == marked


@pytest.mark.parametrize("format", FORMATS)
def test_without_a_source_no_xmp_is_written(format):
    assert "DigitalSourceType" not in packet_in(metadata.embed(picture_file(format), "a", "{}"))


@pytest.mark.parametrize("format", FORMATS)
def test_xmp_that_was_there_stays_but_for_the_old_source_type(format):
    file = io.BytesIO()
    image = Image.new("RGB", (8, 8))
    if format == "png":
        plain = picture_file("png")
        data = plain[:33] + b"".join(_itxt(CAMERA)) + plain[33:]
    else:
        image.save(file, format, xmp=CAMERA.encode())
        data = file.getvalue()
    assert metadata.read(data).source_type.endswith("digitalCapture")
    packet = packet_in(metadata.embed(data, "", "", SOURCE))
    assert "© Ada & Co" in [node.text for node in tree_of(packet).iter(f"{RDF}li")]
    assert values(packet, f"{IPTC}DigitalSourceType") == [TRAINED]
    assert {d.get(f"{RDF}about") for d in tree_of(packet).iter(f"{RDF}Description")} == {"uuid:1"}


def _itxt(text: str) -> tuple[bytes, ...]:
    import zlib

    body = b"iTXt" + b"XML:com.adobe.xmp\0\0\0\0\0" + text.encode()
    return struct.pack(">I", len(body) - 4), body, struct.pack(">I", zlib.crc32(body))


def test_a_creator_tool_that_was_there_stays():
    first = xmp.with_source("", DigitalSource("digitalArt", "Painter 1", "none"))
    packet = xmp.with_source(first, SOURCE)
    assert values(packet, f"{BASIC}CreatorTool") == ["Painter 1"]
    assert values(packet, f"{IPTC}AISystemUsed") == ["stability.core"]


@pytest.mark.parametrize(
    "packet",
    [
        "",
        "no xml DigitalSourceType",
        "<DigitalSourceType/>",
        '<!DOCTYPE x [<!ENTITY a "DigitalSourceType">]>' + CAMERA[55:],
        "<a>" * 100_000 + "DigitalSourceType",
        CAMERA[:-900].rstrip()[:-20],
    ],
)
def test_what_is_no_xmp_names_nothing_and_gives_way(packet):
    assert xmp.source_type(packet) == ""
    assert values(xmp.with_source(packet, SOURCE), f"{IPTC}DigitalSourceType") == [TRAINED]


@pytest.mark.parametrize(
    "value",
    [
        f"<i:DigitalSourceType>\n{TRAINED} </i:DigitalSourceType>",
        f'<i:DigitalSourceType r:resource="{TRAINED}"/>',
    ],
)
def test_the_source_type_of_other_writers_is_read(value):
    packet = FOREIGN.replace(' i:DigitalSourceType="{type}"', "").replace(
        "<dc:rights>", f"{value}<dc:rights>"
    )
    assert xmp.source_type(packet) == TRAINED


def test_a_packet_that_fills_a_jpeg_segment_stays_as_it_came():
    full = CAMERA.replace("Ada", "A" * 64_700).replace(" " * 2000, "")
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "jpeg", xmp=full.encode())
    assert packet_in(metadata.embed(file.getvalue(), "", "", SOURCE)) == full
