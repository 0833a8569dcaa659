"""refavs prelabel: many sentences on many clips; stopped, killed or refused, nothing is lost or doubled."""

import json
import multiprocessing
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest
import sqlalchemy as sa
from makers import make_clip
from typer.testing import CliRunner

from annotations.records import PairFilter, StoreError, UnreachableError
from annotations.store import Store
from app import prelabelling
from app.desk import Desk
from app.keeping import Keeper, summary
from app.prelabelling import Prelabelling, plan, read_sentences
from core import media, registry
from core.errors import RefavsError
from core.media import afar

ROOT = Path(__file__).parents[3]
VERSION = "ab" * 32
forkserver = multiprocessing.get_context("forkserver")
forkserver.set_forkserver_preload(
    ["annotations.store", "annotations.exchange.refavs_export", "app.prelabelling"]
)


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """Three clips of a second, each of its own."""
    folder = tmp_path_factory.mktemp("set")
    for k in range(3):
        make_clip(folder / f"clip {k}.mp4", frames=10 + k)
    return folder


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'work.db'}"


@pytest.fixture
def call():
    import typer

    from app.cli import prelabel

    cli = typer.Typer()
    prelabel.register(cli)
    return lambda *words: CliRunner().invoke(cli, [str(word) for word in words])


def rows(url):
    """(expressions of the pairs, clips, objects, changes) in the store."""
    with Store.open(url) as store, store.database.reading() as db:
        count = [db.scalar(sa.text(f"SELECT count(*) FROM {t}")) for t in ("clip", "object", "change")]
        return sorted(line.pair.expression for line in store.pairs(limit=None)), *count


def test_every_sentence_on_every_clip_is_stored_once_and_a_broken_clip_is_told(clips, url, call, tmp_path):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video")
    (tmp_path / "said.txt").write_text("The dog\n\nA cat, left of it.\n")
    words = (clips, broken, "--system", "centre-box", "--expressions", tmp_path / "said.txt", "--db", url)
    done = call(*words)
    assert done.exit_code == 1
    told = json.loads(done.stdout)
    assert (told["clips"], told["stored"], told["stored_before"], len(told["failed"])) == (4, 6, 0, 1)
    assert told["failed"][0]["clip"] == str(broken)
    assert "broken.mp4" in done.stderr
    before = rows(url)
    assert before == (["A cat, left of it."] * 3 + ["The dog."] * 3, 3, 3, 6)
    again = json.loads(call(*words).stdout)
    assert (again["stored"], again["stored_before"], len(again["failed"])) == (0, 6, 1)
    assert rows(url) == before
    with Store.open(url) as store:
        line = store.pairs(PairFilter(annotator=told["annotator"]), limit=1)[0]
        (thing,) = store.load_clip_work(line.clip.id).objects
        assert told["version"].startswith(told["annotator"].removeprefix("centre-box "))
        assert set(thing.sources.values()) == {"system"}
        assert store.clip_history(line.clip.id)[0].act == "prelabel"


def test_without_sentences_what_sounds_is_stored_and_no_pair(clips, url, call, monkeypatch):
    plain = registry.segmenter("classical")
    monkeypatch.setattr(registry, "segmenter", lambda: plain)
    done = call(clips / "clip 0.mp4", "--system", "centre-box", "--every-frame", "--db", url)
    assert done.exit_code == 0, done.stderr
    assert rows(url) == ([], 1, 1, 1)
    with Store.open(url) as store:
        (thing,) = store.load_clip_work(store.clips()[0].clip.id).objects
    assert len(thing.track.masks) == 10


def test_a_run_that_is_left_goes_on_where_it_was(clips, url):
    wanted = plan([str(clips / f"clip {k}.mp4") for k in range(3)], [(None, "The dog.")])
    with Store.open(url) as store:
        run = Prelabelling(store, "centre-box", None, VERSION).run(wanted)
        assert next(run).stored == 1
        run.close()
        (*_, last) = Prelabelling(store, "centre-box", None, VERSION).run(wanted)
        assert (last.stored, last.known) == (2, 1)
        (*_, last) = Prelabelling(store, "centre-box", None, "cd" * 32).run(wanted)
        assert (last.stored, last.known) == (3, 0)
    assert rows(url)[0] == ["The dog."] * 6


