"""Time, clicks and prompts: counted on the server, stored with the pair that is saved."""

from uuid import uuid4

import pytest

from annotations.records import Spent, StoreError
from annotations.store import Store
from app import work
from app.drafts import Drafts
from app.effort import Effort
from app.keeping import Keeper
from core import registry
from core.masks import Mask


@pytest.fixture
def keeper():
    with Store.open() as store:
        yield Keeper(store)


def asked(desk):
    return [(prompt.frame, prompt.kind, prompt.said) for prompt in desk.effort.prompts]


def logged(desk, keeper):
    return [(line.prompt.frame, line.prompt.kind) for line in keeper.store.prompts(desk.kept.clip)]


def test_long_pause_counts_as_a_short_one():
    now = [0.0]
    effort = Effort(clock=lambda: now[0])
    for now[0] in (10.0, 30.0, 3630.0):
        effort.ask(uuid4(), 3, "click", {})
    assert effort.told() == {"seconds": 90, "clicks": 3, "strokes": 0}


def test_what_is_asked_of_the_desk_is_counted_and_listed(desk, monkeypatch):
    monkeypatch.setattr(registry, "segmenter", desk._segmenter)
    desk.ask(3, click=(0.5, 0.5, True))
    desk.ask(3, box=(0.25, 0.25, 0.75, 0.75), thing=1)
    stroke = desk.cells(1)[3].mask
    desk.brush(3, stroke, erase=False, thing=1)
    desk.undo()
    desk.redo()
    desk.say_absent(5, 1, onward=True)
    list(work.propagate(desk, 1, 3, "backward", None))
    told = desk.summary()["effort"]
    assert (told["clicks"], told["strokes"]) == (2, 1)
    assert asked(desk) == [
        (3, "click", {"x": 64, "y": 48, "positive": True}),
        (3, "box", {"box": [32, 24, 96, 72]}),
        (3, "brush", {"counts": stroke.counts}),
        (3, "undo", {"act": "brush"}),
        (3, "redo", {"act": "brush"}),
        (5, "absent", {"last": 11}),
        (3, "propagate", {"first": 0, "last": 3}),
    ]


def test_what_a_pair_cost_adds_up_over_its_saves_and_starts_anew_after_each(desk, keeper):
    keeper.load(desk)
    for frame in (3, 4):
        desk.ask(frame, click=(0.5, 0.5, True), thing=1)
        keeper.save(desk, "The dog.")
        assert desk.effort.spent == Spent(desk.effort.seconds)
    (pair,) = desk.kept.pairs
    assert keeper.store.spent([pair.id])[pair.id].clicks == 2
    assert logged(desk, keeper) == [(3, "click"), (4, "click")]


def test_prompts_of_an_object_that_is_not_saved_wait_until_it_is(desk, keeper):
    keeper.load(desk)
    desk.ask(3, click=(0.5, 0.5, True))
    desk.ask(4, click=(0.2, 0.2, True))
    desk.ask(5, click=(0.5, 0.5, True), thing=1)
    keeper.save(desk, "The second.")
    assert logged(desk, keeper) == [(4, "click")]
    desk.change_thing(1, fits=True)
    keeper.save(desk, "Both.")
    assert logged(desk, keeper) == [(4, "click"), (3, "click"), (5, "click")]
    assert desk.effort.prompts == []


def test_a_save_that_failed_loses_no_count_and_no_prompt(desk, keeper, monkeypatch):
    keeper.load(desk)
    desk.ask(3, click=(0.5, 0.5, True))

    def full(*_, **__):
        raise StoreError("The disk is full.")

    with monkeypatch.context() as then:
        then.setattr(keeper.store, "save_work", full)
        with pytest.raises(StoreError, match="full"):
            keeper.save(desk, "The dog.")
    assert len(asked(desk)) == 1
    keeper.save(desk, "The dog.")
    assert logged(desk, keeper) == [(3, "click")]
    assert keeper.store.spent([desk.kept.pairs[0].id])[desk.kept.pairs[0].id].clicks == 1


def test_a_restart_of_the_server_keeps_what_was_asked_and_counted(desk, keeper, tmp_path):
    keeper.load(desk)
    drafts = Drafts(tmp_path / "drafts.sqlite")
    drafts.follow(desk, "token")
    desk.ask(3, click=(0.5, 0.5, True))
    desk.brush(4, Mask.encode(desk.cells(1)[3].mask.decode()), erase=False, thing=1)
    again = type(desk)(desk.clip, desk._segmenter, name="clip")
    keeper.load(again)
    drafts.restore(again, "token")
    assert again.effort.prompts == desk.effort.prompts
    assert (again.effort.clicks, again.effort.strokes) == (1, 1)
    keeper.save(again, "The dog.")
    drafts.settle(again, "token")
    third = type(desk)(desk.clip, desk._segmenter, name="clip")
    keeper.load(third)
    drafts.restore(third, "token")
    assert third.effort.prompts == []
    assert logged(again, keeper) == [(3, "click"), (4, "brush")]
    drafts.close()
