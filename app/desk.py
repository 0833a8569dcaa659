"""One open clip of one person: its objects, what is done to them, undo. No Gradio, no database."""

import threading
from collections.abc import Callable, Collection, Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Any
from uuid import UUID

from app.board import Board
from app.history import Act
from app.things import Cell, Thing, Trial
from core.errors import PromptError, RefavsError
from core.masks import FrameMask, Mask, union
from core.media import Clip
from core.segment.protocol import Click, ObjectId, Prompts, Segmenter

CATEGORY_LENGTH = 60
LOCKED = "This object waits for its review, and stays as it is until then."


@dataclass
class Job:
    """Long work on a desk; at most one at a time. `act` is its single step of undo.

    stopped: it should end, and what it has done stays. undone: what it has done was taken back.
    trial: what it does is only looked at, and no step of undo.
    """

    name: str
    act: Act
    trial: Trial | None = None
    stopped: threading.Event = field(default_factory=threading.Event)
    undone: bool = False


class Desk(Board):
    """Acts of the person follow one another; a running job writes between them."""

    def __init__(
        self, clip: Clip, segmenter: Callable[[], Segmenter], *, name: str = "", source: str = ""
    ) -> None:
        super().__init__(clip, name=name, source=source)
        self.job: Job | None = None
        self.acting = threading.Lock()  # around an act of the person, also while it computes
        self.locked: frozenset[UUID] = frozenset()  # keys of objects that stay as they are until a review
        self.closed = ""  # why nothing can be drawn any more
        self._segmenter = segmenter

    def check_own(self, thing: ObjectId | None) -> None:
        """PromptError when the object is only looked at, or must stay as it is."""
        if self.closed:
            raise PromptError(self.closed)
        known = self._values.get(thing)
        if isinstance(known, Thing) and known.trial:
            raise PromptError(
                "That answer is only looked at, and cannot be corrected; choose another object, or refer again."
            )
        if isinstance(known, Thing) and known.key in self.locked:
            raise PromptError(LOCKED)

    def ask(
        self,
        index: int,
        *,
        click: tuple[float, float, bool] | None = None,
        box: tuple[float, float, float, float] | None = None,
        thing: ObjectId | None = None,
        call: str | None = None,
    ) -> None:
        """A click (x, y, positive) or a box (x0, y0, x1, y1), in fractions of the picture; thing None = new.

        A box starts the frame afresh; clicks add up and correct the mask that is there.
        """
        if click is None and box is None:
            raise PromptError("Nothing was asked; click on the picture, or draw a box.")
        height, width = self.clip.video.size
        with self.acting:
            with self._lock:
                self.check_own(thing)
                owner = self._values.get(thing) or Thing(self._next)
                cell: Cell | None = self._values.get((owner.id, index))
            asked, base = Prompts(), cell.mask if cell else None
            if cell and cell.asked:
                asked, base = cell.asked, cell.base
            if box is not None:
                pixels = (box[0] * width, box[1] * height, box[2] * width, box[3] * height)
                asked, base = Prompts(box=pixels), None
            elif click is not None:
                added = Click(click[0] * width, click[1] * height, click[2])
                asked = replace(asked, clicks=(*asked.clicks, added))
            # The answer so far, as the segmenters are measured; without it they look at the whole frame again.
            previous = cell.mask if cell and box is None else None
            found = self._segmenter().segment(self.clip, index, asked, previous=previous)
            if found.mask.is_empty and (box is not None or (click is not None and click[2])):
                raise PromptError("Nothing was found there; click on the object, or draw the box closer.")
            with self._lock:
                told = {"box": list(asked.box)} if box and asked.box else asdict(asked.clicks[-1])
                self.effort.ask(owner.key, index, "box" if box else "click", told)
                act = self._history.begin("box" if box else "click")
                self._new_thing(act, owner)
                self._answer_by_hand(
                    act, (owner.id, index), Cell(found.mask, "click", found.score, asked, base)
                )
                self.tell(act, active=owner.id, call=call)

    def brush(self, index: int, stroke: Mask, *, erase: bool, thing: ObjectId | None = None) -> None:
        """Paint the pixels of `stroke` onto the object's mask on the frame, or erase them; None = new object.

        PromptError when there is nothing to erase.
        """
        with self.acting, self._lock:
            self.check_own(thing)
            owner = self._values.get(thing) or Thing(self._next)
            cell: Cell | None = self._values.get((owner.id, index))
            if erase and (cell is None or cell.mask.is_empty):
                raise PromptError("There is nothing to erase on this frame.")
            mask = stroke
            if cell and erase:
                mask = Mask.encode(cell.mask.decode() & ~stroke.decode())
            elif cell:
                mask = union((cell.mask, stroke))
            label = "eraser" if erase else "brush"
            self.effort.ask(owner.key, index, label, {"counts": stroke.counts})
            act = self._history.begin(label)
            self._new_thing(act, owner)
            self._answer_by_hand(act, (owner.id, index), Cell(mask, "brush"))
            self.tell(act, active=owner.id)

    def say_absent(self, index: int, thing: ObjectId, *, onward: bool = False) -> None:
        """The object cannot be seen on this frame; onward: nor after it, until a frame where it was drawn."""
        with self.acting, self._lock:
            self._thing(thing)
            frames = [index]
            if onward:
                drawn = (
                    i for i, c in self.cells(thing).items() if i > index and c.touched and not c.mask.is_empty
                )
                frames = list(range(index, next(drawn, self.clip.last + 1)))
            nothing = Mask.empty(self.clip.video.size)
            self.effort.ask(self._thing(thing).key, index, "absent", {"last": frames[-1]})
            act = self._history.begin("absent from here" if onward else "absent here")
            for i in frames:
                self._history.set(act, (thing, i), Cell(nothing, "click"))
            self.tell(act, active=thing)

    def _new_thing(self, act: Act, owner: Thing) -> None:
        """A new object is what the sentence means, until said otherwise."""
        if owner.id not in self._values:
            self._next = max(self._next, owner.id + 1)
            self._fit_only(act, ())
            self._history.set(act, owner.id, owner)

    def _answer_by_hand(self, act: Act, key: tuple[ObjectId, int], cell: Cell) -> None:
        """The annotator's answer on a frame. Where the object was said to be absent, it is back: the frames
        after it that were said to be absent with it may be answered anew."""
        thing, index = key
        before: Cell | None = self._values.get(key)
        self._history.set(act, key, cell)
        if not (before and before.touched and before.mask.is_empty) or cell.mask.is_empty:
            return
        for i in range(index + 1, self.clip.last + 1):
            after: Cell | None = self._values.get((thing, i))
            if not (after and after.touched and after.mask.is_empty):
                break
            self._history.set(act, (thing, i), Cell(after.mask, "propagated"))

    def undo(self) -> None:
        """Take the last act back; when that is a running job, it ends."""
        self._step_back(self._history.undo, "There is nothing to undo.")

    def redo(self) -> None:
        self._step_back(self._history.redo, "There is nothing to redo.")

    def _step_back(self, step: Callable[[], Act | None], nothing: str) -> None:
        with self.acting, self._lock:
            if self.job and self._history.last is self.job.act:
                self.job.undone = True
                self.cancel()
            coming = self._history.acts[step == self._history.redo][-1:]
            if self.closed or any(map(self._locks, coming)):
                raise PromptError(self.closed or LOCKED)
            act = step()
            if act is None:
                raise PromptError(nothing)
            painted = {key[0] for key in act.changes if isinstance(key, tuple)} & self._values.keys()
            self._log_step("undo" if step == self._history.undo else "redo", act)
            self.tell(act, **({"active": painted.pop()} if len(painted) == 1 else {}))

    def _locks(self, act: Act) -> bool:
        """The act changed an object, not only its tick, that waits for a review."""
        owners = {key[0] for key in act.changes if isinstance(key, tuple)}
        owners |= {key for key, (a, b) in act.changes.items() if isinstance(key, int) and None in (a, b)}
        things = (self._values.get(owner) for owner in owners)
        return any(isinstance(thing, Thing) and thing.key in self.locked for thing in things)

    def _log_step(self, kind: str, act: Act) -> None:
        """Once for each object that is there, at the first frame of it that changed."""
        first: dict[Any, int] = {}
        for key in act.changes:
            if isinstance(key, tuple):
                first.setdefault(key[0], key[1])
        for thing in self.things:
            if thing.id in first:
                self.effort.ask(thing.key, first[thing.id], kind, {"act": act.label})

    def change_thing(self, thing: ObjectId, **values: Any) -> None:
        """Set `category` or `fits` of an object."""
        if "category" in values:
            values["category"] = " ".join(str(values["category"]).split())[:CATEGORY_LENGTH]
        with self.acting, self._lock:
            old = self._thing(thing, tick=values.keys() == {"fits"})
            new = replace(old, **values)
            if new != old:
                act = self._history.begin("new name" if "category" in values else "choice of objects")
                self._history.set(act, thing, new)
                self.tell(act)

    def delete_thing(self, thing: ObjectId) -> None:
        with self.acting, self._lock:
            self._thing(thing)
            act = self._history.begin("delete")
            self._remove(act, thing)
            self.tell(act)

    def _thing(self, thing: ObjectId, *, tick: bool = False) -> Thing:
        """tick: only whether the sentence means it is to change."""
        found = self._values.get(thing)
        if not (tick and found and found.trial is None):
            self.check_own(thing)
        if found is None:
            raise PromptError(f"There is no object {thing} any more; choose another one.")
        return found

    def answer(self, job: Job, found: Iterable[tuple[str, dict[int, Cell]]]) -> list[ObjectId]:
        """Objects (category, cells) that a system found become those that fit; returns their ids.

        Earlier objects no longer fit; those that nobody touched and that are not stored go. An answer that is
        only looked at leaves them all alone, and takes the place of an earlier one of its kind.
        """
        with self._lock:
            act = job.act
            if job.trial:
                self._forget(act, {job.trial})
            else:
                stored = self.kept.cells if self.kept else {}
                for old in self.things:
                    if old.key not in stored and not any(c.touched for c in self.cells(old.id).values()):
                        self._remove(act, old.id)
                self._fit_only(act, ())
            made = []
            for category, cells in found:
                thing = Thing(self._next, category, trial=job.trial)
                self._next += 1
                self._history.set(act, thing.id, thing)
                for index, cell in cells.items():
                    self._history.set(act, (thing.id, index), cell)
                made.append(thing.id)
            if job.trial:
                self.tell(act, trial=True)
            else:
                self.tell(act, active=made[0] if made else None)
            return made

    def choose(self, keys: Collection[UUID]) -> None:
        """Make these objects the ones that fit, and no others."""
        with self._lock:
            act = self._history.begin("choice of objects")
            self._fit_only(act, keys)
            self._history.drop(act)
            fitting = [thing.id for thing in self.things if thing.fits]
            self.tell(act, active=fitting[0] if fitting else None)

    def _fit_only(self, act: Act, keys: Collection[UUID]) -> None:
        for thing in self.things:
            if thing.fits != (thing.key in keys):
                self._history.set(act, thing.id, replace(thing, fits=not thing.fits))

    def write(self, job: Job, answers: Iterable[tuple[ObjectId, FrameMask]], source: str) -> None:
        """Frames that a job has answered. What was touched stays."""
        with self._lock:
            if job.undone:
                return
            changed = Act(job.name, number=job.act.number)
            for thing, answer in answers:
                key = (thing, answer.index)
                old: Cell | None = self._values.get(key)
                if thing in self._values and not (old and old.touched):
                    self._history.set(job.act, key, Cell(answer.mask, source, answer.score))
                    changed.changes[key] = (old, None)
            if changed.changes:
                self.tell(changed, trial=job.trial is not None)

    def start(self, name: str, trial: Trial | None = None) -> Job:
        with self._lock:
            if self.job:
                raise RefavsError(f"Still busy with {self.job.name}; wait for it or cancel it first.")
            self.job = Job(name, Act(name) if trial else self._history.begin(name), trial)
            return self.job

    def finish(self, job: Job) -> None:
        with self._lock:
            self._history.drop(job.act)
            if self.job is job:
                self.job = None

    def cancel(self) -> None:
        with self._lock:
            if self.job:
                self.job.stopped.set()