def test_a_save_in_doubt_is_sent_again_and_stored_once_and_what_is_refused_is_told(clips, url, monkeypatch):
    monkeypatch.setattr(prelabelling, "WAITS", (0, 0))
    with Store.open(url) as store:
        save, tries = store.save_prelabel, []

        def shaky(session, clip, asked, objects):
            tries.append(asked.expression)
            if asked.expression == "The cat.":
                raise StoreError("The cat is refused.")
            saved = save(session, clip, asked, objects)
            if len(tries) == 1:
                raise UnreachableError("The answer was lost on the way.", in_doubt=True)
            return saved

        monkeypatch.setattr(store, "save_prelabel", shaky)
        wanted = plan(
            [str(clips / "clip 0.mp4")], [(None, f"The {name}.") for name in ("dog", "cat", "bird")]
        )
        run = Prelabelling(store, "centre-box", None, VERSION)
        (last,) = run.run(wanted)
        assert (last.stored, last.failed) == (2, 1)
        assert tries == ["The dog.", "The dog.", "The cat.", "The bird."]
        assert [(each.sentence, each.reason) for each in run.failures] == [
            ("The cat.", "The cat is refused.")
        ]
    assert rows(url)[0] == ["The bird.", "The dog."]


def test_a_draft_stands_on_the_desk_unsaved_and_is_the_annotators_once_it_is_saved(clips, url):
    path = clips / "clip 0.mp4"
    with Store.open(url) as store:
        list(Prelabelling(store, "centre-box", None, VERSION).run(plan([str(path)], [(None, "The dog.")])))
        keeper, desk = Keeper(store), Desk(media.open(path).clip(), None)
        keeper.load(desk)
        (thing,) = desk.things
        assert (desk.expression, thing.fits, len(desk.cells(thing.id))) == ("The dog.", True, 1)
        shown = summary(desk)["saved"]
        assert (shown["mine"], shown["revision"], shown["status"]) == (False, None, "draft")
        keeper.save(desk, "The dog.")
        shown = summary(desk)["saved"]
        assert (shown["mine"], shown["revision"]) == (True, desk.revision)
        assert len(store.pairs()) == 1


def test_sentences_name_their_clip_by_the_end_of_its_path(tmp_path):
    (tmp_path / "a.csv").write_text('clip,expression\nset/a.mp4,"The dog, left."\nb,The cat.\n,The bird\n')
    (tmp_path / "a.jsonl").write_text('{"clip": "b.mp4", "expression": "The cat."}\n')
    wanted = plan(["/x/set/a.mp4", "s3://bucket/y/b.mp4"], read_sentences(tmp_path / "a.csv"))
    assert [each.sentences for each in wanted] == [("The dog, left.", "The bird."), ("The cat.", "The bird.")]
    (only,) = plan(["/x/set/a.mp4", "s3://bucket/y/b.mp4"], read_sentences(tmp_path / "a.jsonl"))
    assert only.source == "s3://bucket/y/b.mp4"
    with pytest.raises(RefavsError, match="'c', which is none of the clips"):
        plan(["/x/a.mp4"], [("c", "The dog.")])
    with pytest.raises(RefavsError, match=r"'a', which is 2 of the clips, such as '/x/a\.mp4'"):
        plan(["/x/a.mp4", "/y/a.mkv"], [("a", "The dog.")])


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.csv", "file,text\n", "columns clip,expression"),
        ("a.jsonl", '{"clip": "a"}\n', "line 1: expected"),
        ("a.txt", "The dog.\n<b>The cat</b>\n", "line 2: .*markup"),
        ("a.csv", "clip,expression\na,  \n", "line 2: there is no sentence"),
        ("a.txt", "\n", "holds no sentence"),
        ("a.doc", "The dog.", r"\.txt, \.csv or \.jsonl"),
    ],
)
def test_a_file_of_sentences_that_is_wrong_is_told_by_its_line(tmp_path, name, text, expected):
    (tmp_path / name).write_text(text)
    with pytest.raises(RefavsError, match=expected):
        read_sentences(tmp_path / name)


