"""The nano segmenter behind the protocol: random weights show its manners, the shipped ones its skill."""

import time

import cv2
import numpy as np
import pytest
import torch

from core.errors import PromptError, RefavsError
from core.masks import Mask
from core.segment.nano.clicking import FIRST_SIDES
from core.segment.nano.config import NanoConfig
from core.segment.nano.look import save
from core.segment.nano.network import NanoNetwork
from core.segment.nano.segmenter import NanoSegmenter, shipped
from core.segment.protocol import Click, Prompts


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    torch.manual_seed(1)
    path = tmp_path_factory.mktemp("nano")
    save(NanoNetwork(NanoConfig(widths=(4, 8, 8, 8, 8), blocks=(1, 1, 1, 1), key=4)), path)
    return path


@pytest.fixture
def untaught(folder):
    made = NanoSegmenter.from_pretrained(folder)
    yield made
    made.close()


@pytest.fixture(scope="module")
def taught():
    if not (shipped() / "model.safetensors").exists():
        pytest.skip("assets/weights/nano-segmenter holds no weights")
    return NanoSegmenter()


@pytest.fixture(name="drawn")
def drawn_disc(disc):
    return disc()


def counted(clip):
    """The same clip that counts how often frames are asked for."""
    clip.asked = []
    frame = clip.frame
    clip.frame = lambda index: clip.asked.append(index) or frame(index)
    return clip


def iou(mask, truth):
    found = mask.decode()
    return (found & truth).sum() / (found | truth).sum()


def on(drawn, index):
    return Prompts((Click(*drawn.centre(index)),))


def test_an_answer_is_a_mask_of_the_picture_and_a_share(untaught, drawn):
    answer = untaught.segment(drawn.clip(1), 0, on(drawn, 0))
    assert answer.mask.size == drawn.size
    assert 0 <= answer.score <= 1


def test_the_same_prompts_give_the_same_mask(untaught, drawn):
    clip = drawn.clip(1)
    first = untaught.segment(clip, 0, on(drawn, 0))
    assert untaught.segment(clip, 0, on(drawn, 0)) == first


def test_a_frame_seen_before_is_not_decoded_again(untaught, drawn):
    clip = counted(drawn.clip(3))
    untaught.segment(clip, 1, on(drawn, 1))
    untaught.segment(clip, 1, on(drawn, 1))
    assert clip.asked.count(1) == 1


def test_looks_are_forgotten_when_they_outgrow_their_memory(folder, drawn):
    forgetful = NanoSegmenter(folder, cache_bytes=1)
    clip = counted(drawn.clip(2))
    for index in (0, 1, 0):
        forgetful.segment(clip, index, on(drawn, index))
    forgetful.close()
    assert clip.asked.count(0) >= 2


# T14
def test_the_next_frame_is_looked_at_while_nobody_clicks(untaught, drawn):
    clip = counted(drawn.clip(3))
    untaught.segment(clip, 0, on(drawn, 0))
    until = time.monotonic() + 10
    while len(untaught.cache.views(clip, 2)) < len(FIRST_SIDES) and time.monotonic() < until:
        time.sleep(0.02)
    assert len(untaught.cache.views(clip, 1)) == len(FIRST_SIDES)
    assert clip.asked.count(1) == 1


@pytest.mark.parametrize(
    "prompts",
    [
        Prompts((Click(500, 10),)),
        Prompts((Click(10, 10), Click(10, 10, False))),
        Prompts((), (20, 20, 20, 60)),
        Prompts(),
    ],
)
def test_prompts_that_cannot_be_used_are_refused(untaught, drawn, prompts):
    with pytest.raises(PromptError):
        untaught.segment(drawn.clip(1), 0, prompts)


def test_a_previous_mask_of_another_size_is_refused(untaught, drawn):
    with pytest.raises(PromptError):
        untaught.segment(drawn.clip(1), 0, on(drawn, 0), previous=Mask.empty((5, 5)))


def test_a_folder_without_weights_is_refused(tmp_path):
    with pytest.raises(RefavsError, match=r"config\.json"):
        NanoSegmenter.from_pretrained(tmp_path)


# T25
def test_seeded_frames_keep_their_seed_and_every_frame_is_answered(untaught, drawn):
    seeds = {1: {0: Mask.encode(drawn.truth(0)), 3: Mask.encode(drawn.truth(3))}}
    answers = list(untaught.propagate(drawn.clip(5), seeds, range(5)))
    assert [a[1].index for a in answers] == [0, 1, 2, 3, 4]
    assert answers[0][1].mask == seeds[1][0]
    assert answers[3][1].mask == seeds[1][3]
    assert all(a[1].mask.size == drawn.size for a in answers)


# T14
def test_the_first_click_decodes_and_sees_its_own_frame_only(untaught, drawn, monkeypatch):
    monkeypatch.setattr("core.segment.cache.IDLE_BEFORE_PREWARM", 3600.0)
    clip = counted(drawn.clip(250))
    untaught.segment(clip, 100, on(drawn, 0))
    assert clip.asked == [100]


