from dataclasses import replace

import pytest

from annotations.records import ConflictError, StoreError, UnreachableError
from annotations.store import Store
from app.desk import Desk
from app.keeping import Keeper, summary
from core.errors import PromptError, RefavsError


@pytest.fixture
def keeper():
    with Store.open() as store:
        yield Keeper(store)


@pytest.fixture
def saved(desk, keeper):
    keeper.load(desk)
    desk.ask(3, click=(0.5, 0.5, True))
    desk.change_thing(1, category="dog")
    keeper.save(desk, "The barking dog.")
    return desk


def again(saved, keeper):
    """A new desk on the same clip, as after a restart."""
    desk = Desk(saved.clip, saved._segmenter)
    keeper.load(desk)
    return desk


def test_clip_that_is_only_looked_at_leaves_nothing_in_the_store(desk, keeper):
    keeper.load(desk)
    assert keeper.store.clips() == []
    assert summary(desk) == {"pairs": [], "saved": None}


def test_saved_pair_is_there_again_with_its_masks(saved, keeper):
    desk = again(saved, keeper)
    (thing,) = desk.things
    assert (thing.category, thing.fits) == ("dog", True)
    assert desk.cells(thing.id)[3].mask == saved.cells(1)[3].mask
    assert desk.cells(thing.id)[3].touched
    assert desk.expression == "The barking dog."
    assert summary(desk)["saved"]["revision"] == desk.revision


def test_work_on_other_frames_of_the_same_file_is_told_and_not_shown(saved, keeper):
    assert saved.kept.apart == ""
    times = saved.clip.video.pts.copy()
    times[3] += 0.004
    decoder = saved.clip.video.decoder
    video = replace(saved.clip.video, pts=times, decoder="another reader")
    desk = Desk(video.clip(), saved._segmenter)
    keeper.load(desk)
    assert desk.things == []
    assert desk.kept.apart == decoder
    desk.ask(3, click=(0.5, 0.5, True))
    keeper.save(desk, "The dog.")
    assert [thing.category for thing in again(saved, keeper).things] == ["dog"]


def test_saved_is_told_only_after_the_store_has_it(saved):
    message = saved.feed.since(0)[-1]
    assert message["kind"] == "saved"
    assert message["saved"]["expression"] == "The barking dog."
    assert message["saved"]["revision"] == saved.revision


def test_failing_store_is_not_told_as_saved(saved, keeper, monkeypatch):
    def full(*_, **__):
        raise RefavsError("The disk is full.")

    monkeypatch.setattr(keeper.store, "save_work", full)
    saved.ask(4, click=(0.5, 0.5, True), thing=1)
    told = saved.feed.seq
    with pytest.raises(RefavsError, match="disk is full"):
        keeper.save(saved, "Another sentence.")
    assert saved.feed.seq == told
    assert summary(saved)["saved"]["revision"] != saved.revision


def test_same_sentence_again_is_the_same_pair_and_another_one_is_new(saved, keeper):
    saved.ask(4, click=(0.2, 0.5, True), thing=1)
    keeper.save(saved, "The barking dog.")
    assert len(summary(saved)["pairs"]) == 1
    keeper.save(saved, "The only dog.")
    assert [pair["expression"] for pair in summary(saved)["pairs"]] == ["The only dog.", "The barking dog."]
    assert len(again(saved, keeper).things) == 1


def test_sentence_without_a_ticked_object_is_a_null_pair(saved, keeper):
    saved.change_thing(1, fits=False)
    keeper.save(saved, "The piano.")
    assert summary(saved)["pairs"][0]["objects"] == []
    assert [thing.fits for thing in again(saved, keeper).things] == [False]


def test_opened_pair_ticks_its_objects_and_loses_none(saved, keeper):
    saved.ask(6, click=(0.8, 0.5, True), thing=None)
    keeper.save(saved, "The other one.")
    (first,) = [pair for pair in summary(saved)["pairs"] if pair["expression"] == "The barking dog."]
    keeper.reopen(saved, keeper_uuid(first))
    assert [(thing.id, thing.fits) for thing in saved.things] == [(1, True), (2, False)]
    assert saved.expression == "The barking dog."


def keeper_uuid(pair):
    from uuid import UUID

    return UUID(pair["id"])


