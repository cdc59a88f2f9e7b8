from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from sdbr.emulator import Faults
from sdbr.files import part_file
from tests.commands.clip_runs import invocations

FOX = ("txt2img", "a fox", "--seed", "7")
DAY = 24 * 60 * 60


def told(ran):
    (line,) = ran.lines
    return json.loads(line)


def listed(sdbr):
    return [json.loads(line) for line in sdbr("cache", "list", "--json").lines]


def kept_files(workspace):
    """The pictures and entries in the cache, by their suffix."""
    files = sorted((workspace / ".sdbr" / "cache").rglob("*.*"))
    return {
        suffix: [file for file in files if file.suffix == suffix] for suffix in (".json", ".png")
    }


def test_a_workspace_without_pictures_has_an_empty_cache(sdbr):
    assert sdbr("cache").lines == ["0 pictures, 0.0 MB; 0 refusals cached"]
    assert sdbr("cache", "list").lines == []
    assert sdbr("cache", "verify").lines == ["0 pictures checked, 0 broken"]


def test_the_size_counts_pictures_their_bytes_and_remembered_refusals(
    sdbr, start_emulator, workspace
):
    start_emulator(refuse_words=("wolf",))
    sdbr(*FOX, "--count", "3")
    assert sdbr("txt2img", "a wolf").code == 6
    held = sum(file.stat().st_size for file in kept_files(workspace)[".png"])
    assert held > 0
    assert told(sdbr("cache", "--json")) == {
        "pictures": 3,
        "refusals": 1,
        "bytes": held,
        "scans": 0,
        "scan_bytes": 0,
    }
    assert sdbr("cache", "size").lines == ["3 pictures, 0.0 MB; 1 refusal cached"]


def test_the_list_names_each_picture_and_each_refusal(sdbr, start_emulator, workspace):
    start_emulator(refuse_words=("wolf",))
    sdbr(*FOX, "--count", "2")
    sdbr("txt2img", "a wolf")
    rows = listed(sdbr)
    assert [row["key"] for row in rows] == sorted(
        file.stem for file in kept_files(workspace)[".json"]
    )
    drawn = [row for row in rows if not row["refused"]]
    assert sorted(row["seed"] for row in drawn) == [7, 8]
    assert {row["price"] for row in drawn} == {"0.04"}
    lines = sdbr("cache", "list").lines
    for row, line in zip(rows, lines, strict=True):
        assert line.startswith(f"{row['key'][:12]}  {row['model']}  ")
        assert ("refused: " in line) == bool(row["refused"])
    for row, line in zip(rows, lines, strict=True):
        if not row["refused"]:
            assert (workspace / line.split("  ")[-1]).read_bytes()[:4] == b"\x89PNG"


