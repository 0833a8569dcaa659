"""What was not saved is there again after the server was started anew."""

import threading

import numpy as np
import pytest

from annotations.store import Store
from app import drafts
from app.drafts import Drafts
from app.media_routes import Links
from app.people import acting
from app.studio import Studio
from core import paths, registry
from core.masks import Mask


@pytest.fixture
def start(clip, desk, monkeypatch, tmp_path):
    """Makes servers that share one data directory, as one after the other does."""
    monkeypatch.setattr(registry, "segmenter", desk._segmenter)
    stores = []

    def make():
        stores.append(Store.open(f"sqlite:///{tmp_path / 'store.sqlite'}"))
        (tmp_path / "inbox").mkdir(exist_ok=True)
        return Studio(inbox=tmp_path / "inbox", start=clip.video.path, store=stores[-1], links=Links())

    yield make
    for store in stores:
        store.close()


def ask(studio, token, **request):
    answer = studio.ask({"token": token, **request})
    assert answer["ok"], answer
    return answer


def click(studio, token, x, thing=None, index=2):
    ask(studio, token, do="prompt", seen=0, index=index, click=[x, 0.5, True], object=thing)


def stroke(size):
    pixels = np.zeros(size, bool)
    pixels[5:9, 5:20] = True
    return Mask.encode(pixels).counts


def work_of(studio, token):
    desk = studio.desks.get(token)
    return (
        desk.expression,
        [(thing.key, thing.category, thing.fits, desk.cells(thing.id)) for thing in desk.things],
    )


def test_unsaved_work_survives_a_restart_with_what_was_asked(start, clip):
    first = start()
    token = first.ask({"do": "hello"})["token"]
    click(first, token, 0.5)
    click(first, token, 0.2, 1)
    ask(first, token, do="brush", index=5, object=1, stroke=stroke(clip.size), erase=False)
    ask(first, token, do="absent", index=9, object=1, onward=True)
    ask(first, token, do="object", object=1, category="dog")
    ask(first, token, do="sentence", expression="The dog that")
    before = work_of(first, token)

    second = start()
    again = second.ask({"do": "hello", "token": token, "source": "start", "desks": [token]})
    assert again["token"] == token
    assert work_of(second, token) == before
    desk = second.desks.get(token)
    assert len(desk.cells(1)[2].asked.clicks) == 2
    assert [i for i, c in desk.cells(1).items() if c.mask.is_empty] == [9, 10, 11]


def test_propagation_that_was_cut_off_is_kept_as_far_as_it_came(start, monkeypatch):
    monkeypatch.setattr("app.work.PAUSE", 0.0)
    first = start()
    token = first.ask({"do": "hello"})["token"]
    click(first, token, 0.5, index=0)
    request = {
        "token": token,
        "call": "c",
        "do": "propagate",
        "object": 1,
        "index": 0,
        "direction": "forward",
    }
    running = first.work(request)
    for _ in range(4):
        next(running)
    done = list(first.desks.get(token).cells(1))

    second = start()
    second.ask({"do": "hello", "token": token, "source": "start", "desks": [token]})
    assert list(second.desks.get(token).cells(1)) == done
    assert len(done) > 2
    running.close()


def test_undone_and_deleted_work_does_not_come_back(start):
    first = start()
    token = first.ask({"do": "hello"})["token"]
    click(first, token, 0.5)
    click(first, token, 0.2)
    ask(first, token, do="undo")
    click(first, token, 0.8, 1, index=4)
    ask(first, token, do="undo")
    second = start()
    second.ask({"do": "hello", "token": token, "source": "start", "desks": [token]})
    desk = second.desks.get(token)
    assert [list(desk.cells(thing.id)) for thing in desk.things] == [[2]]


