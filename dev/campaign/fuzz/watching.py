"""Runs one target in a process of its own, seed after seed, and sees what becomes of it."""

from __future__ import annotations

import multiprocessing
import os
import random
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

_HANGS_AFTER = 20
_MEMORY = 4 << 30


Target = Callable[[random.Random], None]


@dataclass(slots=True)
class Seen:
    """What came of a target: inputs tried, failures by seed, processor seconds, most MB held."""

    name: str
    tried: int = 0
    failures: dict[int, str] = field(default_factory=dict)
    cpu: float = 0.0
    megabytes: int = 0


def watch(name: str, target: Target, first: int, seconds: float) -> Seen:
    """Try seeds from `first` for so many seconds of processor time.

    A crash, or a seed that takes 20 seconds, is a failure; the next process goes on behind it.
    """
    seen = Seen(name)
    seed = first
    while seen.cpu < seconds:
        seed = _one_process(target, seed, seconds - seen.cpu, seen)
    return seen


def _one_process(target: Target, seed: int, seconds: float, seen: Seen) -> int:
    here, there = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(
        target=_try_all, args=(target, seed, seconds, there)
    )
    process.start()
    there.close()
    at = seed - 1
    began = seen.cpu
    while True:
        try:
            if not here.poll(_HANGS_AFTER):
                process.kill()
                seen.failures[at + 1] = "hangs"
                break
            at, failure, cpu, megabytes = here.recv()
        except EOFError:
            break
        seen.tried += 1
        seen.cpu, seen.megabytes = began + cpu, max(seen.megabytes, megabytes)
        if failure:
            seen.failures[at] = failure
    process.join()
    if process.exitcode and at + 1 not in seen.failures:
        seen.failures[at + 1] = f"the process ended with {process.exitcode}"
    if process.exitcode:
        seen.cpu += 0.1
        at += 1
    return at + 1


def _try_all(target: Target, seed: int, seconds: float, tell: Connection) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    began = time.process_time()
    cpu = 0.0
    while cpu < seconds:
        failure = attempt(target, seed)
        cpu = time.process_time() - began
        megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        tell.send((seed, failure, cpu, megabytes))
        seed += 1
    os._exit(0)


def attempt(target: Target, seed: int) -> str:
    """What is wrong with one seed, or nothing."""
    try:
        target(random.Random(seed))
    except BaseException as error:
        where = traceback.extract_tb(sys.exc_info()[2])[-1]
        return f"{type(error).__name__}: {str(error)[:700]} ({where.name}:{where.lineno})"
    return ""
