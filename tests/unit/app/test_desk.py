import pytest

from app import work
from core import registry
from core.errors import PromptError, RefavsError


@pytest.fixture(autouse=True)
def _same_segmenter(monkeypatch, desk):
    monkeypatch.setattr(registry, "segmenter", desk._segmenter)


def areas(desk, thing):
    return {index: cell.mask.area for index, cell in desk.cells(thing).items()}


def test_click_without_an_object_makes_one_and_keeps_its_mask(desk):
    desk.ask(3, click=(0.5, 0.5, True))
    assert [thing.id for thing in desk.things] == [1]
    assert areas(desk, 1) == {3: 64}
    assert desk.cells(1)[3].touched


def test_new_object_is_the_one_that_fits(desk):
    desk.ask(3, click=(0.2, 0.5, True))
    desk.ask(3, click=(0.8, 0.5, True))
    assert [(thing.id, thing.fits) for thing in desk.things] == [(1, False), (2, True)]
    desk.undo()
    assert [(thing.id, thing.fits) for thing in desk.things] == [(1, True)]


def test_clicks_on_a_frame_add_up(desk):
    desk.ask(3, click=(0.2, 0.5, True))
    desk.ask(3, click=(0.8, 0.5, True), thing=1)
    assert areas(desk, 1) == {3: 128}
    assert len(desk.cells(1)[3].asked.clicks) == 2


def test_box_starts_the_frame_afresh(desk):
    desk.ask(3, click=(0.2, 0.5, True))
    desk.ask(3, box=(0.5, 0.0, 1.0, 0.5), thing=1)
    height, width = desk.clip.size
    assert areas(desk, 1) == {3: width // 2 * height // 2}


def test_prompt_that_finds_nothing_changes_nothing(desk):
    desk.ask(3, click=(0.5, 0.5, True))
    seen = desk.feed.seq
    with pytest.raises(PromptError, match="Nothing was found"):
        desk.ask(4, box=(0.5, 0.5, 0.5, 0.5), thing=1)
    assert areas(desk, 1) == {3: 64}
    assert desk.feed.seq == seen


def test_taking_everything_away_says_absent(desk):
    desk.ask(3, click=(0.5, 0.5, True))
    desk.ask(3, click=(0.5, 0.5, False), thing=1)
    assert areas(desk, 1) == {3: 0}


def test_undo_and_redo_walk_through_every_act(desk):
    desk.ask(3, click=(0.2, 0.5, True))
    desk.ask(3, click=(0.8, 0.5, True), thing=1)
    desk.change_thing(1, category=" grey \n dog ")
    desk.delete_thing(1)
    states = []
    for _ in range(4):
        desk.undo()
        states.append([(thing.category, areas(desk, thing.id)) for thing in desk.things])
    assert states == [[("grey dog", {3: 128})], [("", {3: 128})], [("", {3: 64})], []]
    with pytest.raises(PromptError, match="nothing to undo"):
        desk.undo()
    for _ in range(4):
        desk.redo()
    assert desk.things == []


def test_propagation_leaves_touched_frames_alone_and_is_one_step_of_undo(desk):
    desk.ask(3, click=(0.2, 0.5, True))
    desk.ask(8, click=(0.7, 0.5, True), thing=1)
    touched = {index: desk.cells(1)[index] for index in (3, 8)}
    for _ in work.propagate(desk, 1, 3, "both", None):
        pass
    assert list(desk.cells(1)) == list(desk.clip.indices)
    assert {index: desk.cells(1)[index] for index in (3, 8)} == touched
    desk.undo()
    assert desk.cells(1) == touched


@pytest.mark.parametrize(("direction", "expected"), [("forward", range(3, 12)), ("backward", range(0, 4))])
def test_propagation_goes_where_it_is_sent(desk, direction, expected):
    desk.ask(3, click=(0.2, 0.5, True))
    for _ in work.propagate(desk, 1, 3, direction, None):
        pass
    assert list(desk.cells(1)) == list(expected)


def test_cancelled_propagation_keeps_what_is_done(desk, monkeypatch):
    monkeypatch.setattr(work, "PAUSE", 0.0)
    desk.ask(0, click=(0.2, 0.5, True))
    running = work.propagate(desk, 1, 0, "forward", None)
    for _ in range(4):
        next(running)
    desk.cancel()
    list(running)
    done = list(desk.cells(1))
    assert done == list(range(len(done)))
    assert 4 <= len(done) < 12
    assert desk.job is None


def test_page_that_goes_away_ends_its_propagation_and_keeps_what_is_done(desk, monkeypatch):
    monkeypatch.setattr(work, "PAUSE", 0.0)
    desk.ask(0, click=(0.2, 0.5, True))
    running = work.propagate(desk, 1, 0, "forward", None)
    next(running)
    running.close()
    assert desk.job is None
    assert len(desk.cells(1)) > 1


def test_undo_during_a_propagation_ends_it_and_takes_it_back(desk, monkeypatch):
    monkeypatch.setattr(work, "PAUSE", 0.0)
    desk.ask(0, click=(0.2, 0.5, True))
    running = work.propagate(desk, 1, 0, "forward", None)
    next(running)
    desk.undo()
    list(running)
    assert list(desk.cells(1)) == [0]


def test_further_click_corrects_the_answer_so_far_and_a_box_starts_afresh(desk, monkeypatch):
    segmenter = desk._segmenter()
    corrected = []

    def segment(clip, index, prompts, *, previous=None):
        corrected.append(previous)
        return type(segmenter).segment(segmenter, clip, index, prompts, previous=previous)

    monkeypatch.setattr(segmenter, "segment", segment, raising=False)
    monkeypatch.setattr(desk, "_segmenter", lambda: segmenter)
    answers = [None]
    for x in (0.3, 0.6):
        desk.ask(2, click=(x, 0.5, True), thing=1)
        answers.append(desk.cells(1)[2].mask)
    desk.ask(2, box=(0.1, 0.1, 0.5, 0.5), thing=1)
    desk.undo()
    desk.ask(2, click=(0.8, 0.5, True), thing=1)
    assert corrected == [None, answers[1], None, answers[2]]


def test_click_during_a_propagation_stays_and_is_undone_alone(desk, monkeypatch):
    monkeypatch.setattr(work, "PAUSE", 0.0)
    desk.ask(0, click=(0.2, 0.5, True))
    running = work.propagate(desk, 1, 0, "forward", None)
    next(running)
    desk.ask(9, click=(0.7, 0.5, True), thing=1)
    clicked = desk.cells(1)[9]
    list(running)
    assert desk.cells(1)[9] == clicked
    desk.undo()
    assert 9 not in desk.cells(1)
    assert len(desk.cells(1)) == 11


def test_second_long_work_is_refused_while_one_runs(desk):
    desk.start("propagation")
    with pytest.raises(RefavsError, match="Still busy"):
        desk.start("referral")


def test_every_change_is_told_in_order_with_what_changed(desk):
    desk.ask(3, click=(0.5, 0.5, True))
    desk.undo()
    first, second = desk.feed.since(0)
    assert first["masks"] == {"1": {"3": [desk_counts(first), 1, {"clicks": [[0.5, 0.5, True]]}, 0.9]}}
    assert second["masks"] == {"1": {"3": None}}
    assert (first["seq"], second["seq"]) == (1, 2)


def desk_counts(message):
    counts = message["masks"]["1"]["3"][0]
    assert counts
    return counts
