"""What the page can ask for. Plain data in, plain data out; errors of people as sentences, others as one sentence too."""

import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from app.desk import MASKS_A_MESSAGE, Desk, sent
from app.desks import Desks
from app.library import Library, Source
from app.media_routes import Links
from app.playback import Playback
from app.sound import waveform
from core import media, registry
from core.errors import RefavsError
from core.media.proxy import player_times

log = logging.getLogger("refavs.app")
GONE = "gone"  # the desk is not here any more; the page opens its clip again
Answer = dict[str, Any]


class Studio:
    """One for the server; a person's work is on a desk, found by the page's token."""

    def __init__(self, *, inbox: Path, start: Path | None, db: str | None, links: Links) -> None:
        self.links = links
        self.library = Library(inbox, start)
        self.desks = Desks()
        self.playback = Playback(links)
        self._warm = threading.Thread(target=self._warm_up, daemon=True)

    def ask(self, request: Any) -> Answer:
        """A quick request {"do": name, "token": ..., ...} -> {"ok": True, ...} or {"ok": False, "error": sentence}."""
        return self._answered(request, lambda: self._quick(request))

    def prompt(self, request: Any) -> Answer:
        """A click or a box; the answer is the desk's new messages."""
        return self._answered(request, lambda: self._prompt(request))

    def work(self, request: Any) -> Iterator[Answer]:
        """Long work; every item is new messages."""
        yield self._answered(request, lambda: {})

    def _answered(self, request: Any, do: Callable[[], Answer]) -> Answer:
        echo = (
            {"token": request.get("token"), "call": request.get("call")} if isinstance(request, dict) else {}
        )
        try:
            return {**echo, "ok": True, **do()}
        except Gone:
            return {**echo, "ok": False, "error": GONE}
        except RefavsError as error:
            return {**echo, "ok": False, "error": str(error)}
        except Exception:
            log.exception("A request failed")
            return {
                **echo,
                "ok": False,
                "error": "Something went wrong in the program; the log has the details.",
            }

    def _quick(self, request: Any) -> Answer:
        name = request.get("do") if isinstance(request, dict) else None
        if name in {"hello", "open", "take"}:
            return getattr(self, f"_{name}")(request)
        quick: dict[Any, Callable[[Desk, dict[str, Any]], Answer | None]] = {
            "masks": self._masks,
            "media": self._media,
            "sound": self._sound,
            "missed": lambda desk, r: {},
            "undo": lambda desk, r: desk.undo(),
            "redo": lambda desk, r: desk.redo(),
            "cancel": lambda desk, r: desk.cancel(),
            "object": lambda desk, r: desk.change_thing(_number(r, "object"), **_thing_values(r)),
            "delete": lambda desk, r: desk.delete_thing(_number(r, "object")),
        }
        if name not in quick:
            raise RefavsError("The page asked for something this server does not know; reload the page.")
        desk = self._desk(request)
        answer = quick[name](desk, request) or {}
        return {**answer, **_news(desk, request)}

    def _desk(self, request: Any) -> Desk:
        desk = self.desks.get(request.get("token") if isinstance(request, dict) else None)
        if desk is None:
            raise Gone
        return desk

    # Opening

    def _hello(self, request: dict[str, Any]) -> Answer:
        """A page was loaded: its old desk when there is one, else its clip opened again, else the first clip."""
        if not self._warm.is_alive() and self._warm.ident is None:
            self._warm.start()
        samples = [{"key": s.key, "name": s.name} for s in self.library.samples]
        desk = self.desks.get(request.get("token"))
        if desk:
            return {"samples": samples, "token": request["token"], "desk": self._snapshot(desk)}
        wanted = request.get("source")
        for key in (wanted, self.library.start and self.library.start.key):
            if isinstance(key, str):
                try:
                    return {"samples": samples, **self._put_on_desk(self.library.source(key))}
                except RefavsError as error:
                    log.warning("Could not open %s: %s", key, error)
        return {"samples": samples, "token": None, "desk": None}

    def _open(self, request: dict[str, Any]) -> Answer:
        return self._put_on_desk(self.library.source(str(request.get("source"))))

    def _take(self, request: dict[str, Any]) -> Answer:
        name = str(request.get("name") or "video")
        return self._put_on_desk(self.library.take(str(request.get("path") or ""), name))

    def _put_on_desk(self, source: Source) -> Answer:
        clip = media.open(source.path).clip()
        desk = Desk(clip, registry.segmenter, name=source.name, source=source.key)
        return {"token": self.desks.add(desk), "desk": self._snapshot(desk)}

    def _snapshot(self, desk: Desk) -> Answer:
        """Everything that the page shows, without masks."""
        clip, video = desk.clip, desk.clip.video
        times = player_times(video)
        return {
            "source": desk.source,
            "name": desk.name,
            "size": list(video.size),
            "aspect": video.size[1] * video.pixel_aspect / video.size[0],
            "pts": np.round(times, 6).tolist(),
            "end": round(float(times[0]) + video.duration, 6),
            "first": clip.first,
            "last": clip.last,
            "sound": video.has_audio,
            "damaged": video.damaged,
            "media": self._media(desk, {})["media"],
            "expression": desk.expression,
            "reasons": desk.reasons,
            "verdict": desk.verdict,
            "seq": desk.feed.seq,
            "job": None,
            **desk.summary(),
        }

    def _media(self, desk: Desk, request: dict[str, Any]) -> Answer:
        failures = request.get("failures")
        return {
            "media": self.playback.state(desk.clip, failures=failures if isinstance(failures, int) else 0)
        }

    def _sound(self, desk: Desk, request: dict[str, Any]) -> Answer:
        return {"peaks": waveform(desk.clip)}

    def _masks(self, desk: Desk, request: dict[str, Any]) -> Answer:
        """Masks of one object from frame index `from` on, at most MASKS_A_MESSAGE of them, and where to go on."""
        cells = desk.cells(_number(request, "object"))
        start = _number(request, "from")
        indices = [i for i in cells if i >= start]
        now, rest = indices[:MASKS_A_MESSAGE], indices[MASKS_A_MESSAGE:]
        return {
            "masks": {i: sent(cells[i], desk.clip.video.size) for i in now},
            "next": rest[0] if rest else None,
        }

    # Acts

    def _prompt(self, request: dict[str, Any]) -> Answer:
        desk = self._desk(request)
        thing = request.get("object")
        desk.ask(
            _index(desk, request),
            click=_fractions(request.get("click"), 2, sign=True),
            box=_fractions(request.get("box"), 4),
            thing=thing if isinstance(thing, int) else None,
            call=request.get("call"),
        )
        return _news(desk, request)

    def _warm_up(self) -> None:
        try:
            registry.segmenter()
        except Exception:
            log.exception("The segmenter could not be made ready")


