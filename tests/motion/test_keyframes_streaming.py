from __future__ import annotations

import weakref

import numpy as np
import pytest

from sdbr.motion import keyframes_stream
from sdbr.motion.keyframes import FARTHEST, place_keyframes, read_rule
from sdbr.motion.keyframes_stream import place_streaming
from sdbr.motion.survey import survey
from tests.motion.scenes import boiling, faded, pan, passing, still

AUTO = read_rule("auto")

SCENES = {
    "no frame": [],
    "one frame": still(1),
    "a short clip": pan(5),
    "a still clip": still(60),
    "a pan": pan(40),
    "shots": still(30) + pan(26, step=18, seed=4) + passing(40),
    "nothing in common": boiling(9),
    "a fade": faded(pan(30, step=1)),
    "a flash": [*still(20), *(frame // 2 + 127 for frame in still(2)), *still(20)],
    "a cut near the end": pan(33) + still(3),
}


@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES)
def test_the_plan_is_that_of_a_whole_survey(scene):
    notes, plan = place_streaming(scene, AUTO)
    whole = place_keyframes(survey(scene), AUTO)
    assert len(notes) == len(scene)
    assert plan.shots == whole.shots
    assert plan.keyframes == whole.keyframes
    assert plan.reasons == whole.reasons


def test_a_lower_share_draws_more():
    careful, thrifty = (
        place_streaming(passing(40), read_rule("auto", unexplained=share))[1].keyframes
        for share in (0.02, 0.4)
    )
    assert len(careful) > len(thrifty)


def test_no_more_frames_are_held_than_lie_up_to_the_farthest_keyframe_and_a_cut_after_it():
    given, most = [], 0

    def frames():
        nonlocal most
        for number in range(200):
            frame = still(1)[0] + np.uint8(number % 3)
            given.append(weakref.ref(frame))
            yield frame
            most = max(most, sum(1 for each in given if each() is not None))

    place_streaming(frames(), AUTO)
    assert most < 3 * FARTHEST


def test_no_flow_is_sought_twice(monkeypatch):
    asked = []
    seek = keyframes_stream.refine_flows

    def counting(way, ends, preset):
        asked.append(tuple(view.gray.tobytes() for view in ends))
        return seek(way, ends, preset)

    monkeypatch.setattr(keyframes_stream, "refine_flows", counting)
    place_streaming(pan(40, step=2), AUTO)
    assert len(asked) == len(set(asked)) > 20


def test_flows_that_end_at_one_frame_share_their_chain(monkeypatch):
    links = []
    join = keyframes_stream.chain_flows
    monkeypatch.setattr(
        keyframes_stream, "chain_flows", lambda *steps: links.append(1) or join(*steps)
    )
    _, plan = place_streaming(still(25), AUTO)
    assert plan.keyframes == (0, 24)
    # Each chained alone, the flows asked for on the way to the second keyframe have 81 links.
    assert len(links) == 47
