"""What a desk tells its page: numbered messages, so that the page notices a missing one and asks again."""

import threading
from collections import deque
from typing import Any

KEPT = 400


class Feed:
    """The last messages of a desk, each with its number `seq`, from 1."""

    def __init__(self) -> None:
        self._messages: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._seq = 0
        self._lock = threading.Lock()

    @property
    def seq(self) -> int:
        """Number of the newest message."""
        return self._seq

    def say(self, kind: str, **content: Any) -> dict[str, Any]:
        """Append a message of JSON-ready content and return it with its number."""
        with self._lock:
            self._seq += 1
            message = {"seq": self._seq, "kind": kind, **content}
            self._messages.append(message)
            return message

    def since(self, seq: int) -> list[dict[str, Any]] | None:
        """Messages after `seq`, oldest first; None when they are no longer kept (the page starts afresh)."""
        with self._lock:
            if seq > self._seq or (seq < self._seq and self._messages[0]["seq"] > seq + 1):
                return None
            return [message for message in self._messages if message["seq"] > seq]
