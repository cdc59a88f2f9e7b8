import json

import pytest

from sdbr.bedrock.error_mapping import Failure, clean_text, explain
from sdbr.errors import AccessProblem, ServiceProblem, UsageProblem
from tests.material import CATALOG, CORE, LEGACY, MARKETPLACE, SD35, SDXL

INPAINT = CATALOG.find("inpaint")
ON_DEMAND = (
    "Invocation of model ID stability.stable-image-inpaint-v1:0 with on-demand throughput isn’t "
    "supported. Retry your request with the ID or ARN of an inference profile that contains this "
    "model."
)
NOT_AUTHORIZED = (
    "User: arn:aws:iam::1:user/x is not authorized to perform: bedrock:InvokeModel on resource: "
    "arn:aws:bedrock:us-west-2::foundation-model/stability.stable-image-inpaint-v1:0 because no "
    "identity-based policy allows the bedrock:InvokeModel action"
)


def told(code, status, message="", *, model=CORE, region="us-west-2", successors="", wait=None):
    return explain(Failure(code, status, message, wait), model, region, successors)


@pytest.mark.parametrize(
    ("code", "status", "message", "sentence"),
    [
        ("AccessDeniedException", 403, "You don't have access.", "no access to Stable Image Core"),
        ("AccessDeniedException", 403, MARKETPLACE, "aws-marketplace:Subscribe"),
        ("AccessDeniedException", 403, "INVALID_PAYMENT_INSTRUMENT", "valid payment method"),
        ("AccessDeniedException", 403, "Invalid API Key format", "Bedrock API key"),
        ("ExpiredTokenException", 403, "expired", "session has expired. Run `aws sso login`"),
        ("ExpiredToken", 400, "expired", "session has expired"),
        ("RequestExpired", 400, "Request has expired.", "Set this computer's clock"),
        ("UnrecognizedClientException", 403, "bad", "rejected these credentials"),
        ("InvalidSignatureException", 403, "Signature expired", "this computer's clock"),
        ("InvalidClientTokenId", 403, "bad", "rejected these credentials"),
        ("IncompleteSignature", 400, "bad", "rejected these credentials"),
        ("IncompleteSignatureException", 400, "bad", "rejected these credentials"),
        ("MissingAuthenticationTokenException", 403, "", "rejected these credentials"),
        ("NotAuthorized", 400, "bad", "rejected these credentials"),
        ("AccessDeniedException", 403, "Bearer Token has expired", "API key has expired"),
        ("ServiceQuotaExceededException", 400, "No more.", "quota .* No more. .* Service Quotas"),
        ("ResourceNotFoundException", 404, "Not here.", "cannot find stability.stable-image-cor"),
        ("ValidationException", 400, "The provided model identifier is invalid.", "has no model"),
    ],
)
def test_what_no_request_of_the_run_can_get_past_is_a_matter_of_access(
    code, status, message, sentence
):
    error = told(code, status, message)
    assert isinstance(error, AccessProblem)
    assert error.exit_code == 4
    with pytest.raises(AccessProblem, match=sentence):
        raise error


@pytest.mark.parametrize(
    ("code", "status", "throttled", "billed"),
    [
        ("ThrottlingException", 429, True, "no"),
        ("ThrottlingException", 400, True, "no"),
        ("ModelNotReadyException", 429, True, "no"),
        ("TooManyRequestsException", 429, True, "no"),
        ("overloaded_error", 529, True, "no"),
        ("ServiceUnavailableException", 503, True, "no"),
        ("InternalServerException", 500, False, "no"),
        ("BadGateway", 502, False, "no"),
        ("GatewayTimeout", 504, False, "perhaps"),
        ("ModelTimeoutException", 408, False, "perhaps"),
        ("ModelErrorException", 424, False, "perhaps"),
    ],
)
def test_what_may_pass_by_itself_may_be_sent_again(code, status, throttled, billed):
    error = told(code, status, "Please wait.", wait=2.5)
    assert isinstance(error, ServiceProblem)
    assert error.exit_code == 5
    assert error.again
    assert error.throttled == throttled
    assert error.wait == 2.5
    assert error.trace.billed == billed
    assert "Please wait." in str(error)


