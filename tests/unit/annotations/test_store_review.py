"""Blind find-back, agreement, and who works on what."""

import time
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from store_desk import Desk, mask

from annotations.records import ObjectEdit, StoreError
from annotations.review import alpha
from core.masks import Mask, Track

SIZE = (96, 128)


def submitted(desk: Desk, text: str = "The dog on the left.", at: int = 3, **said):
    """(pair, its object): submitted, with masks on three frames, absent on the last."""
    pair, thing = uuid4(), uuid4()
    masks = {3: mask(at), 4: mask(at + 1), 5: Mask.empty(SIZE)}
    objects = [] if "null_kind" in said else [ObjectEdit(thing, "dog", masks, "click")]
    desk.store.save_pair(desk.session, desk.clip.id, pair, expression=text, objects=objects, **said)
    desk.store.submit_pair(desk.session, pair)
    return pair, thing


def answer(*numbers: int) -> Track:
    return Track(SIZE, {3 + k: mask(number) for k, number in enumerate(numbers)})


@pytest.fixture
def bob(store, video) -> Desk:
    return Desk(store, video, "Bob")


def status(desk: Desk, pair) -> str:
    return next(each.status for each in desk.work().pairs if each.id == pair)


def test_an_answer_on_the_same_pixels_accepts_the_pair(desk, bob, store):
    pair, thing = submitted(desk)
    found = store.find_back(bob.session, pair, answer(4, 5))
    assert (found.agrees, found.answer, status(desk, pair)) == (True, str(thing), "accepted")
    assert found.iou == pytest.approx(19 / 21)
    assert store.reviews(pair) == [found]
    assert found.track is not None
    assert dict(found.track.masks) == {3: mask(4), 4: mask(5)}
    assert store.undo(bob.session, desk.clip.id) is None


def test_another_answer_returns_the_pair_and_both_stay_readable(desk, bob, store):
    pair, thing = submitted(desk)
    other = uuid4()
    store.save_masks(
        bob.session, desk.clip.id, other, {3: mask(3200), 4: mask(3201)}, act="click", source="click"
    )
    found = store.find_back(bob.session, pair, answer(3200, 3201), comment="The right one barks.")
    assert (found.agrees, found.answer, found.iou) == (False, str(other), 0)
    (now,) = desk.work().pairs
    assert (now.status, now.comment, now.annotator) == ("returned", "The right one barks.", "Ann")
    assert desk.work().objects[0].track.masks[3] == mask(3)
    store.save_masks(desk.session, desk.clip.id, thing, {3: mask(9)}, act="click", source="click")


def test_two_people_who_both_find_nothing_agree(desk, bob, store):
    pair, _ = submitted(desk, "The silent tuba.", null_kind="absent")
    assert store.find_back(bob.session, pair, Track(SIZE, {3: Mask.empty(SIZE)})).agrees
    assert (status(desk, pair), store.reviews(pair)[0].track) == ("accepted", None)


@pytest.mark.parametrize("null", [True, False])
def test_none_against_an_object_returns_the_pair_with_words(desk, bob, store, null):
    pair, _ = submitted(desk, **({"null_kind": "absent", "text": "The left cat."} if null else {}))
    found = store.find_back(bob.session, pair, answer(3) if null else None)
    assert (found.agrees, found.iou, found.answer) == (False, None, "other" if null else "none")
    assert "second person found" in desk.work().pairs[0].comment


def test_a_plural_pair_is_found_as_all_its_objects_together(desk, bob, store):
    pair, left, right = uuid4(), uuid4(), uuid4()
    objects = [ObjectEdit(left, "dog", {3: mask(3)}), ObjectEdit(right, "dog", {3: mask(3203)})]
    store.save_pair(desk.session, desk.clip.id, pair, expression="Both barking dogs.", objects=objects)
    store.submit_pair(desk.session, pair)
    both = Mask.encode(mask(3).decode() | mask(3203).decode())
    assert store.find_back(bob.session, pair, Track(SIZE, {3: both})).answer == " ".join(
        sorted([str(left), str(right)])
    )


def test_what_cannot_be_a_review_is_told_and_leaves_nothing(desk, bob, store):
    pair, _ = submitted(desk)
    for session, track, said in (
        (desk.session, answer(3), "yourself"),
        (bob.session, Track(SIZE, {9: mask(3)}), "no frame where"),
        (bob.session, Track(SIZE, {999: mask(3)}), "lies outside"),
        (bob.session, Track((8, 8), {3: Mask.encode(mask(3).decode()[:8, :8] | True)}), "is \\(8, 8\\)"),
    ):
        with pytest.raises(StoreError, match=said):
            store.find_back(session, pair, track)
    assert (store.reviews(pair), status(desk, pair)) == ([], "submitted")
    id = uuid4()
    first = store.find_back(bob.session, pair, answer(3, 4), id=id)
    assert store.find_back(bob.session, pair, answer(3, 4), id=id) == first
    with pytest.raises(StoreError, match="already"):
        store.find_back(bob.session, pair, answer(3, 4))