def test_a_barrier_ends_an_object(untaught, drawn):
    seeds = {1: {0: Mask.encode(drawn.truth(0))}}
    answers = list(untaught.propagate(drawn.clip(4), seeds, range(4), barriers=[2]))
    assert [set(a) for a in answers] == [{1}, {1}, set(), set()]


def test_one_click_finds_the_disc(taught, drawn):
    assert iou(taught.segment(drawn.clip(1), 0, on(drawn, 0)).mask, drawn.truth(0)) > 0.8


def test_a_box_finds_the_disc(taught, drawn):
    x, y = drawn.centre(0)
    box = (x - drawn.radius, y - drawn.radius, x + drawn.radius, y + drawn.radius)
    assert iou(taught.segment(drawn.clip(1), 0, Prompts((), box)).mask, drawn.truth(0)) > 0.8


def test_a_negative_click_takes_away_what_was_too_much(taught, drawn):
    clip, truth = drawn.clip(1), drawn.truth(0)
    wrong = truth.copy()
    wrong[40:80, 90:130] = True
    clicks = (*on(drawn, 0).clicks, Click(110, 60, False))
    mask = taught.segment(clip, 0, Prompts(clicks), previous=Mask.encode(wrong)).mask
    assert iou(mask, truth) > iou(Mask.encode(wrong), truth) + 0.2


def test_the_disc_is_carried_through_the_clip(taught, drawn):
    seeds = {1: {0: Mask.encode(drawn.truth(0))}}
    for index, answer in enumerate(taught.propagate(drawn.clip(12), seeds, range(12))):
        assert iou(answer[1].mask, drawn.truth(index)) > 0.75


# T24
def test_a_correction_changes_what_follows_it_for_the_better(taught, drawn):
    clip, wrong = drawn.clip(10), Mask.encode(np.roll(drawn.truth(0), 30, axis=1))
    before = [a[1].mask for a in taught.propagate(clip, {1: {0: wrong}}, range(10))]
    seeds = {1: {0: wrong, 5: drawn.mask(5)}}
    after = [a[1].mask for a in taught.propagate(clip, seeds, range(10), barriers=[0, 5])]
    assert after[:5] == before[:5]
    assert after[5] == drawn.mask(5)
    assert all(iou(after[i], drawn.truth(i)) > iou(before[i], drawn.truth(i)) for i in range(6, 10))


# T26
def test_an_object_added_later_leaves_the_first_one_as_it_was(taught, drawn):
    other = np.zeros(drawn.size, bool)
    other[5:25, 100:140] = True
    alone = [a[1] for a in taught.propagate(drawn.clip(6), {1: {0: drawn.mask(0)}}, range(6))]
    seeds = {1: {0: drawn.mask(0)}, 2: {3: Mask.encode(other)}}
    both = list(taught.propagate(drawn.clip(6), seeds, range(6)))
    assert [a[1] for a in both] == alone
    assert [2 in a for a in both] == [i >= 3 for i in range(6)]


# T28
def test_an_object_that_leaves_is_absent_and_found_again_when_it_comes_back(taught, disc):
    thing = disc(gone=range(4, 7))
    answers = [a[1] for a in taught.propagate(thing.clip(10), {1: {0: thing.mask(0)}}, range(10))]
    assert [a.mask.is_empty for a in answers] == [4 <= i < 7 for i in range(10)]
    assert all(iou(answers[i].mask, thing.truth(i)) > 0.75 for i in range(7, 10))


# T29
def test_every_frame_has_a_score_and_the_worst_one_shows(taught, disc):
    thing = disc()
    draw = thing.picture

    def smeared(index):
        picture = draw(index)
        return cv2.GaussianBlur(picture, (0, 0), 12) if index == 4 else picture

    thing.picture = smeared
    answers = [a[1] for a in taught.propagate(thing.clip(7), {1: {0: thing.mask(0)}}, range(7))]
    scores = [a.score for a in answers]
    assert scores[0] == 1.0
    assert all(0 <= score <= 1 for score in scores)
    assert min(range(7), key=scores.__getitem__) == 4


def test_the_disc_is_carried_backwards(taught, drawn):
    seeds = {1: {11: Mask.encode(drawn.truth(11))}}
    for answer in taught.propagate(drawn.clip(12), seeds, range(11, -1, -1)):
        assert iou(answer[1].mask, drawn.truth(answer[1].index)) > 0.75


def test_an_object_that_was_told_absent_stays_absent_while_it_is_gone(taught, disc):
    gone = disc(gone=range(3, 20))
    seeds = {1: {0: Mask.encode(gone.truth(0)), 3: Mask.empty(gone.size)}}
    answers = list(taught.propagate(gone.clip(8), seeds, range(8)))
    assert all(a[1].mask.is_empty for a in answers[3:])


def test_several_objects_keep_apart(taught, drawn):
    ground = np.zeros(drawn.size, bool)
    ground[10:40, 100:140] = True
    seeds = {1: {0: Mask.encode(drawn.truth(0))}, 2: {0: Mask.encode(ground)}}
    answers = list(taught.propagate(drawn.clip(4), seeds, range(4)))
    assert all(set(a) == {1, 2} for a in answers)
    assert iou(answers[-1][1].mask, drawn.truth(3)) > 0.75
