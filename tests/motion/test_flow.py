from __future__ import annotations

import numpy as np
import pytest

from sdbr.errors import UsageProblem
from sdbr.motion.flow import (
    SMALLEST_SIDE,
    FlowOptions,
    chain,
    find_flow,
    resize_flow,
    view,
    view_size,
    warp,
)
from tests.motion.scenes import ground, pan, passing

SIZE = (160, 96)


def test_a_shift_of_the_picture_is_the_flow():
    first, second = (view(frame, SIZE) for frame in pan(2, step=3))
    flow = find_flow(first, second, None, "fast")
    assert np.abs(flow[20:-20, 20:-20] - [-3, 0]).mean() < 0.2


def test_a_first_guess_finds_what_is_too_far_to_be_sought():
    frames = pan(2, step=60)
    first, second = (view(frame, SIZE) for frame in frames)
    guess = np.tile(np.float32([-60, 0]), (96, 160, 1))
    flow = find_flow(first, second, guess, "fast")
    assert np.abs(flow[10:-10, 70:-10] - [-60, 0]).mean() < 0.5
    assert (guess == np.float32([-60, 0])).all()


def test_chained_flows_lead_where_both_lead():
    first = np.tile(np.float32([2, 1]), (20, 30, 1))
    then = np.tile(np.float32([-5, 3]), (20, 30, 1))
    assert np.allclose(chain(first, then), [-3, 4])


def test_warping_fetches_each_pixel_from_where_the_flow_leads():
    picture = ground(40, 30)
    flow = np.tile(np.float32([4, -2]), (30, 40, 1))
    assert (warp(picture, flow)[2:, :-4] == picture[:-2, 4:]).all()


def test_a_flow_counts_in_the_pixels_of_its_size():
    flow = np.tile(np.float32([4, -2]), (10, 20, 1))
    assert np.allclose(resize_flow(flow, (40, 30)), [8, -6])
    assert resize_flow(flow, (20, 10)) is flow


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (7, 3), (12, 12), (64, 48), (161, 121)])
def test_the_smallest_and_oddest_pictures_have_a_flow(size):
    small = view_size(size, FlowOptions())
    assert min(small) >= SMALLEST_SIDE
    seen = view(ground(*size), small)
    assert np.abs(find_flow(seen, seen, None, "fast")).max() < 0.5


def test_large_frames_are_seen_small_and_small_ones_not_smaller_than_need_be():
    assert view_size((3840, 2160), FlowOptions()) == (640, 360)
    assert view_size((1280, 720), FlowOptions()) == (640, 360)
    assert view_size((400, 300), FlowOptions()) == (320, 240)
    assert view_size((200, 150), FlowOptions()) == (200, 150)


def test_small_frames_are_sought_down_to_their_pixels():
    first, second = (view(frame, SIZE) for frame in passing(2, step=3))
    wanted = np.zeros((96, 160), np.float32)
    wanted[30:58, 11:39] = -3
    missed = [
        float(np.abs(find_flow(second, first, None, preset)[..., 0] - wanted).mean())
        for preset in ("fast", FlowOptions().preset_of(SIZE))
    ]
    assert missed[1] < 0.8 * missed[0]


def test_large_frames_are_sought_as_the_options_say():
    assert FlowOptions().preset_of((640, 360)) == "fast"
    assert FlowOptions(preset="medium").preset_of((1280, 720)) == "medium"
    assert FlowOptions().preset_of((320, 240)) == "finest"


def test_an_unknown_preset_is_refused():
    with pytest.raises(UsageProblem, match="fast, medium, finest"):
        FlowOptions(preset="slowest")
