"""DAVIS J and F of tracks against contours and distances written out by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra import numpy as hnp

from core.errors import RefavsError
from core.masks import Mask
from core.metrics.davis import contour, davis, region, track_score


def contour_points(pixels):
    height, width = pixels.shape
    points = []
    for y in range(height):
        for x in range(width):
            right = pixels[y, min(x + 1, width - 1)]
            below = pixels[min(y + 1, height - 1), x]
            corner = pixels[min(y + 1, height - 1), min(x + 1, width - 1)]
            if {right, below, corner} != {pixels[y, x]}:
                points.append((y, x))
    return np.array(points).reshape(-1, 2)


def slow_contour(truth, answer):
    a, b = contour_points(answer), contour_points(truth)
    if not len(a) or not len(b):
        return float(len(a) == len(b))
    radius = np.ceil(0.008 * np.sqrt(truth.shape[0] ** 2 + truth.shape[1] ** 2))
    near = np.sqrt(((a[:, None] - b[None]) ** 2).sum(axis=2)) <= radius
    precision, recall = near.any(axis=1).mean(), near.any(axis=0).mean()
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


masks = hnp.arrays(bool, (14, 19))


@settings(max_examples=60, deadline=None)
@given(masks, masks)
def test_the_contour_score_equals_the_one_from_distances(truth, answer):
    assert contour(truth, answer) == pytest.approx(slow_contour(truth, answer), abs=1e-9)


@pytest.mark.parametrize("shift", [0, 2, 5, 40])
def test_the_contour_score_equals_the_one_from_distances_on_a_large_picture(shift):
    truth, answer = np.zeros((240, 427), dtype=bool), np.zeros((240, 427), dtype=bool)
    truth[60:120, 100:220] = True
    answer[60 + shift : 120 + shift, 100:220] = True
    assert contour(truth, answer) == pytest.approx(slow_contour(truth, answer), abs=1e-9)


def test_what_is_empty_on_both_sides_is_right():
    none, some = np.zeros((8, 8), dtype=bool), np.eye(8, dtype=bool)
    assert region(none, none) == 1
    assert contour(none, none) == 1
    assert region(some, none) == 0
    assert contour(some, none) == 0
    assert contour(none, some) == 0


@given(masks, masks)
def test_the_region_score_is_intersection_over_union(truth, answer):
    union = (truth | answer).sum()
    assert region(truth, answer) == pytest.approx((truth & answer).sum() / union if union else 1.0)


def track(*arrays):
    return {10 + k: Mask.encode(array) for k, array in enumerate(arrays)}


def test_the_first_and_last_frame_are_left_out_as_davis_does():
    box, none = np.zeros((20, 20), dtype=bool), np.zeros((20, 20), dtype=bool)
    box[5:15, 5:15] = True
    score = track_score(track(box, box, box, box), track(none, box, box, none))
    assert score.indices == (11, 12)
    result = davis([score])
    assert result.values == {"j": 100.0, "f": 100.0, "jf": 100.0}
    assert davis([track_score(track(box, box), track(box, none), skip_ends=False)]).values["j"] == 50


def test_tracks_weigh_the_same_whatever_their_length():
    box, none = np.eye(6, dtype=bool), np.zeros((6, 6), dtype=bool)
    long = track_score(track(*[box] * 6), track(*[box] * 6))
    short = track_score(track(*[box] * 3), track(*[none] * 3))
    result = davis([long, short])
    assert result.values["jf"] == pytest.approx(50)
    assert (result.samples, result.frames) == (2, 5)


def test_a_frame_without_answer_and_a_wrong_size_are_named():
    box = np.eye(6, dtype=bool)
    with pytest.raises(RefavsError, match=r"frames \[11\]"):
        track_score(track(box, box, box), {10: Mask.encode(box), 12: Mask.encode(box)})
    with pytest.raises(RefavsError, match="frame 11"):
        track_score(track(box, box, box), track(box, np.eye(7, dtype=bool), box))


def test_a_real_mask_beside_itself_is_perfect_and_beside_its_neighbour_frame_is_not(shared):
    from core.masks import read_binary

    files = sorted((shared / "davis2016" / "bear" / "mask").iterdir())[:4]
    truth = {k: read_binary(file) for k, file in enumerate(files)}
    assert davis([track_score(truth, truth)]).values["jf"] == 100
    late = {k: truth[max(k - 1, 0)] for k in truth}
    assert 80 < davis([track_score(truth, late)]).values["jf"] < 100