def drive(url, folder, log):
    """A driver with a worker; reports after every clip how many answers the store has."""
    with Store.open(url) as store:
        run = Prelabelling(store, "centre-box", None, VERSION)
        wanted = plan(afar.sources(folder), [(None, "The dog."), (None, "The cat.")])
        for progress in run.run(wanted, workers=1, threads=1):
            log.send(progress.stored + progress.known)
    log.send([each.reason for each in run.failures])


def test_a_worker_and_two_drivers_killed_on_the_way_lose_and_double_nothing(tmp_path, url):
    (tmp_path / "set").mkdir()
    for k in range(12):
        make_clip(tmp_path / "set" / f"clip{k:02d}.mp4", frames=3 + k)
    Store.open(url).close()
    seed = random.randrange(10**6)
    chance, killed = random.Random(seed), 0
    for round_ in range(3):
        here, there = forkserver.Pipe(duplex=False)
        driver = forkserver.Process(target=drive, args=(url, str(tmp_path / "set"), there))
        driver.start()
        there.close()
        told = [here.recv()]  # it is at work
        workers = set(_children(driver.pid))
        if round_ == 0:
            os.kill(chance.choice(sorted(workers)), signal.SIGKILL)
            told += [here.recv(), here.recv()]
            workers |= set(_children(driver.pid))
        if round_ < 2:
            threading.Timer(chance.uniform(0, 0.1), driver.kill).start()
        with suppress(EOFError):
            while True:
                told.append(here.recv())
        driver.join()
        killed += driver.exitcode == -signal.SIGKILL
        _wait_until_gone(workers)
    print(f"seed {seed}: {killed} drivers killed")
    assert killed
    assert told[-2:] == [24, []]
    assert rows(url) == (["The cat."] * 12 + ["The dog."] * 12, 12, 12, 24)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_workers_and_drivers_killed_at_random_moments_lose_and_double_nothing(tmp_path):
    (tmp_path / "set").mkdir()
    for k in range(16):
        make_clip(tmp_path / "set" / f"clip{k:02d}.mp4", frames=10 + k)
    (tmp_path / "said.txt").write_text("The dog.\nThe cat.\n")
    url = f"sqlite:///{tmp_path / 'work.db'}"
    chance = random.Random(3)
    command = [
        *(sys.executable, "-c", "from app.cli import main; main()", "prelabel", tmp_path / "set"),
        *("--system", "centre-box", "--expressions", tmp_path / "said.txt", "--db", url, "--workers", "2"),
    ]
    drivers = deaths = 0
    while True:
        driver = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        workers: set[int] = set()
        enough = _stored(tmp_path / "work.db") + chance.randint(1, 5) if drivers < 4 else 10**6
        while driver.poll() is None and _stored(tmp_path / "work.db") < enough:
            workers |= set(now := _children(driver.pid))
            if now and deaths < 3 and chance.random() < 0.05:
                os.kill(chance.choice(now), signal.SIGKILL)
                deaths += 1
            time.sleep(0.1)
        time.sleep(chance.uniform(0, 0.3))
        driver.kill()
        out = driver.communicate()[0]
        _wait_until_gone(workers)
        if driver.returncode == 0:
            break
        drivers += driver.returncode < 0  # 1: a clip was given up because its workers were killed twice
    print(f"killed: {drivers} drivers, {deaths} workers")
    assert drivers >= 3
    assert json.loads(out)["failed"] == []
    assert rows(url) == (["The cat."] * 16 + ["The dog."] * 16, 16, 16, 32)


def _stored(path: Path) -> int:
    """Changes in the store."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as base:
            return int(base.execute("SELECT count(*) FROM change").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def _children(pid: int) -> list[int]:
    """Python processes that multiprocessing started there."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == pid and b"spawn_main" in (path / "cmdline").read_bytes():
                found.append(int(path.name))
        except OSError:
            pass
    return found


def _wait_until_gone(workers: set[int]) -> None:
    """Those of a driver that was killed end by themselves."""
    until = time.monotonic() + 20
    while any(b"spawn_main" in _words(pid) for pid in workers):
        assert time.monotonic() < until, "workers outlived their driver"
        time.sleep(0.1)


def _words(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
