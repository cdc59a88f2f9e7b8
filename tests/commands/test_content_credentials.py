import hashlib
import json
from io import BytesIO

import pytest
from PIL import Image

from sdbr.emulator.painter.files import with_credentials
from sdbr.media import metadata
from tests.material import picture_file


@pytest.fixture
def signing(start_emulator):
    return start_emulator(credentials=True)


@pytest.mark.parametrize("format", ["png", "jpeg"])
def test_a_signed_picture_stays_as_it_came_and_its_record_lies_beside_it(sdbr, signing, format):
    ran = sdbr("txt2img", "a fox", "--seed", "7", "--format", format)
    (path,) = ran.paths
    (sent,) = [record for record in signing.received if record.number]
    assert hashlib.sha256(path.read_bytes()).hexdigest() == sent.picture_sha256
    beside = path.with_name(f"{path.name}.json")
    assert json.loads(beside.read_text())["request"]["prompt"] == "a fox"
    assert f"the record is in {beside.name}" in ran.errors


def test_inspect_and_replay_find_the_record_of_a_signed_picture(sdbr, signing):
    (path,) = sdbr("txt2img", "a fox", "--seed", "7").paths
    before = path.read_bytes()
    assert "a fox" in sdbr("inspect", str(path)).data.decode()
    assert sdbr("replay", str(path)).paths == [path]
    assert path.read_bytes() == before
    assert len([record for record in signing.received if record.number]) == 1


@pytest.mark.usefixtures("signing")
def test_a_signed_picture_that_is_encoded_anew_holds_its_record_itself(sdbr):
    (path,) = sdbr("txt2img", "a fox", "--seed", "7", "--size", "512x512").paths
    assert not metadata.is_signed(path.read_bytes())
    assert not path.with_name(f"{path.name}.json").exists()
    assert "a fox" in sdbr("inspect", str(path)).data.decode()


@pytest.mark.parametrize("format", ["png", "jpeg", "webp"])
def test_no_byte_of_a_signed_file_changes_in_any_format(format):
    plain = picture_file(format)
    signed = with_credentials(plain)
    assert Image.open(BytesIO(signed)).tobytes() == Image.open(BytesIO(plain)).tobytes()
    assert metadata.is_signed(signed)
    assert not metadata.is_signed(plain)
    assert metadata.embed(signed, "a fox", "{}") == signed
    assert metadata.embed(plain, "a fox", "{}") != plain


def test_a_record_beside_an_unsigned_picture_is_not_believed(workspace):
    (workspace / "a.png").write_bytes(picture_file())
    (workspace / "a.png.json").write_text('{"sdbr": "1", "request": {"prompt": "planted"}}')
    assert metadata.read(workspace / "a.png") is None
