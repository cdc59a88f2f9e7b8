"""One command's results piped into the next one's `-`."""

from __future__ import annotations

import json

import pytest
from PIL import Image

from tests.commands.clip_runs import invocations
from tests.commands.moving_inputs import dance_in, photo_in


def test_json_lines_of_one_command_are_the_inputs_of_the_next(sdbr, emulator):
    drawn = sdbr("txt2img", "a fox", "--count", "3", "--seed", "7", "--json")
    names = [json.loads(line)["path"] for line in drawn.lines]
    assert len(set(names)) == 3
    ran = sdbr("img2img", "-", "as a woodcut", "--seed", "5", "--json", stdin=drawn.data)
    assert ran.code == 0, ran.errors
    restyled = [json.loads(line)["path"] for line in ran.lines]
    assert len(restyled) == 3
    assert len(invocations(emulator)) == 6
    for name, source in zip(restyled, names, strict=True):
        (parent,) = json.loads(sdbr("inspect", name, "--json").lines[0])["sources"]
        assert parent["path"].endswith(source)


def test_paths_and_json_lines_and_empty_lines_may_be_mixed(sdbr, emulator, workspace):
    Image.new("RGB", (64, 64), "navy").save(workspace / "a b.png")
    photo = photo_in(workspace)
    told = json.dumps({"path": "a b.png", "seed": 1}) + "\r\n\n" + photo + "\n"
    ran = sdbr("img2img", "-", "x", "--seed", "5", stdin=told.encode())
    assert [path.name for path in ran.paths] == ["a b-5.png", "photo-5.png"]
    assert len(invocations(emulator)) == 2


@pytest.mark.parametrize("name", ["{braces}.png", '{"path": 1', '{"other": "x.png"}'])
def test_a_name_that_only_looks_like_json_is_a_name(sdbr, emulator, workspace, name):
    Image.new("RGB", (64, 64), "navy").save(workspace / name, "PNG")
    ran = sdbr("img2img", "-", "x", "--seed", "5", stdin=name.encode())
    assert ran.code == 0, ran.errors
    assert len(invocations(emulator)) == 1


def test_json_lines_name_animations_too(sdbr, emulator, workspace):
    told = json.dumps({"path": dance_in(workspace)}).encode()
    ran = sdbr("img2gif", "-", "x", "--keyframes", "every:11", stdin=told)
    assert ran.lines == ["generate/img/dance.gif"]
    assert invocations(emulator)


def test_nothing_piped_in_is_told(sdbr, emulator):
    ran = sdbr("img2img", "-", "x", stdin=b"\n \n")
    assert ran.code == 3
    assert "Pipe paths, one per line," in ran.failure
    assert not emulator.received
