"""What annotators save, load, take back and look up."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
from store_desk import Desk, mask, track

from annotations import schema
from annotations.records import ConflictError, ObjectEdit, PairEdit, PairFilter, StoreError
from annotations.store import Store
from core.masks import Mask

ODD = 'He said: "the dog, loud";\n<img src=x onerror=alert(1)> Ünï 🐕 \u202e'


def save(desk: Desk, text: str | None = "The dog that barks.", **options):
    """A pair with one object on every frame; (pair, object, Saved)."""
    pair, thing = uuid4(), uuid4()
    edit = ObjectEdit(thing, "dog", track(desk.video), "system")
    return (
        pair,
        thing,
        desk.store.save_pair(desk.session, desk.clip.id, pair, expression=text, objects=[edit], **options),
    )


def click(desk: Desk, thing, masks):
    return desk.store.save_masks(desk.session, desk.clip.id, thing, masks, act="click", source="click")


def test_a_saved_pair_comes_back_as_it_was(desk, url):
    masks = track(desk.video)
    pair, thing, saved = save(desk, ODD, split="val")
    with Store.open(url) as other:
        work = other.load_clip_work(desk.clip.id)
    assert work.objects[0].id == thing
    assert work.objects[0].category == "dog"
    assert dict(work.objects[0].track.masks) == masks
    assert set(work.objects[0].sources.values()) == {"system"}
    found = work.pairs[0]
    assert (found.id, found.expression, found.objects) == (pair, ODD, (thing,))
    assert (found.split, found.status, found.annotator) == ("val", "draft", "Ann")
    assert found.at == saved.at
    assert datetime.now(UTC) - saved.at < timedelta(minutes=1)


def test_absent_is_a_value_and_unanswered_is_none(desk):
    thing = uuid4()
    size = desk.video.size
    desk.store.save_masks(
        desk.session, desk.clip.id, thing, {3: mask(3), 4: Mask.empty(size)}, act="click", source="click"
    )
    stored = desk.work().objects[0].track
    assert stored.indices == (3, 4)
    assert stored.present == (3,)


def test_pairs_are_null_single_or_plural_by_their_objects(desk):
    a, b = ObjectEdit(uuid4(), "dog", {0: mask(1)}), ObjectEdit(uuid4(), "dog", {0: mask(2)})
    for objects in ([], [a], [a, ObjectEdit(b.id, "cat", b.masks)]):
        desk.store.save_pair(desk.session, desk.clip.id, uuid4(), expression="Them.", objects=objects)
    null, single, plural = desk.work().pairs
    assert null.is_null
    assert not single.is_null
    assert not single.is_plural
    assert plural.is_plural
    assert plural.objects == (a.id, b.id)
    assert [thing.fid for thing in desk.work().objects] == [0, 1]


def test_a_replayed_save_changes_nothing_and_answers_the_same(desk):
    change, pair = uuid4(), uuid4()
    edit = ObjectEdit(uuid4(), "dog", {0: mask(0)})
    first = desk.store.save_pair(
        desk.session, desk.clip.id, pair, expression="One.", objects=[edit], change=change
    )
    desk.store.save_pair(desk.session, desk.clip.id, pair, expression="Two.", objects=[edit])
    before = desk.work()
    again = desk.store.save_pair(
        desk.session, desk.clip.id, pair, expression="One.", objects=[edit], change=change
    )
    assert again == first
    assert desk.work() == before


def test_saving_what_is_stored_already_writes_no_version(desk):
    pair, thing, _ = save(desk)
    same = ObjectEdit(thing, "dog", track(desk.video), "system")
    again = desk.store.save_pair(
        desk.session, desk.clip.id, pair, expression="The dog that barks.", objects=[same]
    )
    assert again.rows == 0
    assert len(desk.store.history(thing)) == 1


def test_a_propagation_is_one_undo(desk):
    _, thing, _ = save(desk)
    before = dict(desk.work().objects[0].track.masks)
    carried = {i: mask(i + 7) for i in range(20, 120)}
    desk.store.save_masks(desk.session, desk.clip.id, thing, carried, act="propagate", source="propagated")
    assert desk.work().objects[0].track.masks[50] == mask(57)
    desk.store.undo(desk.session, desk.clip.id)
    assert dict(desk.work().objects[0].track.masks) == before
    desk.store.redo(desk.session, desk.clip.id)
    assert desk.work().objects[0].track.masks[119] == mask(126)
    assert desk.work().objects[0].sources[119] == "propagated"


def test_undo_and_redo_walk_the_whole_way_and_forget_what_was_overwritten(desk):
    _, thing, _ = save(desk)
    states = [desk.work()]
    for k in range(3):
        desk.store.save_masks(
            desk.session, desk.clip.id, thing, {k: mask(900 + k)}, act="click", source="click"
        )
        states.append(desk.work())
    for state in reversed(states[:-1]):
        desk.store.undo(desk.session, desk.clip.id)
        assert desk.work().objects[0].track == state.objects[0].track
    desk.store.undo(desk.session, desk.clip.id)
    assert desk.work().objects == ()
    assert desk.work().pairs == ()
    assert desk.store.undo(desk.session, desk.clip.id) is None
    for state in states[:3]:
        desk.store.redo(desk.session, desk.clip.id)
        assert desk.work().objects[0].track == state.objects[0].track
        assert [p.expression for p in desk.work().pairs] == ["The dog that barks."]
    desk.store.save_masks(desk.session, desk.clip.id, thing, {9: mask(5)}, act="brush", source="brush")
    assert desk.store.redo(desk.session, desk.clip.id) is None


def test_every_state_of_an_object_can_be_seen_and_brought_back(desk):
    _, thing, first = save(desk)
    original = dict(desk.work().objects[0].track.masks)
    late = {i: mask(3000 + i) for i in range(5)}
    second = desk.store.save_masks(desk.session, desk.clip.id, thing, late, act="brush", source="brush")
    history = desk.store.history(thing)
    assert [(h.act, len(h.indices)) for h in history] == [("save pair", 124), ("brush", 5)]
    assert dict(desk.store.track_at(thing, first.version).masks) == original
    assert desk.store.track_at(thing, second.version).masks[3] == mask(3003)
    desk.store.bring_back(desk.session, thing, first.version)
    assert dict(desk.work().objects[0].track.masks) == original
    assert [h.annotator for h in desk.store.history(thing)] == ["Ann"] * 3


def test_deleted_pairs_go_and_come_back_and_their_objects_are_guarded(desk):
    pair, thing, _ = save(desk)
    with pytest.raises(StoreError, match="The dog that barks"):
        desk.store.delete_object(desk.session, thing)
    desk.store.delete_pair(desk.session, pair)
    assert desk.store.pairs() == []
    assert desk.store.pair(pair) is None
    desk.store.delete_object(desk.session, thing)
    assert desk.work().objects == ()
    desk.store.undo(desk.session, desk.clip.id)
    desk.store.undo(desk.session, desk.clip.id)
    assert desk.store.pair(pair).pair.objects == (thing,)
    assert len(desk.work().objects[0].track.masks) == 124


def test_the_second_writer_of_the_same_frame_gets_both_versions_and_no_overwrite(desk, video):
    _, thing, _ = save(desk)
    bob = Desk(desk.store, video, "Bob")
    loaded = bob.work().version
    mine = desk.store.save_masks(
        desk.session, desk.clip.id, thing, {5: mask(50)}, act="click", source="click"
    )
    with pytest.raises(ConflictError) as raised:
        desk.store.save_masks(
            bob.session, bob.clip.id, thing, {5: mask(60)}, act="click", source="click", based_on=loaded
        )
    assert raised.value.theirs == mine.version
    assert bob.work().objects[0].track.masks[5] == mask(50)
    other = desk.store.save_masks(
        bob.session, bob.clip.id, thing, {6: mask(60)}, act="click", source="click", based_on=loaded
    )
    assert other.rows == 1
    desk.store.save_masks(bob.session, bob.clip.id, thing, {5: mask(60)}, act="click", source="click")
    assert bob.work().objects[0].track.masks[5] == mask(60)
    with pytest.raises(ConflictError):
        desk.store.undo(desk.session, desk.clip.id)
    assert bob.work().objects[0].track.masks[5] == mask(60)


def test_the_second_writer_of_a_sentence_is_told(desk, video):
    pair, thing, _ = save(desk)
    bob = Desk(desk.store, video, "Bob")
    loaded = bob.work().version
    link = [ObjectEdit(thing)]
    desk.store.save_pair(desk.session, desk.clip.id, pair, expression="Mine.", objects=link)
    with pytest.raises(ConflictError, match="this pair"):
        desk.store.save_pair(
            bob.session, bob.clip.id, pair, expression="Bob's.", objects=link, based_on=loaded
        )
    assert desk.store.pair(pair).pair.expression == "Mine."


def test_undo_takes_no_object_away_that_another_sentence_stands_on(desk, video):
    _, thing, _ = save(desk)
    bob = Desk(desk.store, video, "Bob")
    desk.store.save_pair(bob.session, bob.clip.id, uuid4(), expression="Bob's.", objects=[ObjectEdit(thing)])
    with pytest.raises(ConflictError, match="Another expression"):
        desk.store.undo(desk.session, desk.clip.id)
    assert len(desk.work().pairs) == 2
    assert len(desk.work().objects) == 1


def test_two_annotators_undo_only_their_own(desk, video):
    _, thing, _ = save(desk)
    bob = Desk(desk.store, video, "Bob")
    desk.store.save_masks(bob.session, bob.clip.id, thing, {1: mask(70)}, act="click", source="click")
    desk.store.save_masks(desk.session, desk.clip.id, thing, {2: mask(71)}, act="click", source="click")
    desk.store.undo(bob.session, bob.clip.id)
    stored = desk.work().objects[0].track.masks
    assert stored[1] == track(video)[1]
    assert stored[2] == mask(71)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("   \n", "empty"),
        ("x" * 5000, "5000 characters"),
        ("a\x00b", "no text"),
        ("\ud800", "no text"),
    ],
)
def test_sentences_that_cannot_be_stored_are_refused_in_one_sentence(desk, text, said):
    with pytest.raises(StoreError, match=said):
        save(desk, text)
    assert desk.work().objects == ()
    assert desk.work().version == 0


def test_masks_of_another_size_or_frame_are_refused_whole(desk):
    for wrong in ({0: mask(0), 1: mask(1, (50, 60))}, {0: mask(0), 124: mask(1)}, {-1: mask(1)}):
        with pytest.raises(StoreError, match="frame"):
            desk.store.save_masks(desk.session, desk.clip.id, uuid4(), wrong, act="click", source="click")
    assert desk.work().objects == ()


def test_a_pair_names_only_objects_of_its_clip(desk):
    other = desk.store.add_clip(desk.stored.id, 0, 10)
    thing = uuid4()
    desk.store.save_masks(desk.session, other.id, thing, {0: mask(0)}, act="click", source="click")
    with pytest.raises(StoreError, match="another clip"):
        desk.store.save_pair(
            desk.session, desk.clip.id, uuid4(), expression="It.", objects=[ObjectEdit(thing)]
        )
    with pytest.raises(StoreError, match="no clip"):
        desk.store.save_pair(desk.session, uuid4(), uuid4(), expression="It.")
    with pytest.raises(StoreError, match="no session"):
        desk.store.save_pair(uuid4(), desk.clip.id, uuid4(), expression="It.")


def test_lists_filter_and_page(desk, video):
    bob = Desk(desk.store, video, "Bob")
    for k in range(6):
        who = bob if k % 2 else desk
        status = "submitted" if k < 2 else "draft"
        desk.store.save_pair(who.session, desk.clip.id, uuid4(), expression=f"Dog {k}_%", status=status)
    texts = lambda **which: [line.pair.expression for line in desk.store.pairs(PairFilter(**which))]  # noqa: E731
    assert texts() == [f"Dog {k}_%" for k in range(5, -1, -1)]
    assert texts(annotator="Bob") == ["Dog 5_%", "Dog 3_%", "Dog 1_%"]
    assert texts(session=desk.session) == ["Dog 4_%", "Dog 2_%", "Dog 0_%"]
    assert texts(status="submitted") == ["Dog 1_%", "Dog 0_%"]
    assert texts(text="dog 3_%") == ["Dog 3_%"]
    assert texts(text="%%") == []
    assert texts(since=datetime.now(UTC) + timedelta(hours=1)) == []
    assert len(texts(since=datetime.now(UTC) - timedelta(hours=1))) == 6
    page = desk.store.pairs(limit=2)
    rest = desk.store.pairs(limit=2, after=page[-1])
    assert [line.pair.expression for line in rest] == ["Dog 3_%", "Dog 2_%"]
    assert [(line.pairs, line.clip.id) for line in desk.store.clips()] == [(6, desk.clip.id)]


def test_pages_cut_through_one_change_lose_no_pair(desk):
    wanted = [PairEdit(uuid4(), f"Null {k}.") for k in range(7)]
    desk.store.save_work(desk.session, desk.clip.id, [], wanted, act="import")
    found = page = desk.store.pairs(limit=3)
    while page:
        page = desk.store.pairs(limit=3, after=found[-1])
        found = found + page
    assert sorted(line.pair.id for line in found) == sorted(edit.id for edit in wanted)
    assert len(found) == 7


def test_what_lists_go_by_repeats_the_version_that_counts(desk, video):
    pair, thing, _ = save(desk)
    bob = Desk(desk.store, video, "Bob")
    link = [ObjectEdit(thing)]
    desk.store.save_pair(
        bob.session, bob.clip.id, pair, expression="Bob's.", objects=link, status="submitted"
    )
    other, _, _ = save(desk, "Other.")
    desk.store.delete_pair(desk.session, other)
    desk.store.undo(desk.session, desk.clip.id)
    desk.store.undo(desk.session, desk.clip.id)
    with desk.store.database.reading() as db:
        for row in db.scalars(sa.select(schema.PairRow)):
            version = db.get_one(schema.PairVersion, (row.id, row.head))
            change = db.scalars(sa.select(schema.ChangeRow).where(schema.ChangeRow.seq == row.head)).one()
            who = db.get_one(schema.WorkSession, change.session_id).annotator_id
            assert (row.status, row.deleted, row.expression_id, row.session_id, row.annotator_id) == (
                version.status,
                version.deleted,
                version.expression_id,
                change.session_id,
                who,
            )
    assert [line.pair.expression for line in desk.store.pairs()] == ["Bob's."]
    assert desk.store.pairs(PairFilter(annotator="Ann")) == []


def test_a_session_goes_on_after_a_restart_but_not_for_another_name(desk, url):
    with Store.open(url) as later:
        assert later.start_session("Ann", id=desk.session).id == desk.session
        with pytest.raises(StoreError, match="not one of 'Bob'"):
            later.start_session("Bob", id=desk.session)
        later.finish_session(desk.session)
        assert [s.annotator for s in later.sessions()] == ["Ann"]
