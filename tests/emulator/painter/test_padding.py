from __future__ import annotations

import io

import pytest
from PIL import Image

from sdbr.emulator.painter.files import encode, padded
from sdbr.media.formats import whole

PLAIN = Image.new("RGB", (40, 30), (90, 120, 150))


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
@pytest.mark.parametrize("size", [5_001, 140_000, 1_600_000])
def test_a_padded_file_is_whole_and_shows_the_same_picture(kind: str, size: int) -> None:
    data = encode(PLAIN, kind)
    more = padded(data, size)
    assert size <= len(more) < size + 128
    assert whole(more)
    with Image.open(io.BytesIO(more)) as image, Image.open(io.BytesIO(data)) as before:
        assert image.tobytes() == before.tobytes()


def test_a_file_that_is_large_enough_stays_as_it_is() -> None:
    data = encode(PLAIN, "png")
    assert padded(data, len(data)) is data
    assert padded(data, 0) is data


def test_the_same_picture_is_padded_with_the_same_bytes() -> None:
    data = encode(PLAIN, "png")
    assert padded(data, 9_000) == padded(data, 9_000)
