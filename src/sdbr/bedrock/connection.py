"""Opens the connection to Bedrock, and says in plain words why it cannot be opened or was lost."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from sdbr.config.settings import LOOPBACK, REGION, Connection, configured_region
from sdbr.errors import AccessProblem, InputProblem, SdbrError, ServiceProblem, Trace, UsageProblem

RUNTIME = "bedrock-runtime"
HOME = "us-west-2"  # Every model of Stability AI is offered here, as nowhere else.
_SIGN_IN = (
    "Run `aws configure` or `aws sso login`, set AWS_PROFILE, or try it with --offline. For "
    "`sdbr emulate`, any keys work: export AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x"
)

_TOKEN = "AWS_BEARER_TOKEN_BEDROCK"
_UNCONFIGURED = {
    **dict.fromkeys(("profile", "ca_bundle", "use_fips_endpoint", "use_dualstack_endpoint")),
    **dict.fromkeys(("config_file", "credentials_file"), os.devnull),
}
# What Python raises where memory is missing in an import or for a thread.
_SHORT_OF_MEMORY = (MemoryError, ImportError, SystemError, RuntimeError)
# By the names of botocore's exceptions, so that importing this module costs nothing.
_ACCESS = {
    "NoCredentialsError": "No AWS credentials found{whose}. {sign_in}",
    "PartialCredentialsError": "The AWS credentials{whose} are incomplete. {sign_in}",
    "ProfileNotFound": "AWS profile {profile} does not exist. See `aws configure list-profiles`.",
    **dict.fromkeys(
        ("UnauthorizedSSOTokenError", "SSOTokenLoadError", "TokenRetrievalError"),
        "The AWS session{whose} has expired. Run `aws sso login`.",
    ),
    **dict.fromkeys(
        ("ConfigParseError", "ConfigNotFound"),
        "Cannot read the AWS configuration: {why}. Fix ~/.aws/config.",
    ),
    "InvalidRegionError": "Invalid AWS region. Use one such as --region us-west-2.",
    # As of getpass, where the SDK asks for a code and stdin is closed.
    "EOFError": (
        "The AWS credentials{whose} need an MFA code, but there is no terminal to enter it. "
        "Sign in first, for example with `aws sts get-session-token`."
    ),
    "Bearer": (
        "A Bedrock API key can only be sent over https. Use an https endpoint, or unset "
        "AWS_BEARER_TOKEN_BEDROCK."
    ),
}
_NEVER_SENT = (
    *("EndpointConnectionError", "ConnectTimeoutError", "ProxyConnectionError", "SSLError"),
    "InvalidProxiesConfigError",
)
_NO_ANSWER = ("EndpointConnectionError", "ConnectTimeoutError")
_ENDPOINT_VARIABLES = ("SDBR_ENDPOINT_URL", "AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "AWS_ENDPOINT_URL")
_AFTER_SENDING = {
    "ReadTimeoutError": ("Bedrock did not respond in time.", "perhaps"),
    # Bytes of the answer had come: the picture was made.
    **dict.fromkeys(
        ("ResponseStreamingError", "IncompleteReadError"),
        ("Bedrock's response was cut off.", "yes"),
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
            f"{region!r} is not an AWS region. Use one such as --region {fallback_region}."
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
        # Nothing that is on this machine is reached through a proxy.
        proxies={} if connection.realm == "local" else None,
        user_agent_extra="sdbr",
    )
    try:
        session = boto3.Session(**_identity(connection))
        _check_keys(session, connection)
        client = session.client(
            service,
            region_name=region or session.region_name or fallback_region,
            endpoint_url=connection.endpoint_url if stands_for_all else None,
            config=config,
        )
    except SdbrError:
        raise
    except Exception as error:
        raise as_unsent(error, connection) from error
    _check_realm(client.meta.endpoint_url, connection)
    client.meta.events.register("before-sign", _check_secrecy)
    return client


def _check_secrecy(request: Any, signature_version: str, **_: object) -> None:
    """Refuse to send a key over plain http, as botocore itself does since 1.43.118."""
    if signature_version == "bearer" and not request.url.lower().startswith("https:"):
        raise ValueError("Bearer authorization requires https.")


def _check_realm(endpoint_url: str, connection: Connection) -> None:
    """A stand-in named in the AWS configuration must not pass for Bedrock: pictures are kept
    apart by who answers."""
    if replace(connection, endpoint_url=endpoint_url).realm != connection.realm:
        raise AccessProblem(
            f"The AWS configuration redirects requests to {endpoint_url}. If you want that, set "
            "--endpoint-url, or endpoint_url in sdbr.toml."
        )


def _identity(connection: Connection) -> dict[str, Any]:
    if not connection.offline:
        return {"profile_name": connection.profile} if connection.profile else {}
    import botocore.session

    # The emulator inside this process asks for a signature, not for whose it is: whatever is
    # configured for AWS on this machine, and broken there, is not looked at.
    unconfigured = {name: (None, None, value, None) for name, value in _UNCONFIGURED.items()}
    return {
        "botocore_session": botocore.session.Session(session_vars=unconfigured),
        "aws_access_key_id": "offline",
        "aws_secret_access_key": "offline",
    }


def _check_keys(session: Any, connection: Connection) -> None:
    """Fetch the credentials once, before any worker needs them. Raises AccessProblem where there
    are none, or those that there are can be no header."""
    token = os.environ.get(_TOKEN)
    credentials = None if token else session.get_credentials()
    if credentials is None and not token:
        from botocore.exceptions import NoCredentialsError

        raise as_unsent(NoCredentialsError(), connection)
    keys = credentials.get_frozen_credentials() if credentials else None
    parts = [*(keys or ()), token]
    if any(part and not part.isprintable() for part in parts):
        raise AccessProblem(
            f"The AWS credentials{_whose(connection)} contain a line break or another control "
            "character. Copy them again."
        )


def region_of(model_id: str) -> str | None:
    """The region that a model's ARN names, GovCloud's and China's too; None for any other id."""
    found = re.match(rf"arn:aws[a-z-]*:[a-z-]+:({REGION}):", model_id)
    return found and found[1]


