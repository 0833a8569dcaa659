import numpy as np
import pytest

from core.errors import PromptError
from core.masks import Mask, iou
from core.registry import segmenter
from core.segment.classical import ClassicalSegmenter
from core.segment.protocol import Click, Prompts

CLASSICAL = ClassicalSegmenter()


def two_discs(disc, drawn_clip):
    """Two red discs of one colour, and the masks of each."""
    left, right = disc(), disc(speed=0)
    right.centre = lambda index: (115, 60)

    def draw(index):
        picture = left.picture(index)
        picture[right.truth(index)] = (200, 50, 40)
        return picture

    return drawn_clip(draw, 1, left.size), left.mask(0), right.mask(0)


def test_one_click_takes_the_thing_clicked(disc):
    thing = disc()
    found = CLASSICAL.segment(thing.clip(1), 0, Prompts((Click(40, 60),)))
    assert iou(found.mask, thing.mask(0)) > 0.9
    assert 0 <= found.score <= 1


def test_of_two_alike_only_the_clicked_one_is_taken(disc, drawn_clip):
    clip, left, right = two_discs(disc, drawn_clip)
    found = CLASSICAL.segment(clip, 0, Prompts((Click(40, 60),))).mask
    assert iou(found, left) > 0.85
    assert not (found.decode() & right.decode()).any()


def test_a_second_positive_click_adds_and_a_negative_one_removes(disc, drawn_clip):
    clip, left, right = two_discs(disc, drawn_clip)
    both = (Click(40, 60), Click(115, 60))
    first = CLASSICAL.segment(clip, 0, Prompts(both[:1])).mask
    added = CLASSICAL.segment(clip, 0, Prompts(both), previous=first).mask
    assert (added.decode() & right.decode()).sum() > 0.85 * right.area
    removed = CLASSICAL.segment(clip, 0, Prompts((both[0], Click(115, 60, False))), previous=added).mask
    assert (removed.decode() & right.decode()).sum() < 0.15 * right.area
    assert iou(removed, left) > 0.8


def test_a_correction_changes_nothing_far_from_its_click(disc, drawn_clip):
    clip, left, _ = two_discs(disc, drawn_clip)
    drawn = left.decode()
    drawn[5:9, 5:9] = True  # somebody drew this by hand, and the colours do not speak for it
    clicks = (Click(7, 7), Click(40, 60), Click(115, 60))
    after = CLASSICAL.segment(clip, 0, Prompts(clicks), previous=Mask.encode(drawn)).mask.decode()
    assert (after[:, :80] == drawn[:, :80]).all()
    assert after[60, 115]


def test_where_there_is_no_edge_at_all_a_first_click_neither_floods_nor_gives_a_dot(drawn_clip):
    clip = drawn_clip(lambda i: np.full((90, 160, 3), 128, np.uint8), 1, (90, 160))
    share = CLASSICAL.segment(clip, 0, Prompts((Click(80, 45),))).mask.area / (90 * 160)
    assert 0.01 < share < 0.5


def test_on_a_speckled_ground_a_first_click_neither_floods_nor_gives_a_dot(disc, drawn_clip):
    thing = disc(gone=range(1))
    for x, y in ((20, 20), (80, 60), (140, 100), (60, 100)):
        share = CLASSICAL.segment(thing.clip(1), 0, Prompts((Click(x, y),))).mask.area / (120 * 160)
        assert 0.005 < share < 0.8


def test_a_small_hole_is_filled_unless_a_click_says_it_is_one(disc, drawn_clip):
    thing = disc(radius=30)

    def draw(index):
        picture = thing.picture(index)
        picture[66:69, 44:47] = (40, 120, 60)
        return picture

    clip = drawn_clip(draw, 1, thing.size)
    filled = CLASSICAL.segment(clip, 0, Prompts((Click(40, 60),))).mask
    assert filled.decode()[67, 45]
    opened = CLASSICAL.segment(clip, 0, Prompts((Click(40, 60), Click(45.5, 67.5, False))), previous=filled)
    assert not opened.mask.decode()[67, 45]


def test_a_box_takes_what_is_in_it(disc):
    thing = disc()
    found = CLASSICAL.segment(thing.clip(1), 0, Prompts(box=(18, 38, 62, 82))).mask
    assert iou(found, thing.mask(0)) > 0.9


