"""Many items in many processes: each ends once, whoever is killed on the way."""

import os
import signal
import socket
import sys
from types import SimpleNamespace

import pytest

from core import bulk
from core.errors import RefavsError


def halved(shared, item):
    if item == "shown":
        raise RefavsError("Expected a number.")
    return item / shared


def told(folder, item):
    """Who works on it, with how many threads; the item named "deadly" kills who does, and "once" the first time."""
    with (folder / item).open("a") as file:
        file.write(f"{os.getpid()}\n")
    tries = len((folder / item).read_text().split())
    if item == "deadly" or (item == "once" and tries == 1):
        os.kill(os.getpid(), signal.SIGKILL)
    return os.getpid(), os.environ["OMP_NUM_THREADS"]


def test_what_raises_ends_with_one_sentence_and_the_rest_goes_on():
    ended = list(bulk.run(halved, 2, [4, "shown", "x", 6]))
    assert [(each.value, each.error) for each in (ended[0], ended[3])] == [(2, None), (3, None)]
    assert ended[1].error == "Expected a number."
    assert ended[2].error.startswith("TypeError: unsupported operand")
    with pytest.raises(RefavsError, match="a number"):
        ended[1].result()


def test_an_item_whose_worker_is_killed_is_tried_once_more_and_then_given_up(tmp_path):
    items = ["a", "once", "deadly", "b"]
    ended = {each.item: each for each in bulk.run(told, tmp_path, items, workers=2, threads=1)}
    assert set(ended) == set(items)
    assert "ended 2 times (signal 9)" in ended["deadly"].error
    alive = [ended[name].value for name in ("a", "once", "b")]
    assert all(each is not None and each[0] != os.getpid() and each[1] == "1" for each in alive)
    assert [len((tmp_path / name).read_text().split()) for name in items] == [1, 2, 2, 1]


def test_closing_ends_the_workers(tmp_path):
    running = bulk.run(told, tmp_path, ["a"] + ["b"] * 10**6, workers=1, threads=1)
    worker = next(running).value[0]
    running.close()
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)


def test_threads_are_cores_by_workers_and_never_more_than_asked_for(monkeypatch):
    monkeypatch.setattr(bulk, "cores", lambda: 8)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert [bulk.threads_each(n) for n in (1, 2, 3, 16)] == [8, 4, 2, 1]
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert [bulk.threads_each(n) for n in (1, 2, 8)] == [2, 2, 1]


class Cluster:
    """Stands for Ray, as far as it is used: a task is done when it is waited for, while the head node listens."""

    def __init__(self):
        self.head = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.head.getsockname()[1]}"
        names = ("RayError", "RayTaskError", "WorkerCrashedError", "OutOfMemoryError")
        self.exceptions = SimpleNamespace(**{name: type(name, (Exception,), {}) for name in names})
        self.init = self.shutdown = lambda **_: None
        self.put = lambda value: value
        self.get = lambda task: task()

    def cluster_resources(self):
        return {"CPU": 2.0}

    def remote(self, **_):
        return lambda call: SimpleNamespace(remote=lambda *given: lambda: call(*given))

    def wait(self, running, *, timeout):
        there = self.head.fileno() >= 0
        return (running[:1], running[1:]) if there else ([], running)


@pytest.fixture
def cluster(monkeypatch):
    made = Cluster()
    monkeypatch.setitem(sys.modules, "ray", made)
    yield made
    made.head.close()


def test_a_cluster_that_goes_away_is_told_and_what_was_done_is_kept(cluster):
    running = bulk.run(halved, 2, [4, 6, 8], ray=cluster.address)
    assert next(running).value == 2
    cluster.head.close()
    with pytest.raises(RefavsError, match=r"went away .*what is done is kept, and the same command goes on"):
        list(running)
    assert [each.value for each in bulk.run(halved, 2, [6, 8])] == [3, 4]


def test_a_cluster_that_is_not_there_and_a_ray_that_is_not_installed_are_one_sentence(cluster, monkeypatch):
    cluster.head.close()
    with pytest.raises(RefavsError, match=r"No Ray cluster answers at '127\.0\.0\.1:\d+' \(nothing listens"):
        list(bulk.run(halved, 2, [4], ray=cluster.address))
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(RefavsError, match=r'pip install "refavs-studio\[ray\]"'):
        list(bulk.run(halved, 2, [4], ray=cluster.address))
