"""Undo and redo: what an act changed, as values before and after, so that acts may run side by side."""

from collections.abc import Hashable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

LIMIT = 500  # acts that can be undone

Key = Hashable


@dataclass
class Act:
    """One step of undo. changes: key -> (before, after), None = was not there. A long act grows.

    number: rises from act to act; 0 = it is no step of undo.
    """

    label: str
    changes: dict[Key, tuple[Any, Any]] = field(default_factory=dict)
    number: int = 0


class History:
    """Acts done on one mapping. Not safe for threads by itself."""

    def __init__(self, values: MutableMapping[Any, Any]) -> None:
        self._values = values
        self._done: list[Act] = []
        self._undone: list[Act] = []
        self._count = 0

    @property
    def acts(self) -> tuple[list[Act], list[Act]]:
        """What undo would take back and what redo would do again, the next one last."""
        return list(self._done), list(self._undone)

    def load(self, done: list[Act], undone: list[Act]) -> None:
        """Acts of an earlier run, whose values stand already."""
        self._done, self._undone = done, undone
        self._count = max((act.number for act in (*done, *undone)), default=0)

    @property
    def undoable(self) -> str | None:
        """Label of the act that undo would take back."""
        return self._done[-1].label if self._done else None

    @property
    def last(self) -> Act | None:
        return self._done[-1] if self._done else None

    @property
    def redoable(self) -> str | None:
        return self._undone[-1].label if self._undone else None

    def begin(self, label: str) -> Act:
        """A new act; what was undone before it cannot be redone any more."""
        self._count += 1
        act = Act(label, number=self._count)
        self._done.append(act)
        del self._done[:-LIMIT]
        self._undone.clear()
        return act

    def set(self, act: Act, key: Key, after: Any) -> None:
        """Write a value (None removes it) as part of the act."""
        before = act.changes[key][0] if key in act.changes else self._values.get(key)
        act.changes[key] = (before, after)
        self._write(key, after)

    def drop(self, act: Act) -> None:
        """Forget an act that changed nothing."""
        if not act.changes and act in self._done:
            self._done.remove(act)

    def undo(self) -> Act | None:
        """Take the last act back; None when there is none."""
        if not self._done:
            return None
        act = self._done.pop()
        for key, (before, _) in act.changes.items():
            self._write(key, before)
        self._undone.append(act)
        return act

    def redo(self) -> Act | None:
        if not self._undone:
            return None
        act = self._undone.pop()
        for key, (_, after) in act.changes.items():
            self._write(key, after)
        self._done.append(act)
        return act

    def _write(self, key: Key, value: Any) -> None:
        if value is None:
            self._values.pop(key, None)
        else:
            self._values[key] = value
