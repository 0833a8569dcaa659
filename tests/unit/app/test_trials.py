"""Answers that are only looked at: to another sound, or of another system. Never work, never saved."""

import numpy as np
import pytest

from annotations.store import Store
from app import work
from app.drafts import Drafts
from app.keeping import Keeper
from core import registry
from core.errors import PromptError
from core.masks import Mask, Track
from core.systems.protocol import Found, Referral, Step


class Answers:
    """Finds a square at the left as long as it is asked to find something."""

    def __init__(self, name, found=True):
        self.name, self.found = name, found

    def refer(self, clip, expression):
        yield Step("look", "Looked.")
        pixels = np.zeros(clip.size, bool)
        pixels[4:12, 4:12] = True
        found = Found(Track(clip.size, {clip.first: Mask.encode(pixels)}), "dog", {clip.first: 0.9})
        yield Referral((clip.first,), (found,) if self.found else (), None, (Step("answer", "Chose it."),))


@pytest.fixture(autouse=True)
def _systems(monkeypatch, desk):
    monkeypatch.setattr(registry, "segmenter", desk._segmenter)
    monkeypatch.setattr(registry, "system", lambda name: Answers(name, found=name != "finds nothing"))


@pytest.fixture
def keeper(desk):
    with Store.open() as store:
        keeper = Keeper(store)
        keeper.load(desk)
        yield keeper


def refer(desk, expression="The dog.", **options):
    list(work.refer(desk, expression, "c", **options))


def trials(desk):
    return [
        (t["system"], t["sound"], t["found"], [o["category"] for o in t["objects"]])
        for t in desk.summary()["trials"]
    ]


def test_answer_to_another_sound_lies_beside_the_answer_and_is_no_work(desk, keeper):
    refer(desk)
    own, revision = desk.things, desk.revision
    refer(desk, sound="mute")
    assert desk.things == own
    assert desk.revision == revision
    assert trials(desk) == [("cue", "mute", True, ["dog"])]
    (shown,) = desk.summary()["trials"][0]["objects"]
    assert list(desk.cells(shown["id"])) == list(desk.clip.indices)
    assert desk.verdict["system"] == "cue"


def test_second_system_may_find_nothing_and_is_named(desk, keeper):
    refer(desk)
    refer(desk, system="finds nothing")
    assert trials(desk) == [("finds nothing", "normal", False, [])]
    assert desk.verdict["found"] is True


def test_save_never_stores_an_answer_that_is_only_looked_at(desk, keeper):
    refer(desk, sound="mute")
    refer(desk, system="other")
    keeper.save(desk, "The dog.")
    (clip,) = keeper.store.clips()
    stored = keeper.store.load_clip_work(clip.clip.id)
    assert stored.objects == ()
    assert [pair.objects for pair in stored.pairs] == [()]


def test_answer_that_is_only_looked_at_cannot_be_corrected(desk, keeper):
    refer(desk, sound="mute")
    (shown,) = desk.summary()["trials"][0]["objects"]
    stroke = desk.cells(shown["id"])[0].mask
    for act in (
        lambda: desk.ask(1, click=(0.5, 0.5, True), thing=shown["id"]),
        lambda: desk.brush(1, stroke, erase=False, thing=shown["id"]),
        lambda: desk.change_thing(shown["id"], fits=True),
        lambda: desk.delete_thing(shown["id"]),
        lambda: list(work.propagate(desk, shown["id"], 0, "both", None)),
    ):
        with pytest.raises(PromptError, match="only looked at"):
            act()
    with pytest.raises(PromptError, match="nothing to undo"):
        desk.undo()


def test_another_sentence_takes_the_answers_to_the_earlier_one_away(desk, keeper):
    refer(desk, sound="mute")
    refer(desk, "The cat.", sound="mute")
    refer(desk, "The cat.", sound="mute")
    assert [trial["expression"] for trial in desk.summary()["trials"]] == ["The cat."]
    desk.forget_trials()
    assert trials(desk) == []
    assert desk._values == {}


def test_restart_of_the_server_brings_back_the_work_and_what_it_cost_but_no_trial(desk, keeper, tmp_path):
    drafts = Drafts(tmp_path / "drafts.sqlite")
    drafts.follow(desk, "token")
    refer(desk)
    refer(desk, sound="mute")
    desk.ask(3, click=(0.5, 0.5, True))
    again = type(desk)(desk.clip, desk._segmenter, name="clip")
    keeper.load(again)
    drafts.restore(again, "token")
    assert [thing.key for thing in again.things] == [thing.key for thing in desk.things]
    assert again.summary()["trials"] == []
    assert again.effort.clicks == 1
    drafts.close()


def test_empty_sentence_is_everything_that_sounds(desk, keeper, monkeypatch):
    asked = []
    answers = Answers("cue")
    monkeypatch.setattr(
        answers, "refer", lambda clip, text: asked.append(text) or Answers.refer(answers, clip, text)
    )
    monkeypatch.setattr(registry, "system", lambda name: answers)
    refer(desk, "  ")
    assert asked == [None]
    assert [thing.category for thing in desk.things] == ["dog"]


def test_answer_of_the_system_that_was_chosen_is_work(desk, keeper):
    refer(desk, system="other", chosen="other")
    assert [thing.category for thing in desk.things] == ["dog"]
    assert desk.verdict["system"] == "other"
    refer(desk, chosen="other")
    assert [trial[:2] for trial in trials(desk)] == [("cue", "normal")]
