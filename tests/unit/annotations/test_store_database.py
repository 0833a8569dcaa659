"""Where the store lives, how safely it writes, and what it says about databases it cannot use."""

import hashlib
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from store_desk import Desk, mask, track

from annotations import database, exchange, schema
from annotations.records import ObjectEdit, StoreError
from annotations.store import Store
from core import paths
from core.errors import RefavsError


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Of a file that is not there yet."""
    return f"sqlite:///{tmp_path / 'work.db'}"


def test_the_default_database_is_in_the_users_data_directory():
    with Store.open() as store:
        store.start_session("Ann")
        assert store.database.file == paths.data_dir() / "refavs.db"
        assert store.database.file.is_file()


def test_live_pragmas_promise_that_saved_is_on_disk(store):
    for engine in (store.database.engine, store.database._reader):
        with engine.connect() as connection:
            said = {
                name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
            }
        assert said == {"journal_mode": "wal", "synchronous": 2, "busy_timeout": 5000, "foreign_keys": 1}


def test_a_writer_takes_the_lock_before_it_reads(store, url):
    with store.database.writing() as db:
        db.execute(sa.text("SELECT 1"))
        with sqlite3.connect(sa.make_url(url).database, timeout=0) as other:
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("BEGIN IMMEDIATE")
            assert other.execute("SELECT count(*) FROM change").fetchone() == (0,)
        other.close()


def test_migrations_make_what_the_models_say(store):
    with store.database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, schema.Base.metadata) == []
        assert context.get_current_revision() == schema.HEAD
    folder = Path(schema.__file__).parent / "migrations"
    assert ScriptDirectory(str(folder)).get_current_head() == schema.HEAD


def test_opening_again_changes_nothing(desk, url):
    desk.store.save_pair(desk.session, desk.clip.id, desk.clip.id, expression="The dog.")
    desk.store.close()
    before = [path for path in desk.store.database.file.parent.iterdir() if "before" in path.name]
    with Store.open(url) as again:
        assert [line.pair.expression for line in again.pairs()] == ["The dog."]
    assert before == []


@pytest.fixture
def older(store, url, monkeypatch) -> str:
    """A database of a version before this one: one file in migrations/versions goes on from it."""
    store.start_session("Ann")
    store.close()
    with sqlite3.connect(sa.make_url(url).database) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'older'")
    connection.close()
    return url


def with_a_step(monkeypatch, tmp_path: Path, upgrade: str) -> None:
    """A migration folder whose newest step, from "older" to the head, does what `upgrade` says."""
    folder = tmp_path / "pack" / "migrations"
    (folder / "versions").mkdir(parents=True)
    own = Path(schema.__file__).parent / "migrations"
    (folder / "env.py").write_text((own / "env.py").read_text())
    step = "from alembic import op\nrevision = {!r}\ndown_revision = {!r}\n\n\ndef upgrade():\n    {}\n"
    (folder / "versions" / "a.py").write_text(step.format("older", None, "pass"))
    (folder / "versions" / "b.py").write_text(step.format(schema.HEAD, "older", upgrade))
    monkeypatch.setattr(database, "files", lambda package: folder.parent)


def test_an_older_database_is_copied_before_it_is_brought_up_to_date(older, monkeypatch, tmp_path):
    with_a_step(monkeypatch, tmp_path, "op.execute('CREATE TABLE later (x INTEGER)')")
    with Store.open(older) as store:
        assert [s.annotator for s in store.sessions()] == ["Ann"]
        assert sa.inspect(store.database.engine).has_table("later")
        assert store.database.file is not None
        copies = list(store.database.file.parent.glob("work.db.before-*"))
    assert len(copies) == 1
    with sqlite3.connect(copies[0]) as copy:
        assert copy.execute("SELECT version_num FROM alembic_version").fetchone() == ("older",)
        assert copy.execute("SELECT name FROM annotator").fetchone() == ("Ann",)
        assert not copy.execute("SELECT 1 FROM sqlite_master WHERE name = 'later'").fetchone()
    copy.close()


def test_a_migration_that_fails_leaves_the_database_as_it_was(older, monkeypatch, tmp_path):
    steps = "op.execute('CREATE TABLE later (x INTEGER)'); op.execute('NONSENSE')"
    with_a_step(monkeypatch, tmp_path, steps)
    with pytest.raises(StoreError, match="NONSENSE"):
        Store.open(older)
    with sqlite3.connect(sa.make_url(older).database) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("older",)
        assert not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'later'").fetchone()
    connection.close()


def digest(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.iterdir())}


def refused(url: str, folder: Path, said: str) -> None:
    """One sentence that says it, and not a byte changed."""
    before = digest(folder)
    with pytest.raises(StoreError, match=said) as raised:
        Store.open(url)
    assert "\n" not in str(raised.value)
    assert digest(folder) == before


def test_a_database_of_a_newer_version_is_refused_and_untouched(store, url, tmp_path):
    store.start_session("Ann")
    store.close()
    with sqlite3.connect(sa.make_url(url).database) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    refused(url, tmp_path, "newer RefAVS Studio")


def test_a_foreign_sqlite_file_is_refused_and_untouched(url, tmp_path):
    with sqlite3.connect(sa.make_url(url).database) as connection:
        connection.execute("CREATE TABLE songs (name TEXT)")
    connection.close()
    refused(url, tmp_path, "tables of another program")


def test_a_file_that_is_no_database_is_refused_and_untouched(url, tmp_path):
    Path(sa.make_url(url).database).write_text("these are my notes, not a database " * 50)
    refused(url, tmp_path, "not a database")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlite:////proc/here/refavs.db", "name another place"),
        ("sqlite:////proc/refavs.db", "name another place"),
        ("sqlite://", "needs a file"),
        ("work.db", "Expected a database URL"),
        ("nonsense://x/y", "Expected a database URL"),
        ("mysql://localhost/x", "SQLite or PostgreSQL|not installed"),
        ("postgresql://nobody@127.0.0.1:9/none", "does not answer|not installed"),
    ],
)
def test_a_url_that_leads_nowhere_gives_one_clear_sentence(url, said):
    with pytest.raises(StoreError, match=said) as raised:
        Store.open(url)
    assert "\n" not in str(raised.value)


def test_a_password_is_never_shown():
    with pytest.raises(StoreError) as raised:
        Store.open("postgresql://me:hunter2@127.0.0.1:9/none")
    assert "hunter2" not in str(raised.value)


def test_a_read_only_database_is_refused_at_the_first_save(desk, url):
    def make_read_only(connection, _):
        connection.execute("PRAGMA query_only=ON").close()

    sa.event.listen(desk.store.database.engine, "connect", make_read_only)
    desk.store.database.engine.dispose()
    with pytest.raises(StoreError, match="read-only"):
        desk.store.start_session("Ann")


def test_a_full_disk_loses_only_the_save_that_did_not_fit(desk, url):
    kept = desk.store.save_pair(desk.session, desk.clip.id, desk.clip.id, expression="Kept.")

    def fill(connection, _):
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages}").close()

    sa.event.listen(desk.store.database.engine, "connect", fill)
    desk.store.database.engine.dispose()
    thing = ObjectEdit(desk.stored.id, "dog", track(desk.video))
    with pytest.raises(StoreError, match="full"):
        desk.store.save_pair(desk.session, desk.clip.id, desk.session, expression="Lost.", objects=[thing])
    desk.store.close()
    with Store.open(url) as after:
        assert [line.pair.version for line in after.pairs()] == [kept.version]
        assert after.load_clip_work(desk.clip.id).objects == ()
        with after.database.engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"


@pytest.fixture
def disk(tmp_path):
    """Two megabytes large."""
    folder = tmp_path / "disk"
    folder.mkdir()
    small = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if subprocess.run(small, capture_output=True).returncode:
        pytest.skip("this machine does not let a small disk be mounted")
    yield folder
    subprocess.run(["umount", str(folder)], check=False)


def remount(disk: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", str(disk)], check=True)


def test_a_really_full_disk_loses_only_the_save_that_did_not_fit(disk, video):
    url = f"sqlite:///{disk}/refavs.db"
    with Store.open(url) as store:
        desk = Desk(store, video)
        store.save_pair(desk.session, desk.clip.id, desk.clip.id, expression="Kept.")
        saved, error = fill_up(desk)
    assert "full" in str(error)
    remount(disk, "size=16m")
    with Store.open(url) as store:
        assert [line.pair.expression for line in store.pairs()] == ["Kept."]
        stored = store.load_clip_work(desk.clip.id).objects[0].track.masks
        assert stored[50] == mask(saved * 7 + 50)


def test_an_export_to_a_full_disk_says_so_and_leaves_nothing_there(desk, disk):
    thing = ObjectEdit(desk.stored.id, "dog", track(desk.video), "click")
    desk.store.save_pair(desk.session, desk.clip.id, desk.session, expression="The dog.", objects=[thing])
    with pytest.raises(RefavsError, match=r"Writing .*/disk/out failed: .*; nothing was left behind"):
        exchange.export(desk.store, disk / "out", "refavs")
    assert list(disk.iterdir()) == []


def test_a_disk_that_is_read_only_is_told_in_one_sentence_and_read_again_later(disk, video):
    url = f"sqlite:///{disk}/refavs.db"
    with Store.open(url) as store:
        desk = Desk(store, video)
        store.save_pair(desk.session, desk.clip.id, desk.clip.id, expression="Kept.")
    remount(disk, "ro")
    with pytest.raises(StoreError, match=r"The disk of .* is read-only") as told, Store.open(url) as store:
        store.start_session("Ann")
    assert "\n" not in str(told.value)
    with pytest.raises(StoreError, match=r"The disk of .* is read-only"):
        Store.open(f"sqlite:///{disk}/new.db")
    remount(disk, "rw")
    with Store.open(url) as store:
        assert [line.pair.expression for line in store.pairs()] == ["Kept."]


def test_a_file_that_another_program_holds_is_told_and_the_next_save_goes_through(store, url, monkeypatch):
    def impatient(connection, _):
        connection.execute("PRAGMA busy_timeout=20").close()

    sa.event.listen(store.database.engine, "connect", impatient)
    store.database.engine.dispose()
    monkeypatch.setattr(database, "LOCKED_S", 0.1)
    with closing(sqlite3.connect(sa.make_url(url).database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match=r"is held by another program; close that, try again\.$"):
            store.start_session("Ann")
        other.execute("ROLLBACK")
    assert store.start_session("Ann").annotator == "Ann"


def fill_up(desk: Desk) -> tuple[int, StoreError]:
    """Save until the disk is full: the last save that was answered, and what the next one said."""
    for k in range(10000):
        masks = {i: mask(k * 7 + i) for i in range(100)}
        try:
            desk.store.save_masks(
                desk.session, desk.clip.id, desk.stored.id, masks, act="brush", source="brush"
            )
        except StoreError as error:
            return k - 1, error
    raise AssertionError("the disk never filled")
