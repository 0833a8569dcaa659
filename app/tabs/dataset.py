"""Dataset: the saved pairs with pictures, chosen by cue, category, status, annotator and text; and what there is in all."""

from collections import Counter
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any
from uuid import UUID

from annotations.records import STATUSES, ClipWork, PairLine
from annotations.store import Store
from app.library import Library
from app.media_routes import Links
from app.tabs.pictures import pair_picture, telling
from app.tabs.selection import selection, word
from core.errors import RefavsError
from core.expressions import cues, read
from core.expressions.checks import ORDER

SHOWN = 24  # pairs a page
LOOKED = 1000  # pairs that are looked at for one page, when few of them are chosen
COUNTED = 20_000  # newest pairs that the statistics speak of
SESSIONS = 100  # newest, to choose from
MOST = 12  # bars of a plot
LONG = 25  # words; the benchmark's readers keep no more


class Dataset:
    def __init__(
        self, store: Store, library: Library, links: Links, in_hand: Callable[[], UUID | None] = lambda: None
    ) -> None:
        """in_hand: the clip in which whoever asks is to find something, whose answers stay hidden from them."""
        self.store, self.library, self.links, self.in_hand = store, library, links, in_hand

    def pairs(self, request: dict[str, Any]) -> dict[str, Any]:
        """A page of pairs, newest first. `after`: id of the last one of the page before; `next`: to go on from."""
        which = selection(request)
        cue, category = word(request, "cue"), (word(request, "category") or "").casefold()
        after = self._after(request.get("after"))
        works: dict[UUID, ClipWork] = {}
        found: list[dict[str, Any]] = []
        in_hand = self.in_hand()
        looked = 0
        while looked < LOOKED:
            lines = self.store.pairs(which, limit=SHOWN * 2, after=after)
            for line in lines:
                after, looked = line, looked + 1
                tags = cues_of(line.pair.expression or "")
                if cue and cue not in tags:
                    continue
                work = works.get(line.clip.id) or self.store.load_clip_work(line.clip.id)
                works = {line.clip.id: work}  # pairs of a clip mostly follow one another; masks take memory
                hidden = line.clip.id == in_hand
                named = [] if hidden else [c.casefold() for c in _categories(line, work)]
                if category and category not in named:
                    continue
                found.append(self._shown(line, work, tags, hidden=hidden))
                if len(found) == SHOWN:
                    return {"pairs": found, "next": str(line.pair.id)}
            if len(lines) < SHOWN * 2:
                return {"pairs": found, "next": None}
        return {"pairs": found, "next": str(after.pair.id) if after else None}

    def statistics(self) -> dict[str, Any]:
        """Counts of the pairs, for plots and for the choices of the list."""
        lines = self.store.pairs(limit=COUNTED)
        cue = Counter(tag for line in lines for tag in cues_of(line.pair.expression or ""))
        length = Counter(min(len((line.pair.expression or "").split()), LONG) for line in lines)
        status = Counter(line.pair.status for line in lines)
        kind = Counter(
            "nothing fits"
            if line.pair.is_null
            else "several objects"
            if line.pair.is_plural
            else "one object"
            for line in lines
        )
        days = Counter(line.pair.at.astimezone().strftime("%Y-%m-%d") for line in lines)
        who = Counter(line.pair.annotator for line in lines)
        return {
            "pairs": len(lines),
            "capped": len(lines) == COUNTED,
            "clips": len({line.clip.id for line in lines}),
            "expressions": len({(line.pair.expression or "").casefold() for line in lines}),
            "people": sorted(who),
            "sessions": [
                {"id": str(each.id), "annotator": each.annotator, "started": each.started.isoformat()}
                for each in self.store.sessions()[:SESSIONS]
            ],
            "statuses": list(STATUSES),
            "cues": list(ORDER),
            "plots": [
                {"title": "Cues", "bars": [[tag, cue[tag]] for tag in ORDER]},
                {"title": "Refers to", "bars": kind.most_common()},
                {"title": "Status", "bars": [[name, status[name]] for name in STATUSES if status[name]]},
                {"title": "Annotators", "bars": who.most_common(MOST)},
                {"title": "Words in a sentence", "bars": _words_plot(length), "upright": True},
                {"title": "Saved, by day", "bars": sorted(days.items())[-MOST:], "upright": True},
            ],
        }

    def _after(self, id: Any) -> PairLine | None:
        if not id:
            return None
        try:
            line = self.store.pair(UUID(str(id)))
        except ValueError:
            line = None
        if line is None:
            raise RefavsError("The list has changed meanwhile; look again from its beginning.")
        return line

    def _shown(
        self, line: PairLine, work: ClipWork, tags: tuple[str, ...], *, hidden: bool
    ) -> dict[str, Any]:
        pair, video = line.pair, line.clip.video
        source = self.library.of_file(video.path, video.sha256)
        if hidden:
            return self._hidden(line, source.name if source else video.path.name, tags)
        tracks = [thing.track for thing in work.objects if thing.id in pair.objects]
        index = telling(tracks, line.clip.first, line.clip.last)
        drawn = partial(pair_picture, video.path, index, [_only(track, index) for track in tracks])
        return {
            "id": str(pair.id),
            "expression": pair.expression or "",
            "categories": _categories(line, work),
            "null": pair.is_null,
            "status": pair.status,
            "annotator": pair.annotator,
            "at": pair.at.isoformat(),
            "cues": tags,
            "clip": source.key if source else None,
            "name": source.name if source else video.path.name,
            "frame": index,
            "picture": self.links.picture(f"pair {pair.id} {pair.version} {work.version}", drawn)
            if source
            else None,
            "hidden": False,
        }

    def _hidden(self, line: PairLine, name: str, tags: tuple[str, ...]) -> dict[str, Any]:
        """Nothing of what it refers to."""
        pair = line.pair
        return {
            "id": str(pair.id),
            "expression": pair.expression or "",
            "categories": [],
            "null": False,
            "status": pair.status,
            "annotator": pair.annotator,
            "at": pair.at.isoformat(),
            "cues": tags,
            "clip": None,
            "name": name,
            "frame": None,
            "picture": None,
            "hidden": True,
        }


@lru_cache(maxsize=50_000)
def cues_of(expression: str) -> tuple[str, ...]:
    """What the sentence leans on, in the usual order; () for one that cannot be read."""
    try:
        found = cues(read(expression)) if expression.strip() else set()
    except RefavsError:
        return ()
    return tuple(cue for cue in ORDER if cue in found)


def _categories(line: PairLine, work: ClipWork) -> list[str]:
    return [thing.category or "" for thing in work.objects if thing.id in line.pair.objects]


def _only(track: Any, index: int) -> Any:
    """The track's mask on one frame: what a picture needs is kept, not the whole track."""
    return type(track)(track.size, {i: mask for i, mask in track.masks.items() if i == index})


def _words_plot(length: Counter[int]) -> list[tuple[str, int]]:
    most = max(length, default=0)
    return [(f"{n}+" if n == LONG else str(n), length[n]) for n in range(1, most + 1)]
