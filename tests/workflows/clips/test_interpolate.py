from __future__ import annotations

import threading
from decimal import Decimal
from unittest.mock import MagicMock

import numpy as np
import pytest

from sdbr.errors import InputProblem, ServiceProblem
from sdbr.generation.budget import Budget
from sdbr.request import ImageRequest
from sdbr.workflows.clips.draw import Tally
from sdbr.workflows.clips.interpolate import _draw
from sdbr.workflows.failures import Failures
from tests.material import SD35

FRAME = np.zeros((2, 2, 3), np.uint8)


@pytest.fixture
def session():
    return MagicMock(budget=Budget(None, threading.Event(), Decimal("0.56")))


def plan(**behavior):
    request = ImageRequest(SD35, "ink", seed=1)
    return MagicMock(**{"requests.request_for.return_value": request, **behavior})


def test_an_extra_frame_that_was_not_answered_leaves_its_place_to_another(session):
    tally = Tally(Failures(1), extra_allowed=1)
    session.draw.side_effect = ServiceProblem("Nothing came.")
    assert _draw(plan(), 0, FRAME, session, tally) is None
    assert (tally.extra, session.budget.estimated) == (0, Decimal("0.56"))


@pytest.mark.parametrize(("cached", "expected"), [(False, "0.64"), (True, "0.56")])
def test_an_extra_frame_raises_what_the_run_is_expected_to_cost(session, cached, expected):
    session.draw.return_value = MagicMock(cached=cached)
    _draw(plan(), 0, FRAME, session, Tally(Failures(1), extra_allowed=1))
    assert session.budget.estimated == Decimal(expected)


def test_an_extra_frame_that_was_paid_for_and_cannot_be_decoded_is_counted_and_told(session):
    tally = Tally(Failures(1), extra_allowed=1)
    broken = plan(**{"requests.restore.side_effect": InputProblem("It is no picture.")})
    with pytest.raises(InputProblem):
        _draw(broken, 0, FRAME, session, tally)
    assert tally.extra == 1
