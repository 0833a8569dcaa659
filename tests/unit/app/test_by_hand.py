"""Brush, eraser, and the three ways to say that an object is not there."""

import numpy as np
import pytest

from app import work
from core import registry
from core.errors import PromptError
from core.masks import Mask


@pytest.fixture(autouse=True)
def _same_segmenter(monkeypatch, desk):
    monkeypatch.setattr(registry, "segmenter", desk._segmenter)


def stroke(desk, x0, y0, x1, y1):
    pixels = np.zeros(desk.clip.size, bool)
    pixels[y0:y1, x0:x1] = True
    return Mask.encode(pixels)


def present(desk, thing=1):
    return [index for index, cell in desk.cells(thing).items() if not cell.mask.is_empty]


def carry(desk, index, direction="both"):
    for _ in work.propagate(desk, 1, index, direction, None):
        pass


def test_brush_adds_exactly_its_pixels_and_the_eraser_takes_exactly_its_pixels(desk):
    desk.brush(3, stroke(desk, 10, 10, 30, 30), erase=False)
    desk.brush(3, stroke(desk, 25, 10, 40, 30), erase=False, thing=1)
    desk.brush(3, stroke(desk, 10, 10, 15, 50), erase=True, thing=1)
    assert desk.cells(1)[3].mask == stroke(desk, 15, 10, 40, 30)
    assert desk.cells(1)[3].touched
    for _ in range(2):
        desk.undo()
    assert desk.cells(1)[3].mask == stroke(desk, 10, 10, 30, 30)


def test_eraser_without_a_mask_says_so(desk):
    with pytest.raises(PromptError, match="nothing to erase"):
        desk.brush(3, stroke(desk, 0, 0, 5, 5), erase=True)
    assert desk.things == []


def test_click_after_the_brush_corrects_what_was_painted(desk):
    desk.brush(3, stroke(desk, 10, 10, 30, 30), erase=False)
    desk.ask(3, click=(0.5, 0.5, True), thing=1)
    assert desk.cells(1)[3].base == stroke(desk, 10, 10, 30, 30)


def test_painted_frame_is_kept_by_a_propagation(desk):
    desk.brush(3, stroke(desk, 10, 10, 30, 30), erase=False)
    painted = desk.cells(1)[3]
    carry(desk, 3)
    assert desk.cells(1)[3] is painted
    assert len(desk.cells(1)) == len(desk.clip)


def test_absent_on_this_frame_changes_this_frame_alone(desk):
    desk.ask(3, click=(0.5, 0.5, True))
    carry(desk, 3)
    desk.say_absent(6, 1)
    assert present(desk) == [i for i in desk.clip.indices if i != 6]
    desk.undo()
    assert present(desk) == list(desk.clip.indices)


def test_absent_from_here_reaches_the_end_and_is_one_step_of_undo(desk):
    desk.ask(3, click=(0.5, 0.5, True))
    carry(desk, 3)
    desk.say_absent(6, 1, onward=True)
    assert present(desk) == [0, 1, 2, 3, 4, 5]
    assert sorted(desk.cells(1)) == list(desk.clip.indices)
    carry(desk, 3)
    assert present(desk) == [0, 1, 2, 3, 4, 5]
    desk.undo()  # the propagation
    desk.undo()
    assert present(desk) == list(desk.clip.indices)


def test_absent_from_here_ends_where_the_object_was_drawn_again(desk):
    desk.ask(3, click=(0.5, 0.5, True))
    carry(desk, 3)
    desk.ask(9, click=(0.5, 0.5, True), thing=1)
    desk.say_absent(6, 1, onward=True)
    assert present(desk) == [0, 1, 2, 3, 4, 5, 9, 10, 11]


def test_object_that_comes_back_can_be_carried_on_and_stays_absent_before(desk):
    desk.ask(2, click=(0.5, 0.5, True))
    carry(desk, 2)
    desk.say_absent(5, 1, onward=True)
    desk.ask(8, click=(0.2, 0.5, True), thing=1)
    carry(desk, 8, "forward")
    carry(desk, 2)
    assert present(desk) == [0, 1, 2, 3, 4, 8, 9, 10, 11]


def test_delete_takes_the_object_and_undo_brings_all_of_it_back(desk):
    desk.ask(3, click=(0.5, 0.5, True))
    desk.say_absent(5, 1)
    before = desk.cells(1)
    desk.delete_thing(1)
    assert desk.things == []
    desk.undo()
    assert desk.cells(1) == before


@pytest.mark.parametrize(("touched", "here", "filled"), [(2, 6, range(2, 7)), (9, 6, range(6, 10))])
def test_propagation_to_here_stops_here(desk, touched, here, filled):
    desk.ask(touched, click=(0.5, 0.5, True))
    carry(desk, here, "here")
    assert list(desk.cells(1)) == list(filled)


def test_propagation_to_here_without_another_touched_frame_says_so(desk):
    desk.ask(4, click=(0.5, 0.5, True))
    with pytest.raises(PromptError, match="No other frame"):
        carry(desk, 4, "here")
