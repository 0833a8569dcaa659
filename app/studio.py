"""What the page can ask for: plain data in, plain data out, every error a sentence."""

import logging
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np

from annotations.records import NULL_KINDS, ConflictError, UnreachableError
from annotations.store import Store
from app import gpu, watch, work
from app.desk import Desk
from app.desks import Desks
from app.drafts import Drafts
from app.effort import told
from app.exports import Exports
from app.finding import KEY, NOT_HERE, Finder, Look
from app.keeping import Keeper, Kept, summary
from app.library import Library, Source
from app.media_routes import Links
from app.playback import Playback, decoding
from app.sound import Sounding, outline
from app.strip import places
from app.tabs.remarks import remarks
from app.things import MASKS_A_MESSAGE, sent
from core import media
from core.errors import MediaError, RefavsError
from core.masks import Mask
from core.media.proxy import player_times
from core.segment.protocol import Click, Prompts

log = logging.getLogger("refavs.app")
UNKNOWN = "The page asked for something this server does not know; reload the page."
MANY = 40  # desks of a page that are looked at for the clip it asks for
RECENT = 30  # clips in the list of those worked on
MOST_PAIRS = 1000  # submitted at once
OF_AN_AUTHOR = {"save", "reopen", "remove", "submit", "remarks", "refer"}  # no acts of a second person
GONE = "gone"  # the desk is not here any more; the page opens its clip again
Answer = dict[str, Any]


