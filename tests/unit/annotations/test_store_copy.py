"""A store moved to another database is the same store: every row of every table."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from uuid import uuid4

import pytest
import sqlalchemy as sa
import typer
from store_desk import Desk, mask, track
from typer.testing import CliRunner

from annotations import copying
from annotations.records import ObjectEdit, Prompt, StoreError
from annotations.schema import Base
from annotations.store import Store
from app.cli import store as command
from core.masks import Track


@pytest.fixture
def worked(desk, video):
    """A store with something in every table but one."""
    store, thing, pair = desk.store, uuid4(), uuid4()
    masks = track(video)
    say = {"expression": 'The "dog" 🐕', "objects": [ObjectEdit(thing, "dog", masks, "system")]}
    store.save_pair(desk.session, desk.clip.id, pair, cues=["sound"], **say)
    prompt = Prompt(thing, 3, "click", {"x": 0.5, "y": 0.25}, datetime.now(UTC))
    edit = ObjectEdit(thing, None, {3: mask(5), 4: None}, "click", {3: 0.123456789012345})
    store.save_work(desk.session, desk.clip.id, [edit], [], act="click", prompts=[prompt])
    store.undo(desk.session, desk.clip.id)
    store.redo(desk.session, desk.clip.id)
    nothing = uuid4()
    store.save_pair(desk.session, desk.clip.id, nothing, expression="A piano.", null_kind="absent")
    store.delete_pair(desk.session, nothing)
    store.save_pair(
        desk.session, desk.clip.id, pair, expression="The dog on the left.", objects=[ObjectEdit(thing)]
    )
    store.submit_pair(desk.session, pair)
    bob = Desk(store, video, "Bob")
    store.lease("Bob", "review", 60)
    store.find_back(bob.session, pair, Track((96, 128), masks), comment="There.")
    return desk


def rows(url: str | sa.URL) -> dict[str, list[tuple]]:
    """Every row of every table, and the version of the tables."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        found = {
            table.name: sorted((tuple(row) for row in connection.execute(sa.select(table))), key=repr)
            for table in Base.metadata.sorted_tables
        }
        found["alembic_version"] = list(
            connection.execute(sa.text("SELECT version_num FROM alembic_version"))
        )
    engine.dispose()
    return found


def test_a_copy_in_another_file_has_every_row_and_the_counts_are_told(worked, url, tmp_path):
    target = tmp_path / "new place" / "a copy?.db"
    cli = typer.Typer()
    command.register(cli)
    told = CliRunner().invoke(cli, ["store", "copy", url, str(target)], catch_exceptions=False)
    assert told.exit_code == 0
    before = rows(url)
    assert rows(copying.place(str(target))) == before
    assert len(before["mask_version"]) == 124 + 2 + 2 + 2  # saved, clicked, undone, redone
    assert f"mask_version{130:14}" in told.stdout
    assert f"{sum(map(len, before.values())) - 1} rows in 20 tables" in told.stdout
    with closing(sqlite3.connect(target)) as file:
        assert file.execute("PRAGMA foreign_key_check").fetchall() == []


def test_work_goes_on_in_a_copy_on_postgresql_and_comes_back(worked, url, own_database, video, tmp_path):
    copying.copy(url, own_database)
    assert rows(own_database) == rows(url)
    with Store.open(own_database) as moved:
        desk = Desk(moved, video)
        saved = moved.save_pair(desk.session, desk.clip.id, uuid4(), expression="The cat.")
        assert saved.version == worked.work().version + 1
        assert [line.pair.expression for line in moved.pairs()] == ["The cat.", "The dog on the left."]
    back = tmp_path / "back.db"
    copying.copy(own_database, str(back))
    assert rows(copying.place(str(back))) == rows(own_database)


def test_a_copy_that_is_cut_off_leaves_nothing_and_goes_through_the_next_time(worked, url, tmp_path):
    target = tmp_path / "copy.db"

    def cut(table, done, of):
        if table == "mask_head":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copying.copy(url, str(target), progress=cut)
    left = rows(copying.place(str(target)))
    assert left.pop("alembic_version") != []
    assert not any(left.values())
    copying.copy(url, str(target))
    assert rows(copying.place(str(target))) == rows(url)


def test_what_is_saved_while_it_is_copied_is_not_in_the_copy(worked, url, tmp_path):
    before = rows(url)

    def save(table, done, of):
        if table == "rle":
            worked.store.save_pair(worked.session, worked.clip.id, uuid4(), expression="Meanwhile.")

    copying.copy(url, str(tmp_path / "copy.db"), progress=save)
    assert rows(copying.place(str(tmp_path / "copy.db"))) == before
    assert rows(url) != before


def refused(source: object, target: object, said: str) -> None:
    with pytest.raises(StoreError, match=said) as told:
        copying.copy(str(source), str(target))
    assert "\n" not in str(told.value)


def test_a_copy_never_goes_over_work_that_is_there(worked, url, other, tmp_path):
    other.start_session("Bob")
    before = rows(f"sqlite:///{tmp_path}/other.db")
    refused(url, tmp_path / "other.db", "holds work already")
    assert rows(f"sqlite:///{tmp_path}/other.db") == before


def test_places_that_cannot_be_copied_are_told_in_one_sentence_and_left_alone(worked, url, tmp_path):
    refused(url, tmp_path / "work.db", "Both name the same store")
    refused(tmp_path / "nothing" / "here.db", tmp_path / "copy.db", "There is no store at")
    (tmp_path / "empty.db").touch()
    refused(tmp_path / "empty.db", tmp_path / "copy.db", "There is no store at")
    assert not (tmp_path / "nothing").exists()
    assert not (tmp_path / "copy.db").exists()
    with closing(sqlite3.connect(tmp_path / "songs.db")) as foreign:
        foreign.execute("CREATE TABLE songs (name TEXT)")
    refused(url, tmp_path / "songs.db", "tables of another program")
    refused(tmp_path / "songs.db", tmp_path / "copy.db", "tables of another program")
    refused(url, "postgresql://me:hunter2@127.0.0.1:9/none", "does not answer")
    refused("nonsense://x", tmp_path / "copy.db", "Expected a database URL")
    worked.store.close()
    with closing(sqlite3.connect(sa.make_url(url).database)) as newer, newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
    refused(url, tmp_path / "copy.db", "newer RefAVS Studio")
    assert not (tmp_path / "copy.db").exists()
