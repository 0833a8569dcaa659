"""The acts of a desk that can be undone and redone, on disk beside its draft: undo reaches back over a restart.

Kept as rows of what each act changed. On the way back an act counts only while the desk stands as the act
left it: what somebody else saved meanwhile is never undone from here.
"""

import json
import sqlite3
from collections.abc import Callable
from typing import Any
from uuid import UUID

from app.desk import Desk
from app.history import Act
from app.things import Cell, Thing

TABLES = """
CREATE TABLE IF NOT EXISTS act (
    page TEXT NOT NULL, number INTEGER NOT NULL, label TEXT NOT NULL, undone INTEGER NOT NULL,
    PRIMARY KEY (page, number)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS change (
    page TEXT NOT NULL, number INTEGER NOT NULL, key TEXT NOT NULL, frame INTEGER NOT NULL, before TEXT, after TEXT,
    PRIMARY KEY (page, number, key, frame)) WITHOUT ROWID;
"""
OLD = "-30 days"  # a page that was away longer has no acts any more
WHOLE = -1  # in place of a frame: the object itself

Packed = Callable[[Cell | None], str | None]
Unpacked = Callable[[str | None], Cell | None]


def prune(base: sqlite3.Connection) -> None:
    for table in ("act", "change"):
        base.execute(
            f"DELETE FROM {table} WHERE page NOT IN (SELECT page FROM desk WHERE at > datetime('now', ?))",
            (OLD,),
        )


def clear(base: sqlite3.Connection, page: str) -> None:
    for table in ("act", "change"):
        base.execute(f"DELETE FROM {table} WHERE page = ?", (page,))


def write(
    base: sqlite3.Connection, page: str, desk: Desk, act: Act, kept: dict[int, bool], packed: Packed
) -> dict[int, bool]:
    """Write what `act` changed, and which acts are done and undone now.

    kept: number -> undone, of the acts on disk; returned as it is afterwards.
    """
    done, undone = desk.past
    acts = {each.number: each for each in (*done, *undone)}
    now = {each.number: False for each in done} | {each.number: True for each in undone}
    for gone in kept.keys() - now.keys():
        for table in ("act", "change"):
            base.execute(f"DELETE FROM {table} WHERE page = ? AND number = ?", (page, gone))
    base.executemany(
        "INSERT OR REPLACE INTO act VALUES (?, ?, ?, ?)",
        ((page, n, acts[n].label, undone) for n, undone in now.items() if kept.get(n) is not undone),
    )
    whole = acts.get(act.number)
    if whole and kept.get(act.number, False) == now[act.number]:  # else it was only undone or redone
        names = _names(desk, act)
        base.executemany(
            "INSERT OR REPLACE INTO change VALUES (?, ?, ?, ?, ?, ?)",
            (
                (page, act.number, *_place(key, names), *(_told(each, packed) for each in whole.changes[key]))
                for key in act.changes
                if key in whole.changes
            ),
        )
    return now


def restore(base: sqlite3.Connection, page: str, desk: Desk, unpacked: Unpacked) -> dict[int, bool]:
    """Give the desk, which stands as its page left it, its acts back; number -> undone of those on disk."""
    kept: dict[int, bool] = {}
    acts: dict[int, Act] = {}
    for number, label, undone in base.execute(
        "SELECT number, label, undone FROM act WHERE page = ? ORDER BY number", (page,)
    ):
        kept[number], acts[number] = bool(undone), Act(label, number=number)
    ids = {str(thing.key): thing.id for thing in desk.things}
    rows = base.execute(
        "SELECT number, key, frame, before, after FROM change WHERE page = ? ORDER BY frame", (page,)
    )
    for number, key, frame, before, after in rows:  # objects come before their frames
        if number not in acts:
            continue
        if frame == WHOLE:
            wanted = json.loads(before or after)[0]
            free = wanted if wanted not in ids.values() else max(ids.values()) + 1
            id = ids.setdefault(key, free)
            acts[number].changes[id] = (_thing(id, key, before), _thing(id, key, after))
        elif frame in desk.clip.indices:
            acts[number].changes[ids[key], frame] = (unpacked(before), unpacked(after))
    done = [act for number, act in acts.items() if not kept[number]]
    undone = [act for number, act in reversed(acts.items()) if kept[number]]
    standing: dict[Any, Any] = {thing.id: thing for thing in desk.things}
    for thing in desk.things:
        standing |= {(thing.id, i): cell for i, cell in desk.cells(thing.id).items()}
    desk.recall(_fitting(done, dict(standing), back=True), _fitting(undone, standing, back=False))
    return kept


def _fitting(acts: list[Act], standing: dict[Any, Any], *, back: bool) -> list[Act]:
    """The acts, newest last, that can be taken back (or done again) one after the other from what stands."""
    fitting: list[Act] = []
    for act in reversed(acts):
        for key, (before, after) in act.changes.items():
            here, there = (after, before) if back else (before, after)
            if not _same(standing.get(key), here):
                return fitting[::-1]
            standing[key] = there
        fitting.append(act)
    return fitting[::-1]


def _same(a: Thing | Cell | None, b: Thing | Cell | None) -> bool:
    if isinstance(a, Cell) and isinstance(b, Cell):
        return a.mask.counts == b.mask.counts
    return (a is None) == (b is None)


def _names(desk: Desk, act: Act) -> dict[int, UUID]:
    """Names in the store of the objects that the act speaks of, also of those that are not there any more."""
    names = {thing.id: thing.key for thing in desk.things}
    if {key[0] if isinstance(key, tuple) else key for key in act.changes} <= names.keys():
        return names
    done, undone = desk.past
    told = (each for act in (*done, *undone) for change in act.changes.values() for each in change)
    return {thing.id: thing.key for thing in told if isinstance(thing, Thing)} | names


def _place(key: Any, names: dict[int, UUID]) -> tuple[str, int]:
    return (str(names[key[0]]), key[1]) if isinstance(key, tuple) else (str(names[key]), WHOLE)


def _told(value: Thing | Cell | None, packed: Packed) -> str | None:
    return json.dumps([value.id, value.category, value.fits]) if isinstance(value, Thing) else packed(value)


def _thing(id: int, key: str, told: str | None) -> Thing | None:
    if told is None:
        return None
    _, category, fits = json.loads(told)
    return Thing(id, category, fits, UUID(key))
