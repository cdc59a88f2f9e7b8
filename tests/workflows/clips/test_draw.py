import threading
from decimal import Decimal

import pytest

from sdbr.config.settings import Connection, Effort, Spending
from sdbr.errors import AccessProblem, Interrupted, Refused, ServiceProblem
from sdbr.generation.budget import Budget
from sdbr.generation.filter_policy import OnFiltered
from sdbr.generation.stack import Resources, RunSession
from sdbr.store.ledger import Ledger
from sdbr.workflows.clips.draw import Tally, stop_if_fatal
from sdbr.workflows.clips.requests import seed_of
from sdbr.workflows.failures import Failures
from sdbr.workspace import Workspace
from tests.material import CATALOG, drawn


def meet(tmp_path, error, how="stop"):
    """What a run knows after one frame met `error`, before anybody came for that frame."""
    stop = threading.Event()
    resources = Resources(
        Workspace(tmp_path),
        Connection(),
        Effort(workers=8),
        Spending(),
        CATALOG.models,
        OnFiltered(how),
    )
    run = RunSession(drawn, str, Budget(Decimal(1), stop), Ledger(tmp_path / "ledger.db"), 1, stop)
    tally = Tally(Failures(total=17))
    stop_if_fatal(error, run, resources, tally)
    return tally.failures, stop.is_set()


@pytest.mark.parametrize("error", [Refused("refused"), AccessProblem("expired")])
def test_what_stops_a_run_is_known_before_it_stops(tmp_path, error):
    failures, stopped = meet(tmp_path, error)
    assert stopped
    assert failures.fatal is error


def test_ctrl_c_is_no_failure(tmp_path):
    failures, stopped = meet(tmp_path, Interrupted("stopped"))
    assert stopped
    assert not failures.any


@pytest.mark.parametrize(
    ("error", "how"), [(Refused("refused"), "hold"), (ServiceProblem("500"), "stop")]
)
def test_what_concerns_one_frame_alone_stops_nothing(tmp_path, error, how):
    failures, stopped = meet(tmp_path, error, how)
    assert not stopped
    assert not failures.any


def test_a_frames_seed_is_the_same_the_next_or_its_own_by_the_policy():
    model = CATALOG.find("core")
    seeds = {
        policy: [seed_of(model, 7, policy, number) for number in range(3)]
        for policy in ("fixed", "step", "random")
    }
    assert seeds["fixed"] == [7, 7, 7]
    assert seeds["step"] == [7, 8, 9]
    assert len({7, *seeds["random"]}) == 4
    assert seeds["random"] == [seed_of(model, 7, "random", number) for number in range(3)]
