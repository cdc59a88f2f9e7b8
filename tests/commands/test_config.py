import json

import pytest

from sdbr.config import trust
from sdbr.config.file import read
from sdbr.workflows.look import add_prefix

SETTINGS = """
workers = 3
max_cost = 5

[aliases]
fast = "core"

[looks.woodcut]
prompt = "a woodcut of {prompt}"
negative = "photo, text"
model = "sd3.5"
strength = 0.6

[looks.loud]
prompt = "loud"
model = "fast"
"""


@pytest.fixture(autouse=True)
def settings(workspace):
    path = workspace / "sdbr.toml"
    path.write_text(SETTINGS)
    trust.accept(read(path))


def told(ran):
    return {row["setting"]: (row["value"], row["from"]) for row in map(json.loads, ran.lines)}


def test_each_setting_is_shown_with_where_it_came_from(sdbr, monkeypatch):
    monkeypatch.setenv("SDBR_ATTEMPTS", "4")
    monkeypatch.setenv("SDBR_MODEL_IMG2IMG", "ultra")
    monkeypatch.setenv("AWS_REGION", "us-east-2")
    ran = sdbr("config", "--json", "--rpm", "9")
    assert ran.code == 0
    shown = told(ran)
    assert shown["workers"] == (3, "sdbr.toml line 2")
    assert shown["max_cost"] == ("5", "sdbr.toml line 3")
    assert shown["attempts"] == (4, "environment SDBR_ATTEMPTS")
    assert shown["rpm"] == (9.0, "flag --rpm")
    assert shown["timeout"] == (600.0, "default")
    assert shown["ask_above"] == ("1.00", "default")
    assert shown["region"] == ("us-east-2", "environment AWS_REGION")
    assert shown["aliases.fast"] == ("core", "sdbr.toml line 6")
    assert shown["models.img2img"] == ("ultra", "environment SDBR_MODEL_IMG2IMG")
    assert shown["looks.woodcut.strength"] == ("0.6", "sdbr.toml line 12")


def test_flags_win_over_the_environment_and_that_over_the_files(sdbr, monkeypatch):
    assert told(sdbr("config", "--json"))["workers"][0] == 3
    monkeypatch.setenv("SDBR_WORKERS", "5")
    assert told(sdbr("config", "--json"))["workers"][0] == 5
    assert told(sdbr("config", "--json", "--workers", "7"))["workers"][0] == 7


def test_the_workspace_wins_over_the_users_own_file(sdbr, monkeypatch, tmp_path):
    user = tmp_path / "mine.toml"
    user.write_text('workers = 1\nattempts = 2\n[aliases]\nfast = "ultra"\nslow = "ultra"\n')
    monkeypatch.setenv("SDBR_CONFIG", str(user))
    shown = told(sdbr("config", "--json"))
    assert shown["workers"] == (3, "sdbr.toml line 2")
    assert shown["attempts"] == (2, f"{user} line 2")
    assert shown["aliases.fast"] == ("core", "sdbr.toml line 6")
    assert shown["aliases.slow"] == ("ultra", f"{user} line 5")


def test_what_no_setting_is_called_is_told(sdbr, monkeypatch):
    monkeypatch.setenv("SDBR_WORKRES", "4")
    monkeypatch.setenv("SDBR_MODEL_PAINT", "core")
    errors = sdbr("config").errors
    assert "SDBR_WORKRES is not an sdbr setting" in errors
    assert "SDBR_MODEL_PAINT is not an sdbr setting" in errors


def test_a_wrong_value_in_the_environment_names_its_variable(sdbr, monkeypatch):
    monkeypatch.setenv("SDBR_WORKERS", "many")
    ran = sdbr("config")
    assert ran.code == 2
    assert "SDBR_WORKERS" in ran.failure


@pytest.mark.parametrize("name", ["models]\ntxt2img", "aliases]\nmine", "looks.a]\nmodel"])
def test_a_model_that_nobody_knows_is_told(sdbr, workspace, name):
    (workspace / "sdbr.toml").write_text(f'[{name} = "cor"\n')
    ran = sdbr("config")
    assert ran.code == 2
    assert "Unknown model 'cor'. Did you mean core" in ran.failure


def test_a_look_brings_its_prompt_model_and_flags(sdbr, emulator):
    drawn = sdbr("txt2img", "a fox", "--seed", "7")
    ran = sdbr("img2img", drawn.lines[0], "in snow", "--look", "woodcut", "--seed", "7")
    assert ran.code == 0, ran.errors
    sent = emulator.received[-1]
    assert sent.model == "stability.sd3-5-large-v1:0"
    assert sent.body["prompt"] == "a woodcut of in snow"
    assert sent.body["negative_prompt"] == "photo, text"
    assert sent.body["strength"] == 0.6


def test_flags_win_over_the_look_and_what_a_command_has_not_is_left_out(sdbr, emulator):
    ran = sdbr("txt2img", "a fox", "--look", "woodcut", "--model", "core", "--negative", "snow")
    assert ran.code == 0, ran.errors
    sent = emulator.received[-1]
    assert sent.model == "stability.stable-image-core-v1:1"
    assert sent.body["negative_prompt"] == "snow"
    assert "strength" not in sent.body


def test_a_look_with_words_of_its_own_needs_no_prompt(sdbr, emulator):
    drawn = sdbr("txt2img", "a fox", "--seed", "7")
    assert sdbr("img2img", drawn.lines[0], "--look", "woodcut").code == 0
    assert emulator.received[-1].body["prompt"] == "a woodcut of"


def test_a_result_drawn_with_a_look_is_replayed_for_nothing(sdbr, emulator):
    drawn = sdbr("txt2img", "a {red|blue} fox", "--look", "loud", "--seed", "7")
    sent = len(emulator.received)
    assert {it.body["prompt"] for it in emulator.received} == {
        "loud, a red fox",
        "loud, a blue fox",
    }
    assert sdbr("replay", drawn.lines[0]).lines == drawn.lines[:1]
    assert len(emulator.received) == sent


def test_an_unknown_look_names_those_that_there_are(sdbr, workspace):
    ran = sdbr("txt2img", "a fox", "--look", "wood")
    assert ran.code == 2
    assert "Unknown --look 'wood'. Available looks: woodcut, loud" in ran.failure
    (workspace / "sdbr.toml").unlink()
    assert "Add [looks.wood] to sdbr.toml" in sdbr("txt2img", "a fox", "--look", "wood").failure


@pytest.mark.parametrize(
    ("prefix", "prompt", "whole"),
    [
        ("woodcut", "a fox", "woodcut, a fox"),
        ("woodcut:", "a fox", "woodcut: a fox"),
        ("a woodcut of {prompt}, bold", "a fox", "a woodcut of a fox, bold"),
        ("woodcut", "", "woodcut"),
    ],
)
def test_a_looks_words_go_before_or_around_the_prompt(prefix, prompt, whole):
    assert add_prefix(prefix, prompt) == whole
