import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from sdbr.config.settings import Connection, Effort, Spending
from sdbr.emulator import Faults
from sdbr.errors import AccessProblem, InputProblem, Interrupted, OverBudget, Refused, SdbrError
from sdbr.generation import retry
from sdbr.generation.budget import Budget
from sdbr.generation.filter_policy import OnFiltered
from sdbr.generation.stack import Resources, open_session
from sdbr.request import Blob
from sdbr.store import ledger_queries
from sdbr.store.ledger import Ledger
from sdbr.workspace import Workspace
from tests.material import CATALOG, CORE, SD35, request_for

PRICE = Decimal("0.04")


@pytest.fixture(autouse=True)
def short_waits(monkeypatch):
    monkeypatch.setattr(retry, "_FIRST_WAIT", 0.001)
    monkeypatch.setattr(retry, "_LONGEST_WAIT", 0.01)


def means(tmp_path, emulator, workers=8, **changes):
    told = {
        "workspace": Workspace(tmp_path / "work"),
        "connection": Connection(endpoint_url=emulator.url),
        "effort": Effort(workers=workers, attempts=30),
        "spending": Spending(),
        "models": CATALOG.models,
    }
    return Resources(**{**told, **changes})


def draw_all(using, requests, stop=None):
    """Draw with as many threads as workers; the pictures, and the errors in their places."""
    stop = stop or threading.Event()
    budget = Budget(using.spending.cap, stop)
    with open_session(using, "test", budget, stop, lambda _: None) as run:

        def draw(request):
            try:
                return run.draw(request)
            except SdbrError as error:
                return error

        with ThreadPoolExecutor(using.effort.workers) as pool:
            return list(pool.map(draw, requests)), run.budget


def seeds(count, model=CORE):
    return [request_for(model, seed=seed) for seed in range(1, count + 1)]


def ledger_of(using):
    return Ledger(using.workspace.hidden / "ledger.db")


MIXES = [
    Faults(throttle=0.3),
    Faults(throttle=0.2, error_500=0.2, cut_body=0.1, seed=1),
    Faults(error_503=0.2, not_a_picture=0.1, broken_json=0.1, drop_before=0.1, seed=2),
    Faults(throttle=0.2, drop_after=0.1, inference_error=0.1, filter_output=0.1, seed=3),
]


@pytest.mark.parametrize("faults", MIXES)
def test_the_ledger_has_one_row_for_each_request_received(tmp_path, start_emulator, faults):
    emulator = start_emulator(faults=faults)
    using = means(tmp_path, emulator)
    draw_all(using, seeds(40))
    rows = ledger_queries.sends(ledger_of(using), "")
    assert len(rows) == len(emulator.received) > 40
    assert not any(row["outcome"] == "open" for row in rows)
    answered = [it for it in emulator.received if it.status and it.outcome != "drop_after"]
    told = {row["request_id"] for row in rows if row["request_id"]}
    assert told == {received.request_id for received in answered}


@pytest.mark.parametrize(
    "faults", [Faults(), Faults(throttle=0.2, error_500=0.1, cut_body=0.15, seed=5)]
)
def test_the_money_on_the_ledger_is_what_the_pictures_that_were_made_cost(
    tmp_path, start_emulator, faults
):
    emulator = start_emulator(faults=faults)
    using = means(tmp_path, emulator)
    pictures, budget = draw_all(using, seeds(40))
    (total,) = ledger_queries.totals(ledger_of(using), "")
    assert total["billed"] == emulator.pictures_made * PRICE == budget.spent
    assert total["perhaps"] == 0
    assert not [picture for picture in pictures if isinstance(picture, SdbrError)]


@pytest.mark.parametrize("faults", [Faults(), MIXES[1], MIXES[2]])
def test_no_cap_is_passed_and_a_second_run_goes_on_where_it_ended(tmp_path, start_emulator, faults):
    emulator = start_emulator(faults=faults)
    using = means(tmp_path, emulator, spending=Spending(cap=Decimal("0.50")))
    first, budget = draw_all(using, seeds(40))
    made = emulator.pictures_made
    assert made * PRICE <= budget.spent <= Decimal("0.50")
    assert any(isinstance(picture, OverBudget) for picture in first)
    done = sum(not isinstance(picture, SdbrError) for picture in first)
    second, _ = draw_all(means(tmp_path, emulator), seeds(40))
    assert sum(picture.cached for picture in second if not isinstance(picture, SdbrError)) == done
    assert not any(isinstance(picture, OverBudget) for picture in second)


