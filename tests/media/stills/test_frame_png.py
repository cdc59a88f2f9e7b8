from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from sdbr.media.formats import whole
from sdbr.media.stills.encode import encode_frame
from tests.media.made_clips import picture


@pytest.mark.parametrize("size", [(96, 64), (1, 1), (1, 9), (9, 1), (161, 121)])
@pytest.mark.parametrize("alpha", [False, True])
def test_a_frame_comes_back_with_every_pixel(size: tuple[int, int], alpha: bool) -> None:
    image = picture(3, *size, alpha=alpha)
    data = encode_frame(image)
    assert whole(data)
    with Image.open(io.BytesIO(data)) as back:
        assert back.mode == ("RGBA" if alpha else "RGB")
        assert np.array_equal(np.asarray(back), image)


def test_a_part_of_a_larger_frame_can_be_written() -> None:
    image = picture(0)[8:40, 10:50]
    with Image.open(io.BytesIO(encode_frame(image))) as back:
        assert np.array_equal(np.asarray(back), image)


def test_rows_alike_and_columns_alike_both_pack_well() -> None:
    ramp = np.tile(np.arange(256, dtype=np.uint8)[:, None], (1, 3))
    across = np.tile(ramp, (256, 1, 1))
    down = np.ascontiguousarray(across.transpose(1, 0, 2))
    assert max(len(encode_frame(image)) for image in (across, down)) < 4000
