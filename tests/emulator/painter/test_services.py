from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from sdbr.emulator.painter import paint
from sdbr.emulator.painter.order import Order, Unreadable
from sdbr.emulator.painter.paint import TASKS
from tests.emulator.calls import encoded, scenery

SOURCE = scenery(120, 80)
MASK = Image.new("L", SOURCE.size, 0)
ImageDraw.Draw(MASK).rectangle((60, 20, 100, 60), fill=255)


def painted(task: str, **changes: Any) -> Image.Image:
    numbers = changes.pop("numbers", {})
    told = {"prompt": "a red fox", "image": encoded(SOURCE), "format": "png", **changes}
    order = Order(task=task, settings=tuple(sorted(numbers.items())), **told)
    return Image.open(io.BytesIO(paint(order)))


def away(first: Image.Image, second: Image.Image, box: tuple[int, int, int, int]) -> float:
    one, two = (np.asarray(it.convert("RGB").crop(box), np.float32) for it in (first, second))
    return float(np.abs(one - two).mean())


INSIDE, OUTSIDE = (64, 24, 96, 56), (0, 0, 45, 80)


@pytest.mark.parametrize("task", ["inpaint", "erase-object"])
def test_an_edit_changes_what_the_mask_covers_and_nothing_else(task: str) -> None:
    made = painted(task, mask=encoded(MASK), prompt="night")
    assert made.size == SOURCE.size
    assert away(made, SOURCE, INSIDE) > 8
    assert away(made, SOURCE, OUTSIDE) < 0.5


def test_an_edit_draws_the_whole_of_its_prompt_into_the_mask() -> None:
    made = painted("inpaint", mask=encoded(MASK), numbers={"grow_mask": 0})
    whole = painted("text-to-image", image=b"", size=(41, 41))
    assert away(made.crop((60, 20, 101, 61)), whole, (0, 0, 41, 41)) < 3


def test_a_replacement_stands_on_a_plain_patch_where_what_to_replace_is_unknown() -> None:
    made = painted("search-replace", prompt="a bicycle", numbers={"search_prompt": "the sofa"})
    changed = (np.asarray(made.convert("RGB")) != np.asarray(SOURCE)).any(axis=2)[:, :90]
    rows = np.flatnonzero(changed.mean(axis=1) > 0.2)
    # One patch: its rows follow one another, and each is changed without a gap.
    assert (np.diff(rows) == 1).all()
    for row in changed[rows[4] : rows[-4]]:
        filled = np.flatnonzero(row)
        assert len(filled) == np.ptp(filled) + 1


def test_without_a_mask_clear_pixels_are_repainted() -> None:
    image = SOURCE.copy()
    image.putalpha(MASK.point([255 - at for at in range(256)]))
    made = painted("inpaint", image=encoded(image), prompt="night")
    assert away(made, SOURCE, INSIDE) > 8
    assert away(made, SOURCE, OUTSIDE) < 0.5


def test_a_mask_of_another_size_is_fitted() -> None:
    made = painted("inpaint", mask=encoded(MASK.resize((60, 40))), prompt="night")
    assert away(made, SOURCE, INSIDE) > 8


def test_a_black_mask_of_sdxl_means_the_opposite() -> None:
    made = painted(
        "inpaint", mask=encoded(MASK), prompt="night", numbers={"mask_source": "MASK_IMAGE_BLACK"}
    )
    assert away(made, SOURCE, INSIDE) < 0.5
    assert away(made, SOURCE, OUTSIDE) > 8


def test_what_is_erased_takes_its_surroundings_colour() -> None:
    plain = Image.new("RGB", (120, 80), (40, 120, 200))
    spotted = plain.copy()
    ImageDraw.Draw(spotted).rectangle((70, 30, 90, 50), fill=(255, 0, 0))
    made = painted("erase-object", image=encoded(spotted), mask=encoded(MASK))
    assert away(made, plain, INSIDE) < 3


def test_an_outpaint_grows_on_the_sides_told_and_keeps_the_middle() -> None:
    made = painted("outpaint", numbers={"left": 30, "up": 10, "right": 5})
    assert made.size == (155, 90)
    middle = made.crop((30, 10, 150, 90))
    assert away(middle, SOURCE, (5, 5, 60, 60)) < 0.5


def test_the_background_is_removed_around_what_stands_out() -> None:
    image = Image.new("RGB", (120, 80), (230, 230, 230))
    ImageDraw.Draw(image).ellipse((40, 20, 80, 60), fill=(200, 30, 30))
    made = painted("remove-background", image=encoded(image))
    alpha = np.asarray(made.getchannel("A"))
    assert (alpha[40, 60], alpha[2, 2], alpha[75, 5]) == (255, 0, 0)


def test_search_and_recolour_finds_a_colour_by_its_name() -> None:
    numbers = {"select_prompt": "the red disc"}
    made = painted("search-recolor", prompt="a blue disc", numbers=numbers).convert("RGB")
    red, _, blue = made.getpixel((60, 40))  # type: ignore[misc]
    assert blue > red
    assert away(made, SOURCE, (0, 0, 16, 60)) < 6


@pytest.mark.parametrize("task", ["control-sketch", "control-structure"])
def test_control_keeps_more_of_the_structure_the_stronger_it_is(task: str) -> None:
    def outline(strength: float) -> float:
        made = painted(task, prompt="dunes", numbers={"control_strength": strength})
        grey = np.asarray(made.convert("L"), np.float32)
        # The image's hard edge at a fifth of its width.
        return float(np.abs(grey[:, 26] - grey[:, 21]).mean())

    assert outline(1.0) > outline(0.0) + 5


def test_a_style_guide_has_the_ratios_size_and_the_guides_colours() -> None:
    guide = encoded(Image.new("RGB", (64, 64), (200, 30, 30)))
    made = painted(
        "style-guide", image=guide, prompt="sea at noon", size=(120, 68), numbers={"fidelity": 1.0}
    )
    red, _, blue = np.asarray(made.convert("RGB"), np.float32).mean((0, 1))
    assert made.size == (120, 68)
    assert red > blue + 60


def test_style_transfer_moves_colours_and_keeps_the_size() -> None:
    style = encoded(Image.new("RGB", (64, 64), (20, 40, 160)))
    made = painted("style-transfer", style_image=style, prompt="")
    red, _, blue = np.asarray(made.convert("RGB"), np.float32).mean((0, 1))
    assert made.size == SOURCE.size
    assert blue > red + 40
    weak = painted("style-transfer", style_image=style, prompt="", numbers={"style_strength": 0.0})
    assert away(weak, SOURCE, (0, 0, 120, 70)) < 0.5


def test_upscalers_enlarge_fast_four_times_and_the_others_to_4k() -> None:
    assert painted("fast-upscale").size == (480, 320)
    narrow = encoded(scenery(480, 64))
    for task in ("conservative-upscale", "creative-upscale"):
        assert painted(task, format="jpeg", image=narrow).size == (3840, 512)


@pytest.mark.parametrize("task", sorted(set(TASKS) - {"text-to-image"}))
def test_a_broken_image_is_named(task: str) -> None:
    with pytest.raises(Unreadable, match="image"):
        painted(task, image=encoded(SOURCE)[:200], style_image=encoded(SOURCE))
