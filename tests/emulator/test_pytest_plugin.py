from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import boto3
import pytest
from PIL import Image

from sdbr.emulator import Emulator
from tests.emulator.calls import CORE, SD35


def test_a_script_from_a_tutorial_runs_unchanged(bedrock_emulator: Emulator) -> None:
    client = boto3.client("bedrock-runtime")
    body = json.dumps({"prompt": "a fox", "mode": "text-to-image", "seed": 5})
    response = client.invoke_model(modelId=SD35, body=body)
    told = json.loads(response["body"].read())
    picture = Image.open(io.BytesIO(base64.b64decode(told["images"][0])))
    assert picture.size == (1024, 1024)
    assert bedrock_emulator.pictures_made == 1


@pytest.mark.bedrock_emulator(allow_retired=True, picture_side=48)
def test_the_marker_gives_the_emulator_settings(bedrock_emulator: Emulator) -> None:
    client = boto3.client("bedrock-runtime")
    body = json.dumps({"text_prompts": [{"text": "a fox"}]})
    response = client.invoke_model(modelId="stability.stable-diffusion-xl-v1", body=body)
    told = json.loads(response["body"].read())
    picture = Image.open(io.BytesIO(base64.b64decode(told["artifacts"][0]["base64"])))
    assert max(picture.size) == 48
    assert bedrock_emulator.settings.allow_retired


@pytest.mark.parametrize("name", ["throttle", "throtle"])
def test_a_fault_given_as_a_setting_is_told_where_it_belongs(name: str) -> None:
    with pytest.raises(TypeError, match=r"Use faults=Faults\(throttle=\.\.\.\)\."):
        Emulator(**{name: "first:2"})


def test_credentials_of_whoever_runs_the_tests_are_out_of_the_way(
    bedrock_emulator: Emulator,
) -> None:
    assert os.environ["AWS_ENDPOINT_URL_BEDROCK_RUNTIME"] == bedrock_emulator.url
    assert os.environ["AWS_ACCESS_KEY_ID"] == "emulated"
    assert "AWS_PROFILE" not in os.environ


def test_errors_reach_boto3_as_their_own_classes(bedrock_emulator: Emulator) -> None:
    client = boto3.client("bedrock-runtime")
    with pytest.raises(client.exceptions.ValidationException):
        client.invoke_model(modelId=CORE, body="{}")
    assert len(bedrock_emulator.received) == 1


def test_loading_the_plugin_loads_nothing_heavy() -> None:
    heavy = ["numpy", "PIL", "boto3", "botocore", "h2", "sdbr.emulator.emulator"]
    code = (
        "import sys, sdbr.emulator.pytest_plugin\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


@pytest.fixture
def broken_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "config"
    config.write_text("[default]\nignore_configured_endpoint_urls = true\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "example.com")


@pytest.mark.usefixtures("broken_machine")
def test_proxies_profiles_and_files_of_the_machine_are_out_of_the_way(
    request: pytest.FixtureRequest,
) -> None:
    emulator: Emulator = request.getfixturevalue("bedrock_emulator")
    client = boto3.Session().client("bedrock-runtime")
    assert client.meta.endpoint_url == emulator.url
    client.invoke_model(modelId=SD35, body=json.dumps({"prompt": "a fox"}))
    assert emulator.pictures_made == 1