def test_draft_lies_over_what_was_saved_and_saving_empties_it(start):
    first = start()
    token = first.ask({"do": "hello"})["token"]
    click(first, token, 0.5)
    ask(first, token, do="save", expression="The ball.")
    assert first.drafts._base.execute("SELECT count(*) FROM cell").fetchone() == (0,)
    click(first, token, 0.2, 1, index=7)
    before = work_of(first, token)

    second = start()
    second.ask({"do": "hello", "token": token, "source": "start", "desks": [token]})
    after = work_of(second, token)
    assert [cells.keys() for *_, cells in after[1]] == [{2: 0, 7: 0}.keys()]
    assert after[1][0][0] == before[1][0][0]
    ask(second, token, do="save", expression="The ball.")
    fresh = second.ask({"do": "hello"})["token"]
    assert list(second.desks.get(fresh).cells(1)) == [2, 7]


def test_sentence_and_its_objects_stay_together_when_a_pair_was_shown_again(start):
    first = start()
    token = first.ask({"do": "hello"})["token"]
    click(first, token, 0.2)
    ask(first, token, do="save", expression="The left one.")
    click(first, token, 0.8)
    saved = ask(first, token, do="save", expression="The right one.", seen=0)
    pairs = [m["pairs"] for m in saved["messages"] if m["kind"] == "saved"][-1]
    left = next(pair["id"] for pair in pairs if pair["expression"] == "The left one.")
    ask(first, token, do="reopen", pair=left)

    for unsaved, expected in [
        (False, ("The right one.", [False, True])),
        (True, ("The left one.", [True, False])),
    ]:
        if unsaved:
            click(first, token, 0.3, 1, index=7)
        later = start()
        again = later.ask({"do": "hello", "token": token, "source": "start", "desks": [token]})["token"]
        desk = later.desks.get(again)
        assert (desk.expression, [thing.fits for thing in desk.things]) == expected


def test_somebody_elses_page_does_not_see_the_draft(start):
    first = start()
    token = first.ask({"do": "hello"})["token"]
    click(first, token, 0.5)
    second = start()
    other = second.ask({"do": "hello", "desks": ["guess"]})
    assert other["desk"]["objects"] == []
    assert token not in (paths.data_dir() / "drafts.sqlite").read_bytes().decode("latin-1")


def test_draft_is_given_to_the_person_who_drew_it_alone(start):
    with acting("ann"):
        first = start()
        token = first.ask({"do": "hello"})["token"]
    click(first, token, 0.5)
    second = start()
    asked = {"do": "hello", "token": token, "source": "start", "desks": [token]}
    with acting("bob"):
        assert second.ask(asked)["token"] != token
    with acting("ann"):
        assert second.ask(asked)["token"] == token


def test_draft_that_cannot_be_written_is_told_once_and_the_work_goes_on(desk, tmp_path):
    drafts = Drafts(tmp_path / "drafts.sqlite")
    drafts.follow(desk, "token")
    drafts.close()
    desk.ask(3, click=(0.5, 0.5, True))
    desk.ask(4, click=(0.5, 0.5, True), thing=1)
    assert [m["kind"] for m in desk.feed.since(0)] == ["trouble", "change", "change"]
    assert "cannot be kept" in desk.feed.since(0)[0]["error"]


def test_killed_server_loses_no_finished_act(tmp_path, clip):
    import os
    import signal
    import subprocess
    import sys

    script = f"""
import sys
sys.path[:0] = {[str(p) for p in sys.path if p]!r}
from pathlib import Path
import numpy as np
from app.desk import Desk
from app.drafts import Drafts
from core import media
from core.masks import Mask
desk = Desk(media.open({str(clip.video.path)!r}).clip(), None, source="start")
drafts = Drafts(Path({str(tmp_path / "d.sqlite")!r}))
drafts.follow(desk, "token")
k = 0
while True:
    pixels = np.zeros(desk.clip.size, bool)
    pixels[:, : k % 100 + 1] = True
    desk.brush(k % 12, Mask.encode(pixels), erase=False, thing=1 if k else None)
    k += 1
    print(k, flush=True)
"""
    running = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    done = 0
    for line in running.stdout:
        done = int(line)
        if done == 40:
            os.kill(running.pid, signal.SIGKILL)
            break
    running.wait()
    drafts = Drafts(tmp_path / "d.sqlite")
    desk = empty_desk(clip)
    drafts.restore(desk, "token")
    assert len(desk.cells(1)) == 12
    assert max(cell.mask.area for cell in desk.cells(1).values()) >= done * clip.size[0]


