"""The mark of generated content in clips, read by libav, Pillow or from the bytes."""

from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from sdbr.media.clip import EncodingSettings, FrameTiming, TimedFrame
from sdbr.media.metadata.xmp import DigitalSource
from sdbr.media.open import open_reader, origin_of, read_comment, read_source_type
from sdbr.media.writer import open_writer

SOURCE = DigitalSource("compositeWithTrainedAlgorithmicMedia", "sdbr 9", "stability.core")
URI = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
PACE = FrameTiming.even(Fraction(10))
SUFFIXES = [".mp4", ".m4v", ".mov", ".mkv", ".webm", ".gif", ".webp", ".apng", ""]


def write(path, source=SOURCE, origin=None, settings=None):
    options = {"comment": '{"sdbr": "9"}', "source": source, "origin": origin}
    with open_writer(path, PACE, settings=settings, **options) as writer:
        for number in range(3):
            image = np.full((48, 64, 3), 80 * number, np.uint8)
            writer.add(TimedFrame(image, Fraction(number, 10), Fraction(1, 10)))
    return path


def tags(path):
    with av.open(str(path), options={"export_xmp": "1"}) as container:
        return {name.lower(): value for name, value in container.metadata.items()}


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_each_kind_of_clip_names_its_source_type_or_not(tmp_path, suffix):
    for source, expected in ((SOURCE, URI), (None, "")):
        path = write(tmp_path / f"clip-{bool(source)}{suffix}", source)
        one = path / "000001.png" if path.is_dir() else path
        assert read_source_type(one) == expected
        assert read_comment(path) == '{"sdbr": "9"}'
        assert (URI.encode() in one.read_bytes()) == bool(source)
        assert sum(1 for _ in open_reader(path).frames()) == 3


# A Matroska file has a random number of its own.
@pytest.mark.parametrize("suffix", [one for one in SUFFIXES if one not in ("", ".mkv", ".webm")])
def test_the_same_clip_gives_the_same_bytes(tmp_path, suffix):
    one, other = (write(tmp_path / f"{name}{suffix}").read_bytes() for name in "ab")
    assert one == other


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_libav_reads_the_packet_of_a_film(tmp_path, suffix):
    assert f">{URI}<" in tags(write(tmp_path / f"a{suffix}"))["xmp"]


@pytest.mark.parametrize("suffix", [".mkv", ".webm"])
def test_matroska_has_a_tag(tmp_path, suffix):
    assert tags(write(tmp_path / f"a{suffix}"))["digital_source_type"] == URI


@pytest.mark.parametrize("suffix", [".webp", ".apng"])
def test_pillow_reads_the_packet_of_an_animation(tmp_path, suffix):
    with Image.open(write(tmp_path / f"a{suffix}")) as image:
        packet = image.info.get("xmp") or image.info["XML:com.adobe.xmp"]
    assert URI in (packet if isinstance(packet, str) else packet.decode())


def test_the_packet_of_a_gif_stands_in_its_application_extension(tmp_path):
    data = write(tmp_path / "a.gif").read_bytes()
    _, found, rest = data.partition(b"\x21\xff\x0bXMP DataXMP")
    packet, trailer = rest[:-259], rest[-259:]
    assert found
    assert packet.endswith(b'<?xpacket end="w"?>')
    assert trailer == b"\1" + bytes(range(255, -1, -1)) + b"\0;"


def test_a_gif_within_a_limit_of_bytes_counts_its_packet(tmp_path):
    size = write(tmp_path / "a.gif").stat().st_size
    limit = EncodingSettings(max_bytes=size)
    assert write(tmp_path / "b.gif", settings=limit).stat().st_size == size


def test_the_xmp_of_the_source_film_is_kept_and_its_source_type_replaced(tmp_path):
    camera = DigitalSource("digitalCapture", "Camera 1", "none")
    clip = open_reader(write(tmp_path / "a.mov", camera)).clip
    for suffix in (".mp4", ".mov"):
        packet = tags(write(tmp_path / f"b{suffix}", origin=origin_of(clip)))["xmp"]
        assert ">Camera 1<" in packet
        assert URI in packet
        assert "digitalCapture" not in packet


@pytest.mark.parametrize("source", [SOURCE, None])
def test_the_tag_of_a_source_film_is_not_copied(tmp_path, source):
    camera = DigitalSource("digitalCapture", "Camera 1", "none")
    clip = open_reader(write(tmp_path / "a.mkv", camera)).clip
    path = write(tmp_path / "b.mkv", source, origin=origin_of(clip))
    assert read_source_type(path) == (URI if source else "")


@pytest.mark.parametrize("suffix", [".tif", ".avif", ".jpg", ".webp"])
def test_files_of_other_programs_are_read(tmp_path, suffix):
    packet = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-'
        'syntax-ns#"><rdf:Description rdf:about="" xmlns:e="http://iptc.org/std/Iptc4xmpExt/'
        f'2008-02-29/" e:DigitalSourceType="{URI}"/></rdf:RDF></x:xmpmeta>'
    )
    path = tmp_path / f"a{suffix}"
    options = {"tiffinfo": {700: packet.encode()}} if suffix == ".tif" else {"xmp": packet.encode()}
    Image.new("RGB", (32, 32)).save(path, **options)
    assert read_source_type(path) == URI
