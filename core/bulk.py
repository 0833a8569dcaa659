"""Bulk work: one function, many items, in this process, in several, or on a Ray cluster."""

import logging
import multiprocessing
import os
import signal
import socket
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import connection
from pathlib import Path
from typing import Any, Generic, TypeVar

from core.errors import RefavsError

Item = TypeVar("Item")
Value = TypeVar("Value")
Shared = TypeVar("Shared")

LOOK = 10.0  # seconds after which a cluster that is silent is looked for
TRIES = 2  # of an item whose worker was killed
# read by libraries when they are loaded
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OPENCV_FOR_THREADS_NUM")


@dataclass(frozen=True)
class Ended(Generic[Item, Value]):
    """What became of an item. error: one sentence, None = value is what the function returned."""

    item: Item
    value: Value | None
    error: str | None = None

    def result(self) -> Value:
        """The value; RefavsError with the sentence where there is none."""
        if self.error is not None:
            raise RefavsError(self.error)
        return self.value  # type: ignore[return-value]


def run(
    function: Callable[[Shared, Item], Value],
    shared: Shared,
    items: Iterable[Item],
    *,
    workers: int | None = None,
    threads: int | None = None,
    ray: str | None = None,
) -> Iterator[Ended[Item, Value]]:
    """Call `function(shared, item)` for every item; each is told as it ends, in any order.

    workers: processes (None or 1 = this one). threads: of each; None = cores / workers. ray: address of a
    Ray cluster, which then takes the place of processes here (workers None = as many as it has cores). The
    function is one of a module, and what goes in and out can be pickled. An item that raises ends with its
    error; one whose worker is killed is tried once more. Closing the iterator ends the workers, and so does
    the end of this process, however it comes. Raises RefavsError: no such cluster, or it went away.
    """
    if ray is not None:
        yield from _on_ray(function, shared, items, ray, workers, threads)
    elif (workers or 1) == 1 and threads is None:
        for item in items:
            yield Ended(item, *_call(function, shared, item))
    else:
        count = workers or 1
        yield from _in_processes(function, shared, items, count, threads or threads_each(count))


