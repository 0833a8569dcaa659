"""What the server tells machines about itself: whether it is well, counts without names, and which request is which."""

import logging
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from uuid import uuid4

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from annotations.records import ConflictError, StoreError, UnreachableError
from annotations.schema import HEAD
from annotations.store import Store
from app.media_routes import PREFIX
from core.errors import RefavsError

log = logging.getLogger("refavs.request")
ID = "X-Request-ID"
SENT_ID = re.compile(r"[\w.-]{1,64}", re.ASCII)  # taken over from a proxy
OWN = ("frame", "health", "js", "media", "metrics", "picture", "spectrogram", "strip")  # after PREFIX
KINDS = {  # beginning of a path -> what is asked for; no path is told as it is: some prove who may see a video
    "/gradio_api/component_server": "ask",
    "/gradio_api/queue": "queue",
    "/gradio_api/upload": "upload",
    "/gradio_api/call": "api",
    "/assets": "page",
    "/config": "page",
    "/theme.css": "page",
}

disable_created_metrics()
_registry = CollectorRegistry()
REQUESTS = Counter("refavs_requests", "Requests answered.", ["kind", "status"], registry=_registry)
SECONDS = Histogram("refavs_request_seconds", "Until an answer began.", ["kind"], registry=_registry)
SAVES = Counter(
    "refavs_saves", "Saves of annotators, by what became of them.", ["outcome"], registry=_registry
)
SAVE_SECONDS = Histogram("refavs_save_seconds", "Of a save, until it was on disk.", registry=_registry)
REFERRALS = Counter("refavs_referrals", "Systems asked from the page.", ["outcome"], registry=_registry)
DESKS = Gauge("refavs_desks", "Clips that are open, each with its work in memory.", registry=_registry)
ERRORS = Counter("refavs_errors", "Faults of the program; its log has each.", registry=_registry)

_request: ContextVar[str | None] = ContextVar("refavs_request", default=None)


def request_id() -> str | None:
    """Of the request that is being answered."""
    return _request.get()


@contextmanager
def saving() -> Iterator[None]:
    """Around a save of an annotator."""
    start = time.perf_counter()
    try:
        yield
    except Exception as error:
        SAVES.labels(_why(error)).inc()
        raise
    SAVES.labels("stored").inc()
    SAVE_SECONDS.observe(time.perf_counter() - start)


@contextmanager
def referring() -> Iterator[None]:
    """Around a system's work; leaving early cancels it."""
    try:
        yield
    except GeneratorExit:
        REFERRALS.labels("cancelled").inc()
        raise
    except Exception as error:
        REFERRALS.labels(_why(error)).inc()
        raise
    REFERRALS.labels("done").inc()


def _why(error: Exception) -> str:
    kinds = {ConflictError: "conflict", UnreachableError: "unreachable", RefavsError: "refused"}
    return next((name for kind, name in kinds.items() if isinstance(error, kind)), "failed")


class Watch:
    """Middleware, the outermost: gives a request its id, counts it, and logs it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        sent = Headers(scope=scope).get(ID, "")
        id = sent if SENT_ID.fullmatch(sent) else uuid4().hex[:12]
        kind, start = _kind(scope["path"]), time.perf_counter()
        before = _request.set(id)
        status = 500

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                SECONDS.labels(kind).observe(time.perf_counter() - start)
                MutableHeaders(scope=message)[ID] = id
            await send(message)

        try:
            await self.app(scope, receive, answer)
        finally:
            REQUESTS.labels(kind, str(status)).inc()
            words = (kind, status, 1000 * (time.perf_counter() - start))
            log.log(logging.WARNING if status >= 500 else logging.DEBUG, "%s: %d in %.0f ms", *words)
            _request.reset(before)


def _kind(path: str) -> str:
    if path == "/":
        return "page"
    if path.startswith(f"{PREFIX}/"):
        name = path.removeprefix(f"{PREFIX}/").partition("/")[0]
        return name if name in OWN else "other"
    return next((kind for start, kind in KINDS.items() if path.startswith(start)), "other")


def routes(store: Store, snapshot: Callable[[], float | None] | None = None) -> list[BaseRoute]:
    """`health`: 200, or 503 with what is wrong; `metrics`: in the text format of Prometheus. Both without a login.

    snapshot: seconds since the volume last held everything, of a server that has one; None = never yet.
    """

    def health(request: Request) -> Response:
        trouble = _trouble(store)
        body: dict[str, Any] = {
            "status": "error" if trouble else "ok",
            **({"store": trouble} if trouble else {}),
        }
        if snapshot:
            age = snapshot()
            body["snapshot_age_seconds"] = None if age is None else round(age)
        return JSONResponse(body, 503 if trouble else 200, headers={"Cache-Control": "no-store"})

    def metrics(request: Request) -> Response:
        return Response(generate_latest(_registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return [Route(f"{PREFIX}/health", health), Route(f"{PREFIX}/metrics", metrics)]


def _trouble(store: Store) -> str | None:
    """Of the store, without where it is: whoever can reach the server reads this."""
    try:
        revision = store.database.revision()
    except UnreachableError:
        return "The database does not answer."
    except StoreError:
        return "The database cannot be read; see: refavs doctor"
    return None if revision == HEAD else "The database was changed by another version; restart this server."
