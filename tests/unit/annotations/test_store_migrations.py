"""Databases of released versions, brought up to date."""

import sqlite3
from contextlib import closing
from pathlib import Path

from annotations import database, schema
from annotations.fill import fill
from annotations.records import PairEdit
from annotations.store import Store


def rows(file: Path) -> dict[str, list[tuple]]:
    """Every row of every table, with the columns of the first version."""
    with closing(sqlite3.connect(file)) as db:
        names = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        added = {"cues", "null_kind", "comment"}
        columns = {
            name: [row[1] for row in db.execute(f"PRAGMA table_info({name})") if row[1] not in added]
            for name in names
        }
        quoted = {name: ", ".join(f'"{column}"' for column in columns[name]) for name in names}
        return {name: sorted(db.execute(f"SELECT {quoted[name]} FROM {name}"), key=repr) for name in names}


def test_work_of_the_first_version_is_all_there_after_its_migration(tmp_path, monkeypatch):
    file = tmp_path / "work.db"
    with monkeypatch.context() as then:
        then.setattr(database, "HEAD", "0001")
        with Store.open(f"sqlite:///{file}") as store:
            filled = fill(store, 20, pairs_a_clip=5, masks_a_pair=3)
    before = rows(file)
    assert before.pop("alembic_version") == [("0001",)]
    assert len(before["mask_version"]) == 60
    with Store.open(f"sqlite:///{file}") as store:
        now = rows(file)
        assert now["alembic_version"] == [(schema.HEAD,)]
        assert {name: now[name] for name in before} == before
        assert (now["review"], now["prompt"], now["effort"]) == ([], [], [])
        (copy,) = tmp_path.glob(f"work.db.before-{schema.HEAD}-*")
        kept = rows(copy)
        assert kept.pop("alembic_version") == [("0001",)]
        assert kept == before
        old = next(line for line in store.pairs() if line.clip.id == filled.clips[0])
        assert (old.pair.cues, old.pair.null_kind, old.pair.comment) == (None, None, None)
        edit = PairEdit(old.pair.id, old.pair.expression, old.pair.objects, "draft", cues=("sound",))
        store.save_work(filled.session, old.clip.id, [], [edit], act="save pair")
        assert store.pair(old.pair.id).pair.cues == ("sound",)