def test_only_a_sentence_that_passes_its_checks_is_submitted_and_by_its_author(desk, bob, store):
    pair = uuid4()
    store.save_pair(desk.session, desk.clip.id, pair, expression="The silent tuba.")
    with pytest.raises(StoreError, match="Say why nothing fits"):
        store.submit_pair(desk.session, pair)
    store.save_pair(desk.session, desk.clip.id, pair, expression="The silent tuba.", null_kind="absent")
    with pytest.raises(StoreError, match="Ann's"):
        store.submit_pair(bob.session, pair)
    store.submit_pair(desk.session, pair)
    assert status(desk, pair) == "submitted"
    with pytest.raises(StoreError, match="You submitted"):
        store.save_pair(desk.session, desk.clip.id, pair, expression="A tuba.")


def test_agreement_is_counted_by_author_reviewer_and_cue(desk, bob, store):
    first, _ = submitted(desk, "The dog on the left.", cues=("place",))
    second, _ = submitted(desk, "The barking dog.", at=900, cues=("sound", "place"))
    store.find_back(bob.session, first, answer(3, 4))
    store.find_back(bob.session, second, None)
    told = store.agreement()
    assert (told.total.reviews, told.total.agreed, told.total.percent) == (2, 1, 50)
    assert (told.by_author["Ann"].reviews, told.by_reviewer["Bob"].agreed) == (2, 1)
    assert {cue: (s.agreed, s.reviews) for cue, s in told.by_cue.items()} == {
        "sound": (0, 1),
        "place": (1, 2),
    }
    assert told.alpha == pytest.approx(1 - 3 * 2 / 10)


def test_alpha_is_that_of_the_published_example():
    """Krippendorff (2011), four observers, twelve units, missing answers; 0.743."""
    rows = (
        "123321412...",
        "123322412535",
        ".33323422 51.".replace(" ", ""),
        "123324412 51.".replace(" ", ""),
    )
    rows = ("123321412...", "1233224125.3", ".3332342251.", "12332441251.")
    units = [[row[k] for row in rows if row[k] != "."] for k in range(12)]
    assert alpha(units) == pytest.approx(0.743, abs=0.0005)
    assert alpha([["a", "a"], ["b"]]) is None
    assert alpha([]) is None


def test_a_lease_is_one_persons_until_it_ends_or_is_given_back(desk, bob, store):
    first, _ = submitted(desk)
    second, _ = submitted(desk, "The barking dog.", at=900)
    assert store.lease("Ann", "review", 60) is None
    mine = store.lease("Bob", "review", 60)
    assert mine is not None
    assert mine.unit == first
    again = store.lease("Bob", "review", 90)
    assert again is not None
    assert (again.unit, again.until > mine.until) == (first, True)
    store.start_session("Cem")
    short = store.lease("Cem", "review", 0.05)
    assert short is not None
    assert short.unit == second
    time.sleep(0.06)
    assert store.release(mine)
    store.find_back(bob.session, first, answer(3, 4))
    for name in ("Bob", "Cem"):
        held = store.lease(name, "review", 60)
        assert (held is None) == (name == "Cem")
        if held:
            assert held.unit == second
    with pytest.raises(StoreError, match="sign in"):
        store.lease("Nobody", "review", 60)
    with pytest.raises(StoreError, match="annotate or review"):
        store.lease("Bob", "sing", 60)


def test_many_who_ask_at_once_get_different_clips(desk, store):
    clips = [store.add_clip(desk.stored.id, k, k + 9).id for k in range(8)]
    names = [f"Annotator {k}" for k in range(10)]
    for name in names:
        store.start_session(name)
    with ThreadPoolExecutor(10) as pool:
        held = list(pool.map(lambda name: store.lease(name, "annotate", 60), names))
    units = [lease.unit for lease in held if lease]
    assert len(set(units)) == len(units) == 9
    assert set(units) == {desk.clip.id, *clips}


def test_a_returned_pair_comes_back_to_its_author_first(desk, bob, store):
    pair, _ = submitted(desk)
    store.add_clip(desk.stored.id, 0, 9)
    store.find_back(bob.session, pair, None)
    held = store.lease("Ann", "annotate", 60)
    assert held is not None
    assert held.unit == desk.clip.id
