"""What the tabs around the player are told."""

import stat
import time
import zipfile
from uuid import uuid4

import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from annotations.store import Store
from app import work
from app.exports import Exports
from app.keeping import Keeper
from app.library import Library
from app.media_routes import Links
from app.tabs.around import Tabs
from app.tabs.remarks import remarks
from app.tabs.selection import selection
from app.tabs.systems import tables
from core import registry
from core.errors import RefavsError
from core.systems import Referral


@pytest.fixture
def store():
    with Store.open() as store:
        yield store


@pytest.fixture
def links():
    return Links()


@pytest.fixture
def inbox(tmp_path):
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


@pytest.fixture
def tabs(store, links, inbox, clip):
    return Tabs(
        store=store, library=Library(inbox, clip.video.path), links=links, exports=Exports(store, links)
    )


@pytest.fixture
def saved(desk, store):
    """A desk with two pairs: one on an object, one that nothing fits."""
    keeper = Keeper(store)
    keeper.load(desk)
    desk.ask(3, click=(0.5, 0.5, True))
    desk.change_thing(1, category="dog")
    keeper.save(desk, "The dog that barks first.")
    desk.change_thing(1, fits=False)
    keeper.save(desk, "The red piano on the left.")
    return desk


def done(tabs, person=None):
    for _ in range(600):
        job = tabs.ask({"do": "exchange"}, person)["job"]
        if job["done"]:
            return job
        time.sleep(0.05)
    raise AssertionError("the job did not end")


def listed(tabs, **which):
    answer = tabs.ask({"do": "pairs", **which}, None)
    assert answer["ok"], answer
    return [pair["expression"] for pair in answer["pairs"]]


def test_pairs_are_listed_newest_first_with_what_they_refer_to(tabs, saved):
    null, dog = tabs.ask({"do": "pairs"}, None)["pairs"]
    assert (dog["expression"], dog["categories"], dog["null"]) == (
        "The dog that barks first.",
        ["dog"],
        False,
    )
    assert (null["expression"], null["categories"], null["null"]) == ("The red piano on the left.", [], True)
    assert dog["frame"] == 3
    assert dog["clip"] == "start"
    assert "sound" in dog["cues"]


@pytest.mark.parametrize(
    ("which", "found"),
    [
        ({"cue": "place"}, ["The red piano on the left."]),
        ({"cue": "sound"}, ["The dog that barks first."]),
        ({"category": "DOG"}, ["The dog that barks first."]),
        ({"category": "cat"}, []),
        ({"text": "PIANO"}, ["The red piano on the left."]),
        ({"status": "accepted"}, []),
        ({"annotator": "nobody"}, []),
    ],
)
def test_pairs_are_chosen(tabs, saved, which, found):
    assert listed(tabs, **which) == found


def test_pairs_are_chosen_by_session_and_date_and_exported_so(tabs, saved, store):
    mine = str(saved.kept.session)
    assert [each["id"] for each in tabs.ask({"do": "statistics"}, None)["sessions"]] == [mine]
    for chosen, count in (
        ({"session": mine}, 2),
        ({"session": str(uuid4())}, 0),
        ({"since": "2020-01-31T00:00:00.000Z"}, 2),
        ({"since": "2999-01-31T00:00:00.000Z"}, 0),
    ):
        assert len(listed(tabs, **chosen)) == count
        which = selection(chosen)
        assert len(store.pairs(which)) == count
    with pytest.raises(RefavsError, match="cannot be read"):
        selection({"session": "mine"})


def test_next_page_goes_on_after_the_last_pair(tabs, desk, store, monkeypatch):
    monkeypatch.setattr("app.tabs.dataset.SHOWN", 2)
    keeper = Keeper(store)
    keeper.load(desk)
    for n in range(5):
        keeper.save(desk, f"The piano number {n}.")
    seen, after = [], None
    for _ in range(9):
        answer = tabs.ask({"do": "pairs", "after": after}, None)
        seen += [pair["expression"][-2] for pair in answer["pairs"]]
        after = answer["next"]
        if after is None:
            break
    assert "".join(seen) == "43210"


def test_list_that_has_changed_is_told(tabs, saved):
    for after in (str(uuid4()), "no id"):
        answer = tabs.ask({"do": "pairs", "after": after}, None)
        assert answer["ok"] is False
        assert "from its beginning" in answer["error"]


