"""What each fault does: an error instead of the picture, or a picture spoiled on its way."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from sdbr.emulator.errors import Refusal, ended
from sdbr.emulator.faults import Faults
from sdbr.emulator.http.exchange import Reply, Wire

MARKETPLACE = (
    "Model access is denied due to IAM user or service role is not authorized to perform the "
    "required AWS Marketplace actions (aws-marketplace:ViewSubscriptions, "
    "aws-marketplace:Subscribe) to enable access to this model. Refer to the Amazon Bedrock "
    "documentation for further details. Your AWS Marketplace subscription for this model cannot "
    "be completed at this time. If you recently fixed this issue, try again after 5 minutes."
)
LEGACY = (
    "Access denied. This Model is marked by provider as Legacy and you have not been actively "
    "using the model in the last 30 days. Please upgrade to an active model on Amazon Bedrock"
)
ERRORS = {
    "throttle": (429, "ThrottlingException", "Too many requests, please wait before trying again."),
    "not_ready": (429, "ModelNotReadyException", "The model is not ready for inference."),
    "error_500": (500, "InternalServerException", "The system encountered an unexpected error."),
    "error_503": (503, "ServiceUnavailableException", "Bedrock is unable to process your request."),
    "overloaded_529": (529, "overloaded_error", "Overloaded"),
    "timeout_408": (408, "ModelTimeoutException", "Model invocation has timed out."),
    "model_error_424": (424, "ModelErrorException", "The model failed to process the request."),
    "quota": (400, "ServiceQuotaExceededException", "The request exceeds the service quota."),
    "access_denied": (
        403,
        "AccessDeniedException",
        "You don't have access to the model with the specified model ID.",
    ),
    "marketplace": (403, "AccessDeniedException", MARKETPLACE),
    "expired_token": (
        403,
        "ExpiredTokenException",
        "The security token included in the request is expired",
    ),
    "clock_skew": (
        403,
        "InvalidSignatureException",
        "Signature expired: the request's time is too far from the service's time.",
    ),
    "request_expired": (400, "RequestExpired", "Request has expired."),
    "legacy": (404, "ResourceNotFoundException", LEGACY),
}
FILTERED = {
    "filter_prompt": "Filter reason: prompt",
    "filter_input": "Filter reason: input image",
    "filter_output": "Filter reason: output image",
}
INFERENCE_ERROR = "Inference error"
NOT_A_PICTURE = b"This is no picture."


def error_of(fault: str | None, faults: Faults) -> Refusal | None:
    """The error that stands in the picture's place, for the faults that are errors."""
    if fault == "ended":
        return ended()
    if fault not in ERRORS:
        return None
    status, code, message = ERRORS[fault]
    wait = faults.retry_after if status in (429, 529) else None
    return Refusal(status, code, message, retry_after=wait)


def spoil(reply: Reply, fault: str | None, faults: Faults) -> Reply:
    """The reply as it travels when the fault strikes after the picture was made."""
    changes: dict[str, Callable[[], Reply]] = {
        "drop_after": lambda: dataclasses.replace(reply, wire=Wire.DROP),
        "cut_body": lambda: dataclasses.replace(reply, wire=Wire.CUT),
        "stall_body": lambda: dataclasses.replace(reply, wire=Wire.STALL_BODY),
        "slow_first_byte": lambda: dataclasses.replace(
            reply, wire=Wire.LATE_BODY, wait=faults.slow_by
        ),
        "broken_json": lambda: dataclasses.replace(reply, body=reply.body[:-2] + b',"'),
    }
    if fault not in changes:
        return reply
    return dataclasses.replace(changes[fault](), outcome=fault)
