"""What was asked on the way to a change, and what a pair cost."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from store_desk import Desk, mask

from annotations.records import ObjectEdit, PairEdit, Prompt, Spent, StoreError

AT = datetime(2026, 1, 31, 12, tzinfo=UTC)


def asked(thing, frame: int = 3, kind: str = "click", n: int = 0, **said) -> Prompt:
    return Prompt(
        thing, frame, kind, said or {"x": 4.5, "y": 60.0, "positive": True}, AT + timedelta(seconds=n)
    )


def save(desk: Desk, thing, pair, prompts=(), spent=None, text="The dog.", **options):
    objects = [ObjectEdit(thing, "dog", {3: mask(3)}, "click")]
    edit = PairEdit(pair, text, (thing,), spent=spent)
    return desk.store.save_work(
        desk.session, desk.clip.id, objects, [edit], act="save pair", prompts=prompts, **options
    )


def test_the_log_keeps_every_prompt_in_its_order_with_who_when_and_for_which_change(desk, video):
    thing, bob = uuid4(), Desk(desk.store, video, "Bob")
    mine = [asked(thing), asked(thing, 3, "box", 1, box=[1.0, 2.0, 30.5, 40.0]), asked(thing, n=2)]
    first = save(desk, thing, uuid4(), mine)
    stroke = asked(thing, 7, "brush", 3, counts=mask(9).counts)
    second = desk.store.save_work(bob.session, bob.clip.id, [], [], act="brush", prompts=[stroke])
    log = desk.store.prompts(desk.clip.id)
    assert [line.prompt for line in log] == [*mine, stroke]
    assert [(line.version, line.annotator, line.session) for line in log] == [
        *[(first.version, "Ann", desk.session)] * 3,
        (second.version, "Bob", bob.session),
    ]


def test_a_replayed_save_logs_and_counts_nothing_twice(desk):
    thing, pair, change = uuid4(), uuid4(), uuid4()
    for _ in range(2):
        save(desk, thing, pair, [asked(thing)], Spent(9.5, 1, 0), change=change)
    assert len(desk.store.prompts(desk.clip.id)) == 1
    assert desk.store.spent([pair]) == {pair: Spent(9.5, 1, 0)}


def test_undo_leaves_the_log_as_it_was(desk):
    thing = uuid4()
    save(desk, thing, uuid4(), [asked(thing)])
    desk.store.undo(desk.session, desk.clip.id)
    assert [line.prompt.kind for line in desk.store.prompts(desk.clip.id)] == ["click"]


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        (lambda thing: asked(uuid4()), "which its clip does not have"),
        (lambda thing: asked(thing, 124), "which its clip does not have"),
        (lambda thing: asked(thing, kind="shout"), "got 'shout'"),
    ],
)
def test_a_log_of_what_is_not_there_is_refused_with_all_of_its_save(desk, prompt, said):
    thing = uuid4()
    with pytest.raises(StoreError, match=said):
        save(desk, thing, uuid4(), [prompt(thing)])
    assert (desk.work().objects, desk.store.prompts(desk.clip.id)) == ((), [])


def test_what_a_pair_cost_adds_up_over_its_saves_even_when_nothing_else_changed(desk):
    thing, pair, other = uuid4(), uuid4(), uuid4()
    save(desk, thing, pair, spent=Spent(20.5, 3, 0))
    assert save(desk, thing, pair, spent=Spent(4, 0, 2)).rows == 0
    save(desk, thing, other, spent=Spent(), text="The loud dog.")
    assert desk.store.spent([pair, other, uuid4()]) == {pair: Spent(24.5, 3, 2)}
