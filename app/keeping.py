"""Between a desk and the store: what stands is loaded with its clip; "saved" is said when it is on disk."""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID, uuid4

from annotations.identity import pts_hash
from annotations.records import (
    ClipWork,
    ConflictError,
    ObjectEdit,
    ObjectWork,
    PairEdit,
    PairWork,
    Prompt,
    ReviewInfo,
    StoreError,
    UnreachableError,
)
from annotations.store import Store
from app.desk import Desk
from app.finding import looked_at, outcome
from app.people import author
from app.things import Cell, Thing
from core.errors import PromptError, RefavsError
from core.expressions import normalise
from core.media import Clip

GONE = "That pair is not stored any more; reload the page."
WAITS = (
    "This pair waits for its review, and stays as it is until then. "
    "Write another sentence to make a new pair of the same object."
)


@dataclass
class Kept:
    """What the store has of a desk.

    version: of the clip when it was loaded. cells, categories: by the object's key, as stored last; revision:
    the desk's, then.
    """

    clip: UUID | None = None
    version: int = 0
    session: UUID | None = None
    cells: dict[UUID, dict[int, Cell]] = field(default_factory=dict)
    categories: dict[UUID, str] = field(default_factory=dict)
    pairs: list[PairWork] = field(default_factory=list)
    current: PairWork | None = None
    revision: int | None = None
    seen: int = 0  # version of the clip that the page was told of; while it is not stored, of any clip
    apart: str = ""  # what read the file when work was stored on other frames of it, which is not shown
    review: ReviewInfo | None = None  # why the current pair was returned
    shown: UUID | None = None  # the review that lies beside the work
    tried: dict[str, UUID] = field(default_factory=dict)  # sentence -> its new pair, not known to be stored


