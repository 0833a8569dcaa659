"""Ref-AVS's own J, F and S, quirk by quirk; and the scores that are free of its batches."""

import cv2
import numpy as np
import pytest
import slow_reference as slow

from core.errors import RefavsError
from core.metrics import refavs
from core.metrics.sample import Sample


def scored(p, g, **names):
    return refavs.refavs_sample(p, g, **({"key": "k", "clip": "c"} | names))


def random_rows(seed, count, side=12, frames=3):
    """(probabilities, targets) with empty frames, ties on both thresholds and one row of nothing but empty
    frames.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for r in range(count):
        p = rng.random((frames, side, side), dtype=np.float32)
        p[rng.random(p.shape) < 0.1] = np.float32(0.4)
        p[rng.random(p.shape) < 0.1] = 0.5
        g = rng.random(p.shape) < rng.uniform(0.05, 0.5)
        g[r % frames] &= r % 2 == 0
        if r == 1:
            g[:] = False
        rows.append((p, g))
    return rows


@pytest.mark.parametrize("count", [1, 4, 6, 9])
def test_official_scores_equal_the_slow_reference(count):
    rows = random_rows(count, count)
    samples = [scored(p, g, key=str(i), null=True) for i, (p, g) in enumerate(rows)]
    samples[0] = scored(*rows[0])
    values = refavs.official(samples).values
    assert values["j"] / 100 == pytest.approx(
        slow.mean_over_batches(rows, 4, lambda p, g: slow.j_batch(p, g, 0.4)), abs=1e-6
    )
    assert values["f"] / 100 == pytest.approx(slow.mean_over_batches(rows, 4, slow.f_batch), abs=1e-6)
    if count > 1:
        expected = slow.mean_over_batches(rows[1:], 4, lambda p, g: slow.s_batch(p))
        assert values["s"] / 100 == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("level", [0.0, 0.4, 0.5, 1.0])
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_degenerate_rows_equal_the_slow_reference(level, share):
    p = np.full((2, 8, 8), level, dtype=np.float32)
    g = np.zeros((2, 8, 8), dtype=bool)
    g[:, : int(8 * share)] = True
    values = refavs.official([scored(p, g), scored(p, g, null=True)]).values
    rows = [(p, g), (p, g)]
    assert values["j"] / 100 == pytest.approx(
        slow.mean_over_batches(rows, 4, lambda p, g: slow.j_batch(p, g, 0.4)), abs=1e-6
    )
    assert values["f"] / 100 == pytest.approx(slow.mean_over_batches(rows, 4, slow.f_batch), abs=1e-6)
    assert values["s"] / 100 == pytest.approx(float(level > 0.5), abs=1e-6)


def test_j_takes_pixels_above_0_4_and_s_above_0_5():
    g = np.ones((1, 2, 2), dtype=bool)
    between = np.full((1, 2, 2), 0.45, dtype=np.float32)
    values = refavs.official([scored(between, g), scored(between, ~g, null=True)], batch=1).values
    assert values["s"] == 0
    assert refavs.official([scored(between, g)]).values["j"] == pytest.approx(100, abs=1e-4)


def test_a_pixel_exactly_on_the_threshold_is_off_for_j_and_s_but_on_for_f():
    g = np.ones((1, 2, 2), dtype=bool)
    assert refavs.official([scored(np.full((1, 2, 2), 0.4, dtype=np.float32), g)]).values["j"] == 0
    half = np.full((1, 2, 2), 0.5, dtype=np.float32)
    sample = scored(half, g, null=True)
    assert refavs.official([sample]).values["s"] == 0
    assert sample.f_sum[127] == pytest.approx(1)
    assert sample.f_sum[128] == 0


def test_a_frame_without_target_scores_its_true_negatives():
    g = np.zeros((1, 10, 10), dtype=bool)
    p = np.zeros((1, 10, 10), dtype=np.float32)
    p[0, :3] = 1
    assert scored(p, g).iou[0] == pytest.approx(0.7, abs=1e-6)


def test_f_skips_frames_without_target():
    g = np.zeros((2, 4, 4), dtype=bool)
    g[0, :2] = True
    p = g.astype(np.float32)
    p[1] = 1
    assert refavs.official([scored(p, g)]).values["f"] == pytest.approx(100)


def test_f_of_a_batch_without_any_target_is_0_and_counts():
    full, none = np.ones((1, 4, 4), dtype=bool), np.zeros((1, 4, 4), dtype=bool)
    samples = [scored(full.astype(np.float32), full), scored(full.astype(np.float32), none)]
    assert refavs.official(samples, batch=1).values["f"] == pytest.approx(50)
    assert refavs.official(samples, batch=2).values["f"] == pytest.approx(100)


def test_f_falls_with_the_batch_size_because_the_threshold_is_chosen_per_batch():
    g = np.zeros((1, 8, 8), dtype=bool)
    g[0, :4] = True
    sure = np.where(g, 0.9, 0.8).astype(np.float32)
    shy = np.where(g, 0.2, 0.1).astype(np.float32)
    samples = [scored(sure, g), scored(shy, g)]
    alone = refavs.official(samples, batch=1).values["f"]
    together = refavs.official(samples, batch=2).values["f"]
    assert alone == pytest.approx(100)
    assert together < 90


def test_s_rises_with_the_batch_size_because_the_root_is_taken_per_batch():
    g = np.zeros((1, 4, 4), dtype=bool)
    on, off = np.ones((1, 4, 4), dtype=np.float32), np.zeros((1, 4, 4), dtype=np.float32)
    samples = [scored(on, g, null=True), *[scored(off, g, null=True) for _ in range(3)]]
    assert refavs.official(samples, batch=1).values["s"] == pytest.approx(25)
    assert refavs.official(samples, batch=4).values["s"] == pytest.approx(50)


def test_a_short_last_batch_weighs_as_much_as_a_full_one():
    g = np.ones((1, 4, 4), dtype=bool)
    hit, miss = np.ones((1, 4, 4), dtype=np.float32), np.zeros((1, 4, 4), dtype=np.float32)
    samples = [scored(hit, g) for _ in range(4)] + [scored(miss, g)]
    assert refavs.official(samples).values["j"] == pytest.approx(50, abs=1e-4)
    assert refavs.batch_free(samples).values["j"] == pytest.approx(80, abs=1e-4)


def test_all_foreground_has_an_f_above_0():
    g = np.zeros((1, 10, 10), dtype=bool)
    g[0, 0] = True
    f = refavs.official([scored(np.ones((1, 10, 10), dtype=np.float32), g)]).values["f"]
    assert f / 100 == pytest.approx(1.3 * 0.1 / (0.3 * 0.1 + 1), abs=1e-6)


def test_the_official_target_is_enlarged_by_bilinear_resizing():
    pixels = np.zeros((360, 640), dtype=bool)
    pixels[100:200, 300:400] = True
    target = refavs.official_target(pixels)
    picture = np.zeros((360, 640, 3), dtype=np.uint8)
    picture[pixels] = 255
    loaded = cv2.cvtColor(cv2.resize(picture, (256, 256)), cv2.COLOR_BGR2GRAY) > 0
    assert np.array_equal(target, loaded)
    assert target.sum() > pixels.sum() * 256 * 256 / (360 * 640)


def test_null_rows_count_in_j_and_f_of_a_mixed_split_as_the_benchmark_reads_it():
    g = np.ones((1, 4, 4), dtype=bool)
    hit = scored(g.astype(np.float32), g)
    null = scored(np.zeros((1, 4, 4), dtype=np.float32), ~g, null=True)
    values = refavs.official([hit, null], batch=1).values
    assert values["f"] == pytest.approx(50)
    assert refavs.batch_free([hit, null]).values["f"] == pytest.approx(100)


def test_a_split_of_null_rows_has_an_s_alone():
    g = np.zeros((1, 4, 4), dtype=bool)
    result = refavs.official([scored(np.zeros((1, 4, 4), dtype=np.float32), g, null=True)])
    assert result.values == {"j": None, "f": None, "s": 0.0}


def test_batch_free_scores_are_means_over_rows_with_one_threshold():
    rows = random_rows(5, 7)
    samples = [scored(p, g, key=str(i), clip=str(i // 2)) for i, (p, g) in enumerate(rows)]
    values = refavs.batch_free(samples).values
    iou = [
        np.mean(
            [
                slow.j_batch(*(next(slow.batches([(p[k : k + 1], g[k : k + 1])], 1))), 0.4)
                for k in range(len(p))
            ]
        )
        for p, g in rows
    ]
    assert values["j"] / 100 == pytest.approx(np.mean(iou), abs=1e-6)
    curves = []
    for p, g in rows:
        tensors = next(slow.batches([(p, g)], 1))
        own = [slow.f_curve(a, b).numpy() for a, b in zip(*tensors, strict=True) if b.sum()]
        if own:
            curves.append(np.mean(own, axis=0))
    assert values["f"] / 100 == pytest.approx(np.mean(curves, axis=0).max(), abs=1e-6)
    assert values["f50"] / 100 == pytest.approx(np.mean(curves, axis=0)[127], abs=1e-6)


def test_batch_free_s_is_a_mean_of_roots_over_rows():
    rows = random_rows(6, 4)
    samples = [scored(p, g, null=True) for p, g in rows]
    expected = np.mean([np.sqrt((p > 0.5).mean()) for p, _ in rows])
    assert refavs.batch_free(samples).values["s"] / 100 == pytest.approx(expected, abs=1e-6)


def test_batch_free_scores_do_not_depend_on_the_order_of_the_rows():
    samples = [scored(p, g) for p, g in random_rows(7, 9)]
    assert refavs.batch_free(samples).values == pytest.approx(refavs.batch_free(samples[::-1]).values)


def test_intervals_hold_the_score_are_repeatable_and_widen_when_rows_share_clips():
    rng = np.random.default_rng(0)
    levels = np.repeat(rng.random(10), 6)
    samples = []
    for i, level in enumerate(levels):
        g = np.ones((1, 10, 10), dtype=bool)
        p = (rng.random((1, 10, 10)) < level).astype(np.float32)
        samples.append((p, g, i))
    apart = [scored(p, g, clip=str(i)) for p, g, i in samples]
    shared = [scored(p, g, clip=str(i // 6)) for p, g, i in samples]
    result = refavs.batch_free(apart)
    low, high = result.intervals["j"]
    assert low < result.values["j"] < high
    assert refavs.batch_free(apart) == result
    wide = refavs.batch_free(shared).intervals["j"]
    assert wide[1] - wide[0] > 1.5 * (high - low)


def test_the_interval_agrees_with_theory_on_a_simple_mean():
    rng = np.random.default_rng(4)
    g = np.ones((1, 10, 10), dtype=bool)
    samples = [scored((rng.random((1, 10, 10)) < 0.5).astype(np.float32), g, clip=str(i)) for i in range(200)]
    values = np.array([sample.iou[0] for sample in samples]) * 100
    low, high = refavs.batch_free(samples).intervals["j"]
    assert high - low == pytest.approx(2 * 1.96 * values.std() / np.sqrt(200), rel=0.1)


def test_one_clip_has_no_interval():
    g = np.ones((1, 4, 4), dtype=bool)
    assert not refavs.batch_free([scored(g.astype(np.float32), g)]).intervals


def test_a_sample_comes_back_equal_from_json():
    (p, g), *_ = random_rows(8, 1)
    sample = scored(p, g, key="a", clip="b", null=True)
    back = Sample.from_json(sample.to_json())
    assert back.to_json() == sample.to_json()
    assert refavs.official([back]) == refavs.official([sample])


def test_nothing_scored_is_an_error_and_not_a_zero():
    with pytest.raises(RefavsError, match="No sample"):
        refavs.official([])