def test_at_the_cap_exactly_as_many_are_drawn_as_it_holds(tmp_path, emulator):
    using = means(tmp_path, emulator, spending=Spending(cap=Decimal("0.40")))
    pictures, _ = draw_all(using, seeds(40))
    assert emulator.pictures_made == 10
    assert sum(not isinstance(picture, SdbrError) for picture in pictures) == 10


def test_equal_requests_are_sent_once_however_many_threads_ask(tmp_path, emulator):
    pictures, _ = draw_all(means(tmp_path, emulator, workers=16), seeds(1) * 32)
    assert len(emulator.received) == 1
    assert sum(not picture.cached for picture in pictures) == 1


def test_an_attempt_in_the_cache_costs_none(tmp_path, start_emulator):
    emulator = start_emulator(faults=Faults(filter_prompt=1.0))
    for _ in range(3):
        (refused,), _ = draw_all(means(tmp_path, emulator), seeds(1))
        assert isinstance(refused, Refused)
    assert len(emulator.received) == 1


def test_reseed_remembers_the_seeds_that_were_refused_and_the_one_that_passed(
    tmp_path, start_emulator
):
    emulator = start_emulator(faults=Faults(filter_output="first:2"))
    using = means(tmp_path, emulator, on_filtered=OnFiltered("reseed", 3))
    (first,), _ = draw_all(using, seeds(1))
    (second,), _ = draw_all(using, seeds(1))
    assert len(emulator.received) == 3
    assert first.seed == second.seed == emulator.received[2].body["seed"]
    assert second.cached


def test_throttled_to_two_at_once_all_pictures_come_and_nothing_is_billed_twice(
    tmp_path, start_emulator
):
    emulator = start_emulator(max_in_flight=2)
    using = means(tmp_path, emulator, effort=Effort(workers=8, attempts=100))
    pictures, budget = draw_all(using, seeds(24))
    assert not [picture for picture in pictures if isinstance(picture, SdbrError)]
    assert emulator.pictures_made == 24
    assert budget.spent == 24 * PRICE


def test_no_more_are_in_flight_than_workers(tmp_path, start_emulator):
    emulator = start_emulator(latency=0.01)
    draw_all(means(tmp_path, emulator, workers=3), seeds(12))
    assert emulator.max_in_flight_seen <= 3


def test_stop_ends_a_run_that_is_throttled_for_an_hour(tmp_path, start_emulator):
    emulator = start_emulator(faults=Faults(throttle=1.0, retry_after=3000))
    stop = threading.Event()
    using = means(tmp_path, emulator, connection=Connection(endpoint_url=emulator.url, timeout=1e5))
    one = open_session(using, "test", Budget(None, stop), stop, lambda _: stop.set())
    with one as run, pytest.raises(Interrupted):
        run.draw(seeds(1)[0])
    assert len(emulator.received) == 1


def test_what_cannot_be_sent_is_on_no_ledger(tmp_path, emulator, monkeypatch):
    using = means(tmp_path, emulator)
    gone = request_for(SD35, init_image=Blob("0" * 64, path=tmp_path / "gone.png"))
    ((error,), _) = draw_all(using, [gone])
    assert isinstance(error, InputProblem)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    ((error,), budget) = draw_all(using, seeds(1))
    assert isinstance(error, AccessProblem)
    assert budget.spent == 0
    assert ledger_queries.sends(ledger_of(using), "") == []
    assert emulator.received == ()


def test_an_emulators_pictures_never_stand_for_bedrocks(tmp_path, emulator):
    draw_all(means(tmp_path, emulator), seeds(1))
    here, aws = means(tmp_path, emulator), means(tmp_path, emulator, connection=Connection())
    assert (here.realm, aws.realm) == ("local", "aws")
    assert here.cache.has(here.key_of(seeds(1)[0]))
    assert not aws.cache.has(aws.key_of(seeds(1)[0]))


def test_offline_an_emulator_is_started_only_when_something_is_drawn(tmp_path, emulator):
    using = means(tmp_path, emulator, connection=Connection(offline=True))
    stop = threading.Event()
    with open_session(using, "test", Budget(None, stop), stop, lambda _: None) as run:
        assert run.draw(seeds(1)[0]).data
    assert emulator.received == ()
    (total,) = ledger_queries.totals(ledger_of(using), "")
    assert (total["realm"], total["sends"]) == ("local", 1)
