"""What programs can ask for, called as Gradio calls it."""

import shutil
from types import SimpleNamespace

import gradio as gr
import numpy as np
import pytest

from annotations.store import Store
from app import api as api_module
from app.api import Api, endpoints, numbers, waiting
from app.exports import Exports
from app.library import Library
from app.limits import Rate
from app.media_routes import Links
from app.people import PERSON
from core import registry
from core.masks import Mask, Track
from core.systems.protocol import Found, Referral, Step


class FindsASquare:
    """Answers a square on the first frame, or nothing for a sentence about a dog."""

    name = "finds-a-square"

    def refer(self, clip, expression):
        yield Step("look", "Looked.", progress=0.5)
        found = () if expression and "dog" in expression else (self.square(clip),)
        words = "Found it." if found else "Nothing fits."
        yield Referral((clip.first,), found, None, (Step("look", "Looked."), Step("answer", words)))

    @staticmethod
    def square(clip):
        pixels = np.zeros(clip.size, bool)
        pixels[10:20, 10:30] = True
        return Found(Track(clip.size, {clip.first: Mask.encode(pixels)}), "piano", {clip.first: 0.75})


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """A store that has been opened once; to be copied, because making the tables takes a while."""
    path = tmp_path_factory.mktemp("template") / "empty.db"
    Store.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def api(clip, desk, monkeypatch, tmp_path, empty):
    monkeypatch.setattr(registry, "segmenter", lambda name="auto": desk._segmenter())
    monkeypatch.setattr(registry, "system", lambda name="cue": FindsASquare())
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    with Store.open(f"sqlite:///{shutil.copy(empty, tmp_path / 'refavs.db')}") as store:
        made = Api(
            store=store,
            library=Library(inbox, clip.video.path),
            exports=Exports(store, Links()),
            sign_in=True,
        )
        made.inbox = inbox
        yield made


def of(person):
    """A request of somebody; None = of nobody who has signed in."""
    scope = {} if person is None else {PERSON: person}
    client = SimpleNamespace(host="203.0.113.5")
    return SimpleNamespace(scope=scope, headers={}, client=client, cookies={})


def last(answers):
    return list(answers)[-1]


def sentence(error):
    return str(error.value.message)


def test_refer_tells_how_far_it_is_and_answers_every_frame(api, clip):
    answers = list(api.refer("start", "the piano"))
    assert answers[0] == {"done": False, "progress": 0.3, "words": "Looked."}
    found = answers[-1]
    assert (found["done"], found["null"], found["answer"]) == (True, False, "Found it.")
    assert [each["category"] for each in found["objects"]] == ["piano"]
    assert list(map(int, found["objects"][0]["masks"])) == list(clip.indices)
    few = last(api.refer("start", "the piano", every_frame=False))
    assert list(few["objects"][0]["masks"]) == ["0"]
    none = last(api.refer("start", "the dog"))
    assert (none["null"], none["objects"]) == (True, [])


def test_uploaded_video_gets_a_key_for_the_next_call(api, clip):
    upload = api.inbox / "mine.mp4"
    upload.write_bytes(clip.video.path.read_bytes())
    first = api.segment({"path": str(upload), "orig_name": "mine.mp4"}, 2, [[64, 48]])
    assert first["video"] == clip.video.sha256
    assert not upload.exists()
    again = api.segment(first["video"], 2, [[64, 48]])
    assert again == first
    assert again["box"] == [60, 44, 68, 52]
    assert again["area"] == 64


def test_propagate_keeps_what_was_given_and_answers_the_range(api):
    mask = api.segment("start", 4, box=[10, 10, 20, 20])["mask"]
    found = last(api.propagate("start", {"4": mask}, 2, 7))
    assert list(found["masks"]) == ["2", "3", "4", "5", "6", "7"]
    assert found["masks"]["4"] == mask
    assert found["scores"]["5"] == 0.8


def test_saved_pair_is_the_persons_draft_and_is_listed_with_its_masks(api):
    objects = last(api.refer("start", "the piano"))["objects"]
    saved = api.save("start", "the piano", objects, http=of("ann"))
    assert (saved["status"], saved["author"]) == ("draft", "ann")
    nothing = api.save("start", "the dog", null_kind="absent", http=of("bob"))
    listed = api.pairs(masks=True, http=of("ann"))["pairs"]
    assert [each["pair"] for each in listed] == [nothing["pair"], saved["pair"]]
    assert [each["annotator"] for each in listed] == ["bob", "ann"]
    assert listed[0]["null_kind"] == "absent"
    assert listed[1]["expression"] == "the piano."
    assert listed[1]["objects"][0]["masks"] == objects[0]["masks"]
    assert [each["pair"] for each in api.pairs(annotator="ann")["pairs"]] == [saved["pair"]]


