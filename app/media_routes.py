"""Routes under /gradio_api/refavs/: the player's modules, and media behind signed links that expire.

Custom routes are not behind Gradio's login, so a link carries its own proof: who can read the page can read
what the page was given, for a while.
"""

import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from app.player import modules
from app.sound import spectrogram
from app.strip import strip
from core.errors import RefavsError
from core.media import Clip

PREFIX = "/gradio_api/refavs"
LIFETIME = 6 * 3600  # seconds; the page asks for a new link when one has expired
TINT = (214, 96, 70)  # blue, green, red of the spectrogram
HEADERS = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox"}


@dataclass(frozen=True)
class Served:
    path: Path
    media_type: str
    download: str | None


class Links:
    """Makes signed links and answers them; knows only what a link was made for."""

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)
        self._known: dict[str, Any] = {}
        self._lock = threading.Lock()

    def file(self, path: Path, media_type: str, *, download: str | None = None) -> str:
        """Link to a file, with ranges; `download` = the name under which a browser saves it."""
        return self._link("media", f"{path}\0{download}", Served(path, media_type, download))

    def frames(self, clip: Clip) -> str:
        """Link to the clip's frames as JPEG: append `/{index}.jpg`."""
        return self._link("frame", f"{clip.video.sha256}", clip)

    def strip(self, clip: Clip) -> str:
        """Link to small pictures of the clip along its time (app.strip), one JPEG."""
        return self._link("strip", f"{clip.video.sha256} {clip.first} {clip.last}", clip)

    def spectrogram(self, clip: Clip) -> str:
        """Link to the clip's spectrogram, a PNG whose opacity says how strong a band is."""
        return self._link("spectrogram", f"{clip.video.sha256} {clip.first} {clip.last}", clip)

    def picture(self, identity: str, make: Callable[[], Any]) -> str:
        """Link to a picture (uint8 [H, W, 3] RGB) that is made when it is asked for."""
        return self._link("picture", identity, make)

    def _link(self, kind: str, identity: str, what: Any) -> str:
        key = hashlib.sha256(f"{kind}\0{identity}".encode()).hexdigest()[:24]
        with self._lock:
            self._known[key] = what
        expires = int(time.time()) + LIFETIME
        return f"{PREFIX[1:]}/{kind}/{key}/{expires}/{self._sign(kind, key, expires)}"

    def _sign(self, kind: str, key: str, expires: int) -> str:
        text = f"{kind}/{key}/{expires}".encode()
        return hmac.new(self._secret, text, hashlib.sha256).hexdigest()[:40]

    def _asked(self, request: Request, kind: str) -> Any:
        values = request.path_params
        expires, proof = values["expires"], self._sign(kind, values["key"], values["expires"])
        if not hmac.compare_digest(proof, values["signature"]) or expires < time.time():
            return None
        return self._known.get(values["key"])

    def routes(self) -> list[BaseRoute]:
        signed = "{key}/{expires:int}/{signature}"
        return [
            Route(f"{PREFIX}/media/{signed}", self._media),
            Route(f"{PREFIX}/frame/{signed}/{{index:int}}.jpg", self._frame),
            Route(f"{PREFIX}/strip/{signed}", self._strip),
            Route(f"{PREFIX}/picture/{signed}", self._picture),
            Route(f"{PREFIX}/spectrogram/{signed}", self._spectrogram),
            Route(f"{PREFIX}/js/{modules.VERSION}/{{name}}", _module),
        ]

    def _media(self, request: Request) -> Response:
        served = self._asked(request, "media")
        if not isinstance(served, Served) or not served.path.is_file():
            return _refused()
        headers = {**HEADERS, "Cache-Control": "private, max-age=3600"}
        if served.download:
            headers["Content-Disposition"] = f"attachment; filename*=utf-8''{quote(served.download)}"
        return FileResponse(served.path, media_type=served.media_type, headers=headers)

    def _frame(self, request: Request) -> Response:
        clip = self._asked(request, "frame")
        if not isinstance(clip, Clip):
            return _refused()
        try:
            picture = clip.frame(request.path_params["index"])
        except RefavsError as error:
            return PlainTextResponse(str(error), 404, headers=HEADERS)
        return Response(
            jpeg(picture),
            media_type="image/jpeg",
            headers={**HEADERS, "Cache-Control": "private, max-age=3600"},
        )

    def _picture(self, request: Request) -> Response:
        make = self._asked(request, "picture")
        if make is None:
            return _refused()
        try:
            data = jpeg(make())
        except RefavsError as error:
            return PlainTextResponse(str(error), 404, headers=HEADERS)
        headers = {**HEADERS, "Cache-Control": "private, max-age=3600"}
        return Response(data, media_type="image/jpeg", headers=headers)

    def _strip(self, request: Request) -> Response:
        clip = self._asked(request, "strip")
        if not isinstance(clip, Clip):
            return _refused()
        try:
            data = jpeg(strip(clip))
        except RefavsError as error:
            return PlainTextResponse(str(error), 404, headers=HEADERS)
        return Response(
            data, media_type="image/jpeg", headers={**HEADERS, "Cache-Control": "private, max-age=3600"}
        )

    def _spectrogram(self, request: Request) -> Response:
        clip = self._asked(request, "spectrogram")
        if not isinstance(clip, Clip):
            return _refused()
        headers = {**HEADERS, "Cache-Control": "private, max-age=3600"}
        return Response(_tinted(spectrogram(clip)), media_type="image/png", headers=headers)


def _tinted(strength: Any) -> bytes:
    """PNG of one colour whose opacity is `strength`, uint8 [H, W]: it lies on a light page and on a dark one."""
    import cv2
    import numpy as np

    picture = np.empty((*strength.shape, 4), np.uint8)
    picture[..., :3] = TINT
    picture[..., 3] = strength
    done, data = cv2.imencode(".png", picture)
    assert done
    return data.tobytes()


def jpeg(picture: Any) -> bytes:
    """JPEG of a uint8 [H, W, 3] RGB picture."""
    import cv2

    done, data = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])
    assert done
    return data.tobytes()


def _module(request: Request) -> Response:
    text = modules.MODULES.get(request.path_params["name"])
    if text is None:
        return PlainTextResponse("There is no such module.", 404, headers=HEADERS)
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
    return Response(text, media_type="text/javascript", headers=headers)


def _refused() -> Response:
    return PlainTextResponse(
        "This link has expired or was never given; reload the page.", 403, headers=HEADERS
    )
