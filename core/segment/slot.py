"""The one compute slot: whoever computes takes it for one frame, first come first served.

A propagation takes it around each of its frames, so another user's click waits for one frame, never for the
whole propagation. A plain lock would not do: a thread that frees a lock and takes it again at once usually
wins it back.
"""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class FairSlot:
    """Lets one thread in at a time, in the order of arrival; the thread inside may enter again."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._queue: deque[object] = deque()
        self._owner: int | None = None
        self._depth = 0

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Hold the slot for the length of the `with` block; never yield from a generator inside it."""
        self._enter()
        try:
            yield
        finally:
            self._leave()

    @property
    def waiting(self) -> int:
        """How many threads stand in the queue."""
        with self._changed:
            return len(self._queue)

    def _enter(self) -> None:
        me = threading.get_ident()
        with self._changed:
            if self._owner != me:
                ticket = object()
                self._queue.append(ticket)
                try:
                    self._changed.wait_for(lambda: self._owner is None and self._queue[0] is ticket)
                finally:
                    self._queue.remove(ticket)
                self._owner = me
            self._depth += 1

    def _leave(self) -> None:
        with self._changed:
            self._depth -= 1
            if self._depth == 0:
                self._owner = None
                self._changed.notify_all()


compute_slot = FairSlot()
"""`with compute_slot():` around the work on one frame."""