class Studio:
    """One for the server; a person's work is on a desk, found by the page's token."""

    def __init__(self, *, inbox: Path, start: Path | None, store: Store, links: Links) -> None:
        self.links = links
        self.library = Library(inbox, start)
        self.desks = Desks()
        self.playback = Playback(links)
        self.sounding = Sounding()
        self.keeper = Keeper(store)
        self.finder = Finder(store, self.library)
        self.exports = Exports(store, links)
        self.drafts = Drafts()

    def ask(self, request: Any) -> Answer:
        """Quick: {"do": name, "token": ...} -> {"ok": True, ...} or {"ok": False, "error": sentence}."""
        return self._answered(request, lambda: self._quick(request))

    def work(self, request: Any) -> Iterator[Answer]:
        """Long work; every item is new messages."""
        try:
            desk = self._desk(request)
        except Gone:
            yield self._answered(request, lambda: {**_news(self._desk(request), request)})
            return
        seen = {"seen": desk.feed.seq}
        steps = self._work(desk, request)
        try:
            going = True
            while going:
                try:
                    next(steps)
                except StopIteration:
                    going = False
                except Exception as error:
                    self._fail(desk, request, error)
                    going = False
                answer = {"ok": True, "token": request.get("token"), **_news(desk, seen)}
                seen = {"seen": desk.feed.seq}
                if answer["messages"] != []:
                    yield answer
        finally:  # also when the page is gone
            steps.close()

    def _fail(self, desk: Desk, request: dict[str, Any], error: Exception) -> None:
        desk.feed.say("failed", call=request.get("call"), error=in_words(error))

    def _answered(self, request: Any, do: Callable[[], Answer]) -> Answer:
        echo = (
            {"token": request.get("token"), "call": request.get("call")} if isinstance(request, dict) else {}
        )
        try:
            return {**echo, "ok": True, **do()}
        except Gone:
            return {**echo, "ok": False, "error": GONE}
        except ConflictError as error:
            return {**echo, "ok": False, "error": str(error), "conflict": True}
        except Exception as error:
            return {**echo, "ok": False, "error": in_words(error)}

    def _quick(self, request: Any) -> Answer:
        name = str(request.get("do")) if isinstance(request, dict) else ""
        if name in {"hello", "recent", "open", "take"}:
            return getattr(self, f"_{name}")(request)
        quick: dict[str, Callable[[Desk, dict[str, Any]], Answer | None]] = {
            "masks": self._masks,
            "media": self._media,
            "sound": self._sound,
            "sounding": self._sounding,
            "missed": lambda desk, r: {},
            "prompt": self._prompt,
            "undo": lambda desk, r: desk.undo(),
            "redo": lambda desk, r: desk.redo(),
            "cancel": lambda desk, r: desk.cancel(),
            "forget": lambda desk, r: desk.forget_trials(),
            "object": lambda desk, r: desk.change_thing(_number(r, "object"), **_thing_values(r)),
            "delete": self._delete,
            "brush": self._brush,
            "absent": self._absent,
            "sentence": lambda desk, r: desk.write_sentence(str(r.get("expression") or "")[: work.LONGEST]),
            "save": self._save,
            "reopen": self._reopen,
            "remove": lambda desk, r: self.keeper.remove(desk, _uuid(r, "pair")),
            "submit": lambda desk, r: self.keeper.submit(desk, _uuids(r, "pairs")),
            "stand": lambda desk, r: self.keeper.stand(desk),
            "others": lambda desk, r: self.keeper.others(desk, lambda: self._check_seen(desk)),
            "found": self._found,
            "hold": lambda desk, r: self.finder.keep(desk),
            "leave": self._leave,
            "remarks": lambda desk, r: remarks(desk, str(r.get("expression") or "")[: work.LONGEST]),
        }
        if name not in quick:
            raise RefavsError(UNKNOWN)
        desk = self._desk(request)
        if desk.finding and name in OF_AN_AUTHOR:
            raise RefavsError(NOT_HERE)
        answer = quick[name](desk, request) or {}
        return {**answer, **_news(desk, request)}

    def _desk(self, request: Any) -> Desk:
        desk = self.desks.get(request.get("token") if isinstance(request, dict) else None)
        if desk is None:
            raise Gone
        return desk

    # Opening

    def _hello(self, request: dict[str, Any]) -> Answer:
        """A page was loaded: its old desk, else its clip opened again, else the first clip."""
        choice = {
            "samples": [
                {"key": s.key, "name": s.name, "expressions": s.expressions} for s in self.library.samples
            ]
        }
        desk = self.desks.get(request.get("token"))
        wanted, problem = request.get("source"), None
        if desk:
            try:
                return {**choice, "token": request["token"], "desk": self._shown(desk)}
            except RefavsError as error:
                wanted, problem = None, str(error)
        for key in (wanted, *(s.key for s in (self.library.start, *self.library.samples) if s)):
            if isinstance(key, str):
                try:
                    return {**choice, **self._open({**request, "source": key}), "problem": problem}
                except RefavsError as error:
                    problem = problem or str(error)
        return {**choice, "token": None, "desk": None, "problem": problem}

    def _recent(self, request: dict[str, Any]) -> Answer:
        """Clips that have saved pairs, last worked on first."""
        found: dict[str, Answer] = {}
        for line in self.keeper.store.clips(limit=RECENT):
            video = line.clip.video
            source = self.library.of_file(video.path, video.sha256)
            if source and line.pairs:
                found.setdefault(source.key, {"key": source.key, "name": source.name, "pairs": line.pairs})
        return {"recent": list(found.values())}

    def _open(self, request: dict[str, Any]) -> Answer:
        """A clip by its key: on one of the page's own desks (`desks`: tokens), which a restart of the server
        brings back from their drafts, else on a new one."""
        key = str(request.get("source"))
        look = self.finder.open(key) if key.startswith(KEY) else None
        source = look.source if look else self._source(key)
        if request.get("fresh") is True:
            self.drafts.drop(str(request.get("token")))
        desks = request.get("desks")
        for token in reversed(desks[-MANY:]) if isinstance(desks, list) else ():
            desk = self.desks.get(token)
            answered = desk and desk.finding and desk.finding.done  # the pair may come again, mended
            if desk and desk.source == source.key and not answered:
                desk.finding = look.task if look else None
                return {"token": token, "desk": self._shown(desk)}
            if desk is None and self.drafts.source(token) == source.key:
                return self._put_on_desk(source, token, look=look)
        return self._put_on_desk(source, look=look)

    def _source(self, key: str) -> Source:
        try:
            return self.library.source(key)
        except MediaError:
            for video in self.keeper.store.videos(key):
                if source := self.library.of_file(video.path, key):
                    return source
            raise

    def _take(self, request: dict[str, Any]) -> Answer:
        name = str(request.get("name") or "video")
        return self._put_on_desk(self.library.take(str(request.get("path") or ""), name))

    def _put_on_desk(self, source: Source, token: str | None = None, *, look: Look | None = None) -> Answer:
        """A new desk; `token` = of a page that has a draft on the clip. look: of a second person, who has the clip
        and the sentence only."""
        clip = look.clip if look else media.open(source.path).clip()
        desk = Desk(clip, gpu.segmenter, name=source.name, source=source.key)
        if look:
            desk.kept, desk.finding = Kept(), look.task
        else:
            self.finder.check_open(clip.video)
            self.keeper.load(desk)
        if token:
            self.drafts.restore(desk, token)
        token = self.desks.add(desk, token)
        self.drafts.follow(desk, token)
        threading.Thread(target=self._warm_up, args=(desk,), daemon=True).start()
        return {"token": token, "desk": self._snapshot(desk)}

    def _shown(self, desk: Desk) -> Answer:
        """A desk that is open already. RefavsError when what it shows must not be seen now."""
        with suppress(UnreachableError):  # nobody answers a review meanwhile
            self._check_seen(desk)
        return self._snapshot(desk)

    def _check_seen(self, desk: Desk) -> None:
        """RefavsError when whoever asks must not see what is saved on the desk's clip now."""
        if not desk.finding:
            self.finder.check_open(desk.clip.video)

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
            "apart": {"then": desk.kept.apart, "now": video.decoder} if desk.kept.apart else None,
            "media": self._media(desk, {})["media"],
            "strip": {"link": self.links.strip(clip), "frames": places(clip)},
            "expression": desk.expression,
            "reasons": desk.reasons,
            "verdict": desk.verdict,
            "seq": desk.feed.seq,
            "job": desk.job and {"name": desk.job.name, "progress": 0, "words": f"Working: {desk.job.name}"},
            "efforts": self._efforts(desk),
            "finding": desk.finding and desk.finding.told(),
            **desk.summary(),
            **summary(desk),
        }

    def _media(self, desk: Desk, request: dict[str, Any]) -> Answer:
        failures = request.get("failures")
        return {
            "media": self.playback.state(desk.clip, failures=failures if isinstance(failures, int) else 0)
        }

    def _sound(self, desk: Desk, request: dict[str, Any]) -> Answer:
        return {**outline(desk.clip), "spectrogram": self.links.spectrogram(desk.clip)}

    def _sounding(self, desk: Desk, request: dict[str, Any]) -> Answer:
        """When one object seems to sound: [start, end] in seconds of the clip."""
        masks = {index: cell.mask for index, cell in desk.cells(_number(request, "object")).items()}
        return {"spans": self.sounding.spans(desk.clip, masks)}

    def _masks(self, desk: Desk, request: dict[str, Any]) -> Answer:
        """Masks of one object from frame index `from` on, MASKS_A_MESSAGE at most, and where to go on."""
        cells = desk.cells(_number(request, "object"))
        start = _number(request, "from")
        indices = [i for i in cells if i >= start]
        now, rest = indices[:MASKS_A_MESSAGE], indices[MASKS_A_MESSAGE:]
        return {
            "masks": {str(i): sent(cells[i], desk.clip.video.size) for i in now},
            "next": rest[0] if rest else None,
        }

    # Acts

    def _prompt(self, desk: Desk, request: dict[str, Any]) -> None:
        """A click or a box."""
        thing = request.get("object")
        desk.ask(
            _index(desk, request),
            click=_fractions(request.get("click"), 2, sign=True),
            box=_fractions(request.get("box"), 4),
            thing=thing if isinstance(thing, int) else None,
        )

    def _work(self, desk: Desk, request: dict[str, Any]) -> Generator[None]:
        name, call = request.get("do"), request.get("call")
        if desk.finding and name in OF_AN_AUTHOR:
            raise RefavsError(NOT_HERE)
        if name == "propagate":
            direction = str(request.get("direction"))
            yield from work.propagate(
                desk, _number(request, "object"), _index(desk, request), direction, call
            )
        elif name == "refer":
            sound = str(request.get("sound") or "normal")
            system, chosen = (str(request.get(name) or work.SYSTEM) for name in ("system", "chosen"))
            text = str(request.get("expression") or "")
            with watch.referring():
                yield from work.refer(desk, text, call, sound=sound, system=system, chosen=chosen)
        elif name == "export":
            for share in decoding(desk.clip) if desk.kept.clip else ():
                words = f"Waiting until every frame was decoded once: {int(100 * share)} % …"
                desk.feed.say("export", words=words)
                yield
            yield from work.export(desk, self.exports, call)
        else:
            raise RefavsError(UNKNOWN)

    def _brush(self, desk: Desk, request: dict[str, Any]) -> None:
        """`stroke`: run lengths of the pixels that were painted over; `erase`: take them away."""
        thing = request.get("object")
        stroke = Mask.from_coco({"size": list(desk.clip.video.size), "counts": request.get("stroke")})
        desk.brush(
            _index(desk, request),
            stroke,
            erase=request.get("erase") is True,
            thing=thing if isinstance(thing, int) else None,
        )

    def _absent(self, desk: Desk, request: dict[str, Any]) -> None:
        desk.say_absent(
            _index(desk, request), _number(request, "object"), onward=request.get("onward") is True
        )

    def _save(self, desk: Desk, request: dict[str, Any]) -> None:
        why = request.get("null_kind")
        with watch.saving():
            self.keeper.save(
                desk,
                str(request.get("expression") or ""),
                over=request.get("over") is True,
                null_kind=why if why in NULL_KINDS else None,
            )
        self.drafts.settle(desk, request["token"])
        desk.feed.say("effort", pairs=self._efforts(desk), now=desk.effort.told())

    def _found(self, desk: Desk, request: dict[str, Any]) -> None:
        none, comment = request.get("none") is True, str(request.get("comment") or "")
        self.finder.answer(desk, none=none, comment=comment, id=_uuid(request, "id"))
        self.drafts.drop(request["token"])

    def _leave(self, desk: Desk, request: dict[str, Any]) -> None:
        self.finder.leave(desk)
        self.drafts.drop(request["token"])

    def _efforts(self, desk: Desk) -> dict[str, dict[str, int]]:
        """What every pair of the clip cost."""
        spent = self.keeper.store.spent(pair.id for pair in desk.kept.pairs)
        return {str(pair): told(each) for pair, each in spent.items()}

    def _reopen(self, desk: Desk, request: dict[str, Any]) -> None:
        self._check_seen(desk)
        self.keeper.reopen(desk, _uuid(request, "pair"))
        self.drafts.settle(desk, request["token"])  # the sentence and its objects change together

    def _delete(self, desk: Desk, request: dict[str, Any]) -> None:
        self.keeper.delete_thing(desk, _number(request, "object"))

    def _warm_up(self, desk: Desk) -> None:
        """Load the segmenter and its first frame, so that the first click does not wait for them; then let all
        frames of a long video be decoded once, and tell the page if they are not as its packets say."""
        clip = desk.clip
        height, width = clip.video.size
        try:
            gpu.segmenter().segment(clip, clip.first, Prompts((Click(width / 2, height / 2),)))
        except Exception:
            log.exception("The segmenter could not be made ready")
        try:
            media.confirm(clip.video)
        except MediaError as error:
            desk.feed.say("trouble", error=str(error))


class Gone(Exception):
    """The page's desk is not here any more."""


def _news(desk: Desk, request: dict[str, Any]) -> Answer:
    """The messages that the page has not seen; None = too many, look at everything again."""
    seen = request.get("seen")
    return {"messages": desk.feed.since(seen if isinstance(seen, int) else desk.feed.seq)}


def in_words(error: Exception) -> str:
    """For people. What is not theirs to mend goes to the log."""
    if isinstance(error, RefavsError):
        return str(error)
    log.error("A request failed", exc_info=error)
    return "Something went wrong in the program; its log has the details."


def _uuid(request: dict[str, Any], name: str) -> UUID:
    try:
        return UUID(str(request.get(name)))
    except ValueError as error:
        raise RefavsError(UNKNOWN) from error


def _uuids(request: dict[str, Any], name: str) -> list[UUID]:
    values = request.get(name)
    if not isinstance(values, list) or len(values) > MOST_PAIRS:
        raise RefavsError(UNKNOWN)
    return [_uuid({name: value}, name) for value in values]


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