def empty_desk(clip):
    from app.desk import Desk
    from app.keeping import Kept

    desk = Desk(clip, lambda: None, source="start")
    desk.kept = Kept()
    return desk


def come_back(start, token):
    """The desk on a server that was started anew."""
    server = start()
    answer = server.ask({"do": "hello", "token": token, "source": "start", "desks": [token]})
    assert answer["token"] == token
    return server


def test_undo_and_redo_reach_back_over_a_restart(start, monkeypatch):
    monkeypatch.setattr("app.work.PAUSE", 0.0)
    first = start()
    token = first.ask({"do": "hello"})["token"]
    states = [work_of(first, token)[1]]

    def note():
        states.append(work_of(first, token)[1])

    click(first, token, 0.5, index=0)
    note()
    request = {"do": "propagate", "object": 1, "index": 0, "direction": "forward"}
    list(first.work({"token": token, "call": "c", **request}))
    note()
    click(first, token, 0.2, index=3)
    note()
    ask(first, token, do="delete", object=1)
    note()
    ask(first, token, do="object", object=2, category="dog")
    ask(first, token, do="undo")

    second = come_back(start, token)
    for state in states[-2::-1]:
        ask(second, token, do="undo")
        assert work_of(second, token)[1] == state
    assert second.ask({"do": "undo", "token": token})["ok"] is False

    third = come_back(start, token)
    for state in states[1:]:
        ask(third, token, do="redo")
        assert work_of(third, token)[1] == state
    ask(third, token, do="redo")
    assert third.desks.get(token).things[0].category == "dog"
    assert third.ask({"do": "redo", "token": token})["ok"] is False


def test_undo_reaches_back_over_a_save_and_a_restart(start):
    first = start()
    token = first.ask({"do": "hello"})["token"]
    click(first, token, 0.5)
    before = first.desks.get(token).cells(1)[2].mask
    click(first, token, 0.2, 1)
    ask(first, token, do="save", expression="The ball.")

    second = come_back(start, token)
    desk = second.desks.get(token)
    assert desk.kept.revision == desk.revision  # what is shown as saved
    ask(second, token, do="undo")
    assert desk.cells(1)[2].mask == before


def test_what_somebody_else_saved_meanwhile_is_never_undone(start):
    first = start()
    token = first.ask({"do": "hello"})["token"]
    click(first, token, 0.5)
    ask(first, token, do="save", expression="The ball.")
    other = first.ask({"do": "hello"})["token"]
    click(first, other, 0.2, 1)
    ask(first, other, do="save", expression="The ball.")

    second = come_back(start, token)
    assert second.desks.get(token).past == ([], [])
    assert second.ask({"do": "undo", "token": token})["ok"] is False


def test_a_sentence_typed_while_a_save_settles_waits_for_it_and_not_for_ever(start, monkeypatch):
    studio = start()
    token = studio.ask({"do": "hello"})["token"]
    click(studio, token, 0.5)
    settling, typed = threading.Event(), threading.Event()
    clear = drafts._clear

    def slow(base, page):
        settling.set()
        typed.wait(0.3)  # time for the sentence to come in between
        clear(base, page)

    monkeypatch.setattr(drafts, "_clear", slow)
    save = threading.Thread(target=lambda: ask(studio, token, do="save", expression="The dog."), daemon=True)

    def write():
        assert settling.wait(10)
        ask(studio, token, do="sentence", expression="The dog that barks.")
        typed.set()

    write = threading.Thread(target=write, daemon=True)
    for each in (write, save):
        each.start()
    for each in (save, write):
        each.join(10)
        assert not each.is_alive()
    assert studio.desks.get(token).expression == "The dog that barks."
