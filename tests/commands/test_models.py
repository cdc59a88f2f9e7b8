from __future__ import annotations

import json
import re

import pytest

from tests.material import CATALOG


def rows(ran):
    """The table's rows by alias, each a mapping from column to cell."""
    head, *lines = (re.split(r"\s{2,}", line) for line in ran.lines)
    return {cells[0]: dict(zip(head, cells, strict=True)) for cells in lines}


def told(ran):
    return {row["aliases"][0]: row for row in map(json.loads, ran.lines)}


def test_the_table_tells_what_can_be_called_for_what_where_and_for_how_much(sdbr):
    ran = sdbr("models")
    assert ran.code == 0
    assert rows(ran)["ultra"] == {
        "ALIAS": "ultra",
        "MODEL": "Stable Image Ultra 1.1",
        "TASKS": "text-to-image, image-to-image",
        "USD": "0.14",
        "AS OF": "2026-11",
        "REGIONS": "us-west-2",
        "STATUS": "active",
    }
    assert rows(ran)["inpaint"]["REGIONS"] == "us-east-1, us-east-2, us-west-2"


def test_the_columns_of_the_table_stand_below_each_other(sdbr):
    lines = sdbr("models", "--all").lines
    for column in ("MODEL", "TASKS", "USD", "REGIONS", "STATUS"):
        at = lines[0].index(column)
        assert all(line[at - 2 : at] == "  " and line[at] != " " for line in lines)


def test_models_whose_life_has_ended_are_left_out_unless_asked_for(sdbr):
    alive, everything = rows(sdbr("models")), rows(sdbr("models", "--all"))
    assert len(everything) == len(CATALOG.models)
    assert {row["STATUS"] for row in alive.values()} == {"active"}
    ended = {alias: everything[alias]["STATUS"] for alias in everything.keys() - alive}
    assert ended == {
        "sdxl-0.8": "retired 2024-04-30",
        "sdxl": "retired 2025-05-20",
        "sd3": "retired 2025-09-04",
        "core-1.0": "retired 2025-09-04",
        "ultra-1.0": "retired 2025-09-04",
    }


def test_a_price_that_depends_on_the_request_is_a_range(sdbr):
    everything = rows(sdbr("models", "--all"))
    assert everything["sdxl"]["USD"] == "0.04-0.08"
    assert everything["sdxl-0.8"]["REGIONS"] == "unknown"


@pytest.mark.parametrize(
    ("more", "aliases"),
    [
        (["--task", "image-to-image"], {"sd3.5", "ultra"}),
        (["--task", "upscale-fast"], {"fast-upscale"}),
        (
            ["--task", "image-to-image", "--all"],
            {"sd3.5", "ultra", "sd3", "sdxl", "sdxl-0.8"},
        ),
    ],
)
def test_a_task_leaves_only_the_models_that_do_it(sdbr, more, aliases):
    assert set(rows(sdbr("models", *more))) == aliases
    assert set(told(sdbr("models", *more, "--json"))) == aliases


def test_an_unknown_task_names_those_that_there_are(sdbr):
    ran = sdbr("models", "--task", "paint")
    assert ran.code == 2
    assert "Unknown task 'paint'. Choose from control-sketch, " in ran.failure
    assert ran.lines == []


def test_json_tells_of_each_model_all_that_the_catalogue_knows(sdbr):
    shown = told(sdbr("models", "--all", "--json"))
    assert [row["id"] for row in shown.values()] == [model.id for model in CATALOG.models]
    sdxl = shown["sdxl"]
    assert sdxl["prices"] == [
        {"usd": 0.04, "max_steps": 50, "max_pixels": None},
        {"usd": 0.08, "max_steps": None, "max_pixels": None},
    ]
    assert (sdxl["alive"], sdxl["legacy"], sdxl["end"]) == (False, "2024-10-16", "2025-05-20")
    assert "stability.sd3-5-large-v1:0" in sdxl["replaced_by"]
    assert (shown["core"]["alive"], shown["core"]["end"]) == (True, None)
    inpaint = shown["inpaint"]
    assert inpaint["needs_profile"]
    assert inpaint["invoke_id"] == f"us.{inpaint['id']}"


def test_a_price_of_the_users_own_is_shown_as_theirs(sdbr, workspace):
    (workspace / "sdbr.toml").write_text("[prices]\ncore = 0.05\n")
    assert sdbr("trust", "--yes").code == 0
    core = rows(sdbr("models"))["core"]
    assert (core["USD"], core["AS OF"]) == ("0.05", "your settings")
    assert told(sdbr("models", "--json"))["core"]["prices"][0]["usd"] == 0.05


def test_a_models_own_page_has_the_flags_that_it_takes(sdbr):
    page = dict(re.split(r"\s{2,}", line, maxsplit=1) for line in sdbr("models", "sdxl").lines[:-1])
    assert page["STATUS"] == "retired 2025-05-20"
    assert page["FLAGS"].split(", ")[:3] == ["--aspect", "--format", "--mask"]
    assert page["--steps"] == "10 to 150."
    assert "K_EULER_ANCESTRAL" in page["--sampler"]
    assert "--offline --allow-retired" in sdbr("models", "sdxl").lines[-1]
    assert "--steps" not in "".join(sdbr("models", "core").lines)
    assert [json.loads(line)["title"] for line in sdbr("models", "core", "--json").lines] == [
        "Stable Image Core 1.1"
    ]
    assert "Unknown model" in sdbr("models", "nope").failure


@pytest.mark.parametrize("command", ["txt2img", "img2img", "img2gif", "vid2vid"])
def test_flags_of_retired_models_are_on_their_page_and_not_in_the_help(sdbr, command):
    told = "".join(sdbr(command, "--help").lines)
    assert "--steps" not in told
    assert "--step-schedule" not in told
    assert "`sdbr models`" in told
