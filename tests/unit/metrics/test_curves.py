"""The histogram gives what comparing every pixel with every threshold gives, ties and extremes included."""

import numpy as np
import pytest
import slow_reference as slow
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from core.errors import RefavsError
from core.metrics.curves import HALF, THRESHOLDS, f_curves

ABOVE = np.minimum(np.nextafter(THRESHOLDS, np.float32(2)), np.float32(1))
BELOW = np.maximum(np.nextafter(THRESHOLDS, np.float32(-1)), np.float32(0))
ON_THE_EDGE = np.concatenate([THRESHOLDS, ABOVE, BELOW])


def test_the_thresholds_are_torch_linspace_bit_for_bit():
    assert THRESHOLDS.dtype == np.float32
    assert np.array_equal(THRESHOLDS, torch.linspace(0, 1 - 1e-10, 255).numpy())


def test_half_is_threshold_127_and_the_last_is_one():
    assert THRESHOLDS[HALF] == 0.5
    assert THRESHOLDS[0] == 0
    assert THRESHOLDS[-1] == 1


@settings(max_examples=25, deadline=None)
@given(
    hnp.arrays(
        np.float32,
        st.tuples(st.integers(1, 6), st.integers(1, 6)),
        elements=st.one_of(st.floats(0, 1, width=32), st.sampled_from(ON_THE_EDGE.tolist())),
    ),
    st.randoms(use_true_random=False),
)
def test_any_probabilities_score_as_in_the_slow_reference(p, random):
    g = np.array([random.random() < 0.4 for _ in range(p.size)]).reshape(p.shape)
    g.flat[0] = True
    expected = slow.f_curve(torch.from_numpy(p), torch.from_numpy(g).float()).numpy()
    assert np.abs(f_curves(p[None], g[None])[0] - expected).max() < 1e-6


@pytest.mark.parametrize("values", [THRESHOLDS, ABOVE, BELOW], ids=["on", "just above", "just below"])
def test_every_threshold_tied_by_a_pixel_counts_exactly(values):
    rng = np.random.default_rng(1)
    p = rng.permutation(np.repeat(values, 4)).reshape(30, 34)
    g = rng.random(p.shape) < 0.3
    expected = slow.f_curve(torch.from_numpy(p), torch.from_numpy(g).float()).numpy()
    assert np.abs(f_curves(p[None], g[None])[0] - expected).max() < 1e-6


@pytest.mark.parametrize("level", [0.0, 1e-30, 0.4, 0.5, 1 - 2**-24, 1.0])
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_constant_predictions_score_as_in_the_slow_reference(level, share):
    p = np.full((9, 7), level, dtype=np.float32)
    g = np.arange(63).reshape(9, 7) < max(63 * share, 1)
    expected = slow.f_curve(torch.from_numpy(p), torch.from_numpy(g).float()).numpy()
    assert np.abs(f_curves(p[None], g[None])[0] - expected).max() < 1e-6


def test_smooth_and_saturated_pictures_of_full_size_score_as_in_the_slow_reference():
    rng = np.random.default_rng(2)
    y, x = np.mgrid[0:256, 0:256]
    hill = np.exp(-((y - 120) ** 2 + (x - 90) ** 2) / 3000).astype(np.float32)
    hard = np.where(hill > 0.5, 1 / (1 + np.exp(-10.0)), 1 / (1 + np.exp(10.0))).astype(np.float32)
    noise = rng.random((256, 256), dtype=np.float32)
    g = ((y - 110) ** 2 + (x - 100) ** 2) < 2500
    for p in (hill, hard, noise):
        expected = slow.f_curve(torch.from_numpy(p), torch.from_numpy(g).float()).numpy()
        assert np.abs(f_curves(p[None], g[None])[0] - expected).max() < 1e-6


def test_frames_do_not_disturb_each_other():
    rng = np.random.default_rng(3)
    p, g = rng.random((4, 20, 31), dtype=np.float32), rng.random((4, 20, 31)) < 0.2
    together = f_curves(p, g)
    assert all(np.array_equal(together[k], f_curves(p[k : k + 1], g[k : k + 1])[0]) for k in range(4))


def test_counts_beyond_the_float_range_of_opencv_stay_exact():
    p = np.full((1, 4100, 4100), 0.25, dtype=np.float32)
    p[0, 0, 0] = 0.75
    g = np.ones(p.shape, dtype=bool)
    curve = f_curves(p, g)[0]
    recall = 1 / 4100**2
    assert curve[0] == pytest.approx(1.0)
    assert curve[150] == pytest.approx(1.3 * recall / (0.3 + recall), rel=1e-9)


@pytest.mark.parametrize("bad", [-0.001, 1.001, np.nan, np.inf, 7.0])
def test_logits_and_broken_numbers_are_refused(bad):
    p = np.full((1, 4, 4), 0.5, dtype=np.float32)
    p[0, 1, 1] = bad
    with pytest.raises(RefavsError, match="between 0 and 1"):
        f_curves(p, np.ones((1, 4, 4), dtype=bool))


def test_unequal_shapes_are_refused():
    with pytest.raises(RefavsError, match=r"\(1, 4, 4\) and \(1, 4, 5\)"):
        f_curves(np.zeros((1, 4, 4), dtype=np.float32), np.zeros((1, 4, 5), dtype=bool))
