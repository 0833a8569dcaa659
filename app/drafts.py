"""What was drawn but not saved, on disk as it comes: a restart of the server loses nothing of it.

One SQLite file beside the database of the benchmark, which holds saved work only. A draft is what its desk
has beyond the store, found by the page's token.
"""

import hashlib
import json
import logging
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from app import past
from app.desk import Desk
from app.effort import read_prompt, write_prompt
from app.history import Act
from app.people import author, nobody
from app.things import Cell, Thing
from core import paths
from core.masks import Mask
from core.segment.protocol import Click, Prompts

log = logging.getLogger("refavs.app")
NAME = "drafts.sqlite"
NOTHING = -1  # version of a draft that has nothing beyond the store but acts that can be undone
TABLES = """
CREATE TABLE IF NOT EXISTS desk (
    page TEXT PRIMARY KEY, person TEXT NOT NULL, source TEXT NOT NULL, expression TEXT NOT NULL, version INTEGER NOT NULL,
    reasons TEXT NOT NULL, at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS thing (
    page TEXT NOT NULL, key TEXT NOT NULL, place INTEGER NOT NULL, category TEXT NOT NULL, fits INTEGER NOT NULL,
    PRIMARY KEY (page, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cell (
    page TEXT NOT NULL, key TEXT NOT NULL, frame INTEGER NOT NULL, answer TEXT,
    PRIMARY KEY (page, key, frame)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS spent (
    page TEXT PRIMARY KEY, seconds REAL NOT NULL, clicks INTEGER NOT NULL, strokes INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS asked (
    page TEXT NOT NULL, number INTEGER NOT NULL, prompt TEXT NOT NULL, PRIMARY KEY (page, number)) WITHOUT ROWID;
"""
ROWS = {
    "desk": "INSERT OR REPLACE INTO desk VALUES (?, ?, ?, ?, ?, ?, CURRENT_TIMESTAMP)",
    "thing": "INSERT OR REPLACE INTO thing VALUES (?, ?, ?, ?, ?)",
    "cell": "INSERT OR REPLACE INTO cell VALUES (?, ?, ?, ?)",
    "spent": "INSERT OR REPLACE INTO spent VALUES (?, ?, ?, ?)",
    "asked": "INSERT OR REPLACE INTO asked VALUES (?, ?, ?)",
}