def test_list_goes_on_where_it_ended(api, monkeypatch):
    monkeypatch.setattr(api_module, "PAGE", 2)
    ids = [api.save("start", f"sentence {k}", http=of("ann"))["pair"] for k in range(3)]
    first = api.pairs()
    second = api.pairs(after=first["next"])
    assert [each["pair"] for each in first["pairs"] + second["pairs"]] == ids[::-1]
    assert second["next"] is None


def test_who_has_not_signed_in_may_look_but_not_save(api):
    with pytest.raises(gr.Error) as error:
        api.save("start", "the piano", http=of(None))
    assert "Sign in first" in sentence(error)
    assert api.pairs(http=of(None)) == {"pairs": [], "next": None}


def test_export_gives_a_link_to_what_was_chosen(api):
    objects = last(api.refer("start", "the piano"))["objects"]
    api.save("start", "The piano.", objects, http=of("ann"))
    made = api.export("refavs", annotator="ann")
    assert (made["pairs"], made["rows"], made["refused"]) == (1, 1, [])
    assert made["link"].startswith("gradio_api/refavs/media/")
    with pytest.raises(gr.Error) as error:
        api.export("refavs", annotator="nobody")
    assert "nothing to export" in sentence(error)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda api: api.segment("nope", 0, [[1, 1]]), "no video 'nope' here"),
        (lambda api: api.segment("/etc/passwd", 0, [[1, 1]]), "did not arrive"),
        (lambda api: api.segment({"path": "/etc/passwd", "url": "http://127.0.0.1"}, 0), "did not arrive"),
        (lambda api: api.segment("start", 99, [[1, 1]]), "there is no frame 99"),
        (lambda api: api.segment("start", 1), "Nothing was asked"),
        (lambda api: api.segment("start", 1, "ab"), "Clicks are"),
        (lambda api: api.segment("start", 1, [[1, 1]] * 201), "at most 200 clicks"),
        (lambda api: last(api.refer("start", "x" * 1001)), "at most 1000 are read"),
        (lambda api: last(api.refer("start", 5)), "A sentence is text"),
        (lambda api: last(api.propagate("start", {})), "no mask to carry"),
        (lambda api: last(api.propagate("start", {"x": {}})), "no frame 'x'"),
        (lambda api: last(api.propagate("start", {"1": {"size": [2, 2], "counts": "4"}})), "A mask"),
        (lambda api: last(api.propagate("start", {"1": {}}, 5, 2)), "Expected frames from 0 to 11"),
        (lambda api: api.save("start", " ", http=of("ann")), "no sentence"),
        (lambda api: api.save("start", "a", [{"masks": {}}], http=of("ann")), "no pixels"),
        (lambda api: api.save("start", "a", "b", http=of("ann")), "Objects are a list"),
        (lambda api: api.save("start", "a", null_kind="b", http=of("ann")), "got 'b'"),
        (lambda api: api.pairs(after="b"), "Expected the id of a pair"),
        (lambda api: api.pairs(status="b"), "no status 'b'"),
        (lambda api: api.export("b"), "no format 'b'"),
    ],
)
def test_what_cannot_be_used_is_told_in_one_sentence(api, call, said):
    with pytest.raises(gr.Error) as error:
        call(api)
    assert said in sentence(error)
    assert error.value.print_exception is False


def test_video_that_is_too_long_for_one_call_is_told(api, monkeypatch):
    monkeypatch.setattr(api_module, "FRAMES", 5)
    with pytest.raises(gr.Error) as error:
        last(api.refer("start", "the piano"))
    assert "At most 5 frames" in sentence(error)
    assert last(api.refer("start", "the piano", every_frame=False))["done"]


def test_too_many_calls_of_one_person_are_told(api):
    api._rate = Rate(calls=2)
    api.pairs(http=of("ann"))
    api.pairs(http=of("ann"))
    with pytest.raises(gr.Error) as error:
        api.pairs(http=of("ann"))
    assert "At most 2 calls" in sentence(error)
    api.pairs(http=of("bob"))


def test_endpoints_have_names_types_and_words_and_queues_of_their_own(api):
    with gr.Blocks() as page:
        endpoints(api)
    page.queue()
    told = page.get_api_info()["named_endpoints"]
    assert set(told) == {"/refer", "/segment", "/propagate", "/save", "/pairs", "/export"}
    assert [p["parameter_name"] for p in told["/segment"]["parameters"]] == [
        *("video", "frame", "clicks", "box", "segmenter")
    ]
    for endpoint in told.values():
        assert len(endpoint["description"]) > 40
        assert all(parameter["type"] for parameter in endpoint["parameters"])
    assert len(numbers(page)) == 6
    assert waiting(page) == 0
