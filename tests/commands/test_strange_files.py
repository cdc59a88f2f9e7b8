"""Files that a stranger made: what they say of themselves is not to be trusted."""

from __future__ import annotations

import hashlib
import json
import os
from fractions import Fraction

import pytest

from sdbr.media.clip import FrameTiming, TimedFrame
from sdbr.media.metadata import embed
from sdbr.media.writer import open_writer
from tests.material import png
from tests.media.made_clips import picture

DRAWN = {
    "sdbr": "9.9",
    "command": "txt2img",
    "request": {"prompt": "a fox"},
    "seed": 7,
    "told": {"prompt": "a fox", "model": "core"},
}


def picture_that_says(path, **told):
    path.write_bytes(embed(png(), "", json.dumps({**DRAWN, **told})))


def clip_that_says(path, **told):
    with open_writer(path, FrameTiming.even(Fraction(12)), comment=json.dumps(told)) as writer:
        writer.add(TimedFrame(picture(1), Fraction(0), Fraction(1, 12)))


def test_a_replayed_picture_stays_in_the_workspace_whatever_it_is_called(emulator, sdbr, workspace):
    picture_that_says(
        workspace / "x.png",
        stem="../../../away",
        told={**DRAWN["told"], "format": "/../../../away.png"},
    )
    ran = sdbr("replay", "x.png")
    assert ran.code == 0, ran.errors
    assert [path.parent.as_posix() for path in ran.paths] == ["source/img"]
    assert list(workspace.parent.iterdir()) == [workspace]
    assert len(emulator.received) == 1


def test_a_clip_does_not_say_where_a_replay_goes_what_it_costs_and_whom_it_asks(
    emulator, sdbr, workspace
):
    outside = workspace.parent / "outside.gif"
    (workspace / "still.png").write_bytes(png())
    first = sdbr("img2gif", "still.png", "a fox", "--frames", "2", "--seed", "7", "--json")
    record = json.loads(sdbr("inspect", "generate/img/still.gif", "--json").lines[0])["made"]
    record["told"] |= {"to": str(outside), "overwrite": True, "yes": True, "fresh": True}
    record["told"] |= {"endpoint_url": "http://127.0.0.1:9", "root": str(workspace.parent)}
    record["stem"] = "../../away"
    clip_that_says(workspace / "strange.gif", **record)
    ran = sdbr("replay", "strange.gif")
    assert (first.code, ran.code) == (0, 0), ran.errors
    assert [path.parent.as_posix() for path in ran.paths] == ["generate/img"]
    assert list(workspace.parent.iterdir()) == [workspace]
    assert len(emulator.received) == 2


@pytest.mark.parametrize(
    "told",
    [
        {"size": 5},
        {"request": [1]},
        {"finish": ["x"]},
        {"treatment": 3},
        {"told": "x"},
        {"inputs": [3, {"role": "init_image"}]},
        {"frames": "many", "steadiness": {"curve": [[], [1e999]], "keyframes": 3}},
        {"stem": "\ud800"},
        {"drawn_on": "99999-12-31", "seed": 10**400, "size": [10**400, 1]},
        {"drawn_on": "0000-00-00", "price_usd": "1e999999"},
    ],
)
def test_a_strange_record_is_read_as_far_as_it_makes_sense(sdbr, workspace, told):
    (workspace / "source" / "img").mkdir(parents=True)
    picture_that_says(workspace / "source" / "img" / "x.png", **told)
    for question in (("inspect", "x.png"), ("inspect", "x.png", "--json"), ("report",)):
        assert sdbr(*question).code == 0
    assert sdbr("replay", "x.png", "--dry-run", "--offline").code in (0, 3)


def test_what_a_file_says_does_not_steer_the_terminal(sdbr, workspace):
    picture_that_says(workspace / "x.png", request={"prompt": "a\x1b]0;fox\x07 \u202efox"})
    ran = sdbr("inspect", "x.png")
    assert ran.code == 0
    assert not {"\x1b", "\x07", "\u202e"} & set(ran.data.decode())


ARN = "arn:aws:bedrock:us-west-2:123456789012:provisioned-model/theirs"


@pytest.mark.parametrize("model", [ARN, "acme.paint-v1", "theirs"])
def test_a_record_names_no_model_beyond_the_catalog(emulator, sdbr, workspace, model):
    picture_that_says(
        workspace / "x.png", told={"prompt": "a fox", "model": model, "family": "core"}
    )
    ran = sdbr("replay", "x.png")
    assert ran.code == 3
    assert "not in the catalog" in ran.failure
    assert not emulator.received
    assert sdbr("replay", "x.png", "--model", "core").code == 0
    assert len(emulator.received) == 1