class Gone(Exception):
    """The page's desk is not here any more."""


def _news(desk: Desk, request: dict[str, Any]) -> Answer:
    """The messages that the page has not seen; None = too many, look at everything again."""
    seen = request.get("seen")
    return {"messages": desk.feed.since(seen if isinstance(seen, int) else desk.feed.seq)}


def _number(request: dict[str, Any], name: str) -> int:
    value = request.get(name)
    if not isinstance(value, int):
        raise RefavsError(f"The page sent no number for {name}; reload the page.")
    return value


def _index(desk: Desk, request: dict[str, Any]) -> int:
    index = _number(request, "index")
    if index not in desk.clip.indices:
        raise RefavsError(
            f"The clip has frames {desk.clip.first} to {desk.clip.last}; there is no frame {index}."
        )
    return index


def _fractions(values: Any, count: int, *, sign: bool = False) -> Any:
    """`count` numbers from 0 to 1 (and a truth value after them when `sign`); None stays None."""
    if values is None:
        return None
    expected = count + sign
    if not isinstance(values, list) or len(values) != expected:
        raise RefavsError("The page sent a prompt that cannot be read; reload the page.")
    numbers = values[:count]
    if not all(isinstance(v, int | float) and 0 <= v <= 1 for v in numbers):
        raise RefavsError("The prompt lies outside the picture; click inside it.")
    return (*(float(v) for v in numbers), bool(values[count])) if sign else tuple(float(v) for v in numbers)


def _thing_values(request: dict[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if isinstance(request.get("category"), str):
        values["category"] = request["category"]
    if isinstance(request.get("fits"), bool):
        values["fits"] = request["fits"]
    return values
