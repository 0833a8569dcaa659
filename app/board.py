"""What lies on a desk, and what its page is told of it: objects, answers to look at, the sentence, the reasons."""

import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from itertools import count
from typing import Any

from app.effort import Effort
from app.feed import Feed
from app.history import Act, History
from app.things import Cell, Thing, Trial, sent
from core.masks import Track
from core.media import Clip
from core.segment.protocol import ObjectId

SECOND, COLOURS = 1_000_000, 7  # ids of what another person found; colours that the page has for objects


class Board:
    """Safe for threads."""

    def __init__(self, clip: Clip, *, name: str = "", source: str = "") -> None:
        self.clip, self.name, self.source = clip, name, source
        self.feed = Feed()
        self.expression = ""
        self.reasons: list[dict[str, Any]] = []
        self.verdict: dict[str, Any] | None = None
        self.trials: dict[Trial, dict[str, Any]] = {}  # what each said: expression, found, words
        self.effort = Effort()  # of the person, since the last save
        self._values: dict[Any, Any] = {}  # ObjectId -> Thing, (ObjectId, frame index) -> Cell
        self._history = History(self._values)
        self._next = 1
        self._second = ""  # whose answer lies beside the work
        self._lock = threading.RLock()  # around every look at or change of the values
        self.revision = 0  # of the work: counts changes
        self.kept: Any = None  # what the store has of it; app.keeping's
        self.finding: Any = None  # what a second person is to find on it; app.finding's
        self.on_change: Callable[[Any, Act], None] | None = None  # told of each change before the page is

    @property
    def still(self) -> threading.RLock:
        """Hold it to look at several things at one moment. It is taken before the lock of the drafts, never after."""
        return self._lock

    @property
    def things(self) -> list[Thing]:
        with self._lock:
            return [thing for thing in self._all() if thing.trial is None]

    def _all(self) -> list[Thing]:
        return sorted((v for v in self._values.values() if isinstance(v, Thing)), key=lambda t: t.id)

    def cells(self, thing: ObjectId) -> dict[int, Cell]:
        """frame index -> cell, in order."""
        with self._lock:
            found = {k[1]: v for k, v in self._values.items() if isinstance(k, tuple) and k[0] == thing}
        return dict(sorted(found.items()))

    def track(self, thing: ObjectId) -> Track:
        return Track(self.clip.video.size, {i: cell.mask for i, cell in self.cells(thing).items()})

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

    def show_second(self, person: str, found: Iterable[tuple[str, dict[int, Cell]]] = ()) -> None:
        """Lay what another person answered beside the work, to look at; it is never saved. "" = take it away."""
        with self._lock:
            act = Act("second")
            self._forget(act, {Trial("", person=self._second)})
            self._second = person
            taken = {thing.id % COLOURS for thing in self.things if thing.fits}
            free = (id for id in count(SECOND) if len(taken) >= COLOURS or id % COLOURS not in taken)
            for (category, cells), id in zip(found, free, strict=False):
                self._history.set(act, id, Thing(id, category, trial=Trial("", person=person)))
                for index, cell in cells.items():
                    self._history.set(act, (id, index), cell)
            self.tell(act, trial=True)

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

    def _remove(self, act: Act, thing: ObjectId) -> None:
        for index in self.cells(thing):
            self._history.set(act, (thing, index), None)
        self._history.set(act, thing, None)

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
                "second": {
                    "person": self._second,
                    "objects": [
                        {"id": t.id, "category": t.category}
                        for t in self._all()
                        if t.trial and t.trial.person
                    ],
                },
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
