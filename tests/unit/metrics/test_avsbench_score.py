"""AVSBench S4 and MS3 in both protocols, and AVSS over 71 classes, each quirk by name."""

import numpy as np
import pytest
import slow_reference as slow

from core.errors import RefavsError
from core.metrics import avsbench, semantic

FULL = np.ones((1, 4, 4), dtype=bool)


def random_clips(seed, count):
    rng = np.random.default_rng(seed)
    clips = []
    for r in range(count):
        p = rng.random((5, 9, 9), dtype=np.float32)
        p[rng.random(p.shape) < 0.1] = 0.5
        g = rng.random(p.shape) < 0.3
        g[r % 5] = False
        clips.append((p, g))
    clips[-1][1][:] = False
    return clips


@pytest.mark.parametrize("batch", [1, 4])
def test_p1_equals_the_slow_reference(batch):
    clips = random_clips(1, 6)
    samples = [avsbench.avs_sample(p, g, key=str(i)) for i, (p, g) in enumerate(clips)]
    values = avsbench.per_frame(samples, batch=batch).values
    miou = slow.mean_over_batches(clips, batch, lambda p, g: slow.j_batch(p, g, 0.5))
    assert values["miou"] / 100 == pytest.approx(miou, abs=1e-6)
    f = slow.mean_over_batches(clips, batch, slow.f_batch)
    assert values["f"] / 100 == pytest.approx(f, abs=1e-6)


def test_the_threshold_is_0_5_where_ref_avs_has_0_4():
    sample = avsbench.avs_sample(np.full((1, 4, 4), 0.45, dtype=np.float32), FULL, key="a")
    assert avsbench.per_frame([sample]).values["miou"] == 0


def test_a_blank_answer_to_a_blank_frame_scores_1_and_a_full_one_0():
    blank = np.zeros((1, 4, 4), dtype=np.float32)
    assert avsbench.avs_sample(blank, ~FULL, key="a").iou[0] == pytest.approx(1, abs=1e-6)
    assert avsbench.avs_sample(blank + 1, ~FULL, key="a").iou[0] == 0


def test_a_clip_whose_frames_are_all_empty_gives_f_0_in_its_own_batch():
    samples = [
        avsbench.avs_sample(FULL.astype(np.float32), FULL, key="a"),
        avsbench.avs_sample(np.zeros((1, 4, 4), dtype=np.float32), ~FULL, key="b"),
    ]
    assert avsbench.per_frame(samples).values["f"] == pytest.approx(50)


def test_p2_counts_pixels_over_the_whole_set_for_background_and_foreground():
    clips = random_clips(2, 4)
    samples = [avsbench.avs_sample(p, g, key=str(i)) for i, (p, g) in enumerate(clips)]
    on = np.concatenate([p > 0.5 for p, _ in clips])
    truth = np.concatenate([g for _, g in clips])
    iou, f = [], []
    for a, b in ((~on, ~truth), (on, truth)):
        tp, fp, fn = (a & b).sum(), (a & ~b).sum(), (~a & b).sum()
        iou.append(tp / (tp + fp + fn))
        f.append(1.3 * tp / (1.3 * tp + 0.3 * fn + fp))
    values = avsbench.accumulated(samples).values
    assert values["j"] / 100 == pytest.approx(np.mean(iou), abs=1e-9)
    assert values["f"] / 100 == pytest.approx(np.mean(f), abs=1e-9)


def test_p2_counts_an_absent_class_as_0_in_j_but_not_in_f():
    sample = avsbench.avs_sample(FULL.astype(np.float32), FULL, key="a")
    values = avsbench.accumulated([sample]).values
    assert values == {"j": 50.0, "f": 100.0}


def labels_and_answers(seed, frames=3):
    rng = np.random.default_rng(seed)
    labels = np.zeros((frames, 12, 12), dtype=np.uint8)
    answers = np.zeros_like(labels)
    for k in range(frames):
        for picture in (labels, answers):
            for _ in range(2):
                y, x = rng.integers(0, 8, 2)
                picture[k, y : y + 5, x : x + 5] = rng.choice([7, 12, 41, 70])
    return answers, labels