def test_removed_pair_leaves_its_object(saved, keeper):
    keeper.remove(saved, keeper_uuid(summary(saved)["pairs"][0]))
    assert summary(saved) == {"pairs": [], "saved": None}
    assert len(again(saved, keeper).things) == 1


def test_object_of_a_saved_pair_is_not_deleted(saved, keeper):
    with pytest.raises(RefavsError, match="refer to this object"):
        keeper.delete_thing(saved, 1)
    assert len(saved.things) == 1


def test_frames_that_were_undone_leave_the_store_with_the_next_save(saved, keeper):
    saved.ask(5, click=(0.2, 0.5, True), thing=1)
    keeper.save(saved, "The barking dog.")
    saved.undo()
    keeper.save(saved, "The barking dog.")
    assert list(again(saved, keeper).cells(1)) == [3]


def test_ticked_object_without_pixels_is_not_saved(saved, keeper):
    saved.ask(3, click=(0.5, 0.5, False), thing=1)
    with pytest.raises(PromptError, match="dog has no pixels"):
        keeper.save(saved, "The barking dog.")


def test_empty_sentence_is_not_saved(saved, keeper):
    with pytest.raises(PromptError, match="no sentence yet"):
        keeper.save(saved, "  \n")


def test_what_somebody_else_saved_meanwhile_is_not_overwritten_unasked(saved, keeper):
    other = again(saved, keeper)
    other.ask(3, click=(0.2, 0.5, True), thing=1)
    keeper.save(other, "The barking dog.")
    saved.ask(3, click=(0.8, 0.5, True), thing=1)
    with pytest.raises(ConflictError):
        keeper.save(saved, "The barking dog.")
    assert again(saved, keeper).cells(1)[3].mask == other.cells(1)[3].mask
    keeper.save(saved, "The barking dog.", over=True)
    assert again(saved, keeper).cells(1)[3].mask == saved.cells(1)[3].mask


@pytest.fixture
def mine(saved, keeper):
    """A second page of the same person, opened before the first one saved one pair more, and told of it."""
    desk = again(saved, keeper)
    saved.choose(())
    saved.ask(5, click=(0.2, 0.5, True))
    saved.change_thing(2, category="cat", fits=True)
    saved.change_thing(1, fits=False)
    keeper.save(saved, "The cat.")
    keeper.others(desk)
    return desk


def test_pair_that_another_page_saved_can_be_handed_in_from_this_one(saved, mine, keeper):
    keeper.submit(mine, [saved.kept.current.id])
    assert keeper.store.pair(saved.kept.current.id).pair.status == "submitted"


def test_looking_at_a_pair_that_another_page_saved_leaves_nothing_unsaved(saved, mine, keeper):
    keeper.reopen(mine, saved.kept.current.id)
    assert [thing.category for thing in mine.things if thing.fits] == ["cat"]
    assert summary(mine)["saved"]["revision"] == mine.revision
    before = keeper.store.newest()
    keeper.save(mine, "The cat.")
    assert keeper.store.newest() == before + 1
    assert keeper.store.load_clip_work(mine.kept.clip).version == before + 1


def test_a_page_that_asks_for_others_pairs_does_not_wait_for_an_act(saved, keeper):
    mine = again(saved, keeper)
    keeper.remove(saved, saved.kept.current.id)
    told = len(mine.feed.since(0))
    with mine.acting:
        keeper.others(mine)
    assert len(mine.feed.since(0)) == told
    keeper.others(mine)
    assert mine.feed.since(0)[-1]["pairs"] == []


def rename(desk, keeper):
    desk.change_thing(1, category="wolf")
    keeper.save(desk, "The barking dog.")


def delete(desk, keeper):
    keeper.remove(desk, desk.kept.current.id)
    keeper.delete_thing(desk, 1)


@pytest.mark.parametrize(("act", "stands"), [(rename, ["bird", "wolf"]), (delete, ["bird"])])
def test_what_somebody_else_did_to_an_object_keeps_nobody_from_saving_another(saved, keeper, act, stands):
    mine = again(saved, keeper)
    act(saved, keeper)
    mine.choose(())
    mine.ask(5, click=(0.2, 0.5, True))
    mine.change_thing(2, category="bird", fits=True)
    mine.change_thing(1, fits=False)
    keeper.save(mine, "The bird.")
    mine.ask(6, click=(0.2, 0.5, True), thing=2)
    keeper.save(mine, "The bird.")  # and once more
    there = again(saved, keeper)
    assert sorted(thing.category for thing in there.things) == stands
    assert "The bird." in {pair["expression"] for pair in summary(there)["pairs"]}