def test_picture_of_a_pair_shows_its_mask_and_only_with_its_link(tabs, saved, links):
    dog = tabs.ask({"do": "pairs"}, None)["pairs"][1]
    client = TestClient(Starlette(routes=links.routes()))
    answer = client.get("/" + dog["picture"])
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.content[:2] == b"\xff\xd8"
    assert client.get("/" + dog["picture"][:-1] + "x").status_code == 403


def test_statistics_count_every_pair_once(tabs, saved):
    told = tabs.ask({"do": "statistics"}, None)
    plots = {plot["title"]: dict(plot["bars"]) for plot in told["plots"]}
    assert (told["pairs"], told["clips"]) == (2, 1)
    assert plots["Refers to"] == {"one object": 1, "nothing fits": 1}
    assert sum(plots["Words in a sentence"].values()) == 2
    assert sum(plots["Status"].values()) == 2


def test_dataset_that_was_exported_comes_back_into_an_empty_store(tabs, saved, inbox, links, tmp_path):
    begun = tabs.ask({"do": "export dataset", "format": "coco"}, "ann")
    assert begun["ok"], begun
    assert tabs.ask({"do": "exchange"}, "bob")["job"] is None
    job = done(tabs, "ann")
    assert "error" not in job, job
    assert any("The dog that barks first." in line for line in job["details"])  # drawn on one frame only
    packed = inbox / "upload"
    packed.write_bytes(TestClient(Starlette(routes=links.routes())).get("/" + job["link"]).content)

    with Store.open(f"sqlite:///{tmp_path}/other.db") as other:
        fresh = Tabs(store=other, library=Library(inbox), links=links, exports=Exports(other, links))
        assert fresh.ask({"do": "import dataset", "path": str(packed), "name": "coco.zip"}, None)["ok"]
        job = done(fresh)
        assert "error" not in job, job
        assert listed(fresh) == ["The red piano on the left."]
    assert not packed.exists()


def packed_with(path, name, *, link=False):
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo(name)
        info.external_attr = (stat.S_IFLNK | 0o777 if link else stat.S_IFREG | 0o644) << 16
        archive.writestr(info, "/etc/passwd")
    return path


@pytest.mark.parametrize(
    ("name", "link"), [("../../out.txt", False), ("/tmp/refavs-out.txt", False), ("metadata.csv", True)]
)
def test_archive_that_leads_out_of_its_folder_is_refused(tabs, inbox, name, link):
    path = packed_with(inbox / "upload", name, link=link)
    tabs.ask({"do": "import dataset", "path": str(path), "name": "bad.zip"}, None)
    assert "leads out of its folder" in done(tabs)["error"]
    assert not (inbox.parent / "out.txt").exists()


@pytest.mark.parametrize("content", [b"", b"no archive", None])
def test_upload_that_is_no_dataset_is_told_in_one_sentence(tabs, inbox, content):
    path = inbox / "upload"
    if content is None:
        packed_with(path, "readme.txt")
    else:
        path.write_bytes(content)
    tabs.ask({"do": "import dataset", "path": str(path), "name": "x.zip"}, None)
    assert "'x.zip'" in done(tabs)["error"]


def test_import_takes_nothing_from_outside_the_inbox(tabs, tmp_path):
    path = packed_with(tmp_path / "elsewhere.zip", "metadata.csv")
    answer = tabs.ask({"do": "import dataset", "path": str(path), "name": "x.zip"}, None)
    assert answer["ok"] is False
    assert path.exists()


def test_gallery_has_a_picture_and_sentences_for_each_sample(tabs, links):
    clips = tabs.ask({"do": "gallery"}, None)["clips"]
    assert len(clips) >= 3
    assert all(clip["expressions"] for clip in clips)
    client = TestClient(Starlette(routes=links.routes()))
    assert client.get("/" + clips[0]["picture"]).content[:2] == b"\xff\xd8"


def test_systems_tell_what_is_here_and_how_large_the_rest_is(tabs):
    told = tabs.ask({"do": "systems"}, None)
    rows = {row["name"]: row for row in [*told["systems"], *told["segmenters"]]}
    assert rows.keys() == registry.SYSTEMS.keys() | registry.SEGMENTERS.keys()
    assert rows["classical"]["state"] == "ready"
    assert rows["nano-segmenter"]["megabytes"] > 1
    assert rows["sam2.1-tiny"]["megabytes"] == 156


def test_tables_of_a_page_are_read_with_their_titles():
    text = "# Results\n\n## Clicks\n\n`a` command, [b](x).\n\n| | IoU |\n|---|---|\n| *nano* | 42.7 |\n"
    assert tables(text) == [
        {"title": "Clicks", "words": "a command, b.", "head": ["", "IoU"], "rows": [["nano", "42.7"]]}
    ]