class Keeper:
    """One for the server. Every change belongs to a session, begun with a desk's first save."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def load(self, desk: Desk) -> None:
        """Put what stands on the desk's clip onto it, with the pair that was saved last."""
        kept = desk.kept = Kept()
        clip = self._stored(desk.clip)
        if clip is None:
            kept.apart = next((each.decoder for each in self.store.videos(desk.clip.video.sha256)), "")
            return
        work = self.store.load_clip_work(clip)
        kept.clip, kept.version, kept.seen = clip, work.version, work.version
        kept.pairs = list(work.pairs)
        kept.current = max(work.pairs, key=lambda pair: pair.version, default=None)
        chosen = kept.current.objects if kept.current else ()
        desk.restore((_thing(o, o.id in chosen), _cells(o)) for o in work.objects)
        kept.cells = {thing.key: desk.cells(thing.id) for thing in desk.things}
        kept.categories = {thing.key: thing.category for thing in desk.things}
        desk.expression = (kept.current and kept.current.expression) or ""
        kept.revision = desk.revision
        self._stand(desk)

    def save(self, desk: Desk, expression: str, *, over: bool = False, null_kind: str | None = None) -> None:
        """Store the sentence with the objects that fit it, and every other change of stored objects.

        null_kind: why nothing fits. The same sentence again is the same pair, and so is another sentence for a
        pair that was returned; else it is a new pair. What the store refuses does not
        keep the rest from being saved: StoreError names it. Any other RefavsError: nothing was saved;
        ConflictError: somebody else saved the same thing since it was loaded, and `over` was not asked for.
        """
        text = tidy(expression)
        if not text:
            raise PromptError(
                "There is no sentence yet; write what the object should be found by, then save."
            )
        with desk.acting:
            kept = desk.kept
            revision, things = desk.revision, desk.things
            cells = {thing.key: desk.cells(thing.id) for thing in things}
            fitting = [thing for thing in things if thing.fits]
            for thing in fitting:
                if not any(not cell.mask.is_empty for cell in cells[thing.key].values()):
                    name = thing.category or f"Object {thing.id}"
                    raise PromptError(f"{name} has no pixels on any frame; click it, or take its tick away.")
            now = kept.current
            same = now is not None and (now.expression == text or returned(now))
            if now and same and now.status == "submitted":
                raise PromptError(WAITS)
            # again under the same id when the last try may stand after all
            pair = now.id if now and same else kept.tried.setdefault(text, uuid4())
            why = None if fitting else null_kind
            edit = PairEdit(pair, text, tuple(thing.key for thing in fitting), null_kind=why)
            edits = [
                (thing, _edit(thing, cells[thing.key], kept))
                for thing in things
                if thing.fits or thing.key in kept.cells
            ]
            # What others changed of an object that this save leaves as it is, is theirs.
            objects = [edit for thing, edit in edits if thing.fits or edit.masks or edit.category]
            if kept.clip is None:
                video = self.store.add_video(desk.clip.video)
                kept.clip = self.store.add_clip(video.id, desk.clip.first, desk.clip.last).id
            if kept.session is None:
                kept.session = self.store.start_session(author()).id
            based_on = None if over else kept.version
            prompts = desk.effort.asked_of({each.id for each in objects} | kept.cells.keys())
            edit = replace(edit, spent=desk.effort.spent)
            refused: list[str] = []
            try:
                self.store.save_work(
                    kept.session,
                    kept.clip,
                    objects,
                    [edit],
                    act="save pair",
                    based_on=based_on,
                    prompts=prompts,
                )
                desk.effort = desk.effort.without(prompts)
                self._keep(kept, things, cells, {each.id for each in objects})
                kept.revision = revision
            except (ConflictError, UnreachableError):
                raise
            except StoreError as error:
                names = {thing.key: thing.category or f"object {thing.id}" for thing in things}
                stored, refused = self._one_by_one(kept, objects, edit, names, based_on, prompts)
                if not stored:
                    raise error
                if edit.id in stored:
                    desk.effort = desk.effort.without(prompts)
                self._keep(kept, things, cells, stored)
                kept.revision = None
            kept.tried.clear()
            self._look(kept, pair)
            desk.expression = text
        self._tell(desk, **({} if text == expression.strip() else {"expression": text}))
        if refused:
            raise StoreError(f"Not everything is saved: {' '.join(refused)} The rest is saved.")

    def _keep(
        self, kept: Kept, things: Iterable[Thing], cells: Mapping[UUID, dict[int, Cell]], stored: Set[UUID]
    ) -> None:
        for thing in things:
            if thing.key in stored:
                kept.cells[thing.key], kept.categories[thing.key] = cells[thing.key], thing.category

    def _one_by_one(
        self,
        kept: Kept,
        objects: Sequence[ObjectEdit],
        pair: PairEdit,
        names: dict[UUID, str],
        based_on: int | None,
        prompts: Sequence[Prompt],
    ) -> tuple[set[UUID], list[str]]:
        """Save each object alone, then the pair: (ids of what is stored now, what was refused and why).

        The prompts are stored with the pair, those of objects that could be.
        """
        assert kept.session is not None
        assert kept.clip is not None
        stored: set[UUID] = set()
        refused: list[str] = []
        wrote = 0
        rows: list[ObjectEdit | PairEdit] = [*objects, pair]
        for row in rows:
            edits: tuple[list[ObjectEdit], list[PairEdit]]
            log: list[Prompt] = []
            if isinstance(row, PairEdit):
                name, edits = f"the sentence {row.expression!r}", ([], [row])
                if lost := [names[key] for key in row.objects if key not in stored and key not in kept.cells]:
                    refused.append(f"{name}: its object, {lost[0]}, is not stored.")
                    continue
                log = [each for each in prompts if each.object in stored | kept.cells.keys()]
            else:
                name, edits = names[row.id], ([row], [])
            try:
                saved = self.store.save_work(
                    kept.session, kept.clip, *edits, act="save pair", based_on=based_on, prompts=log
                )
            except StoreError as error:
                refused.append(f"{name}: {error}")
            else:
                stored.add(row.id)
                wrote += saved.rows
        return (stored if wrote else set()), refused

    def reopen(self, desk: Desk, pair: UUID) -> None:
        """Show a saved pair: its sentence, and its objects as those that fit. The desk's work stays there."""
        with desk.acting:
            work = self._look(desk.kept, pair) if desk.kept.clip else None
            wanted = self._pair(desk, pair)
            clean = desk.kept.revision == desk.revision  # choosing what fits is no change of the work
            missing = set(wanted.objects) - {thing.key for thing in desk.things}
            if missing and work:
                stored = {o.id: o for o in work.objects}
                desk.restore((_thing(stored[key], False), _cells(stored[key])) for key in missing)
                there = {thing.key: desk.cells(thing.id) for thing in desk.things if thing.key in missing}
                self._keep(desk.kept, desk.things, there, missing)
            desk.choose(wanted.objects)
            desk.expression = wanted.expression or ""
            desk.kept.current = wanted
            if clean:
                desk.kept.revision = desk.revision
        desk.say_reasons([], None)
        self._tell(desk, expression=desk.expression)

    def submit(self, desk: Desk, pairs: Iterable[UUID]) -> None:
        """Hand saved pairs of the person to review; from then on they stay as they are until they are returned.

        What cannot be submitted does not keep the rest from it: StoreError names it.
        """
        refused: list[str] = []
        with desk.acting:
            kept: Kept = desk.kept
            kept.session = kept.session or self.store.start_session(author()).id
            if kept.clip:
                self._look(kept, kept.current.id if kept.current else None)
            for pair in [self._pair(desk, pair) for pair in pairs]:
                try:
                    if self._unsaved(desk, pair):
                        raise StoreError("Its object was changed since it was saved; save it first.")
                    self.store.submit_pair(kept.session, pair.id)
                except StoreError as error:
                    refused.append(f"“{pair.expression or ''}”: {error}")
            self._look(kept, kept.current.id if kept.current else None)
        self._tell(desk)
        if refused:
            raise StoreError(" ".join(refused))

    def _unsaved(self, desk: Desk, pair: PairWork) -> bool:
        things = {thing.key: thing for thing in desk.things}
        own = [things[key] for key in pair.objects if key in things]
        return any(_edit(each, desk.cells(each.id), desk.kept).masks for each in own)

    def stand(self, desk: Desk) -> None:
        """Tell the page how its pairs stand now; somebody may have judged them."""
        if desk.kept.clip is None:
            return
        with desk.acting:
            self._look(desk.kept, desk.kept.current.id if desk.kept.current else None)
        self._tell(desk)

    def others(self, desk: Desk, may_see: Callable[[], None] = lambda: None) -> None:
        """Tell the page which pairs its clip has once anybody has changed some; its own work and what a save
        compares with stay. While nobody has, this is one small question to the store.

        may_see: raises RefavsError when they must not be shown now. While the person acts, nothing is told.
        """
        kept: Kept = desk.kept
        if desk.finding or not desk.acting.acquire(blocking=False):
            return  # a second person sees no pair
        try:
            seen = self.store.version(kept.clip) if kept.clip else self.store.newest()
            if seen == kept.seen:
                return
            may_see()
            kept.seen = seen
            if kept.clip is None:
                kept.clip = self._stored(desk.clip)
            if kept.clip is None:
                return
            work = self.store.load_clip_work(kept.clip)
            kept.seen = work.version
            names = {thing.id: thing.category or "" for thing in work.objects}
        finally:
            desk.acting.release()
        desk.feed.say("pairs", pairs=_lines(work.pairs, names))

    def _tell(self, desk: Desk, **extra: Any) -> None:
        self._stand(desk)
        desk.feed.say("saved", **summary(desk), **extra)

    def _stand(self, desk: Desk) -> None:
        """What waits for a review stays as it is; what came back lies beside what a second person found."""
        kept: Kept = desk.kept
        waiting = (pair.objects for pair in kept.pairs if pair.status == "submitted")
        desk.locked = frozenset(key for objects in waiting for key in objects)
        kept.review = None
        if kept.current and kept.current.status == "returned":
            kept.review = next(reversed(self.store.reviews(kept.current.id)), None)
        shown = kept.review.id if kept.review else None
        if shown == kept.shown:
            return
        kept.shown = shown
        track = kept.review.track if kept.review else None
        desk.show_second(
            kept.review.annotator if kept.review else "", [("", looked_at(track))] if track else []
        )

    def remove(self, desk: Desk, pair: UUID) -> None:
        """Take a pair out of the store; its objects stay. (The store keeps its history.)"""
        with desk.acting:
            kept = desk.kept
            line = self.store.pair(pair)
            if line is None or line.clip.id != kept.clip:
                raise PromptError(GONE)
            kept.session = kept.session or self.store.start_session(author()).id
            self.store.delete_pair(kept.session, pair)
            if kept.current and kept.current.id == pair:
                kept.current = kept.revision = None
            self._look(kept, kept.current.id if kept.current else None)
        self._tell(desk)

    def delete_thing(self, desk: Desk, thing: int) -> None:
        """Take an object off the desk, and out of the store; refused while a saved pair needs it."""
        keys = {each.id: each.key for each in desk.things}
        kept: Kept = desk.kept
        if keys.get(thing) in kept.cells:
            kept.session = kept.session or self.store.start_session(author()).id
            self.store.delete_object(kept.session, keys[thing])
        desk.delete_thing(thing)

    def _pair(self, desk: Desk, pair: UUID) -> PairWork:
        for known in desk.kept.pairs:
            if known.id == pair:
                return known
        raise PromptError(GONE)

    def _look(self, kept: Kept, current: UUID | None) -> ClipWork:
        """Read the pairs as they stand now, and all that stands beside them."""
        assert kept.clip is not None
        work = self.store.load_clip_work(kept.clip)
        if _only_judged(kept, work):
            kept.version = work.version
        kept.seen = work.version
        kept.pairs = list(work.pairs)
        kept.current = next((pair for pair in work.pairs if pair.id == current), None)
        return work

    def _stored(self, clip: Clip) -> UUID | None:
        """The store's clip, if it has one; nothing is written for a clip that is only looked at."""
        table = pts_hash(clip.video.pts)
        same = [v for v in self.store.videos(clip.video.sha256) if v.pts_hash == table]
        if not same:
            return None
        video = self.store.add_video(clip.video)  # tells the store where the file is now
        return self.store.add_clip(video.id, clip.first, clip.last).id


