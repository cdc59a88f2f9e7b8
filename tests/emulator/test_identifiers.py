from __future__ import annotations

import pytest

from sdbr.emulator import Emulator
from sdbr.emulator.errors import Refusal
from sdbr.emulator.identifiers import find, split
from tests.emulator.calls import CORE, SKETCH, invoke

PLAIN = SKETCH.removeprefix("us.")


@pytest.mark.parametrize(
    "path",
    [
        "/model/stability.stable-image-core-v1:1/invoke",
        "/model/stability.stable-image-core-v1%3A1/invoke",
        "/model/stability.stable-image-core-v1%3a1/invoke",
    ],
)
def test_a_colon_may_be_escaped_or_not(path: str) -> None:
    assert split(path) == (CORE, "invoke")


def test_an_arn_is_split_before_its_escaped_slash_is_decoded() -> None:
    arn = "arn:aws:bedrock:us-west-2::foundation-model/" + CORE
    escaped = arn.replace(":", "%3A").replace("/", "%2F")
    assert split(f"/model/{escaped}/invoke") == (arn, "invoke")


def test_an_unescaped_arn_is_understood_too() -> None:
    arn = "arn:aws:bedrock:us-west-2::foundation-model/" + CORE
    assert split(f"/model/{arn}/invoke") == (arn, "invoke")


def test_other_paths_are_no_invocations() -> None:
    assert split("/foundation-models/" + CORE) is None


@pytest.mark.parametrize(
    ("name", "model"),
    [
        (CORE, CORE),
        ("arn:aws:bedrock:us-west-2::foundation-model/" + CORE, CORE),
        (SKETCH, PLAIN),
        ("arn:aws:bedrock:us-east-1:123456789012:inference-profile/" + SKETCH, PLAIN),
        ("stability.stable-diffusion-xl", "stability.stable-diffusion-xl-v0"),
        ("stability.stable-diffusion-xl-v1:0", "stability.stable-diffusion-xl-v1"),
    ],
)
def test_ids_profiles_and_arns_lead_to_their_model(name: str, model: str) -> None:
    assert find(name, {}).id == model


@pytest.mark.parametrize("name", ["nonsense", "us." + CORE, "stability.stable-image-outpaint-v1:0"])
def test_any_other_name_is_an_invalid_identifier(name: str) -> None:
    with pytest.raises(Refusal, match="The provided model identifier is invalid"):
        find(name, {})


@pytest.mark.parametrize("name", [PLAIN, "arn:aws:bedrock:us-east-1::foundation-model/" + PLAIN])
def test_an_image_service_needs_its_inference_profile(name: str) -> None:
    with pytest.raises(Refusal, match="on-demand throughput isn’t supported"):
        find(name, {})


def test_an_opaque_arn_is_known_when_it_was_told() -> None:
    arn = "arn:aws:bedrock:us-west-2:123456789012:application-inference-profile/abc"
    with Emulator(picture_side=48, models={arn: CORE}) as emulator:
        assert invoke(emulator, arn, {"prompt": "a fox"}).status == 200
        assert emulator.received[0].model == CORE