def kinds(answer):
    return [(remark["level"], remark["words"]) for remark in answer["remarks"]]


def test_sentence_is_checked_as_it_would_be_saved(saved):
    assert remarks(saved, "   ") == {"cues": [], "remarks": []}
    (refused,) = kinds(remarks(saved, "No."))
    assert refused[0] == "refuse"
    said = kinds(remarks(saved, "The dog that barks first."))
    assert any(level == "refuse" and "cannot be null" in words for level, words in said)
    assert "place" in remarks(saved, "The dog on the left.")["cues"]


def test_sentence_written_before_anything_is_drawn_is_not_taken_for_a_null_one(desk, store):
    Keeper(store).load(desk)
    assert kinds(remarks(desk, "The dog that barks loudest.")) == []


def said_of(desk, expression):
    return [words for _, words in kinds(remarks(desk, expression))]


def test_sentence_that_fits_the_systems_second_best_too_is_warned_of_but_not_when_both_are_meant(desk, store):
    Keeper(store).load(desk)
    desk.ask(3, click=(0.5, 0.5, True))
    told = {
        "expression": "The dog that barks",
        "numbers": [[4, 1]],
        "ranked": [[4, 0.8], [2, 0.75], [7, 0.1]],
    }
    desk.say_reasons([], told)
    assert any(
        "fits number 2 of its reasons almost as well" in words
        for words in said_of(desk, "The dog that barks.")
    )
    assert not any("almost" in words for words in said_of(desk, "The dog that barks first."))
    desk.say_reasons([], told | {"ranked": [[4, 0.8], [2, 0.4]]})
    assert not any("almost" in words for words in said_of(desk, "The dog that barks."))
    desk.say_reasons([], told)
    desk.ask(3, click=(0.2, 0.2, True))
    desk.change_thing(1, fits=True)
    assert not any("almost" in words for words in said_of(desk, "The dog that barks."))


def test_sentence_that_a_system_finds_something_for_is_doubted_when_nothing_shall_fit(desk, store):
    Keeper(store).load(desk)
    desk.say_reasons([], {"expression": "The red piano.", "numbers": [], "ranked": [[4, 0.8]]})
    assert any("does nothing really fit" in words for words in said_of(desk, "The red piano."))
    desk.say_reasons([], {"expression": "The red piano.", "numbers": [], "ranked": [[None, 1.0], [4, 0.8]]})
    assert not any("really fit" in words for words in said_of(desk, "The red piano."))


def test_pair_that_is_open_is_no_double_of_itself(saved):
    assert not any("there" in words for _, words in kinds(remarks(saved, "The red piano on the left.")))


@pytest.mark.parametrize(("sound", "level"), [("mute", 0.0), ("noise:20", 0.1)])
def test_system_hears_what_was_chosen_and_the_clip_keeps_its_sound(desk, store, monkeypatch, sound, level):
    heard, asked = [], []

    class Listener:
        name = "listener"

        def refer(self, clip, expression):
            heard.append(clip.audio(16000))
            asked.append(expression)
            yield Referral((clip.first,), (), None, ())

    Keeper(store).load(desk)
    monkeypatch.setattr(registry, "system", lambda name: Listener())
    before = desk.clip.audio(16000)
    list(work.refer(desk, " ", "c", sound=sound))
    assert np.sqrt(np.mean(heard[0] ** 2)) == pytest.approx(level, abs=0.01)
    assert (before is None) == (desk.clip.audio(16000) is None)
    assert asked == [None]
    assert [trial["found"] for trial in desk.summary()["trials"]] == [False]


def test_unknown_sound_is_refused(desk, store):
    Keeper(store).load(desk)
    with pytest.raises(ValueError, match="normal, mute"):
        list(work.refer(desk, "The dog.", "c", sound="loud"))


def test_strange_requests_are_answered_in_words(tabs):
    for request in (
        {"do": "export dataset", "format": "../x"},
        {"do": "export dataset", "status": "gone"},
        {"do": "pairs", "text": {"a": 1}, "cue": 5},
        {"do": "import dataset", "path": None},
    ):
        answer = tabs.ask(request, None)
        assert answer["ok"] or "Something went wrong" not in answer["error"]
    assert not tabs.knows({"do": "nothing"})
    assert not tabs.knows("pairs")
