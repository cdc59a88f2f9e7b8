from __future__ import annotations

import numpy as np

from sdbr.motion.temporal_filter import feed_back
from tests.motion.scenes import ground, pan, still


def test_the_last_result_comes_in_by_its_share():
    first, second = still(2)
    result = 255 - first
    mixed = feed_back((first, result), second, share=0.25)
    assert np.abs(mixed - (0.75 * second + 0.25 * result)).mean() < 2


def test_the_last_result_moves_with_the_source():
    first, second = pan(2, step=6)
    mixed = feed_back((first, first), second, share=1.0)
    assert np.abs(mixed.astype(int) - second)[10:-10, 10:-20].mean() < 2


def test_where_the_source_is_new_it_stands_alone():
    first, second = ground(160, 96), ground(160, 96, seed=3)
    mixed = feed_back((first, np.zeros_like(first)), second, share=0.5)
    assert np.abs(mixed.astype(int) - second).mean() < 8


def test_no_share_gives_the_source():
    first, second = pan(2)
    assert (feed_back((first, 255 - first), second, share=0.0) == second).all()


def test_a_result_of_another_size_is_fitted():
    first, second = still(2)
    assert feed_back((first, ground(320, 192)), second).shape == second.shape
