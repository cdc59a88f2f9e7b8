"""Finds the engine that was asked for, and checks a cluster before anything is paid for."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING

from sdbr.console import Console, counted
from sdbr.errors import ServiceProblem, UsageProblem
from sdbr.motion.arrays import limit_threads_and_heaps
from sdbr.workflows.clips import stretch_task
from sdbr.workflows.clips.engine import Engine, ThreadEngine

if TYPE_CHECKING:
    from distributed import Client, LocalCluster

_LOCAL = re.compile(r"local:([1-9]\d?)")
_ADDRESS = re.compile(r"[a-z]+://\S+")
_CONNECT = 5.0  # Seconds for the scheduler to answer, and then for a first worker.
_ANSWER = 30.0  # Seconds for all workers to tell their versions: they load sdbr for that.
_CLOSE = 1.0  # Seconds for client and workers to end.
_SCHEDULER = "the scheduler"
_Answer = Mapping[str, str] | BaseException
_TALKERS = ("distributed", "tornado", "asyncio")


@contextmanager
def open_engine(address: str | None, console: Console) -> Iterator[Engine]:
    """The engine at an address, connected to and checked; threads of this process without one.

    Raises UsageProblem for what is no address, and without Dask; ServiceProblem for a cluster that
    cannot be reached, has no workers, or has other versions than this process.
    """
    if not address:
        yield ThreadEngine()
        return
    local = _LOCAL.fullmatch(address)
    if not local and not _ADDRESS.fullmatch(address):
        raise UsageProblem(
            f"'{address}' is not a cluster. Use tcp://HOST:8786, or local:4 for 4 processes here."
        )
    try:
        import dask
        from distributed import Client
    except ImportError as error:
        raise UsageProblem(
            f"The cluster {address} needs Dask. Install it: pip install 'sdbr[dask]'"
        ) from error
    # Stretches are meant to be sent, and what Dask logs is said in words.
    settings = {"distributed.admin.large-graph-warning-threshold": "1 TiB"}
    with ExitStack() as stack:
        stack.enter_context(_quiet())
        stack.enter_context(dask.config.set(settings))
        limit_threads_and_heaps()
        scheduler = stack.enter_context(_processes(int(local[1]))) if local else address
        try:
            client = Client(scheduler, timeout=_CONNECT, set_as_default=False)
        except (OSError, ValueError) as error:
            raise ServiceProblem(
                f"No Dask scheduler answers at {address}. Check the address, and start one: "
                "dask scheduler"
            ) from error
        stack.callback(_close, client)
        _check(client, address)
        from sdbr.workflows.clips.dask_engine import DaskEngine

        engine = DaskEngine(client)
        workers = counted(len(client.nthreads()), "worker")
        console.say(f"Cluster: {address} ({workers}, {counted(engine.threads(), 'thread')}).")
        yield engine


@contextmanager
def _processes(count: int) -> Iterator[str]:
    """The address of a scheduler in this process with so many workers, each a process."""
    from distributed import LocalCluster

    cluster = LocalCluster(
        n_workers=count,
        threads_per_worker=1,
        dashboard_address="127.0.0.1:0",
        scheduler_kwargs={"dashboard": False},
        # Memory is for the machine to watch, as it is for threads.
        memory_limit=0,
        silence_logs=logging.CRITICAL,
        preload=[stretch_task.__name__],
    )
    try:
        yield cluster.scheduler_address
    finally:
        _close(cluster)


def _close(service: Client | LocalCluster) -> None:
    """What does not end in time is left to the end of this process."""
    with suppress(OSError):
        service.close(timeout=_CLOSE)


def _check(client: Client, address: str) -> None:
    """Raise ServiceProblem for a cluster that has no workers, or whose frames may differ."""
    try:
        client.wait_for_workers(1, timeout=_CONNECT)
    except TimeoutError as error:
        raise ServiceProblem(
            f"The cluster at {address} has no workers. Start some: dask worker {address}"
        ) from error
    own, answers = stretch_task.versions(), SimpleQueue[Mapping[str, _Answer]]()
    # Dask waits for each without a limit, and one of them may hang.
    Thread(target=lambda: answers.put(_ask(client)), daemon=True).start()
    try:
        found = answers.get(timeout=_ANSWER)
    except Empty as error:
        raise ServiceProblem(
            f"Some workers at {address} do not answer. Restart the cluster, or leave them out."
        ) from error
    for place, versions in found.items():
        where = place if place == _SCHEDULER else f"the worker {place}"
        if isinstance(versions, BaseException):
            raise ServiceProblem(
                f"sdbr {own['sdbr']} cannot be loaded by {where} ({versions}). Install it there."
            )
        for name, version in own.items():
            if versions[name] != version:
                raise ServiceProblem(
                    f"{name} is {version} here and {versions[name]} for {where}, so frames could "
                    "differ. Install the same version in both places."
                )


def _ask(client: Client) -> Mapping[str, _Answer]:
    """The versions of each worker by its address, and of the scheduler, or why there are none."""
    try:
        scheduler = client.run_on_scheduler(stretch_task.versions)
    except Exception as error:
        scheduler = error
    return {**client.run(stretch_task.versions, on_error="return"), _SCHEDULER: scheduler}


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Dask's log and warnings off the terminal: what matters of them is raised."""
    known = [name for name in logging.root.manager.loggerDict if name.startswith(_TALKERS)]
    loggers = [logging.getLogger(name) for name in known]
    before = [each.level for each in loggers]
    for each in loggers:
        each.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="distributed")
            yield
    finally:
        for each, level in zip(loggers, before, strict=True):
            each.setLevel(level)
