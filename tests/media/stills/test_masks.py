import pytest
from PIL import Image

from sdbr.errors import InputProblem
from sdbr.media.stills.encode import encode
from sdbr.media.stills.place import prepare_mask
from sdbr.request import Size


def half_white(mode: str = "L") -> Image.Image:
    mask = Image.new("L", (40, 20), 0)
    mask.paste(255, (20, 0, 40, 20))
    return mask.convert(mode)


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "P"])
def test_a_mask_of_any_kind_comes_out_gray_at_the_pictures_size(mode):
    mask = prepare_mask(encode(half_white(mode)), Size(80, 40))
    assert (mask.mode, mask.size) == ("L", (80, 40))
    assert (mask.getpixel((5, 5)), mask.getpixel((75, 5))) == (0, 255)


def test_an_inverted_mask_repaints_what_was_black():
    mask = prepare_mask(encode(half_white()), Size(40, 20), invert=True)
    assert (mask.getpixel((5, 5)), mask.getpixel((35, 5))) == (255, 0)


def test_white_strokes_on_nothing_are_a_mask():
    strokes = Image.new("RGBA", (40, 20), (255, 255, 255, 0))
    strokes.paste((255, 255, 255, 255), (20, 0, 40, 20))
    mask = prepare_mask(encode(strokes), Size(40, 20))
    assert (mask.getpixel((5, 5)), mask.getpixel((35, 5))) == (0, 255)


def test_a_mask_of_another_shape_is_refused():
    with pytest.raises(InputProblem, match="The mask is 40x20, but the picture is 100x100"):
        prepare_mask(encode(half_white()), Size(100, 100))


def test_a_mask_that_repaints_nothing_is_refused():
    with pytest.raises(InputProblem, match="repaints nothing"):
        prepare_mask(encode(Image.new("L", (8, 8), 0)), Size(8, 8))