@pytest.mark.parametrize("seed", range(6))
def test_positive_clicks_are_always_inside_and_negative_ones_never(drawn_clip, seed):
    rng = np.random.default_rng(seed)
    picture = rng.integers(0, 256, (60, 80, 3), np.uint8)
    clip = drawn_clip(lambda i: picture, 1, (60, 80))
    clicks = tuple(Click(*rng.uniform((0, 0), (80, 60)), bool(k % 2 == 0)) for k in range(5))
    mask = CLASSICAL.segment(clip, 0, Prompts(clicks)).mask.decode()
    for click in clicks:
        assert mask[int(click.y), int(click.x)] == click.positive


def test_the_same_clicks_give_the_same_bits(disc):
    clip, prompts = disc().clip(1), Prompts((Click(40, 60), Click(10, 10, False)))
    assert CLASSICAL.segment(clip, 0, prompts) == CLASSICAL.segment(clip, 0, prompts)


def test_a_flat_picture_and_a_tiny_one_are_answered(drawn_clip):
    for size in ((120, 160), (3, 5), (1, 1)):
        clip = drawn_clip(lambda i, size=size: np.full((*size, 3), 90, np.uint8), 1, size)
        mask = CLASSICAL.segment(clip, 0, Prompts((Click(0.5, 0.5),))).mask
        assert mask.size == size
        assert mask.decode()[0, 0]


def test_bad_prompts_are_refused(disc):
    with pytest.raises(PromptError, match="outside"):
        CLASSICAL.segment(disc().clip(1), 0, Prompts((Click(500, 5),)))


@pytest.mark.parametrize("backward", [False, True])
def test_a_moving_object_is_followed_in_both_directions(disc, backward):
    thing = disc()
    order = range(20, -1, -1) if backward else range(21)
    steps = list(CLASSICAL.propagate(thing.clip(21), {1: {order[0]: thing.mask(order[0])}}, order))
    assert [step[1].index for step in steps] == list(order)
    assert min(iou(step[1].mask, thing.mask(step[1].index)) for step in steps) > 0.8


# T24, T25
def test_touched_frames_stay_bit_for_bit_and_a_correction_changes_what_follows(disc):
    thing = disc()
    clip, wrong = thing.clip(16), Mask.encode(np.roll(thing.truth(0), 30, axis=1))
    before = [s[1].mask for s in CLASSICAL.propagate(clip, {1: {0: wrong}}, range(16))]
    seeds = {1: {0: wrong, 8: thing.mask(8)}}
    after = [s[1].mask for s in CLASSICAL.propagate(clip, seeds, range(16), barriers=[0, 8])]
    assert after[0] == wrong
    assert after[8] == thing.mask(8)
    assert after[:8] == before[:8]
    assert all(iou(after[i], thing.mask(i)) > iou(before[i], thing.mask(i)) for i in range(9, 16))


# T26
def test_an_object_added_later_leaves_the_first_one_as_it_was(disc):
    thing = disc()
    other = np.zeros(thing.size, bool)
    other[5:25, 100:140] = True
    alone = [s[1] for s in CLASSICAL.propagate(thing.clip(10), {1: {0: thing.mask(0)}}, range(10))]
    seeds = {1: {0: thing.mask(0)}, 2: {4: Mask.encode(other)}}
    both = list(CLASSICAL.propagate(thing.clip(10), seeds, range(10)))
    assert [step[1] for step in both] == alone
    assert [2 in step for step in both] == [i >= 4 for i in range(10)]


# T28
def test_an_object_that_leaves_is_absent_and_the_work_goes_on(disc):
    thing = disc(gone=range(6, 12))
    steps = list(CLASSICAL.propagate(thing.clip(12), {1: {0: thing.mask(0)}}, range(12)))
    assert len(steps) == 12
    assert iou(steps[5][1].mask, thing.mask(5)) > 0.8
    assert all(steps[i][1].mask.is_empty for i in range(8, 12))


def test_a_seed_that_says_absent_is_kept(disc):
    thing = disc()
    seeds = {1: {0: thing.mask(0), 3: Mask.empty(thing.size)}}
    steps = list(CLASSICAL.propagate(thing.clip(4), seeds, range(4)))
    assert steps[3][1].mask.is_empty


def test_prompts_may_seed_a_propagation(disc):
    thing = disc()
    steps = list(CLASSICAL.propagate(thing.clip(3), {1: {0: Prompts((Click(40, 60),))}}, range(3)))
    assert iou(steps[2][1].mask, thing.mask(2)) > 0.8


def test_the_registry_knows_it():
    assert segmenter("classical").name == "classical"
