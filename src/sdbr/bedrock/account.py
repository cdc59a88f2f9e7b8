"""Questions to AWS that cost nothing: who is calling, what is offered here, what is open to them.

Sources: AWS STS API, GetCallerIdentity; Amazon Bedrock API, ListFoundationModels,
ListInferenceProfiles and GetFoundationModelAvailability.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from sdbr.bedrock.connection import HOME, as_possibly_sent, as_unsent, connect
from sdbr.bedrock.error_mapping import Failure, clean_text, explain_identity
from sdbr.bedrock.transport import NotSent, Transport
from sdbr.config.settings import Connection
from sdbr.errors import AccessProblem, SdbrError, ServiceProblem

_AT_ONCE = 8


class PermissionDenied(AccessProblem):
    """The identity is known, and a question is not allowed to it; drawing may be."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who AWS says is calling. `behind` is how many seconds this machine's clock is behind AWS's,
    None where the answer had no date."""

    account: str
    arn: str
    behind: float | None


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """What the control plane says of a model: "ACTIVE" or "LEGACY", and its last day if set."""

    id: str
    status: str
    end: date | None


@dataclass(frozen=True, slots=True)
class Offer:
    """What a region offers: Stability AI's models by id, and the ids of inference profiles."""

    region: str
    models: Mapping[str, ModelStatus]
    profiles: frozenset[str]


@dataclass(frozen=True, slots=True)
class Availability:
    """What stands between this account and one model; all three have to be true."""

    authorized: bool
    agreed: bool
    entitled: bool


def caller(connection: Connection) -> Caller:
    """Ask STS who is calling. Raises AccessProblem or ServiceProblem."""
    client = connect(connection, HOME, 1, "sts")
    ask = Questions(client, connection)
    answer = ask(client.get_caller_identity, "sts:GetCallerIdentity")
    return Caller(answer["Account"], answer["Arn"], _behind(answer))


class Questions:
    """Asks one client, and says in plain words why there is no answer."""

    def __init__(self, client: Any, connection: Connection) -> None:
        self._transport = Transport(client, connection.timeout)
        self._connection = connection

    def __call__(self, ask: Callable[[], Any], action: str) -> Any:
        """What `ask` returns, which needs the permission `action`."""
        try:
            return self._transport.run(ask)
        except SdbrError:
            raise
        except Exception as error:
            raise _explain(error, action, self._connection) from error


class ControlPlane:
    """A connection to Bedrock's control plane; safe to use from several threads."""

    def __init__(self, connection: Connection) -> None:
        self._client = connect(connection, HOME, _AT_ONCE, "bedrock")
        self._ask = Questions(self._client, connection)

    @property
    def region(self) -> str:
        """The region that is asked."""
        return str(self._client.meta.region_name)

    def offer(self) -> Offer:
        """What this region offers. Raises AccessProblem or ServiceProblem."""
        listed = self._ask(
            lambda: self._client.list_foundation_models(byProvider="Stability AI"),
            "bedrock:ListFoundationModels",
        )
        pages = self._client.get_paginator("list_inference_profiles")
        profiles = self._ask(
            lambda: pages.paginate(typeEquals="SYSTEM_DEFINED").build_full_result(),
            "bedrock:ListInferenceProfiles",
        )["inferenceProfileSummaries"]
        models = {row["modelId"]: _status(row) for row in listed["modelSummaries"]}
        return Offer(self.region, models, frozenset(row["inferenceProfileId"] for row in profiles))

    def availability(self, model_id: str) -> Availability:
        """What stands between this account and a model. Raises AccessProblem, ServiceProblem."""
        status = self._ask(
            lambda: self._client.get_foundation_model_availability(modelId=model_id),
            "bedrock:GetFoundationModelAvailability",
        )
        return Availability(
            authorized=status.get("authorizationStatus") == "AUTHORIZED",
            agreed=status.get("agreementAvailability", {}).get("status") == "AVAILABLE",
            entitled=status.get("entitlementAvailability") == "AVAILABLE",
        )


def _status(row: Mapping[str, Any]) -> ModelStatus:
    life = row.get("modelLifecycle", {})
    end = life["endOfLifeTime"].date() if life.get("endOfLifeTime") else None
    return ModelStatus(row["modelId"], str(life.get("status", "ACTIVE")), end)


def _behind(answer: Mapping[str, Any]) -> float | None:
    sent = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    try:
        return (parsedate_to_datetime(sent) - datetime.now(UTC)).total_seconds() if sent else None
    except ValueError:
        return None


def _explain(error: Exception, action: str, connection: Connection) -> SdbrError:
    from botocore.exceptions import ClientError

    if isinstance(error, NotSent):
        return as_unsent(error.__cause__ or error, connection)
    if not isinstance(error, ClientError):
        return as_possibly_sent(error, connection)
    failure = Failure.of(error.response)
    code, message = failure.code, failure.message
    if (problem := explain_identity(failure)) is not None:
        return problem
    if "API Key" in message:
        return AccessProblem(f"AWS rejected this Bedrock API key: {clean_text(message)}")
    if failure.status == 403 or code in ("AccessDenied", "AccessDeniedException"):
        return PermissionDenied(f"This identity is not allowed to call {action}: {failure.line}")
    return ServiceProblem(f"{action} failed ({code}, HTTP {failure.status}): {clean_text(message)}")
