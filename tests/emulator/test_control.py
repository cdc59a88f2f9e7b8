from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from sdbr.emulator import Emulator
from tests.emulator.calls import CORE, SDXL, SKETCH, send

Client = Callable[..., Any]


@pytest.fixture
def client(bedrock_emulator: Emulator) -> Client:  # noqa: ARG001
    return boto3.client


def ids(client: Any, **filters: str) -> set[str]:
    return {row["modelId"] for row in client.list_foundation_models(**filters)["modelSummaries"]}


def test_the_models_of_a_region_are_listed(client: Client) -> None:
    here, there = client("bedrock"), client("bedrock", region_name="us-east-1")
    assert len(ids(here)) == 16
    assert len(ids(there)) == 13
    assert CORE in ids(here) - ids(there)


def test_models_can_be_filtered(client: Client) -> None:
    bedrock = client("bedrock")
    assert len(ids(bedrock, byInferenceType="ON_DEMAND")) == 3
    assert ids(bedrock, byOutputModality="TEXT") == set()
    assert ids(bedrock, byProvider="amazon") == set()
    assert len(ids(bedrock, byProvider="stability", byOutputModality="IMAGE")) == 16


def test_a_model_tells_its_lifecycle(client: Client) -> None:
    told = client("bedrock").get_foundation_model(modelIdentifier=SDXL)["modelDetails"]
    assert told["modelLifecycle"]["status"] == "LEGACY"
    assert told["modelLifecycle"]["endOfLifeTime"].date().isoformat() == "2025-05-20"
    alive = client("bedrock").get_foundation_model(modelIdentifier=CORE)["modelDetails"]
    assert alive["modelLifecycle"]["status"] == "ACTIVE"


def test_inference_profiles_are_listed_and_told(client: Client) -> None:
    bedrock = client("bedrock")
    listed = bedrock.list_inference_profiles(typeEquals="SYSTEM_DEFINED")
    assert len(listed["inferenceProfileSummaries"]) == 13
    told = bedrock.get_inference_profile(inferenceProfileIdentifier=SKETCH)
    assert told["models"][0]["modelArn"].endswith("foundation-model/" + SKETCH[3:])
    own = bedrock.list_inference_profiles(typeEquals="APPLICATION")
    assert own["inferenceProfileSummaries"] == []


def test_availability_follows_region_and_lifecycle(client: Client) -> None:
    def available(model: str, region: str = "us-west-2") -> str:
        bedrock = client("bedrock", region_name=region)
        return str(bedrock.get_foundation_model_availability(modelId=model)["regionAvailability"])

    assert available(CORE) == "AVAILABLE"
    assert available(CORE, "us-east-1") == "NOT_AVAILABLE"
    assert available(SDXL) == "NOT_AVAILABLE"


def test_sts_tells_who_asks(client: Client) -> None:
    assert client("sts").get_caller_identity()["Arn"].endswith(":user/emulated")


def test_unknown_things_are_errors_that_boto3_can_read(client: Client) -> None:
    bedrock = client("bedrock")
    with pytest.raises(ClientError, match="provided model identifier is invalid"):
        bedrock.get_foundation_model(modelIdentifier="nonsense")
    with pytest.raises(ClientError, match="ResourceNotFound"):
        bedrock.get_inference_profile(inferenceProfileIdentifier="us." + CORE)
    with pytest.raises(ClientError, match="UnknownOperation"):
        bedrock.list_guardrails()


def test_the_control_plane_wants_credentials_too(bedrock: Emulator) -> None:
    assert send(bedrock, "GET", "/foundation-models").status == 403


def test_its_calls_are_recorded_without_a_number(
    client: Client, bedrock_emulator: Emulator
) -> None:
    client("bedrock").list_foundation_models()
    record = bedrock_emulator.received[0]
    assert (record.number, record.path, record.made) == (0, "/foundation-models", False)
