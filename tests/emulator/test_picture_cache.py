from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from sdbr.emulator import painter
from sdbr.emulator.painter.order import Order
from sdbr.emulator.picture_cache import PictureCache

ORDER = Order(prompt="a fox", size=(64, 64))


@pytest.fixture
def painted(monkeypatch: pytest.MonkeyPatch) -> list[Order]:
    orders: list[Order] = []

    def paint(order: Order) -> bytes:
        orders.append(order)
        return b"x" * 100

    monkeypatch.setattr(painter, "paint", paint)
    return orders


def test_an_order_is_painted_once(painted: list[Order]) -> None:
    gallery = PictureCache(1_000_000)
    assert gallery.paint(ORDER) == gallery.paint(ORDER)
    assert painted == [ORDER]


def test_any_difference_is_another_picture(painted: list[Order]) -> None:
    gallery = PictureCache(1_000_000)
    changes: dict[str, Any] = {
        "seed": 2,
        "prompt": "a cat",
        "strength": 0.4,
        "image": b"1",
        "flicker": 0.0,
    }
    for name, value in changes.items():
        gallery.paint(dataclasses.replace(ORDER, **{name: value}))
    assert len(painted) == len(changes)


def test_the_oldest_pictures_make_room(painted: list[Order]) -> None:
    gallery = PictureCache(max_bytes=250)
    first, second, third = (dataclasses.replace(ORDER, seed=seed) for seed in (1, 2, 3))
    for order in (first, second, third, third, first):
        gallery.paint(order)
    assert painted == [first, second, third, first]
