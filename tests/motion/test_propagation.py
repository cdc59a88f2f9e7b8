from __future__ import annotations

import numpy as np

from sdbr.motion.arrays import luma
from sdbr.motion.flow import view
from sdbr.motion.matching import Link
from sdbr.motion.propagation import KeyframeLink, SourceViews, make_key, propagate
from tests.motion.scenes import SIZE, ground

FRAME = ground(*SIZE)
SOURCE = SourceViews(view(FRAME, SIZE), luma(FRAME))
SURE = np.ones((SIZE[1], SIZE[0]), np.float32)
NOWHERE = np.zeros((SIZE[1], SIZE[0], 2), np.float32)


def pull(picture, trust, nearness=0.5):
    return KeyframeLink(make_key(picture, SOURCE), Link(NOWHERE, trust), nearness)


def test_a_keyframe_at_its_own_place_is_its_picture():
    made, unexplained = propagate(SOURCE, [pull(255 - FRAME, SURE, 1.0)])
    assert np.abs(made.astype(int) - (255 - FRAME)).mean() < 0.5
    assert unexplained == 0


def test_the_nearer_keyframe_weighs_more():
    dark, light = FRAME // 2, FRAME // 2 + 100
    made, _ = propagate(SOURCE, [pull(dark, SURE, 0.75), pull(light, SURE, 0.25)])
    assert abs(float(made.mean()) - (float(dark.mean()) + 30)) < 2


def test_the_trusted_keyframe_weighs_more_place_by_place():
    left = SURE.copy()
    left[:, 80:] = 0
    dark, light = FRAME // 2, FRAME // 2 + 100
    made, unexplained = propagate(SOURCE, [pull(dark, left), pull(light, 1 - left)])
    assert abs(float(made[:, :70].mean()) - float(dark[:, :70].mean())) < 3
    assert abs(float(made[:, 90:].mean()) - float(light[:, 90:].mean())) < 3
    assert unexplained < 0.02


def test_the_share_that_nothing_explains_is_told():
    half = SURE.copy()
    half[:, 40:] = 0
    _, unexplained = propagate(SOURCE, [pull(FRAME, half), pull(FRAME, half * 0.05)])
    assert abs(unexplained - 0.75) < 0.02


def test_any_number_of_keyframes_can_be_mixed():
    shades = [np.full_like(FRAME, shade) for shade in (60, 90, 120, 150)]
    made, _ = propagate(SOURCE, [pull(shade, SURE, 1.0) for shade in shades])
    assert abs(float(made.mean()) - 105) < 1.5
