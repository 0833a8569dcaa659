"""One open clip of one person: its objects, what was asked for them, undo. No Gradio, no database."""

import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any
from uuid import UUID

from app.effort import Effort
from app.feed import Feed
from app.history import Act, History
from app.things import Cell, Thing, Trial, sent
from core.errors import PromptError, RefavsError
from core.masks import FrameMask, Mask, Track, union
from core.media import Clip
from core.segment.protocol import Click, ObjectId, Prompts, Segmenter

CATEGORY_LENGTH = 60


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


class Desk:
    """Safe for threads: acts of the person follow one another; a running job writes between them."""

    def __init__(
        self, clip: Clip, segmenter: Callable[[], Segmenter], *, name: str = "", source: str = ""
    ) -> None:
        self.clip, self.name, self.source = clip, name, source
        self.feed = Feed()
        self.expression = ""
        self.reasons: list[dict[str, Any]] = []
        self.verdict: dict[str, Any] | None = None
        self.trials: dict[Trial, dict[str, Any]] = {}  # what each said: expression, found, words
        self.job: Job | None = None
        self.effort = Effort()  # of the person, since the last save
        self._segmenter = segmenter
        self._values: dict[Any, Any] = {}  # ObjectId -> Thing, (ObjectId, frame index) -> Cell
        self._history = History(self._values)
        self._next = 1
        self._lock = threading.RLock()  # around every look at or change of the values
        self.acting = threading.Lock()  # around an act of the person, also while it computes
        self.revision = 0  # of the work: counts changes
        self.kept: Any = None  # what the store has of it; app.keeping's
        self.on_change: Callable[[Desk, Act], None] | None = None  # told of each change before the page is

    @property
    def things(self) -> list[Thing]:
        with self._lock:
            return [thing for thing in self._all() if thing.trial is None]

    def _all(self) -> list[Thing]:
        return sorted((v for v in self._values.values() if isinstance(v, Thing)), key=lambda t: t.id)

    def check_own(self, thing: ObjectId | None) -> None:
        """PromptError when the object is an answer that is only looked at."""
        known = self._values.get(thing)
        if isinstance(known, Thing) and known.trial:
            raise PromptError(
                "That answer is only looked at, and cannot be corrected; choose another object, or refer again."
            )

    def cells(self, thing: ObjectId) -> dict[int, Cell]:
        """frame index -> cell, in order."""
        with self._lock:
            found = {k[1]: v for k, v in self._values.items() if isinstance(k, tuple) and k[0] == thing}
        return dict(sorted(found.items()))

    def track(self, thing: ObjectId) -> Track:
        return Track(self.clip.video.size, {i: cell.mask for i, cell in self.cells(thing).items()})

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

        A box starts the frame afresh; clicks add up and correct the mask that was there before the first.
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
            found = self._segmenter().segment(self.clip, index, asked, previous=base)
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

    @property
    def past(self) -> tuple[list[Act], list[Act]]:
        """Acts that can be undone and those that can be redone, the next one last."""
        with self._lock:
            return self._history.acts

    def recall(self, done: list[Act], undone: list[Act]) -> None:
        """Acts of an earlier run of the server, from which the desk stands as it does."""
        with self._lock:
            self._history.load(done, undone)
            keys = (key for act in (*done, *undone) for key in act.changes)
            ids: list[Any] = [key[0] if isinstance(key, tuple) else key for key in keys]
            self._next = max([self._next, *(id + 1 for id in ids)])

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
            act = step()
            if act is None:
                raise PromptError(nothing)
            painted = {key[0] for key in act.changes if isinstance(key, tuple)} & self._values.keys()
            self._log_step("undo" if step == self._history.undo else "redo", act)
            self.tell(act, **({"active": painted.pop()} if len(painted) == 1 else {}))

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
            old = self._thing(thing)
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

    def _thing(self, thing: ObjectId) -> Thing:
        self.check_own(thing)
        found = self._values.get(thing)
        if found is None:
            raise PromptError(f"There is no object {thing} any more; choose another one.")
        return found

    def _remove(self, act: Act, thing: ObjectId) -> None:
        for index in self.cells(thing):
            self._history.set(act, (thing, index), None)
        self._history.set(act, thing, None)

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

    def say_trial(self, trial: Trial, said: dict[str, Any]) -> None:
        """What an answer that is only looked at says of itself."""
        with self._lock:
            self.trials[trial] = said

    def forget_trials(self, *, but: str | None = None) -> None:
        """Take the answers that are only looked at away; `but` those to this sentence."""
        with self._lock:
            gone = {trial for trial, said in self.trials.items() if but is None or said["expression"] != but}
            act = Act("trials")
            self._forget(act, gone)
            for trial in gone:
                del self.trials[trial]
            if gone:
                self.tell(act, trial=True)

    def _forget(self, act: Act, trials: Collection[Trial]) -> None:
        for old in self._all():
            if old.trial in trials:
                self._remove(act, old.id)

    def write_sentence(self, expression: str) -> None:
        """The sentence as it stands in the page, not saved as a pair yet."""
        with self._lock:
            self.expression = expression
            self.effort.act()
            if self.on_change:
                self.on_change(self, Act("sentence"))

    def say_reasons(self, steps: list[dict[str, Any]], verdict: dict[str, Any] | None) -> None:
        """The reasoning so far, and the verdict when there is one."""
        self.reasons, self.verdict = list(steps), verdict
        self.feed.say("steps", steps=self.reasons, verdict=verdict)

    def restore(self, stored: Iterable[tuple[Callable[[ObjectId], Thing], dict[int, Cell]]]) -> None:
        """Put objects from the store onto the desk. No act of the person: undo does not take them away."""
        with self._lock:
            seen = Act("open")
            for make, cells in stored:
                thing = make(self._next)
                self._next += 1
                self._values[thing.id] = thing
                for index, cell in cells.items():
                    self._values[thing.id, index] = cell
                    seen.changes[thing.id, index] = (None, cell)
            if seen.changes:
                self.tell(seen, kept=True)

    def overlay(self, drawn: Iterable[tuple[Thing, Mapping[int, Cell | None]]]) -> None:
        """Put a draft over what was restored: by the object's key; None takes a frame's answer away."""
        with self._lock:
            seen = Act("open")
            for thing, cells in drawn:
                same = next((t for t in self.things if t.key == thing.key), None)
                free = thing.id if thing.id not in self._values else self._next
                id = same.id if same else free
                self._next = max(self._next, id + 1)
                self._values[id] = replace(thing, id=id)
                for index, cell in cells.items():
                    seen.changes[id, index] = (None, cell)
                    if cell is None:
                        self._values.pop((id, index), None)
                    else:
                        self._values[id, index] = cell
            self.tell(seen, kept=True)

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

    def tell(self, act: Act, *, kept: bool = False, trial: bool = False, **extra: Any) -> None:
        """Say what the act changed. kept: it is on disk already; trial: it is no change of the work."""
        with self._lock:
            self.revision += not trial
            if not kept and not trial:
                self.effort.act()
            if self.on_change and not kept and not trial:
                self.on_change(self, act)
            masks: dict[str, dict[str, list[Any] | None]] = {}  # JSON has no other keys
            for key in act.changes:
                if isinstance(key, tuple):
                    cell = self._values.get(key)
                    masks.setdefault(str(key[0]), {})[str(key[1])] = cell and sent(cell, self.clip.video.size)
            self.feed.say("change", masks=masks, **self.summary(), **extra)

    def summary(self) -> dict[str, Any]:
        """What the page shows of the objects besides their masks."""
        with self._lock:
            return {
                "objects": [{"id": t.id, "category": t.category, "fits": t.fits} for t in self.things],
                "trials": [
                    {
                        "system": trial.system,
                        "sound": trial.sound,
                        **said,
                        "objects": [
                            {"id": t.id, "category": t.category} for t in self._all() if t.trial == trial
                        ],
                    }
                    for trial, said in self.trials.items()
                ],
                "undo": self._history.undoable,
                "redo": self._history.redoable,
                "revision": self.revision,
                "effort": self.effort.told(),
            }
