from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from sdbr.motion.flow import view
from sdbr.motion.matching import chain_flows, find_flows, flows_from_key, inside, link_views
from tests.motion.scenes import pan

SIZE = (160, 96)


def linked_to_first(frames):
    views = [view(frame, SIZE) for frame in frames]
    steps = [find_flows(a, b, "fast") for a, b in pairwise(views)]
    found = flows_from_key(views[0], zip(steps, views[1:], strict=True), "fast")
    return [
        link_views(way.reverse(), view, views[0])
        for way, view in zip(found, views[1:], strict=True)
    ]


def test_links_lead_back_to_the_keyframe_from_far_away():
    found = linked_to_first(pan(13, step=5))
    assert len(found) == 12
    for distance, link in enumerate(found, start=1):
        seen = link.flow[20:-20, 20 : 140 - 5 * distance]
        assert np.abs(seen - [5 * distance, 0]).mean() < 0.4


def test_trust_falls_with_what_has_come_into_the_frame():
    shares = [float(link.trust.mean()) for link in linked_to_first(pan(13, step=5))]
    assert shares[0] > 0.85
    assert shares[-1] < 1 - 12 * 5 / 160 + 0.05
    assert shares == sorted(shares, reverse=True)


def test_joined_steps_turn_back_to_where_they_began():
    views = [view(frame, SIZE) for frame in pan(3)]
    way = chain_flows(find_flows(*views[:2], "fast"), find_flows(*views[1:], "fast"))
    assert np.abs(way.forward[10:-10, 20:-20] - [-4, 0]).mean() < 0.3
    assert (way.reverse().forward == way.backward).all()


@pytest.mark.parametrize(
    ("way", "leaves"),
    [
        ((0, 1), np.s_[-1:, :]),
        ((0, -1), np.s_[:1, :]),
        ((1, 0), np.s_[:, -1:]),
        ((-1, 0), np.s_[:, :1]),
        ((0, 0), np.s_[:0]),
    ],
)
def test_what_a_flow_leads_out_of_the_frame_is_the_edge_that_it_leads_over(way, leaves):
    there = np.ones((4, 6), bool)
    there[leaves] = False
    assert np.array_equal(inside(np.full((4, 6, 2), way, np.float32)), there)
