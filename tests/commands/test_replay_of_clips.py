from __future__ import annotations

from fractions import Fraction

import pytest

from tests.commands.moving_inputs import dance_in, lengths, photo_in


@pytest.fixture
def photo(workspace):
    return photo_in(workspace)


@pytest.fixture
def dance(workspace):
    return dance_in(workspace)


@pytest.mark.usefixtures("emulator")
def test_inspect_tells_how_an_animation_was_made_and_from_what(sdbr, photo):
    sdbr("img2gif", photo, "a fox", "--frames", "2", "--seed", "5", "--motion", "evolve")
    ran = sdbr("inspect", "photo.gif")
    told = [line.strip() for line in ran.lines]
    assert {"prompt: a fox", "seed: 5", "motion: evolve", "frames: 2"} <= set(told)
    assert told[-1].startswith("init_image: ")
    assert told[-1].endswith("photo.png")


@pytest.mark.parametrize("source", ["photo", "dance"])
def test_a_replay_makes_the_same_file_for_nothing(emulator, sdbr, request, source):
    name = request.getfixturevalue(source)
    told = {
        "photo": ("--frames", "3", "--to-prompt", "b", "--hold", "1"),
        "dance": ("--strength", "0.3", "--keyframes", "every:4", "--loop", "2"),
    }
    first = sdbr("img2gif", name, "a", *told[source])
    before, sent = first.paths[0].read_bytes(), len(emulator.received)
    again = sdbr("replay", str(first.paths[0]))
    assert again.code == 0
    assert again.lines == first.lines
    assert again.paths[0].read_bytes() == before
    assert len(emulator.received) == sent


@pytest.mark.usefixtures("emulator")
def test_a_replay_keeps_the_kind_of_file(sdbr, photo):
    assert sdbr("img2gif", photo, "a", "--frames", "2", "-o", "x.webp").lines == ["x.webp"]
    assert sdbr("replay", "x.webp").lines == ["generate/img/x.webp"]


def test_a_replay_under_another_flag_is_another_animation(emulator, sdbr, photo):
    first = sdbr("img2gif", photo, "a", "--frames", "3", "--fps", "20")
    again = sdbr("replay", str(first.paths[0]), "--prompt", "b", "--strength", "0.3")
    assert again.lines == ["generate/img/photo-b-strength-0.3.gif"]
    assert len(emulator.received) == 6
    assert lengths(again.paths[0]) == [Fraction(1, 20)] * 3
    body = emulator.received[-1].body
    assert (body["prompt"], body["strength"]) == ("b", 0.3)
