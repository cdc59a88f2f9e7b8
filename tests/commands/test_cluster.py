"""Clips whose frames are filled on a Dask cluster, in this process or in processes of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from distributed import Client, LocalCluster

from sdbr.errors import ServiceProblem
from sdbr.workflows.clips import cluster as clusters
from sdbr.workflows.clips import stretch_task
from tests.commands.clip_runs import invocations
from tests.commands.test_vid2vid_calls import noise_in, shots_in

pytestmark = pytest.mark.filterwarnings("ignore")
FLAGS = ("--seed", "7", "--json", "--yes")


@pytest.fixture(scope="module")
def cluster():
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None
    ) as two:
        yield two.scheduler_address


def made_in(folder: Path) -> dict[str, bytes]:
    """The film and the frames as they were written."""
    return {
        path.name: path.read_bytes()
        for path in sorted((folder / "generate").rglob("*"))
        if path.is_file() and "preview" not in path.name
    }


def test_a_cluster_fills_the_same_film_and_nothing_is_sent_again(
    sdbr, emulator, workspace, cluster
):
    clip = shots_in(workspace)
    flags = ("vid2vid", clip, "ink", *FLAGS, "--keyframes", "every:4")
    alone = sdbr(*flags)
    assert alone.code == 0, alone.errors
    film, sent = made_in(workspace), len(invocations(emulator))
    ran = sdbr(*flags, "--cluster", cluster, "--no-keep-frames")
    assert ran.code == 0, ran.errors
    assert f"Cluster: {cluster} (2 workers, 2 threads)." in ran.errors
    assert made_in(workspace) == film
    assert len(invocations(emulator)) == sent


def test_the_frames_that_nothing_explains_are_the_same_on_a_cluster(
    sdbr, emulator, workspace, cluster
):
    flags = ("vid2vid", noise_in(workspace, 25), "ink", *FLAGS, "--keyframes", "every:6")
    told, films = [], []
    for where in ((), ("--cluster", cluster)):
        (line,) = sdbr(*flags, "--fresh", *where).lines
        told.append(json.loads(line)["drawn"])
        films.append(made_in(workspace))
    assert told[0] == told[1] > 5
    assert films[0] == films[1]
    sent = [record.body["image"] for record in invocations(emulator)]
    half = len(sent) // 2
    assert sorted(sent[:half]) == sorted(sent[half:])


def test_the_address_may_come_from_dask_and_is_not_needed_for_a_price(
    sdbr, workspace, cluster, monkeypatch
):
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", cluster)
    flags = ("vid2vid", shots_in(workspace, count=1), "ink", *FLAGS, "--offline")
    assert "Cluster:" not in sdbr(*flags, "--dry-run").errors
    assert f"Cluster: {cluster}" in sdbr(*flags).errors


@pytest.mark.parametrize(
    ("address", "code", "said"),
    [
        ("tcp://127.0.0.1:9", 5, "No Dask scheduler answers at tcp://127.0.0.1:9."),
        ("10.0.0.5", 2, "'10.0.0.5' is not a cluster. Use tcp://HOST:8786"),
        ("local:0", 2, "'local:0' is not a cluster."),
    ],
)
def test_a_cluster_that_is_not_there_is_told_before_anything_is_sent(
    sdbr, emulator, workspace, monkeypatch, address, code, said
):
    monkeypatch.setattr(clusters, "_CONNECT", 0.2)
    ran = sdbr("vid2vid", shots_in(workspace), "ink", *FLAGS, "--cluster", address)
    assert ran.code == code
    assert said in ran.errors
    assert len(ran.errors.splitlines()) == 1
    assert not emulator.received


def test_a_cluster_without_workers_is_told_before_anything_is_sent(
    sdbr, emulator, workspace, monkeypatch
):
    monkeypatch.setattr(clusters, "_CONNECT", 0.5)
    with LocalCluster(n_workers=0, processes=False, dashboard_address=None) as none:
        address = none.scheduler_address
        ran = sdbr("vid2vid", shots_in(workspace), "ink", *FLAGS, "--cluster", address)
    assert ran.code == 5
    assert f"has no workers. Start some: dask worker {address}" in ran.errors
    assert not emulator.received


def test_without_dask_it_is_said_how_to_install_it(sdbr, emulator, workspace, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    ran = sdbr("vid2vid", shots_in(workspace), "ink", *FLAGS, "--cluster", "local:2")
    assert ran.code == 2
    assert "needs Dask. Install it: pip install 'sdbr[dask]'" in ran.errors
    assert not emulator.received


OLDER = {**stretch_task.versions(), "sdbr": "0.0.1"}


@pytest.mark.parametrize(
    ("worker", "scheduler", "said"),
    [
        (OLDER, stretch_task.versions(), "and 0.0.1 for the worker tcp://b:1"),
        (stretch_task.versions(), OLDER, "and 0.0.1 for the scheduler"),
        (ModuleNotFoundError("No module named 'sdbr'"), OLDER, "No module named 'sdbr'"),
    ],
)
def test_other_versions_on_the_cluster_are_refused(worker, scheduler, said):
    client: Any = SimpleNamespace(
        wait_for_workers=lambda *_, **__: None,
        run=lambda function, **_: {"tcp://a:1": function(), "tcp://b:1": worker},
        run_on_scheduler=lambda _: scheduler,
    )
    with pytest.raises(ServiceProblem, match=said):
        clusters._check(client, "tcp://a:8786")


def test_a_worker_that_does_not_answer_is_told(monkeypatch):
    monkeypatch.setattr(clusters, "_ANSWER", 0.1)
    forever = threading.Event()
    client: Any = SimpleNamespace(
        wait_for_workers=lambda *_, **__: None, run=lambda *_, **__: forever.wait()
    )
    with pytest.raises(ServiceProblem, match="Some workers at tcp://a:8786 do not answer"):
        clusters._check(client, "tcp://a:8786")
    forever.set()


@pytest.fixture
def processes(tmp_path):
    """The file that leads to a scheduler, and two workers, each started by its own command."""
    file = tmp_path / "scheduler.json"
    dask = (sys.executable, "-m", "dask")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    place = ("--scheduler-file", str(file))
    at_home = ("--host", "127.0.0.1", "--no-dashboard")
    with ExitStack() as stack:
        started = [subprocess.Popen((*dask, "scheduler", "--port", "0", *at_home, *place), **quiet)]
        stack.callback(lambda: [each.kill() or each.wait() for each in started])
        flags = ("--nthreads", "1", "--no-nanny", "--local-directory", str(tmp_path))
        for _ in range(2):
            started.append(subprocess.Popen((*dask, "worker", *at_home, *flags, *place), **quiet))
        while not file.exists():
            assert started[0].poll() is None
            time.sleep(0.05)
        client = stack.enter_context(Client(scheduler_file=str(file), set_as_default=False))
        client.wait_for_workers(2)
        yield client, {each.pid: each for each in started[1:]}


@pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")
def test_a_killed_workers_stretch_is_filled_by_another(sdbr, emulator, workspace, processes):
    client, workers = processes
    clip = shots_in(workspace)
    flags = ("vid2vid", clip, "ink", *FLAGS, "--keyframes", "every:4")
    assert sdbr(*flags).code == 0
    film, sent = made_in(workspace), len(invocations(emulator))
    address, pid = next(iter(client.run(os.getpid).items()))
    command = (sys.executable, "-m", "sdbr", *flags, "--fresh")
    scheduler = client.scheduler.address
    with subprocess.Popen((*command, "--cluster", scheduler), stderr=subprocess.PIPE) as ran:
        assert b"Cluster: " in ran.stderr.readline()
        # One that holds still is certain to have a stretch when it is killed.
        os.kill(pid, signal.SIGSTOP)
        while not client.processing()[address]:
            time.sleep(0.02)
        workers[pid].kill()
        errors = ran.stderr.read().decode()
    assert ran.returncode == 0, errors
    assert made_in(workspace) == film
    assert len(invocations(emulator)) == 2 * sent


@pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")
def test_ctrl_c_ends_the_processes_of_a_local_cluster(start_emulator, workspace, sdbr_process):
    import psutil

    start_emulator(latency=60)
    ran = sdbr_process("vid2vid", shots_in(workspace), "ink", *FLAGS, "--cluster", "local:1")
    assert ran.stderr.readline() == b"Cluster: local:1 (1 worker, 1 thread).\n"
    children = psutil.Process(ran.pid).children(recursive=True)
    assert children
    # As a terminal sends it: to all of them.
    for each in (ran, *children):
        each.send_signal(signal.SIGINT)
    ran.send_signal(signal.SIGINT)
    said = ran.stderr.read().decode()
    assert ran.wait() == 130, said
    assert "Traceback" not in said
    assert not psutil.wait_procs(children, timeout=20)[1]
