"""The walk over the frames, with a tracker so simple that every promise can be read off its answers."""

import numpy as np
import pytest

from core.errors import PromptError
from core.masks import Mask
from core.segment.propagation import propagate, runs_away
from core.segment.protocol import Click, Prompts
from core.segment.slot import compute_slot

SIZE = (4, 40)


def spot(column):
    pixels = np.zeros(SIZE, bool)
    pixels[1, column] = True
    return Mask.encode(pixels)


class Echo:
    """Moves each object's pixel by one column a step; remembers what it was shown."""

    def __init__(self):
        self.seen, self.place, self.slot_held = [], {}, []

    def advance(self, index, picture, given, running):
        self.seen.append(index)
        self.slot_held.append(compute_slot._owner is not None)
        found = {}
        for key in running:
            self.place[key] += 1
            found[key] = (spot(self.place[key]).decode(), 0.5)
        self.place |= {key: int(np.nonzero(mask)[1][0]) for key, mask in given.items() if mask.any()}
        return found

    def forget(self, objects):
        for key in objects:
            self.place.pop(key)


class Still:
    """Answers each object with one pixel that never moves."""

    def __init__(self):
        self.visited = 0

    def advance(self, index, picture, given, running):
        self.visited += 1
        return {key: (spot(0).decode(), 0.5) for key in running}


@pytest.fixture
def walk(drawn_clip):
    clip = drawn_clip(lambda i: np.zeros((*SIZE, 3), np.uint8), 20, SIZE)

    def run(seeds, indices, barriers=(), tracker=None):
        steps = propagate(
            clip, tracker or Echo(), seeds, indices, barriers=barriers, segment=lambda i, p: spot(30)
        )
        return [
            {key: (a.index, int(np.nonzero(a.mask.decode())[1][0])) for key, a in step.items()}
            for step in steps
        ]

    return run


def test_frames_come_in_the_order_asked_forward_and_backward(walk):
    assert walk({1: {3: spot(0)}}, [3, 4, 5]) == [{1: (3, 0)}, {1: (4, 1)}, {1: (5, 2)}]
    assert walk({1: {3: spot(0)}}, [3, 2, 1]) == [{1: (3, 0)}, {1: (2, 1)}, {1: (1, 2)}]


def test_a_seeded_frame_is_answered_with_its_seed_and_carried_on_from_there(walk):
    assert walk({1: {0: spot(0), 2: spot(9)}}, range(4)) == [
        {1: (0, 0)},
        {1: (1, 1)},
        {1: (2, 9)},
        {1: (3, 10)},
    ]


def test_a_second_object_joins_at_its_own_first_seed(walk):
    steps = walk({1: {0: spot(0)}, 2: {2: spot(20)}}, range(4))
    assert [sorted(step) for step in steps] == [[1], [1], [1, 2], [1, 2]]


def test_a_range_that_begins_after_the_seed_starts_from_the_seed(walk):
    tracker = Echo()
    assert walk({1: {4: spot(0)}}, [5, 6], tracker=tracker) == [{1: (5, 1)}, {1: (6, 2)}]
    assert tracker.seen == [4, 5, 6]


def test_the_nearest_seed_behind_is_the_one_it_starts_from(walk):
    tracker = Echo()
    walk({1: {0: spot(0), 4: spot(8), 7: spot(12)}}, [5, 6, 7, 8], tracker=tracker)
    assert tracker.seen == [4, 5, 6, 7, 8]


def test_a_barrier_with_a_seed_keeps_it_and_what_follows_comes_from_it(walk):
    steps = walk({1: {0: spot(0), 2: spot(9)}}, range(4), barriers=[2])
    assert steps[2:] == [{1: (2, 9)}, {1: (3, 10)}]


def test_a_barrier_without_a_seed_ends_the_object(walk):
    assert walk({1: {0: spot(0)}}, range(4), barriers=[2]) == [{1: (0, 0)}, {1: (1, 1)}, {}, {}]


def test_a_barrier_between_two_frames_asked_is_not_jumped_over(walk):
    assert walk({1: {0: spot(0)}}, [0, 4, 8], barriers=[5]) == [{1: (0, 0)}, {1: (4, 1)}, {}]


def test_a_barrier_between_the_seed_and_the_range_is_not_crossed(walk):
    assert walk({1: {0: spot(0)}}, [6, 7], barriers=[3]) == [{}, {}]


def test_a_seed_between_two_frames_asked_is_learnt(walk):
    assert walk({1: {0: spot(0), 5: spot(9)}}, [0, 8]) == [{1: (0, 0)}, {1: (8, 10)}]


def test_seeds_given_as_prompts_are_segmented_first(walk):
    assert walk({1: {0: Prompts((Click(2, 2),))}}, [0, 1]) == [{1: (0, 30)}, {1: (1, 31)}]


def test_the_slot_is_held_for_each_frame_and_free_between_them(drawn_clip):
    clip, tracker = drawn_clip(lambda i: np.zeros((*SIZE, 3), np.uint8), 3, SIZE), Echo()
    for _ in propagate(clip, tracker, {1: {0: spot(0)}}, range(3), barriers=(), segment=lambda i, p: spot(0)):
        assert compute_slot._owner is None
    assert tracker.slot_held == [True, True, True]


# T13: no length is too long, so nothing is refused for it and nothing is left out
def test_every_one_of_many_frames_is_answered(drawn_clip):
    picture = np.zeros((*SIZE, 3), np.uint8)
    clip = drawn_clip(lambda i: picture, 20_000, SIZE)
    seeds, tracker = {1: {0: spot(0)}}, Still()
    steps = propagate(clip, tracker, seeds, range(20_000), barriers=(), segment=lambda i, p: spot(0))
    assert all(step[1].index == index for index, step in enumerate(steps))
    assert next(steps, None) is None
    assert tracker.visited == 20_000


def test_closing_it_stops_the_work(drawn_clip):
    clip, tracker = drawn_clip(lambda i: np.zeros((*SIZE, 3), np.uint8), 9, SIZE), Echo()
    steps = propagate(clip, tracker, {1: {0: spot(0)}}, range(9), barriers=(), segment=lambda i, p: spot(0))
    next(steps)
    steps.close()
    assert tracker.seen == [0]


def test_an_unusable_index_is_refused_at_the_call(walk):
    with pytest.raises(PromptError, match="no frame 20"):
        walk({1: {0: spot(0)}}, [0, 20])


# T27
def test_a_mask_runs_away_when_it_takes_the_picture_or_jumps():
    assert runs_away(area=80, before=30, picture=100)
    assert runs_away(area=45, before=10, picture=100)
    assert not runs_away(area=80, before=75, picture=100)
    assert not runs_away(area=30, before=20, picture=100)
    assert not runs_away(area=4, before=0.5, picture=100)
