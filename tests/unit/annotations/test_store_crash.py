"""What was reported as saved survives a kill; many writers at once lose nothing."""

import multiprocessing
import random
import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from store_desk import Desk, mask

from annotations.records import ObjectEdit
from annotations.store import Store

spawn = multiprocessing.get_context("forkserver")
spawn.set_forkserver_preload(["annotations.store", "annotations.exchange.refavs_export"])


def started(target: Callable[..., None], *args: Any) -> Any:
    process = spawn.Process(target=target, args=args, daemon=True)
    process.start()
    return process


def edit_for_ever(url: str, session: UUID, clip: UUID, seed: int, log: Any) -> None:
    """Save pairs and masks; report each save to the parent after the store has answered."""
    store = Store.open(url)
    thing = uuid4()
    for k in range(seed, seed + 100000):
        pair, change = uuid4(), uuid4()
        masks = {i: mask(k + i) for i in range(20)}
        objects = [ObjectEdit(thing, "dog", masks)]
        store.save_pair(session, clip, pair, expression=f"Edit {k}.", objects=objects, change=change)
        log.send((change, pair, f"Edit {k}.", thing, k))


def kill_and_look(desk: Desk, url: str, rounds: int) -> int:
    """Kill a writer at a random moment, `rounds` times; after each, every reported edit must be there."""
    chance = random.Random(7)
    acknowledged: list[tuple[UUID, UUID, str, UUID, int]] = []
    total = 0
    for round_ in range(rounds):
        here, there = spawn.Pipe(duplex=False)
        before = desk.work().version
        writer = started(edit_for_ever, url, desk.session, desk.clip.id, round_ * 31, there)
        there.close()
        acknowledged = [here.recv()]  # it is writing now
        threading.Timer(chance.uniform(0.0, 0.15), writer.kill).start()
        try:
            while True:
                acknowledged.append(here.recv())
        except EOFError:
            writer.join()
        assert writer.exitcode == -9
        total += len(acknowledged)
        with Store.open(url) as store:
            work = store.load_clip_work(desk.clip.id)
            said = {pair.id: pair.expression for pair in work.pairs}
            assert {pair: text for _, pair, text, _, _ in acknowledged}.items() <= said.items()
            assert 0 <= work.version - before - len(acknowledged) <= 1  # at most the edit in flight
            tracks = {thing.id: thing.track.masks for thing in work.objects}
            *_, thing, last = acknowledged[-1]
            in_flight = work.version - before - len(acknowledged)
            assert tracks[thing][0] == mask(last + in_flight)
            with store.database.engine.connect() as connection:
                assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
                assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
            replay, pair, text, _, _ = acknowledged[-1]
            store.save_pair(desk.session, desk.clip.id, pair, expression=text, change=replay)
            assert store.load_clip_work(desk.clip.id).version == work.version
    return total


def test_a_dozen_kills_lose_no_edit_that_was_reported_saved(desk, url):
    assert kill_and_look(desk, url, 12) >= 12


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_two_hundred_kills_lose_no_edit_that_was_reported_saved(desk, url):
    assert kill_and_look(desk, url, 200) >= 200


def write_some(url: str, clip: UUID, name: str, count: int, log: Any) -> None:
    """Five writers, each with a store of its own: nothing but the database orders them."""
    reported: list[Any] = []

    def write(n: int) -> None:
        try:
            with Store.open(url) as store:
                session = store.start_session(f"{name} {n}").id
                for k in range(count):
                    pair = uuid4()
                    objects = [ObjectEdit(uuid4(), "dog", {k: mask(k)})]
                    store.save_pair(session, clip, pair, expression=f"{name} {n} {k}.", objects=objects)
                    reported.append((pair, f"{name} {n} {k}."))
        except Exception as error:  # the parent fails the test with it
            reported.append(repr(error))

    run_all([threading.Thread(target=write, args=(n,)) for n in range(5)])
    log.send(reported)


def run_all(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_twenty_writers_at_once_have_no_error_and_every_reported_row_is_there(desk, url):
    pipes = []
    for n in range(4):
        here, there = spawn.Pipe(duplex=False)
        pipes.append((here, started(write_some, url, desk.clip.id, f"Writer {n}", 3, there)))
        there.close()
    reported = []
    for here, writer in pipes:
        reported += here.recv()
        writer.join()
    assert [r for r in reported if isinstance(r, str)] == []
    stored = {(line.pair.id, line.pair.expression) for line in desk.store.pairs(limit=None)}
    assert stored == set(reported)
    assert len(stored) == 60
    assert sorted(thing.fid for thing in desk.work().objects) == list(range(60))


def test_twenty_threads_on_one_store_have_no_error(desk):
    failed: list[BaseException] = []

    def write(n: int) -> None:
        try:
            for k in range(5):
                edit = [ObjectEdit(uuid4(), "dog", {n: mask(k)})]
                desk.store.save_pair(desk.session, desk.clip.id, uuid4(), expression=f"{n} {k}", objects=edit)
                desk.store.pairs(limit=5)
        except BaseException as error:
            failed.append(error)

    run_all([threading.Thread(target=write, args=(n,)) for n in range(20)])
    assert failed == []
    assert len(desk.store.pairs(limit=None)) == 100


def test_two_processes_that_open_a_new_store_at_once_make_one(tmp_path):
    url = f"sqlite:///{tmp_path / 'new.db'}"
    pipes = [spawn.Pipe(duplex=False) for _ in range(4)]
    writers = [started(sign_in, url, f"Person {n}", pipes[n][1]) for n in range(4)]
    for _, there in pipes:
        there.close()
    assert [here.recv() for here, _ in pipes] == ["ok"] * 4
    for writer in writers:
        writer.join()
    with Store.open(url) as store:
        assert len(store.sessions()) == 4
        with store.database.engine.connect() as connection:
            assert connection.execute(sa.text("SELECT count(*) FROM alembic_version")).scalar() == 1


def sign_in(url: str, name: str, log: Any) -> None:
    try:
        with Store.open(url) as store:
            store.start_session(name)
        log.send("ok")
    except Exception as error:
        log.send(repr(error))
