"""Copies of the databases on a volume: whole, few, and brought back where the computer is new."""

import errno
import os
import sqlite3
import zipfile
from contextlib import closing
from datetime import UTC, datetime

import pytest

from annotations.store import Store
from app import durable, gpu, people, snapshots
from app.durable import NOTHING_MOUNTED, Durable, volume
from app.media_routes import Links
from app.snapshots import Part, newest_first
from app.studio import Studio
from core import registry
from core.errors import RefavsError


def base(path, *words):
    """A database like a live one: with a write-ahead log."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as opened:
        opened.execute("PRAGMA journal_mode=WAL")
        opened.execute("CREATE TABLE IF NOT EXISTS said (word TEXT)")
        opened.executemany("INSERT INTO said VALUES (?)", [(word,) for word in words])
        opened.commit()
    return path


def words(path):
    with closing(sqlite3.connect(path)) as opened:
        return [word for (word,) in opened.execute("SELECT word FROM said")]


@pytest.fixture
def place(tmp_path):
    """Makes servers on computers of their own that share one volume."""
    (tmp_path / "volume").mkdir()

    def make(name, **options):
        home = tmp_path / name
        home.mkdir(exist_ok=True)
        given = {"store": home / "refavs.db", "drafts": home / "drafts.sqlite", "data": home, **options}
        return Durable(tmp_path / "volume", **given)

    return make


def masks(desk):
    return [{index: cell.mask for index, cell in desk.cells(thing.id).items()} for thing in desk.things]


def kept(place):
    return newest_first(place.folder)


def test_what_is_in_the_write_ahead_log_is_brought_back_elsewhere(place):
    here = place("here")
    here.restore()
    live = sqlite3.connect(base(here.data / "refavs.db", "saved"))
    live.execute("INSERT INTO said VALUES ('in the log')")
    live.commit()
    base(here.data / "drafts.sqlite", "drawn")
    assert here.save()
    live.close()

    there = place("there")
    found = there.restore()
    assert found.home == here.data
    assert words(there.data / "refavs.db") == ["saved", "in the log"]
    assert words(there.data / "drafts.sqlite") == ["drawn"]


def test_what_lies_here_already_is_not_replaced(place):
    here = place("here")
    base(here.data / "refavs.db", "old")
    here.save()
    there = place("there")
    base(there.data / "refavs.db", "newer")
    assert there.restore() is None
    assert words(there.data / "refavs.db") == ["newer"]


def test_nothing_new_makes_no_snapshot_and_few_are_kept(place):
    here = place("here")
    here.restore()
    for k in range(snapshots.KEPT + 3):
        base(here.data / "refavs.db", f"{k}")
        assert here.save()
    assert len(kept(here)) == snapshots.KEPT
    before = kept(here)
    assert here.save()
    assert kept(here) == before
    assert snapshots.number(before[0]) == snapshots.KEPT + 3


@pytest.mark.parametrize("harm", ["cut", "bits", "empty", "no database"])
def test_a_broken_newest_one_gives_way_to_the_one_before(place, harm):
    here = place("here")
    here.restore()
    for k in range(2):
        base(here.data / "refavs.db", *(f"{k} {n}" * 50 for n in range(200)))
        here.save()
    newest = kept(here)[0]
    data = newest.read_bytes()
    harmed = {"cut": data[: len(data) // 2], "bits": bytearray(data), "empty": b"", "no database": data}[harm]
    if harm == "bits":
        harmed[200:260] = bytes(60)
    if harm == "no database":
        with zipfile.ZipFile(newest, "w") as archive:
            archive.writestr("refavs.db", b"SQLite format 3\0 and then nothing of the kind" * 50)
            archive.writestr("manifest.json", '{"at": "2026-01-01T00:00:00+00:00", "home": "/x"}')
    else:
        newest.write_bytes(bytes(harmed))

    there = place("there")
    there.restore()
    assert len(words(there.data / "refavs.db")) == 200
    assert newest.name in there.status()["trouble"]
    assert not list(there.data.glob("*.restoring"))


def test_snapshots_none_of_which_can_be_read_stop_the_start_and_stay(place):
    here = place("here")
    base(here.data / "refavs.db", "x")
    here.save()
    kept(here)[0].write_bytes(b"x")
    there = place("there")
    with pytest.raises(RefavsError, match=r"None of the 1 snapshots .* can be read"):
        there.restore()
    assert len(kept(there)) == 1
    assert not (there.data / "refavs.db").exists()


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "is full; make room"),
        (errno.EROFS, "cannot be written"),
        (errno.ESTALE, "does not answer"),
    ],
)
def test_a_volume_that_takes_nothing_is_told_and_tried_again(place, monkeypatch, number, said):
    here = place("here")
    base(here.data / "refavs.db", "x")
    real = os.fsync

    def refuse(handle):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    assert not here.save()
    told = here.status()
    assert said in told["trouble"]
    assert "stays on this computer" in told["trouble"]
    assert told["age"] is None
    assert list(here.folder.iterdir()) == []  # nothing half

    monkeypatch.setattr(os, "fsync", real)
    assert here.save()
    assert here.status()["trouble"] is None
    assert words(here.data / "refavs.db") == ["x"]


def test_age_is_of_the_last_time_that_the_volume_held_everything(place):
    here = place("here")
    base(here.data / "refavs.db", "x")
    assert here.status()["words"] == "No snapshot yet."
    here.save()
    assert here.status()["words"] == "Last snapshot less than a minute ago."
    here.held = datetime.now(UTC).replace(year=datetime.now(UTC).year - 1)
    assert "minutes ago" in here.status()["words"]


def test_two_servers_on_one_volume_are_told_and_neither_removes_what_the_other_kept(place):
    one, two = place("one"), place("two")
    one.restore()
    two.restore()
    for k in range(snapshots.KEPT + 2):
        base(two.data / "refavs.db", f"two {k}")
        two.save()
    base(one.data / "refavs.db", "one")
    one.save()
    assert "Another server has written" in one.status()["trouble"]
    assert sum(two.run in path.name for path in kept(one)) == snapshots.KEPT


def test_uploads_their_names_and_imports_are_there_elsewhere(place):
    here = place("here")
    here.restore()
    base(here.data / "refavs.db", "x")
    for name, text in {
        "videos/ab.mp4": "video",
        "videos/names/ab": "mine.mp4",
        "imports/cd/x/1.txt": "one",
    }.items():
        (here.data / name).parent.mkdir(parents=True, exist_ok=True)
        (here.data / name).write_text(text)
    assert here.save()
    (here.data / "videos/names/ab").write_text("ours.mp4")
    assert here.save()
    there = place("there")
    there.restore()
    assert (there.data / "videos/ab.mp4").read_text() == "video"
    assert (there.data / "videos/names/ab").read_text() == "ours.mp4"
    assert (there.data / "imports/cd/x/1.txt").read_text() == "one"


def test_without_a_volume_nothing_is_kept_and_that_is_said(tmp_path):
    nowhere = Durable(None, store=tmp_path / "refavs.db", drafts=tmp_path / "drafts.sqlite", data=tmp_path)
    assert nowhere.restore() is None
    assert not nowhere.save()
    assert nowhere.status()["trouble"] == NOTHING_MOUNTED


def test_the_volume_is_named_by_the_environment_or_mounted_on_a_space(tmp_path, monkeypatch):
    assert volume() is None
    monkeypatch.setenv("REFAVS_VOLUME_DIR", str(tmp_path))
    assert volume() == tmp_path
    monkeypatch.setenv("REFAVS_VOLUME_DIR", str(tmp_path / "none"))
    with pytest.raises(RefavsError, match="no folder here"):
        volume()
    monkeypatch.delenv("REFAVS_VOLUME_DIR")
    monkeypatch.setattr(durable.os.path, "ismount", lambda path: path == "/data")
    assert volume() is None
    monkeypatch.setenv("SPACE_ID", "me/refavs")
    assert str(volume()) == "/data"


# T23
def test_a_page_finds_its_drawn_and_saved_work_on_another_computer(place, clip, desk, monkeypatch, tmp_path):
    monkeypatch.setattr(registry, "segmenter", desk._segmenter)
    assert gpu.segmenter().name == "squares"

    def serve(name):
        home = place(name)
        monkeypatch.setenv("REFAVS_DATA_DIR", str(home.data))
        restored = home.restore()
        store = Store.open(f"sqlite:///{home.data / 'refavs.db'}")
        if restored:
            store.move_videos(restored.home, home.data)
        inbox = tmp_path / f"inbox of {name}"
        inbox.mkdir()
        return home, store, Studio(inbox=inbox, start=None, store=store, links=Links())

    def ask(studio, **request):
        answer = studio.ask({"seen": 0, **request})
        assert answer["ok"], answer
        return answer

    here, store, studio = serve("here")
    upload = studio.library.inbox / "mine.mp4"
    upload.write_bytes(clip.video.path.read_bytes())
    opened = ask(studio, do="take", path=str(upload), name="mine.mp4")
    page = {"token": opened["token"]}
    ask(studio, **page, do="prompt", index=2, click=[0.5, 0.5, True])
    ask(studio, **page, do="save", expression="The saved square.")
    ask(studio, **page, do="prompt", index=5, click=[0.25, 0.5, True])  # drawn, not saved
    before = masks(studio.desks.get(opened["token"]))
    assert sum(map(len, before)) == 2
    assert here.save()
    studio.drafts.close()
    store.close()

    _, store, studio = serve("there")
    again = ask(studio, do="hello", source=opened["desk"]["source"], desks=[opened["token"]])
    found = studio.desks.get(opened["token"])
    assert again["desk"]["name"] == "mine.mp4"
    assert masks(found) == before
    assert [pair.expression for pair in found.kept.pairs] == ["The saved square."]
    assert studio.ask({"do": "recent"})["recent"][0]["pairs"] == 1
    assert str(store.clips()[0].clip.video.path).startswith(str(tmp_path / "there"))
    studio.drafts.close()
    store.close()


def test_work_begun_before_signing_in_is_found_after_it(place, clip, desk, monkeypatch, tmp_path):
    monkeypatch.setattr(registry, "segmenter", desk._segmenter)
    with Store.open(f"sqlite:///{tmp_path / 'refavs.db'}") as store:
        (tmp_path / "inbox").mkdir()
        studio = Studio(inbox=tmp_path / "inbox", start=clip.video.path, store=store, links=Links())
        token = studio.ask({"do": "hello"})["token"]
        studio.ask({"token": token, "do": "prompt", "seen": 0, "index": 2, "click": [0.5, 0.5, True]})
        with people.acting("ann"):
            assert studio.drafts.source(token) == "start"
        studio.drafts.close()


def test_part_of_a_store_on_a_server_is_its_drafts_alone(place):
    here = place("here", store=None)
    assert [part.name for part in here.parts] == ["drafts.sqlite"]
    base(here.data / "drafts.sqlite", "drawn")
    here.save()
    there = place("there", store=None)
    there.restore()
    assert words(there.data / "drafts.sqlite") == ["drawn"]
    assert here.parts[0] == Part("drafts.sqlite", here.data / "drafts.sqlite")
