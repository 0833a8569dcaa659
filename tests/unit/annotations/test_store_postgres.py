"""The same store on PostgreSQL, on a server that the test starts."""

import threading
from uuid import uuid4

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from store_desk import Desk, mask, track

from annotations import schema
from annotations.exchange.refavs_export import export
from annotations.exchange.refavs_import import import_folder
from annotations.records import ConflictError, ObjectEdit, PairFilter, StoreError
from annotations.store import Store
from core.datasets.refavs import Dataset
from core.masks import Track


@pytest.fixture
def url(own_database):
    return own_database


def test_a_whole_walk_on_postgresql(desk, url, video, tmp_path):
    thing, pair, change = uuid4(), uuid4(), uuid4()
    masks = track(video)
    say = {"expression": 'The "dog" 🐕', "objects": [ObjectEdit(thing, "dog", masks, "system")]}
    first = desk.store.save_pair(desk.session, desk.clip.id, pair, change=change, **say)
    assert desk.store.save_pair(desk.session, desk.clip.id, pair, change=change, **say) == first
    assert dict(desk.work().objects[0].track.masks) == masks
    carried = {i: mask(i + 7) for i in range(20, 120)}
    desk.store.save_masks(
        desk.session,
        desk.clip.id,
        thing,
        carried,
        act="propagate",
        source="propagated",
        based_on=first.version,
    )
    desk.store.undo(desk.session, desk.clip.id)
    assert dict(desk.work().objects[0].track.masks) == masks
    desk.store.redo(desk.session, desk.clip.id)
    assert desk.work().objects[0].track.masks[30] == mask(37)
    assert dict(desk.store.track_at(thing, first.version).masks) == masks
    bob = Desk(desk.store, video, "Bob")
    with pytest.raises(ConflictError):
        desk.store.save_masks(
            bob.session,
            bob.clip.id,
            thing,
            {30: mask(1)},
            act="click",
            source="click",
            based_on=first.version,
        )
    desk.store.save_pair(desk.session, desk.clip.id, uuid4(), expression="No such thing.")
    found = desk.store.pairs(PairFilter(text="DOG", annotator="Ann", since=first.at))
    assert [line.pair.id for line in found] == [pair]
    assert desk.store.clips()[0].pairs == 2
    root = export(desk.store, tmp_path / "out").root
    assert len(Dataset(root)) == 4
    with Store.open(f"sqlite:///{tmp_path / 'other.db'}") as other:
        assert import_folder(other, root).imported == 4
    desk.store.save_pair(
        desk.session, desk.clip.id, pair, expression="The dog on the left.", objects=[ObjectEdit(thing)]
    )
    desk.store.submit_pair(desk.session, pair)
    held = desk.store.lease("Bob", "review", 60)
    assert held is not None
    assert held.unit == pair
    found = desk.store.find_back(bob.session, pair, Track((96, 128), masks), id=uuid4())
    assert desk.store.reviews(pair) == [found]
    assert desk.store.agreement().total.reviews == 1
    assert not desk.store.release(held)
    desk.store.delete_pair(desk.session, pair)
    with Store.open(url) as again:
        assert [line.pair.expression for line in again.pairs()] == ["No such thing."]


def test_migrations_make_what_the_models_say_on_postgresql(store):
    with store.database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, schema.Base.metadata) == []


def test_twenty_threads_on_postgresql_have_no_error(desk):
    failed: list[BaseException] = []

    def write(n: int) -> None:
        try:
            edit = [ObjectEdit(uuid4(), "dog", {n: mask(n)})]
            for k in range(3):
                desk.store.save_pair(desk.session, desk.clip.id, uuid4(), expression=f"{n} {k}", objects=edit)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(desk.store.pairs(limit=None)) == 60
    assert desk.work().version == 60


def test_a_foreign_postgresql_database_is_refused_and_untouched(url):
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE songs (name TEXT)"))
    with pytest.raises(StoreError, match="tables of another program"):
        Store.open(url)
    assert sa.inspect(engine).get_table_names() == ["songs"]
    engine.dispose()
