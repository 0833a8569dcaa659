"""What a system answered is stored once, in its name, and never over what a person did."""

from uuid import uuid4

import pytest
from store_desk import mask

from annotations.exchange.gather import Gathered
from annotations.prelabels import Asked, clip_hash
from annotations.records import ObjectEdit, PairFilter
from core.masks import Track

HASH = "ab" * 32


@pytest.fixture
def machine(desk):
    """The clip's hash, and a session of the system."""
    video = desk.clip.video
    session = desk.store.start_session(asked("The dog.").annotator).id
    assert video.frame_count == 124
    return session


def asked(sentence, clip="c" * 64, weights=HASH):
    return Asked(clip, sentence, "cue", weights)


def found(question, masks=None):
    masks = masks or {3: mask(3)}
    track = Track((96, 128), masks)
    return [ObjectEdit(question.object(track, "dog"), "dog", masks, "system", {3: 0.7})]


def store_answer(desk, machine, sentence="The dog.", **words):
    question = asked(sentence, **words)
    return desk.store.save_prelabel(machine, desk.clip.id, question, found(question))


def prelabelled(desk):
    return [pair for pair in desk.work().pairs if pair.annotator == "cue abababababab"]


def test_the_same_answer_is_stored_once(desk, machine):
    first = store_answer(desk, machine)
    before = desk.work()
    assert store_answer(desk, machine) == first
    assert desk.work() == before
    assert desk.store.prelabels("cue abababababab") == {asked("The dog.").change}
    (pair,) = prelabelled(desk)
    assert (pair.expression, pair.status, len(pair.objects)) == ("The dog.", "draft", 1)


def test_another_sentence_clip_or_weights_is_another_answer(desk, machine):
    store_answer(desk, machine)
    store_answer(desk, machine, "The barking dog.")
    store_answer(desk, machine, weights="cd" * 32)
    assert len({pair.id for pair in desk.work().pairs}) == 3


def test_sentences_with_the_same_track_share_an_object(desk, machine):
    store_answer(desk, machine)
    store_answer(desk, machine, "The barking dog.")
    first, second = prelabelled(desk)
    assert first.objects == second.objects
    assert first.id != second.id


def test_without_a_sentence_there_are_objects_and_no_pair(desk, machine):
    saved = store_answer(desk, machine, None)
    assert saved.rows == 2  # the object, and its mask
    assert prelabelled(desk) == []


def test_a_null_answer_is_a_null_pair(desk, machine):
    desk.store.save_prelabel(machine, desk.clip.id, asked("A cat."), [])
    (pair,) = prelabelled(desk)
    assert pair.is_null


def test_what_a_person_corrected_or_deleted_stays_as_they_left_it(desk, machine):
    question = asked("The dog.")
    (thing,) = found(question)
    store_answer(desk, machine)
    desk.store.save_masks(desk.session, desk.clip.id, thing.id, {3: mask(40)}, act="click", source="click")
    store_answer(desk, machine, "The barking dog.")
    assert desk.store.track_at(thing.id, 10**6).masks[3] == mask(40)
    for pair in prelabelled(desk):
        desk.store.delete_pair(desk.session, pair.id)
    desk.store.delete_object(desk.session, thing.id)
    store_answer(desk, machine)
    store_answer(desk, machine, "The loud dog.")
    (pair,) = prelabelled(desk)
    assert pair.expression == "The loud dog."
    assert thing.id not in {each.id for each in desk.work().objects}


def test_who_saves_a_draft_as_it_is_takes_it_over_and_can_submit_it(desk, machine):
    store_answer(desk, machine)
    (pair,) = prelabelled(desk)
    links = [ObjectEdit(id) for id in pair.objects]
    saved = desk.store.save_pair(
        desk.session, desk.clip.id, pair.id, expression=pair.expression, objects=links
    )
    assert saved.rows == 1
    assert prelabelled(desk) == []
    again = desk.store.save_pair(
        desk.session, desk.clip.id, pair.id, expression=pair.expression, objects=links
    )
    assert again.rows == 0
    assert desk.store.pair(pair.id).pair.annotator == "Ann"
    store_answer(desk, machine)
    assert desk.store.pair(pair.id).pair.annotator == "Ann"


def test_a_prelabelled_clip_still_waits_for_an_annotator(desk, machine):
    store_answer(desk, machine)
    lease = desk.store.lease("Ann", "annotate", 60)
    assert lease is not None
    assert lease.unit == desk.clip.id
    desk.store.release(lease)
    desk.store.save_pair(desk.session, desk.clip.id, uuid4(), expression="A cat.")
    assert desk.store.lease("Ann", "annotate", 60) is None
    assert len(desk.store.pairs(PairFilter(annotator="cue abababababab"))) == 1


def test_what_no_person_has_saved_goes_out_only_when_its_system_is_named(desk, machine):
    store_answer(desk, machine)
    left = Gathered(desk.store, PairFilter())
    assert left.pairs == 0
    assert "1 pairs are a system's answers" in left.notes[0]
    assert Gathered(desk.store, PairFilter(annotator="cue abababababab")).pairs == 1
    assert Gathered(desk.store, PairFilter(session=machine)).pairs == 1


def test_the_clips_hash_is_of_its_frames(video):
    whole = video.clip()
    assert clip_hash(whole) == clip_hash(video.clip())
    assert clip_hash(whole) != clip_hash(video.clip(0, 100))
