"""Tokens of scripts: a request with `Authorization: Bearer TOKEN` is its owner's, as if they had signed in."""

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from http.cookies import SimpleCookie
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from app.people import PERSON, TOKEN
from core.errors import RefavsError

HUB_TOKEN = "hf_"
REMEMBERED, FOR = 256, 300.0  # hub tokens, seconds: the hub is not asked at every request


class AwayError(RefavsError):
    """Nobody can say now whose token it is."""


class Bearer:
    """Middleware. prefix: how the tokens meant for this server begin; others are none of its business.

    owner: whose token it is; RefavsError when it is nobody's, AwayError when that cannot be told now.
    """

    def __init__(self, app: ASGIApp, *, prefix: str = TOKEN, owner: Callable[[str], str]) -> None:
        self.app, self.prefix, self.owner = app, prefix, owner
        self._sessions: dict[str, str] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        token = self._token(scope)
        if token is None:
            await self.app(scope, receive, send)
            return
        try:
            person = await run_in_threadpool(self.owner, token)
        except AwayError as error:
            await PlainTextResponse(str(error), 503)(scope, receive, send)
            return
        except RefavsError as error:
            headers = {"WWW-Authenticate": "Bearer"}
            await PlainTextResponse(str(error), 401, headers=headers)(scope, receive, send)
            return
        scope[PERSON] = person
        self._sign_in(scope, person)
        await self.app(scope, receive, send)

    def _token(self, scope: Scope) -> str | None:
        if scope["type"] != "http":
            return None
        headers = Headers(scope=scope)
        # Gradio's client sends a hub token under the second name
        for value in (headers.get("authorization"), headers.get("x-hf-authorization")):
            kind, _, token = (value or "").partition(" ")
            if kind.lower() == "bearer" and token.strip().startswith(self.prefix):
                return token.strip()
        return None

    def _sign_in(self, scope: Scope, person: str) -> None:
        """Gradio lets those in who carry a cookie that it gave out; this request carries one of its owner's."""
        gradio: Any = scope["app"]
        if getattr(gradio, "auth", None) is None:
            return
        session = self._sessions.setdefault(person, secrets.token_urlsafe(16))
        gradio.tokens[session] = person
        cookie: SimpleCookie = SimpleCookie()
        cookie[f"access-token-unsecure-{gradio.cookie_id}"] = session
        headers = MutableHeaders(scope=scope)
        headers["cookie"] = cookie.output(header="", sep=";").strip()


class HubPeople:
    """Whose hub token it is, as the hub says."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[str, float]] = OrderedDict()

    def __call__(self, token: str) -> str:
        """The account's name. RefavsError when the hub does not take the token, or cannot be asked."""
        key = hashlib.sha256(token.encode()).hexdigest()
        known = self._known.get(key)
        if known and known[1] > time.monotonic():
            return known[0]
        from huggingface_hub import HfApi

        try:
            name = str(HfApi(token=token).whoami()["name"])
        except Exception as error:  # the hub's client has errors of many families
            status = getattr(getattr(error, "response", None), "status_code", None)
            if status in (401, 403):
                raise RefavsError(
                    "The Hugging Face token is not valid, or has expired; make one at "
                    "https://huggingface.co/settings/tokens"
                ) from error
            raise AwayError(
                "The Hugging Face hub cannot be asked whose token this is; try again later."
            ) from error
        self._known[key] = (name, time.monotonic() + FOR)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return name
