from __future__ import annotations

import cv2
import numpy as np

from sdbr.motion.flow import view
from sdbr.motion.matching import FlowPair, find_flows
from sdbr.motion.warp_error import mean_error, sharpness, steadiness, visible
from tests.motion.scenes import pan, passing, still


def curve(frames, results):
    return list(steadiness(zip(frames, results, strict=True)))


def test_a_still_clip_has_no_error():
    frames = still(4)
    assert mean_error(curve(frames, frames)) == (0.0, 0.0)


def test_flicker_is_measured_in_squared_differences():
    frames = still(2)
    flat = [np.full_like(frames[0], 100), np.full_like(frames[0], 151)]
    (only,) = curve(frames, flat)
    assert abs(only.result_error - 3 * 0.2**2) < 1e-5
    assert only.source_error == 0


def test_motion_is_followed_and_no_error():
    frames = pan(4, step=5)
    moving, floor = mean_error(curve(frames, frames))
    followed = mean_error(curve(frames, [frames[0]] * 4))[0]
    assert moving == floor < 0.1 * followed


def test_what_was_covered_does_not_count():
    size = (480, 288)
    before, _, now = (view(cv2.resize(frame, size), size) for frame in passing(3, step=6))
    seen = visible(find_flows(before, now, "medium"))
    uncovered = seen[100:160, 28:56]
    assert uncovered.mean() < 0.5
    assert seen[210:].mean() > 0.95


def test_results_of_another_size_are_measured_at_the_sources():
    frames = pan(3)
    big = [cv2.resize(frame, (320, 192)) for frame in frames]
    assert mean_error(curve(frames, big))[0] < 0.01


def test_a_softer_picture_is_less_sharp():
    picture = still(1)[0]
    assert sharpness(cv2.GaussianBlur(picture, (5, 5), 0)) < 0.6 * sharpness(picture)


def test_one_frame_has_no_curve():
    assert curve(still(1), still(1)) == []
    assert mean_error([]) == (0.0, 0.0)


def test_pairs_are_taken_one_at_a_time():
    taken = []

    def pairs():
        for number, frame in enumerate(pan(4)):
            taken.append(number)
            yield frame, frame

    next(steadiness(pairs()))
    assert taken == [0, 1]


def a_row_of_flow(across):
    """A flow along x alone, the same in each of 40 rows."""
    flow = np.zeros((40, len(across), 2), np.float32)
    flow[..., 0] = across
    return flow


def test_where_flow_does_not_lead_back_nothing_is_seen_by_ruders_equation_5():
    off = np.linspace(0, 1.5, 64, dtype=np.float32)
    taken = FlowPair(a_row_of_flow(np.full(64, 3.0)), a_row_of_flow(off - 3))
    hidden = off**2 > 0.01 * (9 + (3 - off) ** 2) + 0.5
    assert np.array_equal(visible(taken)[20, 1:-1], ~hidden[1:-1])
    assert 20 < hidden.sum() < 40


def test_where_motion_changes_from_place_to_place_nothing_is_seen_by_ruders_equation_6():
    slope = 0.06
    length = slope * (np.arange(64, dtype=np.float32) - 31.5)
    edge = slope**2 > 0.01 * length**2 + 0.002
    seen = visible(FlowPair(a_row_of_flow(-length), a_row_of_flow(length)))[20]
    assert np.array_equal(seen[8:-8], ~edge[8:-8])
    assert 8 < edge.sum() < 20
