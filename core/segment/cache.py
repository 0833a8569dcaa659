"""What a segmenter computes once for a frame: kept for the next clicks, computed ahead of the annotator.

Kept within a number of bytes: when it is full, the frame farthest from where its annotator is goes first,
and before that the frames of videos that nobody has touched for a minute. Work is done inside the compute
slot, and looked up again there, so a frame is never encoded twice at once. While nobody clicks, the
frames that come next in the direction of travel are encoded in the background, one at a time, and none
more after somebody clicks.
"""

import atexit
import logging
import math
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from core.media import Clip
from core.segment.slot import compute_slot

Value = TypeVar("Value")

IDLE_BEFORE_PREWARM = 0.2  # s without a visit
PREWARMED = 20  # frames ahead at most
FORGOTTEN = 60.0  # s after which a video that was not visited gives its room to others

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Visit:
    clip: Clip
    index: int
    direction: int  # 1 or -1
    time: float


class FrameCache(Generic[Value]):
    """Values by (video, frame index, view); `view` tells several values of one frame apart."""

    def __init__(
        self,
        *,
        limit: int,
        size: Callable[[Value], int],
        ahead: Callable[[Clip, int], object] | None = None,
    ) -> None:
        """limit: bytes. size: bytes of a value. ahead: calls `get` for a frame nobody asked for yet."""
        self._limit, self._size, self._ahead = limit, size, ahead
        self._changed = threading.Condition()
        self._values: dict[tuple[str, int, Hashable], Value] = {}
        self._bytes = 0
        self._visits: dict[str, _Visit] = {}
        self._newest: _Visit | None = None
        self._thread: threading.Thread | None = None
        self._closed = False

    def get(self, clip: Clip, index: int, make: Callable[[], Value], *, view: Hashable = None) -> Value:
        """The value kept, or what `make` returns; `make` runs inside the compute slot, one at a time."""
        key = (clip.video.sha256, index, view)
        with self._changed:
            if key in self._values:
                return self._values[key]
        with compute_slot():
            with self._changed:
                if key in self._values:
                    return self._values[key]
            value = make()
            with self._changed:
                self._values[key] = value
                self._bytes += self._size(value)
                while self._bytes > self._limit:
                    farthest = max(self._values, key=self._distance)
                    self._bytes -= self._size(self._values.pop(farthest))
            return value

    def views(self, clip: Clip, index: int) -> list[Hashable]:
        """What is kept of a frame, oldest first."""
        with self._changed:
            return [view for sha256, i, view in self._values if (sha256, i) == (clip.video.sha256, index)]

    def visit(self, clip: Clip, index: int) -> None:
        """Somebody works on this frame: what is near stays; what comes next is encoded once all is quiet."""
        with self._changed:
            last = self._visits.get(clip.video.sha256)
            direction = 1 if last is None else last.direction
            if last is not None and index != last.index:
                direction = 1 if index > last.index else -1
            self._newest = _Visit(clip, index, direction, time.monotonic())
            recent = {k: v for k, v in self._visits.items() if self._newest.time - v.time <= FORGOTTEN}
            self._visits = recent | {clip.video.sha256: self._newest}
            if self._ahead is not None and self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._prewarm, name="prewarm", daemon=True)
                self._thread.start()
                atexit.register(
                    self.close
                )  # a network that runs while the program ends takes it down with it
            self._changed.notify_all()

    def close(self) -> None:
        """Stop the background work and forget everything; what is being encoded is finished first."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()
            atexit.unregister(self.close)
        with self._changed:
            self._values.clear()
            self._visits.clear()
            self._newest, self._bytes = None, 0

    @property
    def bytes(self) -> int:
        """Bytes of the values kept."""
        return self._bytes

    def _distance(self, key: tuple[str, int, Hashable]) -> float:
        visit = self._visits.get(key[0])
        if visit is None or time.monotonic() - visit.time > FORGOTTEN:
            return math.inf
        return abs(key[1] - visit.index)

    def _prewarm(self) -> None:
        assert self._ahead is not None
        done: _Visit | None = None
        while (visit := self._next_quiet_visit(done)) is not None:
            done = visit
            for index in range(visit.index, visit.index + (PREWARMED + 1) * visit.direction, visit.direction):
                if self._newest is not visit or self._closed or index not in visit.clip.indices:
                    break
                try:
                    self._ahead(visit.clip, index)
                except Exception:  # nobody waits for this frame; who asks for it will be told
                    _log.debug("frame %d could not be encoded ahead", index, exc_info=True)
                    break
                if not self.views(visit.clip, index):  # the cache is full of nearer frames
                    break

    def _next_quiet_visit(self, done: _Visit | None) -> _Visit | None:
        """The newest visit, once it is IDLE_BEFORE_PREWARM old and another than `done`; None when closed."""
        with self._changed:
            while not self._closed:
                visit = self._newest
                if visit is None or visit is done:
                    self._changed.wait()
                    continue
                left = visit.time + IDLE_BEFORE_PREWARM - time.monotonic()
                if left <= 0:
                    return visit
                self._changed.wait(left)
            return None
