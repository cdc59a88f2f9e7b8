"""Puts the layers around the client in their order, for one run.

    reseed( use_cache( retry( limit_rate( meter( fill_cache( client.generate ))))))

Keeping is innermost: a picture is on disk before its row in the ledger is closed. Metering sees
every send; pacing counts what is in flight; retrying stands outside both, so that a wait holds no
place and no money. The cache stands around them: what it holds costs no attempt. Filtering is
outermost, because another seed is another request.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

from sdbr.bedrock import body
from sdbr.bedrock.client import BedrockClient
from sdbr.config.settings import Connection, Effort, Spending
from sdbr.errors import UsageProblem
from sdbr.generation.budget import Budget, meter
from sdbr.generation.cache_hits import fill_cache, use_cache
from sdbr.generation.filter_policy import STOP, OnFiltered, reseed
from sdbr.generation.generate import Generate, KeyedRequest
from sdbr.generation.retry import AdaptiveLimit, RetryPolicy, limit_rate, retry
from sdbr.media.credentials.signing_key import SigningKey
from sdbr.request import ImageRequest, Model, Picture, Tell
from sdbr.store.cache import Cache, spare_cache
from sdbr.store.ledger import Ledger
from sdbr.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Resources:
    """All that a run may use: where it keeps things, how it reaches Bedrock, what it may spend.

    `provenance`: whether results say in XMP that a model generated them. `signing_key` signs them.
    """

    workspace: Workspace
    connection: Connection
    effort: Effort
    spending: Spending
    models: tuple[Model, ...]
    on_filtered: OnFiltered = STOP
    fresh: bool = False
    provenance: bool = True
    signing_key: SigningKey | None = None

    @property
    def realm(self) -> str:
        """Who answers; see `Connection.realm`."""
        return self.connection.realm

    @property
    def cache(self) -> Cache:
        """The workspace's cache of paid pictures."""
        return Cache(self.workspace.hidden / "cache", spare_cache(self.workspace.root))

    def paid_for(self, key: str) -> bool:
        """Whether the request with this name needs no send in this run."""
        return not self.fresh and self.cache.has(key)

    def key_of(self, request: ImageRequest) -> str:
        """The key of a request in this realm."""
        return body.cache_key(request, self.realm)


@dataclass(frozen=True, slots=True)
class RunSession:
    """A run under way: `generate` draws, `budget` counts, `stop` ends it."""

    generate: Generate
    key_of: Callable[[ImageRequest], str]
    budget: Budget
    ledger: Ledger
    run: int
    stop: threading.Event

    def draw(self, request: ImageRequest) -> Picture:
        """Draw a request whose key is not known yet. Raises SdbrError."""
        return self.generate(KeyedRequest(request, self.key_of(request)))


def check_access(resources: Resources, models: Iterable[Model]) -> None:
    """Raise what is known of calls to `models` before any is sent. Raises SdbrError."""
    client = BedrockClient(lambda: resources.connection, resources.models, resources.effort.workers)
    for model in models:
        client.check(model)


@contextmanager
def open_session(
    resources: Resources,
    command: str,
    budget: Budget,
    stop: threading.Event,
    tell: Tell,
    passing: Tell | None = None,
) -> Iterator[RunSession]:
    """Open the ledger and a run of `command`; the connection is made when it is first needed.

    `passing` takes what is said of each failure that passes, `tell` everything else.
    """
    effort, cache = resources.effort, resources.cache
    ledger = Ledger(resources.workspace.hidden / "ledger.db")
    run = ledger.begin_run(command, resources.realm)
    with _open_connection(resources.connection) as connection:
        client = BedrockClient(connection, resources.models, effort.workers)
        generate = fill_cache(client.generate, cache, resources.realm, tell)
        region = resources.connection.region or ""
        generate = meter(generate, ledger, run, budget, region)
        generate = limit_rate(generate, AdaptiveLimit(effort.workers, effort.rpm, stop))
        policy = RetryPolicy(effort.attempts, resources.connection.timeout)
        generate = retry(generate, policy, stop, passing or tell)
        generate = use_cache(generate, cache, resources.fresh, stop)
        generate = reseed(generate, resources.on_filtered, resources.key_of)
        try:
            yield RunSession(generate, resources.key_of, budget, ledger, run, stop)
        finally:
            ledger.end_run(run)
            ledger.close()


@contextmanager
def _open_connection(connection: Connection) -> Iterator[Callable[[], Connection]]:
    """The connection, or one to an emulator that is started when it is first asked for."""
    if not connection.offline:
        yield lambda: connection
        return
    with ExitStack() as stack:

        def start() -> Connection:
            from sdbr.emulator import Emulator

            # Nobody asks this one what it received: a long clip must not fill the memory.
            try:
                emulator = Emulator(keeps=0, allow_retired=connection.allow_retired)
            except ImportError as error:  # Of a package that adds models.
                raise UsageProblem(str(error)) from error
            url = stack.enter_context(emulator).url
            return replace(connection, endpoint_url=url)

        yield start
