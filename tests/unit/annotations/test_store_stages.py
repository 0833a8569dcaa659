"""Draft, submitted, accepted or returned: who may change what, and when."""

from uuid import uuid4

import pytest
from store_desk import Desk, mask

from annotations.records import ObjectEdit, PairFilter, StoreError


def submitted(desk: Desk):
    pair, thing = uuid4(), uuid4()
    edit = ObjectEdit(thing, "dog", {3: mask(3)}, "click")
    desk.store.save_pair(
        desk.session, desk.clip.id, pair, expression="The dog.", objects=[edit], status="submitted"
    )
    return pair, thing


def draw(desk: Desk, thing) -> None:
    desk.store.save_masks(desk.session, desk.clip.id, thing, {3: mask(40)}, act="click", source="click")


def test_submitted_work_is_read_only_to_its_author(desk):
    pair, thing = submitted(desk)
    before = desk.work()
    store, own = desk.store, [ObjectEdit(thing)]
    for change in (
        lambda: draw(desk, thing),
        lambda: store.save_pair(desk.session, desk.clip.id, pair, expression="A cat.", objects=own),
        lambda: store.delete_pair(desk.session, pair),
        lambda: store.undo(desk.session, desk.clip.id),
    ):
        with pytest.raises(StoreError, match=r"You submitted 'The dog\.'.*returned"):
            change()
    assert desk.work() == before


def test_other_work_on_the_same_clip_stays_open(desk):
    submitted(desk)
    other = uuid4()
    draw(desk, other)
    draw(desk, other)
    assert len(desk.work().objects) == 2


def test_a_returned_pair_can_be_changed_and_is_still_its_authors(desk, store, video):
    pair, thing = submitted(desk)
    bob = Desk(store, video, "Bob")
    store.judge_pair(bob.session, pair, accept=False)
    assert [line.pair.status for line in store.pairs(PairFilter(annotator="Ann"))] == ["returned"]
    assert desk.work().pairs[0].annotator == "Ann"
    assert desk.work().pairs[0].session == desk.session
    draw(desk, thing)
    assert desk.work().objects[0].track.masks[3] == mask(40)


def test_a_judgement_sent_again_changes_nothing(desk, store, video):
    pair, _ = submitted(desk)
    bob, change = Desk(store, video, "Bob"), uuid4()
    first = store.judge_pair(bob.session, pair, accept=True, change=change)
    assert store.judge_pair(bob.session, pair, accept=True, change=change) == first
    assert [line.pair.status for line in store.pairs()] == ["accepted"]


def test_nobody_judges_their_own_pair_nor_one_that_is_not_submitted(desk, store, video):
    pair, _ = submitted(desk)
    with pytest.raises(StoreError, match="yourself"):
        store.judge_pair(desk.session, pair, accept=True)
    bob = Desk(store, video, "Bob")
    store.judge_pair(bob.session, pair, accept=True)
    with pytest.raises(StoreError, match="is accepted"):
        store.judge_pair(bob.session, pair, accept=False)


def test_undo_leaves_a_judgement_and_takes_back_the_judges_own_change_before_it(desk, store, video):
    pair, _ = submitted(desk)
    bob = Desk(store, video, "Bob")
    own = uuid4()
    draw(bob, own)
    store.judge_pair(bob.session, pair, accept=True)
    judged = desk.work().pairs
    assert store.undo(bob.session, desk.clip.id) is not None
    assert own not in {thing.id for thing in desk.work().objects if thing.track.masks}
    assert store.undo(bob.session, desk.clip.id) is None
    assert desk.work().pairs == judged
    assert (judged[0].status, judged[0].annotator) == ("accepted", "Ann")


def test_cues_and_the_reason_of_a_null_are_kept_and_undone(desk):
    save, pair, clip = desk.store.save_pair, uuid4(), desk.clip.id
    said = {"expression": "The silent piano.", "cues": ("look", "sound"), "null_kind": "silent"}
    first = save(desk.session, clip, pair, **said)
    assert first.rows == 1
    assert save(desk.session, clip, pair, **said).rows == 0
    assert save(desk.session, clip, pair, expression="The silent piano.").rows == 0
    (now,) = desk.work().pairs
    assert (now.cues, now.null_kind) == (("sound", "look"), "silent")
    assert save(desk.session, clip, pair, expression="The silent piano.", null_kind="absent").rows == 1
    desk.store.undo(desk.session, clip)
    assert desk.work().pairs[0].null_kind == "silent"
    thing = ObjectEdit(uuid4(), "piano", {3: mask(3)}, "click")
    save(desk.session, clip, pair, expression="The piano.", objects=[thing])
    assert (desk.work().pairs[0].cues, desk.work().pairs[0].null_kind) == (None, None)


def test_a_comment_stays_with_a_returned_pair(desk, store, video):
    pair, thing = submitted(desk)
    store.judge_pair(Desk(store, video, "Bob").session, pair, accept=False, comment="Which dog?")
    assert desk.work().pairs[0].comment == "Which dog?"
    store.save_pair(desk.session, desk.clip.id, pair, expression="The left dog.", objects=[ObjectEdit(thing)])
    assert (desk.work().pairs[0].comment, desk.work().pairs[0].status) == ("Which dog?", "draft")


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"cues": ("smell",)}, "leans on sound, look, place, time; got 'smell'"),
        ({"null_kind": "asleep"}, "silent, off-screen, absent; got 'asleep'"),
        ({"null_kind": "absent", "objects": [ObjectEdit(uuid4(), "dog")]}, "refers to an object"),
    ],
)
def test_unknown_cues_and_reasons_are_refused(desk, told, said):
    with pytest.raises(StoreError, match=said):
        desk.store.save_pair(desk.session, desk.clip.id, uuid4(), expression="The dog.", **told)
