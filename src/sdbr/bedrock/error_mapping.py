"""Each failure of AWS becomes one of our errors, with a sentence that says what to do.

Decided by error code and HTTP status, not by words: a legacy model answers 404 with a text that
begins "Access denied". Only where one code covers several troubles do the words decide.
Source: Amazon Bedrock User Guide, "Troubleshooting Amazon Bedrock API Error Codes".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sdbr.errors import AccessProblem, SdbrError, ServiceProblem, UsageProblem
from sdbr.request import Model

_LONGEST_CODE = 80  # AWS's have up to 40 characters; a proxy may send anything.
_EXPIRED = ("ExpiredTokenException", "ExpiredToken", "RequestExpired")
_BAD_KEYS = (
    *("UnrecognizedClientException", "InvalidClientTokenId", "InvalidSignatureException"),
    *("SignatureDoesNotMatch", "IncompleteSignature", "IncompleteSignatureException"),
    *("MissingAuthenticationToken", "MissingAuthenticationTokenException", "NotAuthorized"),
)
_THROTTLED = ("ThrottlingException", "TooManyRequestsException", "ModelNotReadyException")
_AGAIN = (408, 424, 429, 500, 502, 503, 504, 529)  # 408, 424 and 529 botocore never sends again.
_PERHAPS_BILLED = (408, 424, 504)  # The model may have drawn by then.


@dataclass(frozen=True, slots=True)
class Failure:
    """What AWS said: error code, HTTP status, message, seconds to wait where it names any.

    `html` tells a page: AWS sends none, a proxy or firewall on the way does.
    """

    code: str
    status: int
    message: str
    wait: float | None = None
    request_id: str = ""
    html: bool = False

    @property
    def line(self) -> str:
        """Its message in one line, or its code where it has none."""
        return clean_text(self.message or self.code)

    @classmethod
    def of(cls, response: Mapping[str, Any]) -> Failure:
        """The failure in the `response` of a botocore ClientError, whatever it lacks."""
        error, metadata = response.get("Error", {}), response.get("ResponseMetadata", {})
        return cls(
            code=str(error.get("Code", ""))[:_LONGEST_CODE],
            status=int(metadata.get("HTTPStatusCode", 0)),
            message=str(error.get("Message", "")),
            wait=_wait(metadata.get("HTTPHeaders", {})),
            request_id=str(metadata.get("RequestId", "")),
            html="html" in str(metadata.get("HTTPHeaders", {}).get("content-type", "")).lower(),
        )


def _wait(headers: Mapping[str, str]) -> float | None:
    """Seconds that the service asks to wait: x-amz-retry-after in ms, or Retry-After in s."""
    for name, unit in (("x-amz-retry-after", 0.001), ("retry-after", 1.0)):
        try:
            return max(0.0, float(headers[name]) * unit)
        except (KeyError, ValueError):
            continue
    return None


def explain(failure: Failure, model: Model, region: str, successors: str) -> SdbrError:
    """The error for a failed call of `model` in `region`.

    `successors` names the models to use instead with their prices, or is empty.
    """
    if failure.html and failure.status < 500:
        return AccessProblem(
            f"A proxy or firewall responded instead of Bedrock (HTTP {failure.status}, an HTML "
            "page). Check HTTPS_PROXY and NO_PROXY, or ask your network administrator."
        )
    if failure.status == 404 or failure.code == "ResourceNotFoundException":
        return AccessProblem(_gone(failure, model, successors))
    if (problem := explain_identity(failure)) is not None:
        return problem
    if failure.status == 403 or failure.code == "AccessDeniedException":
        return AccessProblem(_explain_denial(failure, model, region))
    if failure.status in _AGAIN or failure.code in _THROTTLED:
        return _explain_passing(failure)
    if failure.code == "ServiceQuotaExceededException":
        return AccessProblem(
            f"The account's quota for {model.title} is exhausted: {failure.line} Request an "
            "increase in the Service Quotas console."
        )
    return _invalid(failure, model, region)


def explain_identity(failure: Failure) -> AccessProblem | None:
    """The error where AWS does not take the credentials, whatever was asked; None elsewhere."""
    if failure.code in _EXPIRED:
        if failure.code == "RequestExpired":
            return AccessProblem(
                "AWS says the request is too old. Set this computer's clock, then try again."
            )
        return AccessProblem(
            "The AWS session has expired. Run `aws sso login` or renew the keys, then try again."
        )
    if "Bearer Token has expired" in failure.message:
        return AccessProblem(
            "The Bedrock API key has expired. Set AWS_BEARER_TOKEN_BEDROCK to a new one."
        )
    if failure.code not in _BAD_KEYS:
        return None
    if "Signature expired" in failure.message or "not yet current" in failure.message:
        return AccessProblem(
            f"AWS says this computer's clock is wrong ({failure.code}). Set it, then try again."
        )
    return AccessProblem(
        f"AWS rejected these credentials ({failure.code}). Check the profile, the keys and this "
        "computer's clock, or run `aws sso login`."
    )


def clean_text(message: str) -> str:
    """The message in one line; where it is JSON with a `detail`, the detail alone."""
    try:
        parsed = json.loads(message)
        message = str(parsed["detail"]) if isinstance(parsed, dict) else message
    except (ValueError, KeyError, RecursionError):
        pass
    line = " ".join(message.split())[:400]
    return line if line.endswith((".", "!", "?")) else f"{line}."


def _gone(failure: Failure, model: Model, successors: str) -> str:
    instead = _instead(successors)
    end = model.lifecycle.end
    if "marked by provider as Legacy" in failure.message:
        return (
            f"{model.title} is a legacy model, and closed to accounts that have not used it "
            f"recently.{instead}"
        )
    if "end of its life" in failure.message or end is not None:
        return str(explain_end(model, successors))
    return f"Bedrock cannot find {model.invoke_id}: {failure.line}{instead}"


def explain_end(model: Model, successors: str) -> AccessProblem:
    """The error for a retired model, with what to use."""
    end = model.lifecycle.end
    when = f"was retired on {end.isoformat()}" if end else "was retired"
    return AccessProblem(f"{model.title} ({model.id}) {when}.{_instead(successors)}")


def _instead(successors: str) -> str:
    return f" Use {successors}." if successors else " See `sdbr models` for active models."


def _explain_denial(failure: Failure, model: Model, region: str) -> str:
    message = failure.message
    if "aws-marketplace" in message or "AWS Marketplace" in message:
        return (
            f"The AWS Marketplace subscription to {model.title} is not complete. Allow "
            "aws-marketplace:Subscribe and aws-marketplace:ViewSubscriptions, wait 5 to 15 "
            "minutes, then try again."
        )
    if "INVALID_PAYMENT_INSTRUMENT" in message:
        return (
            f"AWS refused {model.title} because the account has no valid payment method. Add "
            "one in the Billing console."
        )
    if "API Key" in message:
        return f"AWS rejected this Bedrock API key: {failure.line} Create a new one."
    if "is not authorized to perform" in message:
        # A `us.` profile routes to any of its regions, and IAM checks the model in that one.
        everywhere = f"the inference profile and the foundation model in {', '.join(model.regions)}"
        also = f" Allow {everywhere}." if model.needs_profile else ""
        return f"This identity is not allowed to call {model.title}: {failure.line}{also}"
    return (
        f"This account has no access to {model.title} in {region}: {failure.line} Open it once "
        "in the model catalog of the Bedrock console, or ask your administrator."
    )


def _explain_passing(failure: Failure) -> ServiceProblem:
    throttled = failure.status == 429 or failure.code in _THROTTLED
    what = "Bedrock throttled the request" if throttled else "Bedrock failed"
    return ServiceProblem(
        f"{what} ({failure.code}, HTTP {failure.status}): {failure.line}",
        again=True,
        throttled=throttled or failure.status in (503, 529),
        wait=failure.wait,
        billed="perhaps" if failure.status in _PERHAPS_BILLED else "no",
    )


def _invalid(failure: Failure, model: Model, region: str) -> SdbrError:
    if "on-demand throughput" in failure.message:
        return UsageProblem(
            f"{model.invoke_id} can only be called through an inference profile. "
            f"Use --model us.{model.id}."
        )
    if "model identifier is invalid" in failure.message:
        if model.regions and region not in model.regions:
            return AccessProblem(
                f"{model.title} is not available in {region}. Use --region {model.regions[0]}."
            )
        return AccessProblem(
            f"Bedrock in {region} has no model {model.invoke_id}. Check the ID and the region."
        )
    return UsageProblem(f"{model.title} rejected the request: {failure.line}")