def threads_each(workers: int) -> int:
    """Cores / workers, at least 1, and not more than OMP_NUM_THREADS says."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    each = max(1, cores() // max(workers, 1))
    return min(each, int(asked)) if asked.isdigit() and int(asked) > 0 else each


def cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _limits(threads: int) -> dict[str, str]:
    return dict.fromkeys(_THREADS, str(threads))


def _call(
    function: Callable[[Shared, Item], Value], shared: Shared, item: Item
) -> tuple[Value | None, str | None]:
    """(value, error): plain data, for not every exception survives the way between processes."""
    try:
        return function(shared, item), None
    except RefavsError as error:
        return None, str(error)
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        return None, f"{type(error).__name__}: {error} ({Path(where.filename).name}, line {where.lineno})."


class _Worker:
    """A process that takes one item at a time. item, tries: what it works on, and for the how manieth time."""

    def __init__(self, *work: Any, threads: int) -> None:
        # A fork would inherit locks of threads that it has not: OpenCV's stand still in it for ever.
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, *work), daemon=True)
        before = {name: os.environ.get(name) for name in _THREADS}
        os.environ.update(_limits(threads))
        try:
            self.process.start()
        finally:
            for name, value in before.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})
        theirs.close()  # so that the pipe ends when the worker does
        self.item: Any = None
        self.tries = 0

    def give(self, item: Any, tries: int) -> None:
        self.item, self.tries = item, tries
        with suppress(OSError):  # killed while it waited: its end of the pipe tells
            self.pipe.send(item)

    def end(self) -> None:
        self.process.kill()
        self.process.join()
        self.pipe.close()


def _in_processes(
    function: Callable[[Shared, Item], Value],
    shared: Shared,
    items: Iterable[Item],
    count: int,
    threads: int,
) -> Iterator[Ended[Item, Value]]:
    line = ((item, 1) for item in items)
    again: deque[tuple[Item, int]] = deque()
    idle: list[_Worker] = []
    busy: dict[Any, _Worker] = {}
    try:
        while True:
            while len(busy) < count:
                following = again.popleft() if again else next(line, None)
                if following is None:
                    break
                worker = idle.pop() if idle else _Worker(function, shared, threads=threads)
                worker.give(*following)
                busy[worker.pipe] = worker
            if not busy:
                return
            for pipe in connection.wait(list(busy)):
                worker = busy.pop(pipe)
                try:
                    value, error = worker.pipe.recv()
                except (EOFError, OSError):
                    worker.end()
                    if worker.tries < TRIES:
                        again.append((worker.item, worker.tries + 1))
                    else:
                        yield Ended(worker.item, None, _killed(worker.process.exitcode))
                    continue
                idle.append(worker)
                yield Ended(worker.item, value, error)
    finally:
        for worker in (*busy.values(), *idle):
            worker.end()


def _killed(code: int | None) -> str:
    how = f"signal {-code}" if code is not None and code < 0 else f"exit status {code}"
    return (
        f"The process that worked on it ended {TRIES} times ({how}); it may need more memory than there is."
    )


def _serve(pipe: Any, function: Callable[[Shared, Item], Value], shared: Shared) -> None:
    """A worker's life: until the pipe ends, or the process that started it does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for who started it
    threading.Thread(target=_end_with_parent, daemon=True).start()
    while True:
        try:
            item = pipe.recv()
        except EOFError:
            return
        pipe.send(_call(function, shared, item))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _on_ray(
    function: Callable[[Shared, Item], Value],
    shared: Shared,
    items: Iterable[Item],
    address: str,
    workers: int | None,
    threads: int | None,
) -> Iterator[Ended[Item, Value]]:
    try:
        import ray
    except ModuleNotFoundError:
        raise RefavsError('--ray needs Ray: pip install "refavs-studio[ray]".') from None
    head = address.removeprefix("ray://")  # or "auto", which Ray finds
    try:
        if ":" in head and not _listens(head):  # Ray would try for minutes
            raise ConnectionError("nothing listens there")
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, RuntimeError, ValueError, TimeoutError) as error:
        raise RefavsError(
            f"No Ray cluster answers at {address!r} ({_line(error)}); start one with `ray start --head`, or "
            "leave --ray out."
        ) from error
    if ":" not in head:
        head = ray.get_runtime_context().gcs_address
    gone = False
    try:
        there = max(1, int(ray.cluster_resources().get("CPU", 1)))
        count = workers or there
        each = threads or max(1, there // count)
        call: Any = ray.remote(num_cpus=each, max_retries=TRIES - 1, runtime_env={"env_vars": _limits(each)})(
            _call
        )
        given, line = ray.put(shared), iter(items)
        running: dict[Any, Item] = {}
        while True:
            for item in line:
                running[call.remote(function, given, item)] = item
                if len(running) >= count:
                    break
            if not running:
                return
            while not (found := ray.wait(list(running), timeout=LOOK)[0]):
                if not _listens(head):
                    raise ConnectionError("its head node does not answer")
            ready = found[0]
            item = running.pop(ready)
            try:
                value, failed = ray.get(ready)
            except (ray.exceptions.WorkerCrashedError, ray.exceptions.OutOfMemoryError):
                value, failed = None, _killed(None)
            except ray.exceptions.RayTaskError as error:  # such as a node without this program
                value, failed = None, f"It cannot be worked on there: {_line(error.cause or error)}."
            yield Ended(item, value, failed)
    except (ray.exceptions.RayError, ConnectionError) as error:
        gone = True  # Ray would wait a minute for it, then end this process without a word of ours
        raise RefavsError(
            f"The Ray cluster at {address!r} went away ({_line(error)}); what is done is kept, and the same "
            "command goes on from there."
        ) from error
    finally:
        if not gone:
            ray.shutdown()


def _listens(address: str) -> bool:
    host, _, port = address.rpartition(":")
    for _ in range(3):
        with (
            suppress(OSError, ValueError),
            socket.create_connection((host.strip("[]"), int(port)), timeout=5),
        ):
            return True
    return False


def _line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
