"""Puts the layers around the client in their order, for one run.

    filtered( cached( retried( paced( metered( kept( client.generate ))))))

Keeping is innermost: a picture is on disk before its row in the ledger is closed. Metering sees
every send; pacing counts what is in flight; retrying stands outside both, so that a wait holds no
place and no money. The cache stands around them: what it holds costs no attempt. Filtering is
outermost, because another seed is another request.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache

from sdbr.bedrock import body
from sdbr.bedrock.client import BedrockClient
from sdbr.config.settings import Connection, Effort, Spending
from sdbr.generation.adaptive_limit import AdaptiveLimit, paced
from sdbr.generation.budget import Budget, metered
from sdbr.generation.cache_hits import KeyOf, cached, kept
from sdbr.generation.filter_policy import STOP, OnFiltered, filtered
from sdbr.generation.generate import Generate, Tell
from sdbr.generation.retry import RetryPolicy, retried
from sdbr.request import Model
from sdbr.store.cache import Cache, spare_cache
from sdbr.store.ledger import Ledger
from sdbr.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Resources:
    """All that a run may use: where it keeps things, how it reaches Bedrock, what it may spend."""

    workspace: Workspace
    connection: Connection
    effort: Effort
    spending: Spending
    models: tuple[Model, ...]
    on_filtered: OnFiltered = STOP
    fresh: bool = False

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

    def key_of(self) -> KeyOf:
        """The function that names requests in this realm."""
        return lambda request: body.key(request, self.realm)


@dataclass(frozen=True, slots=True)
class Session:
    """A run under way: `generate` draws, `budget` counts, `stop` ends it."""

    generate: Generate
    budget: Budget
    ledger: Ledger
    run: int
    stop: threading.Event


@contextmanager
def open_session(
    resources: Resources, command: str, budget: Budget, stop: threading.Event, tell: Tell
) -> Iterator[Session]:
    """Open the ledger and a run of `command`; the connection is made when it is first needed."""
    effort, cache = resources.effort, resources.cache
    # Three layers name each request by its key: reckoned once, for all that are under way.
    key_of = lru_cache(maxsize=4 * effort.workers)(resources.key_of())
    ledger = Ledger(resources.workspace.hidden / "ledger.db")
    run = ledger.begin_run(command, resources.realm)
    with _emulated(resources.connection) as connection:
        client = BedrockClient(connection, resources.models, effort.workers)
        generate = kept(client.generate, cache, key_of, resources.realm, tell)
        region = resources.connection.region or ""
        generate = metered(generate, ledger, run, budget, key_of, region)
        generate = paced(generate, AdaptiveLimit(effort.workers, effort.rpm, stop))
        policy = RetryPolicy(effort.attempts, resources.connection.timeout)
        generate = retried(generate, policy, stop, tell)
        generate = cached(generate, cache, key_of, resources.fresh, stop)
        generate = filtered(generate, resources.on_filtered)
        try:
            yield Session(generate, budget, ledger, run, stop)
        finally:
            ledger.end_run(run)
            ledger.close()


@contextmanager
def _emulated(connection: Connection) -> Iterator[Callable[[], Connection]]:
    """The connection, or one to an emulator that is started when it is first asked for."""
    if not connection.offline:
        yield lambda: connection
        return
    with ExitStack() as stack:

        def start() -> Connection:
            from sdbr.emulator import Emulator

            # Nobody asks this one what it received: a long clip must not fill the memory.
            url = stack.enter_context(Emulator(keeps=0)).url
            return replace(connection, endpoint_url=url)

        yield start


def spent(budget: Budget) -> Decimal:
    """USD that a run surely or perhaps cost."""
    return budget.spent + budget.perhaps
