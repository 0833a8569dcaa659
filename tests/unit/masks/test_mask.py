"""Masks agree with pycocotools pixel for pixel, whatever their shape."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pycocotools import mask as coco

from core.errors import RefavsError
from core.masks import Mask, intersection, iou, overlap, union
from core.masks.runs import run_lengths

pixels = hnp.arrays(bool, st.tuples(st.integers(1, 40), st.integers(1, 23)))


def one_pixel(size, y, x):
    array = np.zeros(size, dtype=bool)
    array[y, x] = True
    return array


def border(size):
    array = np.ones(size, dtype=bool)
    array[1:-1, 1:-1] = False
    return array


SHAPES = {
    "empty": np.zeros((7, 5), dtype=bool),
    "full": np.ones((7, 5), dtype=bool),
    "a single-pixel picture": np.ones((1, 1), dtype=bool),
    "first pixel": one_pixel((9, 4), 0, 0),
    "last pixel": one_pixel((9, 4), 8, 3),
    "borders": border((11, 17)),
    "one row": np.array([[True, False, True, True]]),
    "one column": np.array([[True], [False], [True]]),
    "4K empty": np.zeros((2160, 3840), dtype=bool),
    "4K full": np.ones((2160, 3840), dtype=bool),
    "4K borders": border((2160, 3840)),
    "4K one pixel": one_pixel((2160, 3840), 2159, 3839),
}


def agrees_with_pycocotools(array):
    mask = Mask.encode(array)
    rle = coco.encode(np.asfortranarray(array, dtype=np.uint8))
    assert mask.size == array.shape
    assert mask.counts == rle["counts"].decode()
    assert np.array_equal(mask.decode(), array)
    assert mask.decode().dtype == bool
    assert mask.area == array.sum() == int(coco.area(rle))
    assert mask.is_empty == (not array.any())
    if array.any():
        x, y, w, h = (int(v) for v in coco.toBbox(rle))
        assert mask.box == (x, y, x + w, y + h)
    else:
        assert mask.box is None


@given(pixels)
def test_a_mask_decodes_to_what_was_encoded_and_agrees_with_pycocotools(array):
    agrees_with_pycocotools(array)


@pytest.mark.parametrize("array", SHAPES.values(), ids=SHAPES)
def test_the_hard_shapes_agree_with_pycocotools(array):
    agrees_with_pycocotools(array)


@given(pixels)
def test_the_box_is_the_extent_of_the_pixels_with_exclusive_ends(array):
    box = Mask.encode(array).box
    ys, xs = np.nonzero(array)
    expected = (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1) if xs.size else None
    assert box == expected


@given(pixels)
def test_the_runs_are_read_as_they_lie_down_the_columns(array):
    flat = np.concatenate(([False], array.ravel(order="F"), [not array[-1, -1]]))
    changes = np.flatnonzero(flat[1:] != flat[:-1])
    expected = np.diff(np.concatenate(([0], changes)))
    assert run_lengths(Mask.encode(array).counts).tolist() == expected.tolist()


def test_runs_of_a_4k_picture_are_read_whole():
    array = np.zeros((2160, 3840), dtype=bool)
    array[:, 1000:3000:7] = True
    assert run_lengths(Mask.encode(array).counts).sum() == array.size


@given(pixels)
def test_the_json_form_has_text_counts_and_comes_back_equal(array):
    mask = Mask.encode(array)
    data = json.loads(json.dumps(mask.to_coco()))
    assert isinstance(data["counts"], str)
    assert data["size"] == list(array.shape)
    assert Mask.from_coco(data) == mask


@given(pixels)
def test_bytes_and_plain_run_lists_are_read_as_the_same_mask(array):
    mask = Mask.encode(array)
    runs = [int(n) for n in run_lengths(mask.counts)]
    assert Mask.from_coco({"size": list(mask.size), "counts": runs}) == mask
    assert Mask.from_coco({"size": mask.size, "counts": mask.counts.encode()}) == mask


@pytest.mark.parametrize(
    "rle",
    [
        {"size": [4, 4], "counts": ""},
        {"size": [4, 4], "counts": "0"},
        {"size": [4, 5], "counts": "`0"},
        {"size": [4, 4], "counts": "zz"},
        {"size": [4, 4], "counts": "ééé"},
        {"size": [4, 4], "counts": "oooooooooooooooo0"},
        {"size": [4, 4], "counts": [3, 2]},
        {"size": [0, 4], "counts": "0"},
        {"size": [4], "counts": "`0"},
        {"counts": "`0"},
        {"size": [219, 220], "counts": Mask.empty((220, 220)).counts},
    ],
)
def test_run_lengths_that_do_not_fill_the_picture_are_refused(rle):
    with pytest.raises(RefavsError):
        Mask.from_coco(rle)


@pytest.mark.parametrize("shape", [(3,), (2, 2, 2), (0, 4), (4, 0)])
def test_arrays_that_are_no_picture_are_refused(shape):
    with pytest.raises(RefavsError, match="array"):
        Mask.encode(np.zeros(shape))


@st.composite
def pairs(draw):
    size = draw(st.tuples(st.integers(1, 30), st.integers(1, 30)))
    return draw(st.lists(hnp.arrays(bool, size), min_size=1, max_size=4))


@given(pairs())
def test_union_and_intersection_on_runs_equal_those_on_pixels(arrays):
    masks = [Mask.encode(a) for a in arrays]
    assert union(masks) == Mask.encode(np.logical_or.reduce(arrays))
    assert intersection(masks) == Mask.encode(np.logical_and.reduce(arrays))


@given(pairs())
def test_iou_equals_the_share_of_common_pixels(arrays):
    a, b = arrays[0], arrays[-1]
    either = (a | b).sum()
    expected = (a & b).sum() / either if either else 1.0
    assert iou(Mask.encode(a), Mask.encode(b)) == pytest.approx(expected, abs=1e-12)
    assert overlap(Mask.encode(a), Mask.encode(b)) == (a & b).sum()


@settings(max_examples=3, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_union_on_4k_equals_that_on_pixels(seed):
    rng = np.random.default_rng(seed)
    arrays = []
    for _ in range(2):
        array = np.zeros((2160, 3840), dtype=bool)
        y, x = rng.integers(0, 2000), rng.integers(0, 3600)
        array[y : y + rng.integers(1, 900), x : x + rng.integers(1, 900)] = True
        arrays.append(array)
    assert union([Mask.encode(a) for a in arrays]) == Mask.encode(arrays[0] | arrays[1])


def test_masks_of_unequal_size_are_not_merged():
    with pytest.raises(RefavsError, match="4 x 4, 5 x 4"):
        union([Mask.empty((4, 4)), Mask.empty((5, 4))])
    with pytest.raises(RefavsError, match="At least one"):
        intersection([])