def test_object_that_somebody_else_deleted_is_not_brought_back_unasked(saved, keeper):
    mine = again(saved, keeper)
    delete(saved, keeper)
    mine.ask(5, click=(0.2, 0.5, True), thing=1)
    with pytest.raises(ConflictError):
        keeper.save(mine, "The other dog.")
    assert not again(saved, keeper).things
    keeper.save(mine, "The other dog.", over=True)
    assert [thing.category for thing in again(saved, keeper).things] == ["dog"]


def refuse(keeper, monkeypatch, wanted):
    """A store that does not take the row of this id."""
    whole = keeper.store.save_work

    def save(session, clip, objects, pairs, **rest):
        if wanted in {row.id for row in (*objects, *pairs)}:
            raise StoreError("It is broken.")
        return whole(session, clip, objects, pairs, **rest)

    monkeypatch.setattr(keeper.store, "save_work", save)


def test_object_that_the_store_refuses_does_not_keep_the_others_from_being_saved(saved, keeper, monkeypatch):
    saved.ask(4, click=(0.2, 0.5, True), thing=1)
    saved.ask(4, click=(0.8, 0.8, True))
    saved.change_thing(2, category="cat")
    refuse(keeper, monkeypatch, next(thing.key for thing in saved.things if thing.id == 1))
    with pytest.raises(StoreError, match=r"^Not everything is saved: dog: It is broken\. The rest is saved"):
        keeper.save(saved, "The animals.")
    kept = {thing.category: again(saved, keeper).cells(thing.id) for thing in again(saved, keeper).things}
    assert (set(kept["dog"]), set(kept["cat"])) == ({3}, {4})
    assert summary(saved)["saved"]["revision"] is None
    monkeypatch.undo()
    keeper.save(saved, "The animals.")
    assert summary(saved)["saved"]["revision"] == saved.revision
    assert set(again(saved, keeper).cells(1)) == {3, 4}


def test_sentence_without_its_object_is_not_saved_and_both_are_named(saved, keeper, monkeypatch):
    saved.ask(4, click=(0.8, 0.8, True))
    saved.change_thing(1, category="wolf")
    saved.change_thing(2, category="cat")
    refuse(keeper, monkeypatch, next(thing.key for thing in saved.things if thing.id == 2))
    with pytest.raises(StoreError, match=r"cat: It is broken.*'The cat\.': its object, cat, is not stored"):
        keeper.save(saved, "The cat.")
    assert [pair["expression"] for pair in summary(saved)["pairs"]] == ["The barking dog."]
    assert [thing.category for thing in again(saved, keeper).things] == ["wolf"]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  The  “loud”\n dog ", 'The "loud" dog.'),
        ("The dog..", "The dog."),
        ("The <b>dog</b> ", "The <b>dog</b>"),
    ],
)
def test_sentence_is_kept_as_the_benchmark_writes_it_and_the_page_is_told(saved, keeper, typed, kept):
    keeper.save(saved, typed)
    assert saved.expression == kept == summary(saved)["saved"]["expression"]
    message = saved.feed.since(0)[-1]
    assert message.get("expression", typed.strip()) == kept
    keeper.save(saved, kept)
    assert len(summary(saved)["pairs"]) == 2


def test_save_that_did_not_reach_the_store_is_the_same_pair_when_it_is_sent_again(saved, keeper, monkeypatch):
    sent = []

    def away(session, clip, objects, pairs, **rest):
        sent.append(pairs[0].id)
        raise UnreachableError("The database does not answer.", in_doubt=True)

    monkeypatch.setattr(keeper.store, "save_work", away)
    with pytest.raises(UnreachableError):
        keeper.save(saved, "The only dog.")
    monkeypatch.undo()
    keeper.save(saved, "The only dog.")
    assert [str(pair) for pair in sent] == [summary(saved)["saved"]["pair"]]