def test_semantic_p1_equals_the_slow_reference_over_clips():
    clips = [labels_and_answers(seed) for seed in range(4)]
    sums = sum((semantic.measure_labels(a, b) for a, b in clips[1:]), semantic.measure_labels(*clips[0]))
    iou, f, seen = slow.semantic(np.concatenate([a for a, _ in clips]), np.concatenate([b for _, b in clips]))
    values = semantic.per_frame(sums).values
    shares = (iou / seen.clamp(min=1)).numpy()
    f_shares = (f / seen.clamp(min=1)).numpy()
    assert values["miou"] / 100 == pytest.approx(shares.mean(), abs=1e-6)
    assert values["f"] / 100 == pytest.approx(f_shares.mean(), abs=1e-6)
    bare = semantic.per_frame_no_background(sums).values
    assert bare["miou"] / 100 == pytest.approx(shares[1:].mean(), abs=1e-6)
    assert bare["f"] / 100 == pytest.approx(f_shares[1:].mean(), abs=1e-6)
    released = semantic.per_frame_no_background_as_released(sums).values
    assert released["miou"] / 100 == pytest.approx(shares[:-1].mean(), abs=1e-6)


def test_no_background_as_released_drops_the_woman_and_keeps_the_background():
    woman = np.full((1, 4, 4), 70, dtype=np.uint8)
    ground = np.zeros((1, 4, 4), dtype=np.uint8)
    both = semantic.measure_labels(woman, woman) + semantic.measure_labels(ground, ground)
    assert semantic.per_frame_no_background_as_released(both).values["miou"] == pytest.approx(100 / 70)
    only = semantic.measure_labels(woman, woman)
    assert semantic.per_frame_no_background_as_released(only).values["miou"] == 0
    assert semantic.per_frame_no_background(only).values["miou"] == pytest.approx(100 / 70)


def test_one_wrong_pixel_adds_a_zero_for_its_class():
    label = np.full((1, 8, 8), 12, dtype=np.uint8)
    clean = semantic.measure_labels(label, label)
    answer = label.copy()
    answer[0, 0, 0] = 13
    spotted = clean + semantic.measure_labels(answer, label)
    assert spotted.seen[13] == 1
    assert spotted.iou[13] == 0


def test_a_class_that_never_occurs_counts_as_0_in_the_mean_over_71():
    label = np.zeros((1, 4, 4), dtype=np.uint8)
    sums = semantic.measure_labels(label, label)
    assert semantic.per_frame(sums).values["miou"] == pytest.approx(100 / 71)


def test_padded_frames_add_a_perfect_background_each():
    label = np.zeros((1, 4, 4), dtype=np.uint8)
    wrong = np.full((1, 4, 4), 5, dtype=np.uint8)
    sums = semantic.measure_labels(wrong, label, padded=3)
    assert sums.iou[0] == 3
    assert sums.seen[0] == 4
    assert semantic.accumulated(sums).values["j"] == 0


def test_semantic_p2_counts_pixels_over_the_whole_set():
    answers, labels = labels_and_answers(9)
    sums = semantic.measure_labels(answers[:1], labels[:1]) + semantic.measure_labels(answers[1:], labels[1:])
    iou, f = [], []
    for c in range(71):
        a, b = answers == c, labels == c
        tp, fp, fn = (a & b).sum(), (a & ~b).sum(), (~a & b).sum()
        iou.append(tp / (tp + fp + fn) if tp + fp + fn else 0.0)
        if tp + fp + fn:
            f.append(1.3 * tp / (1.3 * tp + 0.3 * fn + fp))
    values = semantic.accumulated(sums).values
    assert values["j"] / 100 == pytest.approx(np.mean(iou), abs=1e-9)
    assert values["f"] / 100 == pytest.approx(np.mean(f), abs=1e-9)


def test_values_that_are_no_class_are_refused():
    with pytest.raises(RefavsError, match="0 to 70"):
        semantic.measure_labels(np.full((1, 2, 2), 71), np.zeros((1, 2, 2), dtype=int))
    with pytest.raises(RefavsError, match="frames, height, width"):
        semantic.measure_labels(np.zeros((1, 2, 2), dtype=int), np.zeros((1, 2, 3), dtype=int))


def test_no_clip_is_an_error_and_not_a_zero():
    with pytest.raises(RefavsError, match="No clip"):
        avsbench.per_frame([])
    with pytest.raises(RefavsError, match="No clip"):
        avsbench.accumulated([])
