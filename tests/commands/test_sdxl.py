"""SDXL, which Bedrock has retired: served by the emulator, with the flags that it alone has."""

import json

import pytest

SDXL = ("txt2img", "a fox", "--model", "sdxl")


@pytest.fixture
def retired(start_emulator):
    """An emulator that serves retired models."""
    return start_emulator(allow_ended=True)


def bodies(emulator):
    return [received.body for received in emulator.received]


def test_the_built_in_emulator_serves_retired_models_when_asked(sdbr, workspace):
    ran = sdbr(*SDXL, "--offline", "--allow-ended", "--seed", "7")
    assert ran.code == 0, ran.errors
    assert ran.lines == ["source/img/a-fox-7.png"]
    assert "SDXL 1.0 ended on 2025-05-20; emulated, nothing is billed" in ran.errors
    assert (workspace / ran.lines[0]).is_file()


def test_unasked_it_refuses_them_and_says_how_to_ask(sdbr):
    ran = sdbr(*SDXL, "--offline")
    assert ran.code == 4
    assert "ended on 2025-05-20. Use --allow-ended to let the emulator answer" in ran.failure


def test_bedrock_itself_cannot_be_asked_for_them(sdbr, emulator):
    ran = sdbr(*SDXL, "--allow-ended")
    assert ran.code == 2
    assert "add --offline" in ran.failure
    assert not emulator.received