def test_an_invalid_request_is_not_sent_again():
    error = told("ValidationException", 400, "Malformed input request: #/seed: 5 is odd")
    assert isinstance(error, UsageProblem)
    assert str(error).endswith("rejected the request: Malformed input request: #/seed: 5 is odd.")


def test_a_message_that_is_json_is_unwrapped():
    inner = "Invalid field 'text_prompts' in request. Available fields are: image, prompt"
    error = told("ValidationException", 400, json.dumps({"detail": inner}))
    assert str(error) == f"Stable Image Core 1.1 rejected the request: {inner}."


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        ("No.", "No."),
        ("No", "No."),
        ("two\n  lines!", "two lines!"),
        ('{"detail": ["a"]}', "['a']."),
        ('{"other": 1}', '{"other": 1}.'),
        ("[1]", "[1]."),
        ("{", "{."),
        ("[" * 100_000, "[" * 400 + "."),
    ],
)
def test_any_message_becomes_one_line_of_400_characters_at_most(message, sentence):
    assert clean_text(message) == sentence


def test_a_bare_id_of_a_service_is_answered_with_its_profile():
    error = told("ValidationException", 400, ON_DEMAND, model=INPAINT)
    assert isinstance(error, UsageProblem)
    assert "Use --model us.stability.stable-image-inpaint-v1:0." in str(error)


def test_a_legacy_model_is_told_by_the_code_although_its_text_says_access_denied():
    error = told(
        "ResourceNotFoundException", 404, LEGACY, successors="sd3.5 (0.08 USD per picture)"
    )
    assert isinstance(error, AccessProblem)
    assert "is a legacy model" in str(error)
    assert "Use sd3.5 (0.08 USD per picture)." in str(error)
    assert "no access" not in str(error)


def test_an_ended_model_is_told_with_its_day_its_successors_and_their_price():
    text = "This model version has reached the end of its life. Please refer to the documentation."
    error = told("ResourceNotFoundException", 404, text, model=SDXL, successors="core (0.04 USD)")
    assert str(error) == (
        "SDXL 1.0 (stability.stable-diffusion-xl-v1) was retired on 2025-05-20. "
        "Use core (0.04 USD)."
    )


def test_a_model_that_ended_after_this_catalogue_was_written_points_to_the_list():
    text = "This model version has reached the end of its life."
    assert str(told("ResourceNotFoundException", 404, text, model=SD35)) == (
        "SD3.5 Large (stability.sd3-5-large-v1:0) was retired. See `sdbr models` for active models."
    )


def test_the_wrong_region_is_answered_with_a_right_one():
    error = told(
        "ValidationException",
        400,
        "The provided model identifier is invalid.",
        region="eu-central-1",
    )
    assert str(error) == (
        "Stable Image Core 1.1 is not available in eu-central-1. Use --region us-west-2."
    )


def test_a_policy_that_forbids_a_service_names_all_regions_its_profile_goes_to():
    error = told("AccessDeniedException", 403, NOT_AUTHORIZED, model=INPAINT)
    assert "is not allowed to call Inpaint" in str(error)
    assert "us-east-1, us-east-2, us-west-2" in str(error)


@pytest.mark.parametrize("code", ["", "SomethingNew"])
@pytest.mark.parametrize("status", [0, 200, 400, 403, 404, 413, 418, 500, 503, 599])
def test_an_unknown_failure_is_one_of_ours_all_the_same(code, status):
    assert str(told(code, status)).endswith(".")


def test_a_page_is_not_awss_answer():
    response = {
        "Error": {"Code": "403", "Message": "Forbidden"},
        "ResponseMetadata": {
            "HTTPStatusCode": 403,
            "HTTPHeaders": {"content-type": "text/html; charset=utf-8"},
        },
    }
    problem = explain(Failure.of(response), CORE, "us-west-2", "")
    assert isinstance(problem, AccessProblem)
    assert "A proxy or firewall responded instead of Bedrock" in str(problem)
