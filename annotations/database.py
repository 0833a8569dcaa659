"""Opens a database: where it is, whether it is ours, its pragmas, its migrations, its transactions."""

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as NoneFree
from sqlalchemy.orm import Session

from annotations.records import StoreError
from annotations.refusals import clear, is_locked
from annotations.schema import HEAD
from core import paths

FILE_NAME = "refavs.db"
BUSY_MS = 5000
LOCKED_S = 60.0  # a writer that waits this long gives up
PG_LOCK = 0x5EFA75  # one number for all writers, as SQLite has one write lock
PG_CONNECT = {  # seconds, milliseconds: a server that is gone is noticed while somebody still waits
    "connect_timeout": 5,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
PG_SESSION = (
    "SET jit = off",  # every statement here is short: to compile one takes longer than to run it
    f"SET lock_timeout = '{LOCKED_S:.0f}s'",
)
PG_ONE_WRITER = sa.text(
    "SELECT pg_advisory_xact_lock(:n),"  # a writer that went away in the middle does not keep the lock
    f" set_config('idle_in_transaction_session_timeout', '{LOCKED_S:.0f}s', true)"
)
OURS = {"alembic_version", "change", "mask_version"}


class Database:
    """An engine whose tables are of this version. Raises StoreError.

    make: a place without tables gets them; else it is refused. migrate: an older version is brought up to date;
    else it is left as it is, to be looked at.
    """

    def __init__(self, url: str | URL | None, *, make: bool = True, migrate: bool = True) -> None:
        self.url = _parse(url)
        self.file = Path(self.url.database).absolute() if self._is_sqlite and self.url.database else None
        if not make and self.file and not self.file.exists():
            raise self._no_store()
        self.engine = self._engine()
        self._reader = self.engine.execution_options(**self._reads())
        self._turn = threading.Lock()  # writers of one process queue here, in the order they came
        try:
            if not make and self.revision() is None:
                raise self._no_store()
            if migrate:
                self._bring_up_to_date()
        except BaseException:
            self.engine.dispose()
            raise

    @property
    def _is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    @property
    def name(self) -> str:
        """For messages: the file, or the URL without its password."""
        if self.file:
            return str(self.file)
        return self.url.difference_update_query(["password"]).render_as_string(hide_password=True)

    def close(self) -> None:
        self.engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """One consistent view of the data."""
        with self.clearly(), Session(self._reader) as session, session.begin():
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One writer at a time; what it wrote is on disk when the block has ended, or nothing of it is.

        An UnreachableError that came while the end was being written says so by `in_doubt`.
        """
        with self.clearly(), self._turn, Session(self.engine, expire_on_commit=False) as session:
            self._begin(session)
            yield session
            session.flush()
            with self.clearly(in_doubt=True):
                session.commit()

    @contextmanager
    def clearly(self, *, in_doubt: bool = False) -> Iterator[None]:
        """What the database says in the block is said for people, as a StoreError."""
        try:
            yield
        except DBAPIError as error:
            raise clear(error, self.name, self.file, in_doubt=in_doubt) from error
        except NoneFree as error:
            raise StoreError(
                f"The database {self.name} has too much to do; try again in a moment."
            ) from error

    def analyze(self) -> None:
        """After many rows were written at once: PostgreSQL plans by what it knows of them, and would not know
        for a minute; SQLite's plans do without."""
        if not self._is_sqlite:
            with self.writing() as session:
                session.execute(sa.text("ANALYZE"))

    def revision(self) -> str | None:
        """The version of its tables; None = there are none. StoreError for those of another program."""
        with self.reading() as session:
            return self._revision(session.connection())

    def _begin(self, session: Session) -> None:
        until = time.monotonic() + LOCKED_S
        while True:
            try:
                connection = session.connection()
                break
            except DBAPIError as error:
                session.rollback()
                if not is_locked(error) or time.monotonic() > until:
                    raise
        if not self._is_sqlite:
            connection.execute(PG_ONE_WRITER, {"n": PG_LOCK})

    def _reads(self) -> dict[str, Any]:
        """A view is one on PostgreSQL when all its statements see what stood at the first."""
        if self._is_sqlite:
            return {"refavs_read": True}
        return {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}

    def _no_store(self) -> StoreError:
        return StoreError(f"There is no store at {self.name}; name the database of one.")

    def _engine(self) -> Engine:
        if self.file:
            _refuse_foreign(self.file)
            try:
                self.file.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise StoreError(
                    f"The database {self.file} cannot be made ({error.strerror}); name another place."
                ) from error
        try:
            options: dict[str, Any] = {}
            if not self._is_sqlite:
                own = {name: value for name, value in PG_CONNECT.items() if name not in self.url.query}
                options = {"pool_pre_ping": True, "connect_args": own}
            engine = sa.create_engine(self.url, pool_size=20, max_overflow=20, **options)
        except ModuleNotFoundError as error:
            raise StoreError(
                f"The driver for {self.url.drivername!r} is not installed ({error.name}); for PostgreSQL: "
                'pip install "refavs-studio[postgres]".'
            ) from error
        if self._is_sqlite:
            event.listen(engine, "connect", _set_pragmas)
            event.listen(engine, "begin", _begin_by_hand)
        else:
            event.listen(engine, "connect", _set_session)
        return engine

    def _bring_up_to_date(self) -> None:
        if self.revision() == HEAD:
            return
        with self.writing() as session:
            connection = session.connection()
            revision = self._revision(connection)
            if revision != HEAD:
                self._migrate(connection, revision)
        if self.file:
            _sync_folder(self.file.parent)

    def _revision(self, connection: Connection) -> str | None:
        tables = set(sa.inspect(connection).get_table_names())
        if not tables:
            return None
        if not tables >= OURS:
            raise _foreign(self.name)
        return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()

    def _migrate(self, connection: Connection, revision: str | None) -> None:
        """Alembic, inside the caller's transaction: all of it or nothing."""
        from alembic import command
        from alembic.config import Config
        from alembic.script import ScriptDirectory

        with as_file(files("annotations") / "migrations") as folder:
            config = Config()
            config.set_main_option("script_location", str(folder).replace("%", "%%"))
            known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
            if revision is not None and revision not in known:
                raise StoreError(
                    f"The database {self.name} was made by a newer RefAVS Studio (version {revision}, this "
                    f"one knows up to {HEAD}); update the program, or name another. It was not changed."
                )
            if revision is not None and self.file:
                self._back_up(self.file, revision)
            config.attributes["connection"] = connection
            command.upgrade(config, HEAD)

    def _back_up(self, file: Path, revision: str) -> None:
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        copy = file.with_name(f"{file.name}.before-{HEAD}-{stamp}")
        part = copy.with_name(copy.name + ".part")
        try:
            with closing(_read_only(file)) as old, closing(sqlite3.connect(part)) as new:
                old.backup(new)
                new.execute("PRAGMA journal_mode=DELETE")
            os.replace(part, copy)
        except (sqlite3.Error, OSError) as error:
            part.unlink(missing_ok=True)
            raise StoreError(
                f"The database {file} must be brought from version {revision} to {HEAD}, but its backup copy "
                f"{copy.name} cannot be written ({error}); make room there. It was not changed."
            ) from error


def file_of(url: str | None) -> Path | None:
    """Where the SQLite database of a URL lies (None = this user's); None = the URL is of a server."""
    parsed = _parse(url)
    own = parsed.get_backend_name() == "sqlite" and parsed.database
    return Path(parsed.database).absolute() if own and parsed.database else None


def _parse(url: str | URL | None) -> URL:
    if url is None:
        return URL.create("sqlite", database=str(paths.data_dir() / FILE_NAME))
    try:
        parsed = make_url(url)
        parsed.get_dialect()
    except (ArgumentError, NoSuchModuleError):
        raise StoreError(
            "Expected a database URL such as sqlite:////home/me/work.db or postgresql://me@host/refavs; "
            f"got {str(url)!r}."
        ) from None
    except ModuleNotFoundError:
        return parsed  # making the engine says which driver is missing
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise StoreError(f"Expected a SQLite or PostgreSQL database; got {parsed.drivername!r}.")
    if parsed.get_backend_name() == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise StoreError(
            f"A SQLite database needs a file, such as sqlite:////home/me/work.db; got {str(url)!r}."
        )
    return parsed


def _refuse_foreign(file: Path) -> None:
    """Look before anything is written: setting WAL alone would already change a foreign file."""
    try:
        if not file.exists() or file.stat().st_size == 0:
            return
        with closing(_read_only(file)) as connection:
            tables = {
                name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")
            }
    except sqlite3.DatabaseError as error:
        if "locked" in str(error) or "unable to open" in str(error):
            return  # opening it for good says why
        raise StoreError(
            f"{file} cannot be read as a SQLite database ({error}); name another file. It was not changed."
        ) from error
    except OSError as error:
        raise StoreError(f"The database {file} cannot be read ({error.strerror}).") from error
    if tables and not tables >= OURS:
        raise _foreign(str(file))


def _foreign(name: str) -> StoreError:
    return StoreError(
        f"{name} holds the tables of another program, not of RefAVS Studio; name another database. "
        "It was not changed."
    )


def _read_only(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(file))}?mode=ro", uri=True, timeout=BUSY_MS / 1000)


def _set_pragmas(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = None  # BEGIN is ours: the driver would begin too late and never immediately
    for pragma in ("busy_timeout=5000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_by_hand(connection: Connection) -> None:
    read = connection.get_execution_options().get("refavs_read", False)
    connection.exec_driver_sql("BEGIN" if read else "BEGIN IMMEDIATE")


def _set_session(connection: Any, _: object) -> None:
    connection.autocommit = True
    for setting in PG_SESSION:
        connection.execute(setting)
    connection.autocommit = False


def _sync_folder(folder: Path) -> None:
    """A new file's name is on disk only when its folder is."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