def as_unsent(error: BaseException, connection: Connection) -> SdbrError:
    """Our error for an exception that came before a request left: credentials, mostly.

    AWS's SDK asks STS, IAM Identity Center, the machine's metadata or a program for them.
    """
    name = type(error).__name__
    if isinstance(error, _SHORT_OF_MEMORY):
        return _not_sent(InputProblem("Not enough memory to send a request. Close other programs."))
    if name == "ParamValidationError":
        return _not_sent(UsageProblem(f"{_short(error)}. Check --model."))
    if "Bearer authorization requires" in str(error):
        name = "Bearer"
    told = _ACCESS.get(name, "Cannot load the AWS credentials{whose}: {why}. {sign_in}")
    profile, variable = _profile(connection)
    named = f"{profile!r}, named by {variable}," if variable else repr(profile)
    text = told.format(whose=_whose(connection), why=_short(error), sign_in=_SIGN_IN, profile=named)
    return _not_sent(AccessProblem(text))


def _not_sent(problem: SdbrError) -> SdbrError:
    problem.trace = Trace(sent=False)
    return problem


def _whose(connection: Connection) -> str:
    """Where the credentials come from, in brackets, or nothing where nobody named a place."""
    profile, variable = _profile(connection)
    if profile:
        return f" (profile {profile!r}{f', named by {variable}' if variable else ''})"
    found = [name for name in (_TOKEN, "AWS_ACCESS_KEY_ID", "AWS_ROLE_ARN") if name in os.environ]
    return f" (from {found[0]})" if found else ""


def _profile(connection: Connection) -> tuple[str, str]:
    """The profile that was chosen, and the variable that chose it; empty where there is none."""
    if connection.profile:
        return connection.profile, ""
    names = [name for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE") if os.environ.get(name)]
    return (os.environ[names[0]], names[0]) if names else ("", "")


def as_possibly_sent(error: Exception, connection: Connection) -> SdbrError:
    """Our error for an exception of botocore that is not an answer of the service."""
    name = type(error).__name__
    if name in _ACCESS:
        return as_unsent(error, connection)
    if name in _AFTER_SENDING:
        message, billed = _AFTER_SENDING[name]
        return ServiceProblem(message, again=True, billed=billed)
    if name not in _NEVER_SENT:
        return ServiceProblem(f"The request failed: {_short(error)}.", billed="perhaps")
    if name == "SSLError":
        return _not_sent(
            ServiceProblem(
                f"The certificate of the Bedrock endpoint is not trusted ({_short(error)}). "
                "Behind a proxy that inspects TLS, set AWS_CA_BUNDLE to the proxy's certificate "
                "file."
            )
        )
    if connection.realm == "aws" or name not in _NO_ANSWER:
        text = f"Cannot reach Bedrock ({_short(error)}). Check the network and --region."
    else:
        text = _nobody_at(connection.endpoint_url or "")
    return _not_sent(ServiceProblem(text, again=True))


def _nobody_at(endpoint: str) -> str:
    """That nothing answers at an endpoint of the user's own, who named it, and what to do."""
    named = [name for name in _ENDPOINT_VARIABLES if os.environ.get(name) == endpoint]
    by = f", named by {named[0]}" if named else ""
    port = urlsplit(endpoint).port
    local = urlsplit(endpoint).hostname in LOOPBACK and port
    start = f"Start the emulator with `sdbr emulate --port {port}`" if local else "Start it"
    other = f"unset {named[0]}" if named else "choose another --endpoint-url"
    return f"Cannot reach {endpoint}{by}. {start}, or {other}."


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:200].rstrip(".") or type(error).__name__
