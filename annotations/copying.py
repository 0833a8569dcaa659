"""A whole store from one database to another: every version, every change, every head."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from annotations.database import Database
from annotations.records import StoreError
from annotations.schema import Base

ROWS_AT_ONCE = 2000

Progress = Callable[[str, int, int], None]


def copy(source: str, target: str, *, progress: Progress = lambda table, done, of: None) -> dict[str, int]:
    """Copy the store at one place to an empty or new one; rows by table, counted there afterwards. StoreError.

    source, target: a database URL, or the path of a SQLite file. The copy is what stood when it began, though
    others go on saving, and it is whole or nothing: cut off, the target is an empty store, and the same call
    starts afresh. progress: told the table, and how many of its rows are there.
    """
    here, there = place(source), place(target)
    if _same(here, there):
        raise StoreError(f"Both name the same store, {source}; name another place to copy it to.")
    with closing(Database(here, make=False)) as old, closing(Database(there)) as new:
        with old.reading() as reader, new.writing() as writer:
            counts = _copy(old, reader.connection(), new, writer.connection(), progress)
        new.analyze()
    return counts


def place(name: str) -> str | sa.URL:
    """The database of that URL; a path is a file of SQLite's."""
    if "://" in name:
        return name
    return sa.URL.create("sqlite", database=str(Path(name).expanduser().absolute()))


def _same(one: str | sa.URL, other: str | sa.URL) -> bool:
    """Whether two places are one database, as far as they tell."""
    try:
        return _place(sa.make_url(one)) == _place(sa.make_url(other))
    except sa.exc.ArgumentError:
        return False  # opening them says what is wrong


def _place(url: sa.URL) -> object:
    if url.get_backend_name() == "sqlite":
        return Path(url.database or "").resolve()
    host = url.host or url.query.get("host", "localhost")
    return url.get_backend_name(), host, url.port or 5432, url.database


def _copy(
    old: Database, reader: Connection, new: Database, writer: Connection, progress: Progress
) -> dict[str, int]:
    tables = Base.metadata.sorted_tables  # those that are named before those that name them
    if any(_count(writer, table) for table in tables):
        raise StoreError(
            f"The store {new.name} holds work already; a copy goes to an empty or a new one. It was not changed."
        )
    with old.clearly():
        counts = {table.name: _count(reader, table) for table in tables}
    for table in tables:
        done = 0
        for rows in _rows(old, reader, table):
            writer.execute(table.insert(), rows)
            done += len(rows)
            progress(table.name, done, counts[table.name])
    for table in tables:
        if (there := _count(writer, table)) != counts[table.name]:
            raise StoreError(
                f"The copy has {there} rows of {table.name}, the store {counts[table.name]}; nothing was kept of it."
            )
    return counts


def _rows(old: Database, reader: Connection, table: sa.Table) -> Iterator[list[dict[str, Any]]]:
    query = sa.select(table).execution_options(yield_per=ROWS_AT_ONCE)
    if table.name == "change":
        query = query.order_by(table.c.seq)  # each names earlier ones
    with old.clearly():
        for rows in reader.execute(query).mappings().partitions():
            yield [dict(row) for row in rows]


def _count(connection: Connection, table: sa.Table) -> int:
    return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