@pytest.mark.parametrize(
    "told",
    [
        {"prompt": "a {red|blue} fox"},
        {"seed": "1..60"},
        {"model": "core,ultra"},
        {"style": "anime,origami"},
        {"seed": [1, 2, 3]},
        {"seed": 10**400},
    ],
)
def test_a_record_draws_one_picture_at_most(emulator, sdbr, workspace, told):
    picture_that_says(workspace / "x.png", seed=None, told={**DRAWN["told"], **told})
    ran = sdbr("replay", "x.png")
    assert ran.code in (0, 3)
    assert "bug" not in ran.errors
    assert len(emulator.received) <= 1


@pytest.mark.parametrize("role", ["to_image", "mask", "style_image"])
def test_a_record_opens_no_file_that_it_names(emulator, sdbr, workspace, role):
    diary = workspace.parent / "diary.png"
    diary.write_bytes(png(colour=(0, 0, 255)))
    (workspace / "still.png").write_bytes(png())
    assert sdbr("img2gif", "still.png", "a fox", "--frames", "2", "--seed", "7").code == 0
    record = json.loads(sdbr("inspect", "generate/img/still.gif", "--json").lines[0])["made"]
    record["told"][role] = str(diary)
    clip_that_says(workspace / "strange.gif", **record)
    ran = sdbr("replay", "strange.gif")
    assert ran.code == 0, ran.errors
    assert len(emulator.received) == 2


@pytest.mark.parametrize("command", ["txt2img", "sheet", "cache", "nonsense", "../x"])
def test_a_clip_is_never_taken_for_a_list_of_prompts(emulator, sdbr, workspace, command):
    (workspace / "still.png").write_bytes(png())
    assert sdbr("img2gif", "still.png", "a fox", "--frames", "2", "--seed", "7").code == 0
    record = json.loads(sdbr("inspect", "generate/img/still.gif", "--json").lines[0])["made"]
    clip_that_says(workspace / "strange.gif", **{**record, "command": command})
    ran = sdbr("replay", "strange.gif")
    assert ran.code in (0, 3)
    assert "bug" not in ran.errors
    assert len(emulator.received) <= 3


def test_a_lineage_that_is_deep_and_wide_is_told_to_its_hundredth_file(sdbr, workspace):
    store = workspace / ".sdbr" / "inputs"
    store.mkdir(parents=True)
    inputs = []
    for step in range(12):
        path = workspace / f"{step}.png"
        picture_that_says(path, inputs=inputs)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        (store / f"{digest}.json").write_text(json.dumps({"path": str(path)}))
        inputs = [{"role": "init_image", "name": path.name, "sha256": digest}] * 8
    ran = sdbr("inspect", "11.png")
    assert ran.code == 0
    assert len(ran.data) < 200_000


def test_pipes_and_devices_are_not_read(sdbr, workspace):
    os.mkfifo(workspace / "pipe.png")
    for command in (("inspect",), ("img2img",), ("vid2vid",), ("img2gif",), ("replay",)):
        words = () if command in (("inspect",), ("replay",)) else ("ink",)
        ran = sdbr(*command, "pipe.png", *words, "--offline" if words else "--workspace=.")
        assert ran.code == 3, (command, ran.errors)


def test_a_pipe_that_a_note_names_is_not_read(sdbr, workspace):
    os.mkfifo(workspace / "pipe.png")
    (workspace / ".sdbr" / "inputs").mkdir(parents=True)
    note = workspace / ".sdbr" / "inputs" / f"{'0' * 64}.json"
    note.write_text(json.dumps({"path": str(workspace / "pipe.png")}))
    picture_that_says(
        workspace / "x.png", inputs=[{"role": "init_image", "name": "x", "sha256": "0" * 64}]
    )
    assert sdbr("inspect", "x.png").code == 0
    assert sdbr("replay", "x.png", "--offline").code == 3


def test_an_account_does_not_travel_in_results(start_emulator, sdbr, workspace):
    start_emulator(models={ARN: "stability.stable-image-core-v1:1"})
    words = ("a fox", "--model", ARN, "--family", "core", "--seed", "7")
    assert sdbr("txt2img", *words, "--yes").code == 0
    assert sdbr("report").code == 0
    for path in [*(workspace / "source" / "img").iterdir(), *workspace.glob("*.html")]:
        assert b"123456789012" not in path.read_bytes(), path
        assert b"arn:aws:bedrock:us-west-2::provisioned-model/theirs" in path.read_bytes()


def test_thousands_of_unknown_settings_are_told_in_one_line(sdbr, workspace):
    text = "".join(f"key{number} = 1\n" for number in range(4_000))
    (workspace / "sdbr.toml").write_text(text)
    ran = sdbr("txt2img", "a fox", "--offline")
    assert ran.code == 2
    assert "line 1: unknown setting 'key0'" in ran.failure
    assert "and 3990 more" in ran.failure


def test_escape_sequences_in_names_do_not_reach_the_terminal(sdbr):
    ran = sdbr("img2img", "\x1b[31mred.png", "ink", "--offline")
    assert ran.code == 3
    assert "\x1b" not in ran.errors
