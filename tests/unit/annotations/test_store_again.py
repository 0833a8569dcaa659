"""A PostgreSQL that goes away: what was being saved is saved once it is back, once; or one sentence says why not."""

import threading
from contextlib import contextmanager
from uuid import uuid4

import pytest
import sqlalchemy as sa
from store_desk import Desk, mask

from annotations import again
from annotations.records import ObjectEdit, StoreError, UnreachableError
from annotations.store import Store


@pytest.fixture(scope="module")
def shared(server, video):
    """A desk on the server, for all tests here: nothing in them depends on what others saved."""
    with Store.open(server.url) as store:
        yield Desk(store, video)


def sentences(desk) -> list[str]:
    return [pair.expression for pair in desk.work().pairs]


def test_a_save_waits_for_a_server_that_is_started_again(shared, server):
    pair, objects = uuid4(), [ObjectEdit(uuid4(), "dog", {0: mask(1)})]
    server.stop()
    back = threading.Timer(0.3, server.start)
    back.start()
    shared.store.save_pair(shared.session, shared.clip.id, pair, expression="Waited for.", objects=objects)
    back.join()
    assert sentences(shared).count("Waited for.") == 1


def test_a_connection_lost_in_the_middle_of_a_save_is_not_noticed(shared, server):
    engine = sa.create_engine(server.url, isolation_level="AUTOCOMMIT")
    lost = []

    def cut(connection, cursor, statement, parameters, context, many):
        if statement.startswith("INSERT INTO mask_version") and not lost:
            lost.append(connection.connection.dbapi_connection.info.backend_pid)
            with engine.connect() as other:
                other.execute(sa.text("SELECT pg_terminate_backend(:pid, 2000)"), {"pid": lost[0]})

    sa.event.listen(shared.store.database.engine, "before_cursor_execute", cut)
    version = shared.work().version
    objects = [ObjectEdit(uuid4(), "cat", {0: mask(2), 1: mask(3)})]
    saved = shared.store.save_pair(
        shared.session, shared.clip.id, uuid4(), expression="Cut off.", objects=objects
    )
    sa.event.remove(shared.store.database.engine, "before_cursor_execute", cut)
    engine.dispose()
    assert lost
    assert saved.version == version + 1
    assert sentences(shared).count("Cut off.") == 1


@contextmanager
def answer_lost(store, monkeypatch, *, committed: bool):
    """The next writer's connection is lost at its end; committed: after the server had written it."""
    whole = store.database.writing
    lost = []

    @contextmanager
    def writing():
        if lost:
            with whole() as session:
                yield session
            return
        lost.append(True)
        with whole() as session:
            yield session
            if not committed:
                session.rollback()
        raise UnreachableError("The line was cut.", in_doubt=True)

    monkeypatch.setattr(store.database, "writing", writing)
    yield
    assert lost


@pytest.mark.parametrize("committed", [True, False])
def test_a_save_whose_answer_was_lost_is_stored_once(desk, monkeypatch, committed):
    monkeypatch.setattr(again, "PAUSES", (0.0,))
    with answer_lost(desk.store, monkeypatch, committed=committed):
        saved = desk.store.save_pair(desk.session, desk.clip.id, uuid4(), expression="The dog.")
    assert sentences(desk) == ["The dog."]
    assert saved.version == desk.work().version == 1


def test_an_undo_whose_answer_was_lost_is_not_done_twice(desk, monkeypatch):
    for text in ("The dog.", "The cat."):
        desk.store.save_pair(desk.session, desk.clip.id, uuid4(), expression=text)
    with answer_lost(desk.store, monkeypatch, committed=True), pytest.raises(UnreachableError):
        desk.store.undo(desk.session, desk.clip.id)
    assert sentences(desk) == ["The dog."]


def test_a_server_that_stays_away_is_told_in_one_sentence(shared, server, monkeypatch):
    monkeypatch.setattr(again, "PAUSES", (0.0,))
    server.stop()
    try:
        with pytest.raises(UnreachableError, match=r"does not answer: .*stays where it is") as told:
            shared.store.save_pair(shared.session, shared.clip.id, uuid4(), expression="Too late.")
    finally:
        server.start()
    assert "\n" not in str(told.value)
    assert "Too late." not in sentences(shared)


def test_who_is_not_let_in_is_told_why_and_does_not_wait(server):
    engine = sa.create_engine(server.url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text("CREATE ROLE guest LOGIN PASSWORD 'right'"))
    hba = server.folder / "data" / "pg_hba.conf"
    hba.write_text("local all guest scram-sha-256\n" + hba.read_text())
    with engine.connect() as connection:
        connection.execute(sa.text("SELECT pg_reload_conf()"))
    engine.dispose()
    guest = sa.make_url(server.url).set(username="guest")
    for url, said in [
        (guest.set(password="hunter2"), "refused the name or the password"),
        (guest, "wants a password"),
        (guest.set(password="right"), "GRANT"),
        (sa.make_url(server.url).set(database="nowhere"), "is not there"),
        (sa.make_url(server.url).set(username="nobody"), "is not there"),
    ]:
        text = url.render_as_string(hide_password=False)
        with pytest.raises(StoreError, match=said) as told:
            Store.open(text.replace("/postgres?", "/template1?") if "right" in text else text)
        assert "\n" not in str(told.value)
        assert "hunter2" not in str(told.value)
        assert not isinstance(told.value, UnreachableError)
