from base64 import b64encode
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdbr.bedrock.answers import picture_bytes, picture_or_refusal, seed_number
from sdbr.bedrock.client import _picture
from sdbr.bedrock.families import Artifact, family_of
from sdbr.errors import Refused, SdbrError, ServiceProblem
from tests.material import CATALOG, CORE, picture_file, png, request_for

FAMILIES = {model.family: model for model in CATALOG.models}
REASONS = {
    "Filter reason: prompt": "refused the prompt",
    "Filter reason: input image": "refused the input picture",
    "Filter reason: output image": "refused the generated picture",
    "Filter reason: something new": "something new",
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=10,
)
KNOWN = {
    "seeds": st.lists(JSON, max_size=2) | JSON,
    "finish_reasons": st.lists(JSON, max_size=2) | JSON,
    "images": st.lists(st.text() | st.just("aGk="), max_size=2) | JSON,
    "result": st.just("success") | JSON,
    "artifacts": st.lists(
        st.fixed_dictionaries(
            {}, optional={"seed": JSON, "base64": JSON, "finishReason": JSON | st.just("ERROR")}
        )
        | JSON,
        max_size=2,
    )
    | JSON,
    "error": st.fixed_dictionaries({}, optional={"message": JSON}) | JSON,
}


def test_the_first_picture_comes_with_its_seed():
    answer = {
        "seeds": [7],
        "finish_reasons": [None],
        "images": [b64encode(png()).decode()],
    }
    assert picture_or_refusal(answer) == Artifact(png(), 7)


@pytest.mark.parametrize("images", [{}, {"images": []}, {"images": [""]}, {"images": None}])
@pytest.mark.parametrize("reason", REASONS)
def test_a_refused_picture_is_known_by_its_reason_whatever_stands_for_the_picture(reason, images):
    with pytest.raises(Refused, match=REASONS[reason]) as refused:
        picture_or_refusal({"finish_reasons": [reason], **images})
    assert refused.value.reason == reason
    assert refused.value.exit_code == 6
    assert refused.value.trace.billed == "perhaps"


@pytest.mark.parametrize("images", [{}, {"images": []}, {"images": [""]}])
def test_an_inference_error_may_be_asked_again(images):
    with pytest.raises(ServiceProblem, match="inference error") as failed:
        picture_or_refusal({"finish_reasons": ["Inference error"], **images})
    assert failed.value.again
    assert failed.value.trace.billed == "perhaps"


@pytest.mark.parametrize("answer", [{}, {"images": []}, {"images": [""]}, {"images": ["a"]}])
def test_an_answer_without_reason_and_without_picture_was_made_and_may_be_asked_again(answer):
    with pytest.raises(ServiceProblem, match="contains no picture") as failed:
        picture_or_refusal(answer)
    assert failed.value.again
    assert failed.value.trace.billed == "yes"


@pytest.mark.parametrize(
    "encoded",
    ["aGk", "aGk=\n", " aGk=", "data:image/png;base64,", "data:aGk=", "é", "", None, 5, ["aGk="]],
)
def test_only_plain_base64_is_a_picture(encoded):
    with pytest.raises(ServiceProblem):
        picture_bytes(encoded)
    assert picture_bytes("aGk=") == b"hi"


@pytest.mark.parametrize(
    ("told", "seed"),
    [
        (5, 5),
        ("5", 5),
        (0, 0),
        (4294967295, 4294967295),
        (4294967296, None),
        (-1, None),
        (True, None),
        (1.0, None),
        ("x", None),
        ("9" * 10_000, None),
        (None, None),
        ([5], None),
    ],
)
def test_a_seed_that_cannot_be_one_is_left_out(told, seed):
    assert seed_number(told) == seed


@pytest.mark.parametrize("model", FAMILIES.values(), ids=FAMILIES)
@given(answer=st.fixed_dictionaries({}, optional=KNOWN))
def test_any_json_gives_a_picture_or_one_of_our_errors(model, answer):
    with suppress(SdbrError):
        assert family_of(model).decode(answer).data


@given(
    format=st.sampled_from(["png", "jpeg", "webp"]),
    changes=st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=8),
    length=st.integers(0, 2000),
)
def test_a_damaged_picture_is_never_more_than_a_broken_answer(format, changes, length):
    data = bytearray(picture_file(format))
    for at, value in changes:
        if at < len(data):
            data[at] = value
    answer = {"images": [b64encode(bytes(data[:length])).decode()]}
    with suppress(ServiceProblem):
        assert min(_picture(request_for(CORE), answer, "").size) > 0
