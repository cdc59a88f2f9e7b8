from dataclasses import replace

import pytest

from sdbr.errors import Refused, ServiceProblem, UsageProblem
from sdbr.generation.filter_policy import OnFiltered, reseed
from sdbr.generation.generate import KeyedRequest
from tests.material import CORE, drawn, request_for

FOX = request_for(CORE, seed=7)


def key_of(request):
    return f"key of seed {request.seed}"


def keyed(request):
    return KeyedRequest(request, key_of(request))


class Filter:
    """Refuses the first `refusals` requests and remembers the seeds."""

    def __init__(self, refusals):
        self.refusals = refusals
        self.seeds = []

    def __call__(self, wanted):
        request = wanted.request
        assert wanted.key == key_of(request)
        self.seeds.append(request.seed)
        if len(self.seeds) <= self.refusals:
            raise Refused("no", reason="Filter reason: output image")
        return drawn(request)


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("stop", OnFiltered("stop")),
        ("skip", OnFiltered("skip")),
        ("hold", OnFiltered("hold")),
        ("reseed", OnFiltered("reseed", 3)),
        ("reseed:1", OnFiltered("reseed", 1)),
        ("reseed:20", OnFiltered("reseed", 20)),
    ],
)
def test_each_way_is_read(text, policy):
    assert OnFiltered.parse(text) == policy


@pytest.mark.parametrize(
    "text",
    ["", "nonsense", "stop:3", "skip:", "reseed:", "reseed:0", "reseed:21", "reseed:x", ":3"],
)
def test_any_other_way_is_refused(text):
    with pytest.raises(UsageProblem, match="--on-filtered is"):
        OnFiltered.parse(text)


@pytest.mark.parametrize("how", ["stop", "skip", "hold"])
def test_a_refused_picture_is_asked_for_once_unless_reseed_is_wanted(how):
    asked = Filter(1)
    with pytest.raises(Refused):
        reseed(asked, OnFiltered(how), key_of)(keyed(FOX))
    assert asked.seeds == [7]


def test_reseed_asks_with_other_seeds_until_one_passes():
    asked = Filter(2)
    picture = reseed(asked, OnFiltered("reseed", 3), key_of)(keyed(FOX))
    assert len(set(asked.seeds)) == 3
    assert picture.seed == asked.seeds[-1]


def test_reseed_ends_with_the_refusal_after_its_tries():
    asked = Filter(100)
    with pytest.raises(Refused):
        reseed(asked, OnFiltered("reseed", 3), key_of)(keyed(FOX))
    assert len(set(asked.seeds)) == 4


def test_the_other_seeds_are_the_same_each_time_and_none_is_a_neighbours():
    def seeds_of(seed):
        asked = Filter(100)
        with pytest.raises(Refused):
            reseed(asked, OnFiltered("reseed", 20), key_of)(keyed(replace(FOX, seed=seed)))
        return asked.seeds

    assert seeds_of(7) == seeds_of(7)
    tried = [set(seeds_of(seed)) for seed in range(1, 200)]
    assert sum(map(len, tried)) == len(set().union(*tried))
    assert all(1 <= seed <= 4294967294 for seed in seeds_of(4294967294))


def test_other_failures_are_not_reseeded():
    calls = []

    def generate(request):
        calls.append(request)
        raise ServiceProblem("down")

    with pytest.raises(ServiceProblem):
        reseed(generate, OnFiltered("reseed"), key_of)(keyed(FOX))
    assert len(calls) == 1
