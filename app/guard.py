"""Before every request: who may ask, how much may be sent; on every answer: what the page may load and who may frame it."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_LIMIT = 4 * 2**20  # bytes; a large brush stroke is 0.2 MB
UPLOADS = ("/gradio_api/upload", "/upload")
READING = {"GET", "HEAD", "OPTIONS"}
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",  # Gradio compiles its templates in the page
        "style-src 'self' 'unsafe-inline'",
        "font-src 'self' data:",
        "img-src 'self' blob: data:",
        "media-src 'self' blob: data:",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
    )
)
HUB = "https://huggingface.co https://*.hf.space"


class Guard:
    """Middleware. hosts: the names that a page may be asked for by, None = any (a proxy or a login stands before).

    upload_limit: bytes of one upload. space: on a Hugging Face Space, which shows the page in a frame.
    """

    def __init__(
        self, app: ASGIApp, *, hosts: frozenset[str] | None, upload_limit: int, space: bool = False
    ) -> None:
        self.app, self.hosts, self.upload_limit = app, hosts, upload_limit
        self.policy = f"{POLICY}; frame-ancestors 'self'{f' {HUB}' if space else ''}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                sent = MutableHeaders(scope=message)
                sent.setdefault("Content-Security-Policy", self.policy)
                sent.setdefault("X-Content-Type-Options", "nosniff")
                sent.setdefault("Referrer-Policy", "same-origin")
            await send(message)

        refusal = self._refusal(scope, headers)
        if refusal is None and scope["method"] not in READING and scope["path"].rstrip("/") not in UPLOADS:
            body = await body_of(receive)
            if body is None:
                refusal = PlainTextResponse(f"At most {BODY_LIMIT} bytes are read here.", 413)
            else:
                receive = again(body, receive)
        await (refusal or self.app)(scope, receive, answer)

    def _refusal(self, scope: Scope, headers: Headers) -> PlainTextResponse | None:
        if self.hosts is not None and _name(headers.get("host", "")) not in self.hosts:
            return PlainTextResponse("This server answers only at the address it was started with.", 403)
        if scope["method"] in READING:
            return None
        origin = headers.get("origin")
        ours = {headers.get("host"), headers.get("x-forwarded-host")}
        foreign = origin is not None and urlsplit(origin).netloc not in ours
        if foreign or (origin is None and headers.get("sec-fetch-site") == "cross-site"):
            return PlainTextResponse("Another site sent this; open the page itself.", 403)
        upload = scope["path"].rstrip("/") in UPLOADS
        limit = self.upload_limit + 2**20 if upload else BODY_LIMIT
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > limit:
            return PlainTextResponse(f"At most {limit} bytes are read here.", 413)
        return None


def _name(host: str) -> str:
    """Of `name:port` or `[::1]:port`."""
    return (urlsplit(f"//{host}").hostname or "") if host else ""


async def body_of(receive: Receive) -> bytes | None:
    """Everything that was sent; None when it is too much."""
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            break
        part = message.get("body", b"")
        size += len(part)
        if size > BODY_LIMIT:
            return None
        parts.append(part)
        more = message.get("more_body", False)
    return b"".join(parts)


def again(body: bytes, receive: Receive) -> Receive:
    """Hands the body out once more, then what comes after it."""
    given = False

    async def next_message() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return next_message
