import pytest

from core.errors import PromptError
from core.masks import Mask
from core.segment.prompts import check_seeds, checked
from core.segment.protocol import Click, Prompts

INSIDE = Click(80, 60)


def refusal(clip, prompts, index=0, previous=None):
    with pytest.raises(PromptError) as refused:
        checked(clip, index, prompts, previous)
    message = str(refused.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize(("x", "y"), [(-0.1, 5), (5, -3), (160.5, 5), (5, 121)])
def test_a_click_outside_the_picture_is_refused_with_its_place_and_the_size(disc, x, y):
    message = refusal(disc().clip(1), Prompts((Click(x, y),)))
    assert f"{x:g}" in message
    assert "160 x 120" in message


def test_a_click_on_the_far_edge_counts_as_the_last_pixel(disc):
    prompts = Prompts((Click(160, 120),))
    assert checked(disc().clip(1), 0, prompts) == prompts


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_click_that_is_no_number_is_refused(disc, bad):
    assert "two numbers" in refusal(disc().clip(1), Prompts((Click(bad, 5),)))


@pytest.mark.parametrize(
    "box", [(10, 10, 10, 50), (10, 10, 10.5, 50), (200, 10, 300, 50), (1, 2, float("nan"), 4)]
)
def test_a_box_of_no_area_is_refused(disc, box):
    assert "box" in refusal(disc().clip(1), Prompts(box=box)).lower()


def test_a_box_drawn_from_the_lower_right_is_turned_and_cut_to_the_picture(disc):
    assert checked(disc().clip(1), 0, Prompts(box=(200, 90, 20, -5))).box == (20, 0, 160, 90)


def test_a_frame_that_does_not_exist_is_refused_with_those_that_do(disc):
    assert "frames 5 to 7" in refusal(disc().clip(3, first=5), Prompts((INSIDE,)), index=8)


def test_a_previous_mask_of_another_size_is_refused(disc):
    assert "20 x 10" in refusal(disc().clip(1), Prompts((INSIDE,)), previous=Mask.empty((10, 20)))


def test_no_prompt_at_all_is_refused(disc):
    assert "click or a box" in refusal(disc().clip(1), Prompts())


def test_only_negative_clicks_need_a_mask_to_remove_from(disc):
    clip, prompts = disc().clip(1), Prompts((Click(80, 60, positive=False),))
    assert "remove" in refusal(clip, prompts)
    assert "remove" in refusal(clip, prompts, previous=Mask.empty((120, 160)))
    assert checked(clip, 0, prompts, disc().mask(0)) == prompts


def test_opposite_clicks_on_one_pixel_are_refused_and_beside_each_other_are_not(disc):
    clip = disc().clip(1)
    assert "(80, 60)" in refusal(clip, Prompts((Click(80.2, 60.1), Click(80.9, 60.8, positive=False))))
    checked(clip, 0, Prompts((Click(80.2, 60.1), Click(81.2, 60.8, positive=False))))


def test_seeds_are_checked_before_any_work(disc):
    clip = disc().clip(3)
    with pytest.raises(PromptError, match="no frame 9"):
        check_seeds(clip, {1: {9: disc().mask(0)}})
    with pytest.raises(PromptError, match="20 x 10"):
        check_seeds(clip, {1: {0: Mask.empty((10, 20))}})
    with pytest.raises(PromptError, match="nothing to carry"):
        check_seeds(clip, {1: {}})
