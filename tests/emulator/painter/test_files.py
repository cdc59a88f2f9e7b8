from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from sdbr.emulator.painter import paint
from sdbr.emulator.painter.files import NOTE, encode, mark
from sdbr.emulator.painter.order import Order

PLAIN = Image.new("RGB", (320, 200), (90, 120, 150))


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
def test_every_file_says_in_its_metadata_that_it_is_emulated(kind: str) -> None:
    image = Image.open(io.BytesIO(encode(PLAIN, kind)))
    assert image.format == kind.upper()
    told = image.info.get("Comment") if kind == "png" else image.getexif().get(0x010E)
    assert told == NOTE


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_png_keeps_every_pixel_and_its_transparency(mode: str) -> None:
    drawn = Image.effect_noise((61, 47), 90).convert("RGB").convert(mode)
    drawn.paste((200, 40, 90, 0)[: len(mode)], (10, 5, 40, 30))
    image = Image.open(io.BytesIO(encode(drawn, "png")))
    assert image.mode == mode
    assert np.array_equal(np.asarray(image), np.asarray(drawn))


def test_the_mark_stays_in_its_corner() -> None:
    changed = np.asarray(mark(PLAIN, 0.5)) != np.asarray(PLAIN)
    rows, columns = np.nonzero(changed.any(axis=2))
    assert len(rows) > 40
    assert rows.min() > 185
    assert columns.min() > 280


def test_a_tiny_picture_has_no_room_for_a_mark() -> None:
    tiny = PLAIN.resize((64, 64))
    assert mark(tiny, 1.0) is tiny


def test_the_mark_can_be_read_on_light_and_on_dark() -> None:
    for tone in (10, 245):
        plain = Image.new("RGB", (320, 200), (tone,) * 3)
        marked = np.asarray(mark(plain, 0.5), np.int16)
        assert np.abs(marked - tone).max() > 80


def test_a_side_caps_the_picture_in_proportion() -> None:
    order = Order(prompt="x", size=(1344, 768), side=96)
    assert Image.open(io.BytesIO(paint(order))).size == (96, 54)
