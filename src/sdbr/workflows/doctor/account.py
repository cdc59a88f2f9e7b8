"""The account: who is calling, from where, whether the clock and the way to Bedrock are right."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass

from sdbr.bedrock import account
from sdbr.bedrock.account import Caller, ControlPlane
from sdbr.bedrock.catalog import Catalog
from sdbr.bedrock.client import BedrockClient
from sdbr.config.settings import Connection, configured_region
from sdbr.errors import AccessProblem, SdbrError, ServiceProblem
from sdbr.request import ImageRequest, Model
from sdbr.workflows.doctor import models
from sdbr.workflows.doctor.finding import Finding, explain_failure, fix, note, ok

_SKEW = 60.0  # Seconds: no clock that is kept in step is off by so much.
_TOO_MUCH_SKEW = 240.0  # AWS refuses signatures from five minutes on.
_KEY = "AWS_BEARER_TOKEN_BEDROCK"


@dataclass(frozen=True, slots=True)
class Checkup:
    """What is looked at: the connection, the models and those that commands take by default.

    `draw` asks for one whole picture, which AWS bills.
    """

    connection: Connection
    catalog: Catalog
    defaults: tuple[Model, ...]
    draw: bool = False


def check_account(checkup: Checkup) -> Iterator[Finding]:
    """The findings about the account; the first that stops all others ends them."""
    try:
        plane = ControlPlane(checkup.connection)
        yield _region(checkup.connection, plane.region)
        yield from _caller(checkup.connection)
    except SdbrError as problem:
        yield explain_failure("credentials", problem)
        return
    yield from models.check_models(plane, checkup.catalog, checkup.defaults)
    model = checkup.defaults[0]
    if checkup.connection.realm == "aws" and not checkup.draw and not _is_agreed(plane, model):
        said = (
            f"skipped: {model.title} is not available to this account yet. Add --draw to try "
            "anyway."
        )
        yield note("endpoint", said)
        return
    client = BedrockClient(lambda: checkup.connection, checkup.catalog.models, 1)
    where = checkup.connection.endpoint_url or f"Amazon Bedrock in {plane.region}"
    yield from runtime(client, checkup, where)


def _region(connection: Connection, region: str) -> Finding:
    if connection.region or configured_region():
        return ok("region", region, region=region)
    return ok(
        "region",
        f"{region}, because none is configured; each model is called where it is available",
    )


def _caller(connection: Connection) -> Iterator[Finding]:
    if os.environ.get(_KEY):
        yield ok("credentials", f"a Bedrock API key ({_KEY}); its owner cannot be looked up")
        return
    try:
        who = account.caller(connection)
    except ServiceProblem as problem:
        # A private network may have a way to Bedrock and none to STS.
        yield note("credentials", f"could not look up the caller. {problem}")
        return
    yield ok("credentials", f"{who.arn}, account {who.account}", arn=who.arn, account=who.account)
    yield clock(who)


def clock(who: Caller) -> Finding:
    """Whether this machine's clock agrees with AWS's, to within what AWS bears."""
    if who.behind is None:
        return ok("clock", "the endpoint sent no time to compare with")
    off, side = abs(who.behind), "behind" if who.behind > 0 else "ahead"
    said = f"{off:.0f} s {side}"
    if off >= _TOO_MUCH_SKEW:
        said = (
            f"This computer's clock is {said}. Set it: AWS rejects requests that are off by 5 "
            "minutes or more."
        )
        return fix("clock", said, AccessProblem.exit_code, behind=who.behind)
    if off >= _SKEW:
        return note("clock", f"This computer's clock is {said}. Set it soon.", behind=who.behind)
    return ok("clock", said, behind=who.behind)


def runtime(client: BedrockClient, checkup: Checkup, where: str) -> Iterator[Finding]:
    """Send the runtime an empty request, then draw where that costs nothing or was asked for."""
    model = checkup.defaults[0]
    local = checkup.connection.realm == "local"
    try:
        began = time.monotonic()
        client.probe(model)
        took = time.monotonic() - began
        yield ok("endpoint", f"{where} responds in {took * 1000:.0f} ms", seconds=took)
    except SdbrError as problem:
        yield _report_failure("endpoint", problem)
        return
    if local or checkup.draw:
        yield _try_drawing(client, model, slow=4.0 if local else 60.0)


def _report_failure(about: str, problem: SdbrError) -> Finding:
    """What went wrong with a request, with what to do where the problem does not say it."""
    stayed = problem.trace is not None and not problem.trace.sent
    if stayed or not (isinstance(problem, ServiceProblem) and problem.again):
        return explain_failure(about, problem)
    said = f"{problem} sdbr retries such requests automatically. If it persists, "
    said += "lower --rpm or try again later." if problem.throttled else "try again later."
    return fix(about, said, problem.exit_code, error=type(problem).__name__)


def _is_agreed(plane: ControlPlane, model: Model) -> bool:
    """Whether the model's terms are accepted; a first call would accept them unasked."""
    try:
        return plane.availability(model.id).agreed
    except SdbrError:
        return False


def _try_drawing(client: BedrockClient, model: Model, slow: float) -> Finding:
    began = time.monotonic()
    try:
        picture = client.generate(ImageRequest(model, "a small gray pebble", seed=1))
    except SdbrError as problem:
        return _report_failure("generation", problem)
    took = time.monotonic() - began
    said = f"{model.title} generated {picture.size} in {took:.1f} s"
    if took > slow:
        return note("generation", f"Slow: {said}.", seconds=took)
    return ok("generation", said, seconds=took)
