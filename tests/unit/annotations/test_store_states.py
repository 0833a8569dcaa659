"""Any state of a clip can be looked at, compared and brought back."""

from uuid import uuid4

import pytest
from store_desk import Desk, mask

from annotations.records import ObjectEdit, StoreError
from core.masks import Mask, Track


@pytest.fixture
def lived(desk: Desk):
    """(versions, works as they were loaded then): a clip's life in six changes."""
    store, dog, cat = desk.store, uuid4(), uuid4()
    first, second = uuid4(), uuid4()

    def say(pair, text, *objects, **more):
        return store.save_pair(desk.session, desk.clip.id, pair, expression=text, objects=objects, **more)

    def draw(thing, masks):
        return store.save_masks(desk.session, desk.clip.id, thing, masks, act="brush", source="brush")

    versions, works = [], []
    for act in (
        lambda: say(first, "The dog.", ObjectEdit(dog, "dog", {3: mask(3), 4: mask(4)}), cues=("look",)),
        lambda: draw(dog, {4: mask(40), 5: Mask.empty((96, 128)), 3: None}),
        lambda: say(second, "The cat.", ObjectEdit(cat, "cat", {3: mask(900)})),
        lambda: say(first, "The loud wolf.", ObjectEdit(dog, "wolf"), cues=("sound",)),
        lambda: store.delete_pair(desk.session, second),
        lambda: store.delete_object(desk.session, cat),
    ):
        versions.append(act().version)
        works.append(desk.work())
    return versions, works


def stands(work):
    return work.objects, work.pairs, work.version


def content(work):
    """What stands, without by which change."""
    objects = [(o.id, o.category, dict(o.track.masks), dict(o.sources)) for o in work.objects]
    pairs = [(p.id, p.expression, p.objects, p.status, p.cues, p.null_kind) for p in work.pairs]
    return objects, pairs


def test_every_state_of_a_clip_can_be_looked_at_as_it_was_loaded_then(desk, lived):
    versions, works = lived
    for version, work in zip(versions, works, strict=True):
        assert stands(desk.store.clip_at(desk.clip.id, version)) == stands(work)
    assert stands(desk.store.clip_at(desk.clip.id, 0)) == ((), (), 0)
    history = desk.store.clip_history(desk.clip.id)
    assert [change.version for change in history] == versions
    assert [change.indices for change in history] == [(3, 4), (3, 4, 5), (3,), (), (), ()]


def test_two_states_are_compared_by_object_frame_and_pair(desk, lived):
    versions, _ = lived
    found = desk.store.compare(desk.clip.id, versions[0], versions[3])
    (dog, cat) = found.objects
    assert (dog.before.category, dog.after.category, cat.before) == ("dog", "wolf", None)
    assert dog.frames == {3: None, 4: pytest.approx(0, abs=0.01), 5: None}
    texts = [(p.before and p.before.expression, p.after and p.after.expression) for p in found.pairs]
    assert texts == [("The dog.", "The loud wolf."), (None, "The cat.")]
    same = desk.store.compare(desk.clip.id, versions[2], versions[2])
    assert (same.objects, same.pairs) == ((), ())


@pytest.mark.parametrize("number", range(5))
def test_every_state_of_a_clip_can_be_brought_back_and_that_undone(desk, lived, number):
    versions, works = lived
    now = desk.work()
    desk.store.bring_back_clip(desk.session, desk.clip.id, versions[number])
    assert content(desk.work()) == content(works[number])
    desk.store.undo(desk.session, desk.clip.id)
    assert content(desk.work()) == content(now)


def test_bringing_back_what_stands_changes_nothing(desk, lived):
    versions, works = lived
    assert desk.store.bring_back_clip(desk.session, desk.clip.id, versions[-1]).rows == 0
    assert content(desk.work()) == content(works[-1])


def test_bringing_back_twice_by_one_id_is_one_change(desk, lived):
    versions, works = lived
    change = uuid4()
    first = desk.store.bring_back_clip(desk.session, desk.clip.id, versions[0], change=change)
    assert desk.store.bring_back_clip(desk.session, desk.clip.id, versions[2], change=change) == first
    assert content(desk.work()) == content(works[0])


def test_a_judgement_is_not_brought_back_and_submitted_work_stays_as_it_is(desk, store, video):
    pair, thing = uuid4(), uuid4()
    link = [ObjectEdit(thing, "dog", {3: mask(3)}, "click")]
    first = store.save_pair(desk.session, desk.clip.id, pair, expression="The dog.", objects=link)
    text = {"expression": "The barking dog on the left.", "objects": [ObjectEdit(thing)]}
    store.save_pair(desk.session, desk.clip.id, pair, **text)
    store.submit_pair(desk.session, pair)
    with pytest.raises(StoreError, match="You submitted"):
        store.bring_back_clip(desk.session, desk.clip.id, first.version)
    bob = Desk(store, video, "Bob")
    store.find_back(bob.session, pair, Track((96, 128), {3: mask(3)}))
    accepted = desk.work().version
    assert [p.annotator for p in store.clip_at(desk.clip.id, accepted).pairs] == ["Ann"]
    store.find_back(Desk(store, video, "Cem").session, pair, None)
    store.bring_back_clip(desk.session, desk.clip.id, accepted)
    assert [p.status for p in desk.work().pairs] == ["returned"]
    store.bring_back_clip(desk.session, desk.clip.id, first.version)
    assert [(p.expression, p.status) for p in desk.work().pairs] == [("The dog.", "draft")]