def tidy(expression: str) -> str:
    """The sentence as the benchmark writes it: on one line, plain quotes, one full stop. Markup stays as it is:
    review names it.
    """
    try:
        return normalise(expression) or ""
    except RefavsError:
        return expression.strip()


def summary(desk: Desk) -> dict[str, Any]:
    """What the page shows of saving: the pairs of the clip, newest first, and the current one."""
    kept: Kept = desk.kept
    me = author()
    pairs = _lines(kept.pairs, {thing.key: thing.category for thing in desk.things})
    now = kept.current
    saved = now and {
        "pair": str(now.id),
        "expression": now.expression or "",
        "at": now.at.isoformat(),
        "revision": None if now.prelabel else kept.revision,  # a system's draft is saved by nobody yet
        "status": now.status,
        "mine": now.annotator == me,
        "null_kind": now.null_kind,
        "comment": now.comment,
        "review": kept.review and outcome(kept.review, now),
    }
    return {"pairs": pairs, "saved": saved}


def _lines(pairs: Iterable[PairWork], categories: Mapping[UUID, str]) -> list[dict[str, Any]]:
    me = author()
    return [
        {
            "id": str(pair.id),
            "expression": pair.expression or "",
            "objects": [categories.get(key, "") for key in pair.objects],
            "at": pair.at.isoformat(),
            "status": pair.status,
            "mine": pair.annotator == me,
            "null_kind": pair.null_kind,
        }
        for pair in sorted(pairs, key=lambda pair: -pair.version)
    ]


