"""How much a Dask engine has under way, and what it says of a cluster that fails."""

from __future__ import annotations

import pickle
import threading

import numpy as np
import pytest
from distributed import CancelledError, KilledWorker

from sdbr.errors import ServiceProblem
from sdbr.motion.plan import Stretch
from sdbr.workflows.clips import dask_engine
from sdbr.workflows.clips.dask_engine import DaskEngine
from sdbr.workflows.clips.engine import KeyframeSpan

PICTURE = np.zeros((4, 4, 3), np.uint8)
SPANS = [KeyframeSpan(Stretch(n, n + 2, n + 2), PICTURE, PICTURE, 1.0) for n in range(0, 200, 2)]


class Promise:
    """A future that is done at once, or never, or fails."""

    def __init__(self, outcome=(), finished=True):
        self.outcome, self.finished = outcome, finished

    def done(self):
        return self.finished

    def result(self, **_):
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return list(self.outcome)


class Cluster:
    """What the engine asks of a client, with so many threads and one answer to all."""

    def __init__(self, threads=3, answer=None):
        self.workers = {"tcp://a:1": threads} if threads else {}
        self.answer = answer or Promise()
        self.submitted, self.cancelled = [], []

    def nthreads(self):
        return self.workers

    def submit(self, _, task, **how):
        self.submitted.append((task, how))
        return self.answer

    def cancel(self, futures, **_):
        self.cancelled += futures


class Files:
    """Source frames of so many bytes each."""

    def __init__(self, size=10):
        self.size = size

    def encoded(self, _):
        return bytes(self.size)


def fill(cluster, spans=SPANS, files=None, patience=0.0):
    engine = DaskEngine(cluster, patience)
    return engine.fill(spans, files or Files(), threading.Event())


def ahead(cluster, files):
    """The most stretches that were under way, with a caller that waits for each to be submitted."""
    most = 0
    for taken, _ in enumerate(fill(cluster, files=files)):
        threading.Event().wait(0.01)
        most = max(most, len(cluster.submitted) - taken)
    assert len(cluster.submitted) == len(SPANS)
    return most


def test_twice_as_many_stretches_are_under_way_as_there_are_threads():
    assert 6 <= ahead(Cluster(threads=3), Files()) <= 7


def test_large_stretches_are_under_way_one_for_each_thread(monkeypatch):
    monkeypatch.setattr(dask_engine, "_BYTES", 5000)
    assert 3 <= ahead(Cluster(threads=3), Files(1000)) <= 4


def test_a_small_stretch_is_sent_as_a_message_too_large_for_dask_to_keep():
    cluster = Cluster()
    list(fill(cluster))
    assert all(len(pickle.dumps(task)) > 1_000_000 for task, _ in cluster.submitted)


def test_earlier_frames_go_first():
    cluster = Cluster()
    list(fill(cluster))
    places = [how["priority"] for _, how in cluster.submitted]
    assert places == sorted(places, reverse=True)


def test_nothing_is_submitted_where_two_keyframes_are_neighbors():
    cluster, span = Cluster(), KeyframeSpan(Stretch(0, 1, 1), PICTURE, PICTURE, 1.0)
    assert [list(frames) for _, frames in fill(cluster, [span])] == [[]]
    assert not cluster.submitted


def test_what_is_under_way_is_cancelled_when_nobody_takes_it():
    cluster = Cluster()
    stretches = fill(cluster)
    next(stretches)
    stretches.close()
    assert cluster.cancelled
    assert len(cluster.submitted) < len(SPANS)


@pytest.mark.parametrize(
    ("cluster", "said"),
    [
        (Cluster(threads=0, answer=Promise(finished=False)), "has no workers left"),
        (Cluster(answer=Promise(CancelledError())), "connection to the cluster was lost"),
        (Cluster(answer=Promise(KilledWorker("a", None, 3))), "Frames 2 to 2: each worker"),
        (Cluster(answer=Promise(OSError("disk full\nat"))), "failed on the cluster: disk full."),
    ],
)
def test_a_cluster_that_fails_is_told_in_one_line_with_the_next_step(cluster, said):
    with pytest.raises(ServiceProblem, match=said) as raised:
        list(fill(cluster, SPANS[:1]))
    assert str(raised.value).endswith("Run the same command again to continue.")
