import json

import pytest

from sdbr.errors import InputProblem
from sdbr.store.open_runs import drawn_seeds, needed_keys, open_run


def note(folder, command="txt2img", wanted=("a", "b"), seeds=2):
    return open_run(folder, command, wanted, seeds)


def test_a_run_that_was_stopped_finds_its_seeds_again(tmp_path):
    first = note(tmp_path)
    assert note(tmp_path).seeds == first.seeds
    assert len(first.seeds) == 2


def test_a_run_that_ended_well_draws_new_seeds_next_time(tmp_path):
    first = note(tmp_path)
    first.finish()
    assert list(tmp_path.iterdir()) == []
    assert note(tmp_path).seeds != first.seeds


@pytest.mark.parametrize(
    "other",
    [{"command": "img2img"}, {"wanted": ("b", "a")}, {"wanted": ("a", "c")}, {"wanted": ("a",)}],
)
def test_another_run_has_its_own_seeds(tmp_path, other):
    assert note(tmp_path, **other).path != note(tmp_path).path


def test_seeds_are_never_0_and_fit_every_model():
    seeds = drawn_seeds(2000)
    assert all(1 <= seed <= 4_294_967_294 for seed in seeds)
    assert len(set(seeds)) > 1990


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"seeds": [0, 1]}', '{"seeds": [1]}', '{"seeds": ["x", "y"]}']
)
def test_a_note_that_cannot_be_read_costs_only_the_seeds(tmp_path, text):
    path = note(tmp_path).path
    path.write_text(text)
    seeds = note(tmp_path).seeds
    assert len(seeds) == 2
    assert 0 not in seeds
    assert list(needed_keys(tmp_path)) == []


def test_what_an_unfinished_run_needs_is_known_until_it_ends(tmp_path):
    run = note(tmp_path)
    assert list(needed_keys(tmp_path)) == []
    run.need(["k2", "k1", "k2"])
    assert sorted(needed_keys(tmp_path)) == ["k1", "k2"]
    assert note(tmp_path).seeds == run.seeds
    run.finish()
    run.finish()
    assert list(needed_keys(tmp_path)) == []


def test_two_at_once_agree_on_the_seeds(tmp_path):
    first, second = note(tmp_path), note(tmp_path)
    first.need(["a"])
    second.need(["a"])
    assert first.seeds == second.seeds == tuple(json.loads(first.path.read_bytes())["seeds"])


def test_a_folder_that_cannot_be_is_told_by_name(tmp_path):
    (tmp_path / "runs").write_text("")
    with pytest.raises(InputProblem, match=r"Cannot write .*runs"):
        note(tmp_path / "runs")
