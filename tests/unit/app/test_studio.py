import makers
import pytest

from annotations.store import Store
from app import studio as room
from app.media_routes import Links
from app.studio import Studio
from core import registry


@pytest.fixture
def inbox(tmp_path):
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


@pytest.fixture
def studio(inbox, clip, desk, monkeypatch):
    monkeypatch.setattr(registry, "segmenter", desk._segmenter)
    with Store.open() as store:
        yield Studio(inbox=inbox, start=clip.video.path, store=store, links=Links())


@pytest.fixture
def token(studio):
    return studio.ask({"do": "hello"})["token"]


def click(studio, token, **values):
    request = {
        "do": "prompt",
        "token": token,
        "seen": 0,
        "index": 2,
        "click": [0.5, 0.5, True],
        "object": None,
    }
    return studio.ask({**request, **values})


def test_page_that_comes_back_finds_its_desk(studio, token):
    click(studio, token)
    again = studio.ask({"do": "hello", "token": token})
    assert again["token"] == token
    assert [each["id"] for each in again["desk"]["objects"]] == [1]


def test_page_without_a_known_token_gets_a_desk_of_its_own(studio, token):
    click(studio, token)
    other = studio.ask({"do": "hello", "token": "guessed"})
    assert other["token"] != token
    assert other["desk"]["objects"] == []


def test_tokens_are_long_and_differ(studio):
    tokens = {studio.ask({"do": "hello"})["token"] for _ in range(5)}
    assert len(tokens) == 5
    assert all(len(token) >= 32 for token in tokens)


def test_page_opens_what_it_had_open_or_else_the_first_clip(studio):
    sample = studio.library.samples[1]
    assert studio.ask({"do": "hello", "source": sample.key})["desk"]["name"] == sample.name
    assert studio.ask({"do": "hello", "source": "gone"})["desk"]["name"] == "clip.mp4"


def test_click_is_answered_with_the_mask(studio, token):
    (message,) = click(studio, token)["messages"]
    assert (message["kind"], message["active"]) == ("change", 1)
    assert message["masks"]["1"]["2"][0]


def test_of_an_object_on_one_frame_nothing_is_said_of_its_sound(studio, token):
    click(studio, token)
    assert studio.ask({"do": "sounding", "token": token, "object": 1})["spans"] == []


def test_click_sends_and_receives_little(studio, token):
    import json

    answer = click(studio, token)
    assert len(json.dumps(answer)) < 50_000


@pytest.mark.parametrize(
    "values",
    [
        {"index": 99},
        {"index": "2"},
        {"click": [0.5, 1.5, True]},
        {"click": [0.5, "x", True]},
        {"click": [0.5]},
        {"click": None, "box": [0, 0, 2, 1]},
        {"click": None},
    ],
)
def test_prompt_that_cannot_be_used_fails_in_one_sentence_and_changes_nothing(studio, token, values):
    answer = click(studio, token, **values)
    assert answer["ok"] is False
    assert "Something went wrong" not in answer["error"]
    assert studio.desks.get(token).things == []


@pytest.mark.parametrize(
    "request_",
    [
        None,
        [],
        "undo",
        {"do": "nonsense"},
        {"do": "_desk"},
        {"do": ["undo"]},
        {"do": "masks", "object": "1"},
        {"do": "sounding"},
        {"do": "object", "object": 99, "fits": True},
        {"do": "open", "source": "../../etc/passwd"},
        {"do": "open"},
        {"do": "take", "path": "/etc/passwd", "name": "x.mp4"},
        {"do": "take"},
        {"do": "reopen", "pair": "no uuid"},
        {"do": "remove", "pair": "00000000-0000-0000-0000-000000000000"},
        {"do": "save", "expression": None},
        {"do": "undo"},
    ],
)
def test_made_up_request_is_answered_with_a_sentence(studio, token, request_):
    if isinstance(request_, dict):
        request_ = {"token": token, **request_}
    answer = studio.ask(request_)
    assert answer["ok"] is False
    assert "Something went wrong" not in answer["error"]


@pytest.mark.parametrize("name", ["undo", "masks", "save", "media", "missed"])
def test_request_with_another_token_is_refused(studio, token, name):
    answer = studio.ask({"do": name, "token": token[:-1] + "?"})
    assert answer["ok"] is False
    assert answer["error"] == room.GONE


def test_fault_of_the_program_is_told_without_its_insides(studio, token, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("secret /path")

    monkeypatch.setattr("app.desk.Desk.undo", broken)
    answer = studio.ask({"do": "undo", "token": token})
    assert answer["ok"] is False
    assert "secret" not in answer["error"]


def test_long_work_streams_its_news_to_the_end(studio, token):
    click(studio, token)
    request = {"token": token, "call": "c2", "do": "propagate", "object": 1, "index": 2, "direction": "both"}
    messages = [message for answer in studio.work(request) for message in answer["messages"]]
    assert [message["seq"] for message in messages] == list(range(2, 2 + len(messages)))
    done = messages[-1]
    assert (done["kind"], done["done"], done["call"]) == ("job", True, "c2")
    answered = {int(i) for m in messages if m["kind"] == "change" for i in m["masks"]["1"]}
    assert answered == set(range(12)) - {2}


def test_long_work_that_cannot_begin_says_why(studio, token):
    request = {"token": token, "call": "c3", "do": "propagate", "object": 1, "index": 2, "direction": "both"}
    (answer,) = studio.work(request)
    assert answer["messages"][-1]["kind"] == "failed"
    assert "no mask" in answer["messages"][-1]["error"]


def test_export_of_nothing_says_so(studio, token):
    answers = list(studio.work({"token": token, "call": "c4", "do": "export"}))
    assert "nothing to export" in answers[-1]["messages"][-1]["error"]


def test_export_gives_a_zip_in_the_ref_avs_layout(studio, token):
    import zipfile

    click(studio, token)
    request = {"token": token, "call": "c5", "do": "propagate", "object": 1, "index": 2, "direction": "both"}
    list(studio.work(request))
    assert studio.ask({"do": "save", "token": token, "expression": "The ball."})["ok"]
    done = list(studio.work({"token": token, "call": "c6", "do": "export"}))[-1]["messages"][-1]
    assert (done["done"], done["pairs"], done["written"], done["refused"]) == (True, 1, 1, [])
    served = studio.links._known[done["link"].split("/")[3]]
    names = zipfile.ZipFile(served.path).namelist()
    assert any(name.endswith("/metadata.csv") for name in names)
    assert sum("/gt_mask/" in name for name in names) == 10


def test_uploaded_video_opens_under_its_own_name(studio, inbox):
    path = makers.make_clip(inbox / "upload.mp4", frames=4)
    answer = studio.ask({"do": "take", "path": str(path), "name": "my dog.mp4"})
    assert answer["desk"]["name"] == "my dog.mp4"
    assert len(answer["desk"]["pts"]) == 4


def test_masks_come_in_pieces(studio, token, monkeypatch):
    monkeypatch.setattr(room, "MASKS_A_MESSAGE", 5)
    click(studio, token)
    request = {"token": token, "call": "c7", "do": "propagate", "object": 1, "index": 2, "direction": "both"}
    list(studio.work(request))
    start, seen = 0, []
    while start is not None:
        answer = studio.ask({"do": "masks", "token": token, "object": 1, "from": start})
        assert len(answer["masks"]) <= 5
        seen += map(int, answer["masks"])
        start = answer["next"]
    assert seen == list(range(12))
