"""Answers become probabilities, masks and class pictures on the metric's grid."""

import numpy as np
import pytest

from core.errors import RefavsError
from core.evaluation.answers import ask, classes, mask_at, probabilities
from core.masks import Mask, Track
from core.systems.protocol import Found, Referral, Step

SIZE = (8, 12)


def block(x0, x1):
    pixels = np.zeros(SIZE, dtype=bool)
    pixels[2:6, x0:x1] = True
    return Mask.encode(pixels)


def found(mask, category=None, score=1.0):
    return Found(Track(SIZE, {3: mask}), category, {3: score})


def hard(*objects):
    return Referral((3,), objects, None, ())


def test_hard_masks_count_as_logits_of_plus_and_minus_ten():
    p = probabilities(hard(found(block(0, 4))), [3], SIZE)
    assert p.dtype == np.float32
    assert p.shape == (1, *SIZE)
    inside = block(0, 4).decode()
    assert np.allclose(p[0][inside], 1 / (1 + np.exp(-10.0)))
    assert np.allclose(p[0][~inside], 1 / (1 + np.exp(10.0)))


def test_several_objects_are_joined_and_none_is_empty():
    both = probabilities(hard(found(block(0, 4)), found(block(6, 9))), [3], SIZE)[0] > 0.5
    assert np.array_equal(both, block(0, 4).decode() | block(6, 9).decode())
    assert (probabilities(hard(), [3], SIZE) < 0.5).all()
    assert mask_at(hard(found(block(0, 4)), found(block(2, 9))), 3, SIZE) == block(0, 9)
    assert mask_at(hard(), 3, SIZE).is_empty


def test_hard_masks_grow_by_nearest_pixels():
    p = probabilities(hard(found(block(0, 4))), [3], (16, 24))[0] > 0.5
    assert np.array_equal(p, block(0, 4).decode().repeat(2, axis=0).repeat(2, axis=1))


def bilinear(plane, size):
    """Between the four nearest pixel centres; beyond the outermost centres the edge goes on."""
    rows, columns = (
        np.clip((np.arange(n) + 0.5) * m / n - 0.5, 0, m - 1) for n, m in zip(size, plane.shape, strict=True)
    )
    y0, x0 = np.floor(rows).astype(int), np.floor(columns).astype(int)
    y1, x1 = np.minimum(y0 + 1, plane.shape[0] - 1), np.minimum(x0 + 1, plane.shape[1] - 1)
    down, right = (rows - y0)[:, None], (columns - x0)[None]
    upper = plane[np.ix_(y0, x0)] * (1 - right) + plane[np.ix_(y0, x1)] * right
    lower = plane[np.ix_(y1, x0)] * (1 - right) + plane[np.ix_(y1, x1)] * right
    return upper * (1 - down) + lower * down


def test_logits_are_resized_bilinearly_before_the_sigmoid():
    logits = np.random.default_rng(0).normal(0, 3, (2, 5, 7)).astype(np.float16)
    p = probabilities(Referral((4, 9), (), logits, ()), [9, 4], (16, 16))
    for plane, answer in zip(logits[::-1].astype(np.float64), p, strict=True):
        assert np.abs(answer - 1 / (1 + np.exp(-bilinear(plane, (16, 16))))).max() < 1e-5


def test_extreme_logits_neither_warn_nor_leave_0_to_1(recwarn):
    logits = np.array([[[-60000.0, 60000.0]]], dtype=np.float16)
    p = probabilities(Referral((0,), (), logits, ()), [0], (1, 2))
    assert p.tolist() == [[[0.0, 1.0]]]
    assert not recwarn.list


def test_classes_are_painted_by_category_and_the_surer_object_wins():
    names = ("background", "dog", "emergency-car")
    answer = hard(
        found(block(0, 8), "dog", 0.9), found(block(4, 12), "Emergency car", 0.4), found(block(0, 12))
    )
    painted = classes(answer, 3, SIZE, names)
    assert painted[3].tolist() == [1] * 8 + [2] * 4
    assert not painted[0].any()
    assert not classes(hard(found(block(0, 12), "ghost")), 3, SIZE, names).any()


def test_the_answer_is_the_referral_and_must_come():
    class Mute:
        name = "mute"

        def refer(self, clip, expression):
            yield Step("look", "I look.")

    class Talker(Mute):
        def refer(self, clip, expression):
            yield Step("look", "I look.")
            yield hard()

    assert ask(Talker(), None, "x") == hard()
    with pytest.raises(RefavsError, match="mute ended without an answer"):
        ask(Mute(), None, "x")
