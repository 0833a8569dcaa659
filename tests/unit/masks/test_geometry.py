"""Resizing keeps hard values; boundary, pieces, centre and boxes are what their words say."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from core.errors import RefavsError
from core.masks import Mask, boundary, box_iou, centre, components, resize, resize_pixels

pixels = hnp.arrays(bool, st.tuples(st.integers(1, 24), st.integers(1, 24)))
sizes = st.tuples(st.integers(1, 50), st.integers(1, 50))


@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 24), st.integers(1, 24))), sizes)
def test_resizing_takes_the_nearest_pixel_and_invents_no_value(array, size):
    resized = resize_pixels(array, size)
    assert resized.shape == size
    assert set(np.unique(resized)) <= set(np.unique(array))
    for y in range(size[0]):
        for x in range(0, size[1], 5):
            nearest = (
                int(Fraction(2 * y + 1, 2) * array.shape[0] / size[0]),
                int(Fraction(2 * x + 1, 2) * array.shape[1] / size[1]),
            )
            assert resized[y, x] == array[nearest]


@given(pixels, st.integers(1, 4))
def test_enlarging_by_a_whole_factor_and_back_changes_nothing(array, factor):
    mask = Mask.encode(array)
    large = resize(mask, (array.shape[0] * factor, array.shape[1] * factor))
    assert large.area == mask.area * factor**2
    assert resize(large, mask.size) == mask


def test_resizing_agrees_with_pillow_nearest():
    rng = np.random.default_rng(0)
    array = rng.integers(0, 2, (240, 427)).astype(np.uint8)
    expected = np.asarray(Image.fromarray(array).resize((224, 224), Image.Resampling.NEAREST))
    assert np.array_equal(resize_pixels(array, (224, 224)), expected)


def test_a_picture_of_no_pixel_is_refused():
    with pytest.raises(RefavsError, match="at least one pixel"):
        resize(Mask.empty((4, 4)), (0, 4))


@given(pixels)
def test_the_boundary_is_the_pixels_with_an_outside_neighbour(array):
    padded = np.pad(array, 1)
    enclosed = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    assert boundary(Mask.encode(array)) == Mask.encode(array & ~enclosed)


@given(pixels)
def test_the_components_add_up_to_the_mask_and_come_largest_first(array):
    pieces = components(Mask.encode(array))
    areas = [piece.area for piece in pieces]
    assert areas == sorted(areas, reverse=True)
    assert all(areas)
    total = sum((piece.decode().astype(int) for piece in pieces), np.zeros(array.shape, dtype=int))
    assert np.array_equal(total, array.astype(int))


def test_pixels_that_touch_by_a_corner_are_one_component():
    assert len(components(Mask.encode(np.eye(5, dtype=bool)))) == 1
    assert len(components(Mask.encode(np.array([[1, 0, 1]])))) == 2
    assert components(Mask.empty((3, 3))) == ()


def test_the_centre_of_a_rectangle_is_its_middle():
    array = np.zeros((10, 20), dtype=bool)
    array[2:6, 4:14] = True
    assert centre(Mask.encode(array)) == (9.0, 4.0)
    assert centre(Mask.empty((4, 4))) is None


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ((0, 0, 2, 2), (0, 0, 2, 2), 1.0),
        ((0, 0, 2, 2), (1, 0, 3, 2), 1 / 3),
        ((0, 0, 1, 1), (1, 0, 2, 1), 0.0),
        ((0, 0, 0, 0), (0, 0, 0, 0), 0.0),
        ((0, 0, 4, 4), (1, 1, 2, 2), 1 / 16),
    ],
)
def test_box_overlap(a, b, expected):
    assert box_iou(a, b) == pytest.approx(expected)