class Drafts:
    """One for the server. Safe for threads."""

    def __init__(self, file: Path | None = None) -> None:
        self._lock = threading.Lock()
        self._base = sqlite3.connect(
            file or paths.data_dir() / NAME, check_same_thread=False, isolation_level=None, timeout=10
        )
        self._base.execute("PRAGMA journal_mode=WAL")
        self._base.execute("PRAGMA synchronous=NORMAL")
        self._base.executescript(TABLES + past.TABLES)
        past.prune(self._base)

    def follow(self, desk: Desk, token: str) -> None:
        """From now on every change of the desk is on disk before its page is told of it, and its acts are those
        on disk."""
        page, person = _page(token), author()
        failing = False
        with desk.still, self._lock:
            acts = past.restore(self._base, page, desk, partial(_unpacked, size=desk.clip.video.size))

        def write(desk: Desk, act: Act) -> None:
            nonlocal failing, acts
            try:
                acts = self._write(page, person, desk, act, acts)
                failing = False
            except (sqlite3.Error, OSError) as error:
                log.error("A draft could not be written", exc_info=error)
                if not failing:
                    desk.feed.say(
                        "trouble", error=f"What is drawn cannot be kept on disk ({error}); save soon."
                    )
                failing = True

        desk.on_change = write

    def _write(self, page: str, person: str, desk: Desk, act: Act, acts: dict[int, bool]) -> dict[int, bool]:
        with self._transaction() as base:
            base.execute(ROWS["desk"], _head(page, person, desk))
            spent = desk.effort
            base.execute(ROWS["spent"], (page, spent.seconds, spent.clicks, spent.strokes))
            known = base.execute("SELECT count(*) FROM asked WHERE page = ?", (page,)).fetchone()[0]
            base.executemany(ROWS["asked"], _asked_rows(page, desk, known))
            things = {thing.id: thing for thing in desk.things}
            named = {
                each.key for change in act.changes.values() for each in change if isinstance(each, Thing)
            }
            for key in named - {thing.key for thing in things.values()}:
                for table in ("thing", "cell"):
                    base.execute(f"DELETE FROM {table} WHERE page = ? AND key = ?", (page, str(key)))
            base.executemany(ROWS["thing"], (_thing_row(page, thing) for thing in things.values()))
            owners: list[Any] = [key[0] for key in act.changes if isinstance(key, tuple)]
            cells = {id: desk.cells(id) for id in things.keys() & set(owners)}
            base.executemany(
                ROWS["cell"],
                (
                    (page, str(things[key[0]].key), key[1], _packed(cells[key[0]].get(key[1])))
                    for key in act.changes
                    if isinstance(key, tuple) and key[0] in things
                ),
            )
            return past.write(base, page, desk, act, acts, _packed)

    def settle(self, desk: Desk, token: str) -> None:
        """After a save: keep what the desk still has beyond the store, and its acts."""
        page, kept = _page(token), desk.kept
        with desk.acting, desk.still, self._transaction() as base:
            _clear(base, page)
            rest = {
                thing: [
                    (page, str(thing.key), i, _packed(cell))
                    for i, cell in desk.cells(thing.id).items()
                    if kept.cells.get(thing.key, {}).get(i) is not cell
                ]
                for thing in desk.things
            }
            head = _head(page, author(), desk)
            if any(desk.past):
                base.execute(ROWS["desk"], (*head[:4], NOTHING, *head[5:]))
            if any(rest.values()):
                base.execute(ROWS["desk"], head)
                for thing, cells in rest.items():
                    base.execute(ROWS["thing"], _thing_row(page, thing))
                    base.executemany(ROWS["cell"], cells)
                base.executemany(ROWS["asked"], _asked_rows(page, desk))

    def drop(self, token: str) -> None:
        """The page took what stands in the store in its place."""
        with self._transaction() as base:
            _clear(base, _page(token))
            past.clear(base, _page(token))

    def source(self, token: object) -> str | None:
        """Which clip the draft of that page is on; None = it has none of the person who asks, nor one begun before
        signing in."""
        if not isinstance(token, str):
            return None
        query = "SELECT source FROM desk WHERE page = ? AND person IN (?, ?)"
        with self._lock:
            found = self._base.execute(query, (_page(token), author(), nobody())).fetchone()
        return found and str(found[0])

    def restore(self, desk: Desk, token: str) -> None:
        """Put the page's draft onto a desk that was loaded from the store."""
        page = _page(token)
        with self._lock:
            head = self._base.execute(
                "SELECT expression, version, reasons FROM desk WHERE page = ?", (page,)
            ).fetchone()
            things = self._base.execute(
                "SELECT key, place, category, fits FROM thing WHERE page = ? ORDER BY place", (page,)
            ).fetchall()
            cells = self._base.execute(
                "SELECT key, frame, answer FROM cell WHERE page = ?", (page,)
            ).fetchall()
            spent = self._base.execute(
                "SELECT seconds, clicks, strokes FROM spent WHERE page = ?", (page,)
            ).fetchone()
            asked = self._base.execute(
                "SELECT prompt FROM asked WHERE page = ? ORDER BY number", (page,)
            ).fetchall()
        if head is None or head[1] == NOTHING:
            return
        size = desk.clip.video.size
        drawn: dict[str, dict[int, Cell | None]] = {}
        for key, frame, answer in cells:
            if frame in desk.clip.indices:
                drawn.setdefault(key, {})[frame] = _unpacked(answer, size)
        desk.overlay(
            (Thing(place, category, bool(fits), UUID(key)), drawn.get(key, {}))
            for key, place, category, fits in things
        )
        desk.expression = head[0]
        if cells:
            desk.kept.version = head[1]
        told = json.loads(head[2])
        desk.reasons, desk.verdict = told["steps"], told["verdict"]
        if spent:
            desk.effort.seconds, desk.effort.clicks, desk.effort.strokes = spent
        desk.effort.prompts = [read_prompt(line) for (line,) in asked]

    def close(self) -> None:
        self._base.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._base.execute("BEGIN IMMEDIATE")
            try:
                yield self._base
            except BaseException:
                self._base.execute("ROLLBACK")
                raise
            self._base.execute("COMMIT")


def _page(token: str) -> str:
    """Whoever reads the file cannot take over a page."""
    return hashlib.sha256(token.encode()).hexdigest()


def _clear(base: sqlite3.Connection, page: str) -> None:
    for table in ROWS:
        base.execute(f"DELETE FROM {table} WHERE page = ?", (page,))


def _head(page: str, person: str, desk: Desk) -> tuple[Any, ...]:
    told = json.dumps({"steps": desk.reasons, "verdict": desk.verdict})
    return page, person, desk.source, desk.expression, desk.kept.version if desk.kept else 0, told


def _asked_rows(page: str, desk: Desk, known: int = 0) -> list[tuple[Any, ...]]:
    """Of the prompts since the last save, from number `known` on."""
    prompts = list(enumerate(desk.effort.prompts))
    return [(page, number, write_prompt(prompt)) for number, prompt in prompts[known:]]


def _thing_row(page: str, thing: Thing) -> tuple[Any, ...]:
    return page, str(thing.key), thing.id, thing.category, int(thing.fits)


def _packed(cell: Cell | None) -> str | None:
    """None = the frame's answer was taken away."""
    if cell is None:
        return None
    asked = cell.asked and {
        "clicks": [[c.x, c.y, c.positive] for c in cell.asked.clicks],
        "box": cell.asked.box,
    }
    return json.dumps([cell.mask.counts, cell.source, cell.score, asked, cell.base and cell.base.counts])


def _unpacked(answer: str | None, size: tuple[int, int]) -> Cell | None:
    if answer is None:
        return None
    counts, source, score, asked, base = json.loads(answer)
    prompts = None
    if asked:
        clicks: Iterable[Any] = asked["clicks"]
        box = asked["box"]
        prompts = Prompts(tuple(Click(x, y, positive) for x, y, positive in clicks), box and tuple(box))
    return Cell(Mask(size, counts), source, score, prompts, base and Mask(size, base))
