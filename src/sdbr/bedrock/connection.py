"""Opens the connection to Bedrock, and says in plain words why it cannot be opened or was lost."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from sdbr.config.settings import REGION, Connection, configured_region
from sdbr.errors import AccessProblem, SdbrError, ServiceProblem, Trace

RUNTIME = "bedrock-runtime"
_SIGN_IN = (
    "Run `aws configure` or `aws sso login`, set AWS_PROFILE, or try it with --offline. "
    "For `sdbr emulate` any will do: export AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x"
)

# By the names of botocore's exceptions, so that importing this module costs nothing.
_ACCESS = {
    "NoCredentialsError": f"No AWS credentials found. {_SIGN_IN}",
    "PartialCredentialsError": f"The AWS credentials are incomplete. {_SIGN_IN}",
    "CredentialRetrievalError": f"The AWS credentials cannot be fetched. {_SIGN_IN}",
    "UnauthorizedSSOTokenError": "The AWS session has expired. Run `aws sso login`.",
    "SSOTokenLoadError": "There is no AWS SSO session. Run `aws sso login`.",
    "TokenRetrievalError": "The AWS session has expired. Run `aws sso login`.",
    "ProfileNotFound": "There is no such AWS profile. See `aws configure list-profiles`.",
    "ConfigParseError": "The AWS configuration cannot be read. Mend ~/.aws/config.",
    "InvalidRegionError": "This is not an AWS region. Give one such as --region us-west-2.",
}
_NEVER_SENT = (
    *("EndpointConnectionError", "ConnectTimeoutError", "ProxyConnectionError", "SSLError"),
    "InvalidProxiesConfigError",
)
_AFTER_SENDING = {
    "ReadTimeoutError": ("Bedrock did not answer in time.", "perhaps"),
    # Bytes of the answer had come: the picture was made.
    **dict.fromkeys(
        ("ResponseStreamingError", "IncompleteReadError"), ("Bedrock's answer was cut off.", "yes")
    ),
    **dict.fromkeys(
        ("ConnectionClosedError", "HTTPClientError", "ConnectionError"),
        ("The connection was lost.", "perhaps"),
    ),
}


def connect(
    connection: Connection, fallback_region: str, workers: int, service: str = RUNTIME
) -> Any:
    """A client of one of AWS's services that sends once a call.

    `fallback_region` is used where neither flag, environment nor profile names one. An endpoint
    that is not AWS's own stands for every service. Raises AccessProblem where the profile or the
    region is wrong.
    """
    import boto3
    from botocore.config import Config

    # The region of the AWS configuration says nothing about the emulator inside this process.
    region = connection.region or (fallback_region if connection.offline else configured_region())
    if region and not re.fullmatch(REGION, region):
        raise AccessProblem(
            f"{region!r} is not an AWS region. Give one such as --region {fallback_region}."
        )
    stands_for_all = service == RUNTIME or connection.realm != "aws"
    config = Config(
        # boto3's own would send up to five times, and each send may be drawn and billed.
        retries={"total_max_attempts": 1, "mode": "standard"},
        connect_timeout=min(connection.timeout, 20.0),
        # Pictures take up to 90 s; botocore's 60 s would give up on some that are billed.
        read_timeout=min(connection.timeout, 300.0),
        # The pool does not block: one more thread than this loses keep-alive at each call.
        max_pool_connections=workers,
        tcp_keepalive=True,
        signature_version="v4" if connection.offline else None,
        user_agent_extra="sdbr",
    )
    try:
        session = boto3.Session(**_identity(connection))
        client = session.client(
            service,
            region_name=region or session.region_name or fallback_region,
            endpoint_url=connection.endpoint_url if stands_for_all else None,
            config=config,
        )
    except Exception as error:
        raise lost(error) from error
    _check_realm(client.meta.endpoint_url, connection)
    return client


def _check_realm(endpoint_url: str, connection: Connection) -> None:
    """A stand-in named in the AWS configuration must not pass for Bedrock: pictures are kept
    apart by who answers."""
    if replace(connection, endpoint_url=endpoint_url).realm != connection.realm:
        raise AccessProblem(
            f"The AWS configuration leads to {endpoint_url}. Say so with --endpoint-url, or "
            "endpoint_url in sdbr.toml."
        )


def _identity(connection: Connection) -> dict[str, Any]:
    if connection.offline:
        # The emulator inside this process asks for a signature, not for whose it is.
        return {"aws_access_key_id": "offline", "aws_secret_access_key": "offline"}
    return {"profile_name": connection.profile} if connection.profile else {}


def lost(error: Exception) -> SdbrError:
    """Our error for an exception of botocore that is not an answer of the service."""
    name = type(error).__name__
    if name in _AFTER_SENDING:
        message, billed = _AFTER_SENDING[name]
        return ServiceProblem(message, again=True, billed=billed)
    if name in _ACCESS:
        problem: SdbrError = AccessProblem(_ACCESS[name])
    elif name in _NEVER_SENT:
        problem = ServiceProblem(
            f"Bedrock cannot be reached ({_short(error)}). Check the network, --region and "
            "--endpoint-url.",
            again=True,
        )
    elif "Bearer authorization requires" in str(error):
        problem = AccessProblem(
            "A Bedrock API key travels over https only. Use an https endpoint or unset "
            "AWS_BEARER_TOKEN_BEDROCK."
        )
    else:
        return ServiceProblem(f"The call failed: {_short(error)}.", billed="perhaps")
    problem.trace = Trace(sent=False)
    return problem


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200].rstrip(".") or type(error).__name__
