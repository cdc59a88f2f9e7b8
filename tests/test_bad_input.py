"""The quick form of the fuzzer: `python -m dev.campaign fuzz` tries for as long as one likes."""

import pytest
from dev.campaign.fuzz.targets import TARGETS
from dev.campaign.fuzz.watching import attempt
from dev.campaign.page import PAGE

SLOW = {"records in results": 12, "names of files": 4, "ledger and cache": 6, "secrets": 2}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", TARGETS)
def test_bad_input_is_told_in_plain_words_and_touches_nothing_else(name):
    tried = {seed: attempt(TARGETS[name], seed) for seed in range(SLOW.get(name, 60))}
    assert {seed: failure for seed, failure in tried.items() if failure} == {}


def test_the_page_tells_of_every_kind_of_bad_input():
    page = PAGE.read_text(encoding="utf-8")
    assert [name for name in TARGETS if f"| {name} |" not in page] == []
