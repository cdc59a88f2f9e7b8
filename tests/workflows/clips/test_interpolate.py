from __future__ import annotations

from unittest.mock import MagicMock

import numpy as np
import pytest

from sdbr.errors import InputProblem, ServiceProblem
from sdbr.workflows.clips.draw import Tally
from sdbr.workflows.clips.interpolate import _draw
from sdbr.workflows.failures import Failures

FRAME = np.zeros((2, 2, 3), np.uint8)


def test_an_extra_frame_that_was_not_answered_leaves_its_place_to_another():
    tally = Tally(Failures(1), extra_allowed=1)
    session = MagicMock(**{"draw.side_effect": ServiceProblem("Nothing came.")})
    assert _draw(MagicMock(), 0, FRAME, session, tally) is None
    assert tally.extra == 0


def test_an_extra_frame_that_was_paid_for_and_cannot_be_decoded_is_counted_and_told():
    tally = Tally(Failures(1), extra_allowed=1)
    plan = MagicMock(**{"requests.restore.side_effect": InputProblem("It is no picture.")})
    with pytest.raises(InputProblem):
        _draw(plan, 0, FRAME, MagicMock(), tally)
    assert tally.extra == 1
