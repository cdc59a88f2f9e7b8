from __future__ import annotations

import numpy as np

from sdbr.motion.colour import NO_CORRECTION
from sdbr.motion.harmony import corrections
from tests.motion.scenes import pan
from tests.motion.simulated import drawn, look


def apart(one, other):
    """Mean difference, tint left out: it is the first picture's."""
    difference = one.astype(float) - other
    return float(np.abs(difference - difference.mean(axis=(0, 1))).mean())


def test_keyframes_come_nearer_to_the_look_that_they_share():
    frames = pan(33, step=1)
    keys = (0, 8, 16, 24, 32)
    pictures = {key: drawn(frames[key], call=key + 1) for key in keys}
    made = zip(keys, corrections(frames, pictures, keys), strict=True)
    after = [apart(c.of(pictures[key]), look(frames[key])) for key, c in made]
    before = [apart(pictures[key], look(frames[key])) for key in keys]
    assert np.mean(after) < 0.9 * np.mean(before)


def test_a_keyframe_waits_for_the_next_one_and_no_longer():
    frames = pan(17, step=1)
    pictures = {key: look(frames[key]) for key in (0, 8, 16)}
    asked = []

    def keys():
        for key in pictures:
            asked.append(key)
            yield key

    made = corrections(frames, pictures, keys())
    next(made)
    assert asked == [0, 8]
    next(made)
    assert asked == [0, 8, 16]


def test_a_keyframe_alone_in_its_shot_stays_as_it_was_drawn():
    frames = pan(1)
    assert list(corrections(frames, [look(frames[0])], [0])) == [NO_CORRECTION]
