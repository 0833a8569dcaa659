"""How much programs may ask: calls in a minute for each caller, and calls that wait at a time in all."""

import json
import os
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from app.durable import on_space
from app.guard import again, body_of
from core.errors import RefavsError

CALLS, MINUTE = 120, 60.0
CALLERS = 4096  # remembered
WAITING = 24  # calls of programs; the queue has room for 64 of programs and pages
UPLOAD_MB = 500  # unless REFAVS_UPLOAD_MB says otherwise
CALL, JOIN = "/gradio_api/call/", "/gradio_api/queue/join"


def upload_mb() -> int:
    """How large a video may be that a person uploads or names a link of, MB of 2**20 bytes. RefavsError."""
    said = os.environ.get("REFAVS_UPLOAD_MB") or str(UPLOAD_MB)
    if not said.isdecimal() or int(said) == 0:
        raise RefavsError(f"REFAVS_UPLOAD_MB says {said!r}: expected a whole number of MB, such as 500.")
    return int(said)


class Rate:
    """Safe for threads."""

    def __init__(self, calls: int = CALLS, seconds: float = MINUTE) -> None:
        self.calls, self.seconds = calls, seconds
        self._times: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, caller: str) -> None:
        """Count one call. RefavsError when there were too many."""
        now = time.monotonic()
        with self._lock:
            times = self._times.setdefault(caller, deque())
            self._times.move_to_end(caller)
            while times and now - times[0] > self.seconds:
                times.popleft()
            if len(times) >= self.calls:
                wait = max(1, round(times[0] + self.seconds - now))
                raise RefavsError(
                    f"At most {self.calls} calls in {self.seconds:.0f} seconds are answered; wait {wait} seconds."
                )
            times.append(now)
            while len(self._times) > CALLERS:
                self._times.popitem(last=False)


def caller(request: Any) -> str:
    """The address that a request of nobody in particular came from; behind a Space's proxy the one it names."""
    request = getattr(request, "request", request)
    if request is None:
        return "here"
    forwarded = request.headers.get("x-forwarded-for") if on_space() else None
    return str(forwarded.split(",")[0].strip() if forwarded else getattr(request.client, "host", "here"))


class Waiting:
    """Middleware: a call of a program that would wait behind too many others is refused at once, so that pages always
    find room in the queue.

    endpoints: numbers of the programs' functions in Gradio; waiting: how many calls of theirs wait now.
    """

    def __init__(self, app: ASGIApp, *, endpoints: frozenset[int], waiting: Callable[[], int]) -> None:
        self.app, self.endpoints, self.waiting = app, endpoints, waiting

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"] if scope["type"] == "http" and scope["method"] == "POST" else ""
        if path.startswith(CALL) or path.rstrip("/") == JOIN:
            body = await body_of(receive) or b""
            receive = again(body, receive)
            if (path.startswith(CALL) or self._is_program(body)) and self.waiting() >= WAITING:
                said = f"{WAITING} calls wait already, and no more may; try again in a minute."
                await JSONResponse({"detail": said}, 429, headers={"Retry-After": "60"})(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def _is_program(self, body: bytes) -> bool:
        try:
            return json.loads(body).get("fn_index") in self.endpoints
        except (ValueError, AttributeError, TypeError):
            return False
