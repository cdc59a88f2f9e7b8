from __future__ import annotations

from sdbr.request import ImageRequest
from sdbr.workflows.animations.motions import AnimationFrame, needed_frames, waves
from tests.material import SD35

REQUEST = ImageRequest(SD35, "a fox")


def chain(count):
    return [AnimationFrame(REQUEST, (number - 1,) if number else ()) for number in range(count)]


def between(count):
    return [
        AnimationFrame(REQUEST, () if n in (0, count - 1) else (0, count - 1)) for n in range(count)
    ]


def test_a_chain_is_drawn_one_by_one():
    assert list(waves(chain(3), range(3))) == [[0], [1], [2]]


def test_the_ends_of_a_journey_come_first_and_all_between_at_once():
    assert list(waves(between(5), range(5))) == [[0, 4], [1, 2, 3]]


def test_frames_that_need_no_other_are_drawn_together():
    assert list(waves([AnimationFrame(REQUEST)] * 3, range(3))) == [[0, 1, 2]]


def test_what_a_frame_is_drawn_from_is_needed_too():
    assert needed_frames(chain(6), [3]) == [0, 1, 2, 3]
    assert needed_frames(between(5), [2]) == [0, 2, 4]
