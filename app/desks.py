"""Whose desk is whose: an unguessable token for each open page."""

import secrets
import threading
import time
from collections import OrderedDict

from app.desk import Desk
from app.watch import DESKS

KEPT = 64
IDLE = 6 * 3600  # seconds


class Desks:
    """token -> desk. The desk not used for longest goes first; what was saved is in the store."""

    def __init__(self) -> None:
        self._desks: OrderedDict[str, tuple[Desk, float]] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, desk: Desk, token: str | None = None) -> str:
        """Keep the desk under its earlier token, or a new one; the token."""
        token = token or secrets.token_urlsafe(24)
        with self._lock:
            self._desks[token] = (desk, time.monotonic())
            idle = [t for t, (_, used) in self._desks.items() if used < time.monotonic() - IDLE]
            for old in idle + list(self._desks)[: max(0, len(self._desks) - KEPT)]:
                self._desks.pop(old, None)
            DESKS.set(len(self._desks))
        return token

    def get(self, token: object) -> Desk | None:
        """None = no such desk (any more): the page opens its clip again."""
        with self._lock:
            found = self._desks.get(token) if isinstance(token, str) else None
            if found is None:
                return None
            self._desks[str(token)] = (found[0], time.monotonic())
            self._desks.move_to_end(str(token))
            return found[0]