@pytest.mark.parametrize("damage", ["changed", "cut off", "gone", "no entry"])
def test_verify_takes_out_what_is_broken_and_a_run_pays_for_that_alone(
    sdbr, emulator, workspace, damage
):
    run = (*FOX, "--count", "3")
    assert sdbr(*run).code == 0
    picture = kept_files(workspace)[".png"][1]
    data = picture.read_bytes()
    match damage:
        case "changed":
            picture.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        case "cut off":
            picture.write_bytes(data[: len(data) // 2])
        case "gone":
            picture.unlink()
        case _:
            picture.with_suffix(".json").write_text("{")
    ran = sdbr("cache", "verify", "--json")
    assert ran.code == 8
    assert told(ran) == {"checked": 3, "broken": [picture.stem]}
    assert "1 broken picture" in ran.failure
    assert len(kept_files(workspace)[".json"]) == 2
    again = sdbr("cache", "verify")
    assert (again.code, again.lines) == (0, ["2 pictures checked, 0 broken"])
    assert [row["key"] for row in listed(sdbr)] == [
        file.stem for file in kept_files(workspace)[".json"]
    ]
    assert len(invocations(emulator)) == 3
    assert sdbr(*run).code == 0
    assert len(invocations(emulator)) == 4


def test_verify_leaves_whole_pictures_and_refusals_alone(sdbr, start_emulator, workspace):
    emulator = start_emulator(refuse_words=("wolf",))
    sdbr(*FOX)
    sdbr("txt2img", "a wolf", "--seed", "7")
    ran = sdbr("cache", "verify")
    assert (ran.code, ran.lines) == (0, ["2 pictures checked, 0 broken"])
    assert len(kept_files(workspace)[".json"]) == 2
    assert sdbr(*FOX).code == 0
    assert sdbr("txt2img", "a wolf", "--seed", "7").code == 6
    assert len(invocations(emulator)) == 2


def test_prune_wants_to_be_told_what_to_remove(sdbr, emulator):
    sdbr(*FOX)
    ran = sdbr("cache", "prune")
    assert ran.code == 2
    assert "--older-than DAYS or --all" in ran.failure
    assert sdbr(*FOX).code == 0
    assert len(invocations(emulator)) == 1


def test_what_was_pruned_is_paid_for_again(sdbr, start_emulator, workspace):
    emulator = start_emulator(refuse_words=("wolf",))
    sdbr(*FOX, "--count", "2")
    sdbr("txt2img", "a wolf")
    held = sum(file.stat().st_size for file in kept_files(workspace)[".png"])
    # A run that was refused is unfinished: what it needs is spared.
    assert told(sdbr("cache", "prune", "--all", "--json")) == {
        "removed": 2,
        "bytes": held,
        "scans": 0,
        "scan_bytes": 0,
    }
    assert kept_files(workspace)[".png"] == []
    assert sdbr("cache").lines == ["0 pictures, 0.0 MB; 1 refusal cached"]
    sdbr(*FOX, "--count", "2")
    assert len(invocations(emulator)) == 5


def test_only_pictures_that_are_old_enough_are_pruned(sdbr, emulator, workspace):
    for seed, age in (("1", 29.9), ("2", 30.1), ("3", 60)):
        before = set(kept_files(workspace)[".json"])
        sdbr("txt2img", "a fox", "--seed", seed)
        (entry,) = set(kept_files(workspace)[".json"]) - before
        then = time.time() - age * DAY
        os.utime(entry, (then, then))
    ran = sdbr("cache", "prune", "--older-than", "30")
    assert ran.code == 0
    assert ran.lines == ["2 pictures removed, 0.0 MB freed"]
    assert [row["seed"] for row in listed(sdbr)] == [1]
    assert len(kept_files(workspace)[".png"]) == 1
    sdbr("txt2img", "a fox", "--seed", "1")
    assert len(invocations(emulator)) == 3


def test_prune_spares_what_an_unfinished_run_needs_until_it_has_ended(sdbr, start_emulator):
    emulator = start_emulator(faults=Faults(error_500="nth:4"))
    assert sdbr("txt2img", "a hare").code == 0
    run = ("txt2img", "a fox", "--count", "3", "--workers", "1", "--attempts", "1")
    assert sdbr(*run).code == 8
    assert len(invocations(emulator)) == 4
    assert told(sdbr("cache", "prune", "--all", "--json"))["removed"] == 1
    assert len(listed(sdbr)) == 2
    ran = sdbr(*run)
    assert (ran.code, len(ran.lines)) == (0, 3)
    assert len(invocations(emulator)) == 5
    assert told(sdbr("cache", "prune", "--all", "--json"))["removed"] == 3
    assert listed(sdbr) == []


def test_prune_sweeps_up_what_killed_runs_left_and_nothing_of_living_ones(
    sdbr, emulator, workspace
):
    sdbr(*FOX)
    assert len(invocations(emulator)) == 1
    target = kept_files(workspace)[".png"][0]
    with part_file(target) as living:
        name = Path(living.name).name
        dead = target.with_name(".sdbr-0123456789ab.part")
        dead.write_bytes(b"half a picture")
        sdbr("cache", "prune", "--older-than", "1")
        assert [file.name for file in target.parent.glob(".*")] == [name]
    assert target.is_file()