def returned(pair: PairWork) -> bool:
    """It came back to the person who asks, who mends it."""
    return pair.status == "returned" and pair.annotator == author()


def _only_judged(kept: Kept, work: ClipWork) -> bool:
    """Nothing that a save could overwrite has changed since the desk was loaded: a review leaves sentences and
    masks as they are."""
    said = {pair.id: (pair.expression, pair.objects) for pair in kept.pairs}
    masks = {thing.id: thing.track.masks for thing in work.objects}
    return all(
        said.get(pair.id, (pair.expression, pair.objects)) == (pair.expression, pair.objects)
        for pair in work.pairs
    ) and all(
        masks.get(key) == {index: cell.mask for index, cell in cells.items()}
        for key, cells in kept.cells.items()
    )


def _thing(work: ObjectWork, fits: bool) -> Callable[[int], Thing]:
    return lambda id: Thing(id, work.category or "", fits, work.id)


def _cells(work: ObjectWork) -> dict[int, Cell]:
    return {
        index: Cell(mask, work.sources.get(index, "click"), work.scores.get(index, 1.0))
        for index, mask in work.track.masks.items()
    }


def _edit(thing: Thing, now: dict[int, Cell], kept: Kept) -> ObjectEdit:
    """What changed of an object since it was stored."""
    before = kept.cells.get(thing.key, {})
    named = thing.category != kept.categories.get(thing.key, "")
    changed = {index: cell for index, cell in now.items() if before.get(index) is not cell}
    gone = before.keys() - now.keys()
    return ObjectEdit(
        thing.key,
        (thing.category or None) if named else None,
        {**{index: cell.mask for index, cell in changed.items()}, **dict.fromkeys(gone)},
        {**{index: cell.source for index, cell in changed.items()}, **dict.fromkeys(gone, "click")},
        {index: cell.score for index, cell in changed.items()},
    )
