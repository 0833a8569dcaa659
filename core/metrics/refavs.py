"""Ref-AVS: J, F and S as the benchmark's own code computes them, and free of its batches.

The published numbers hang on details, kept here one by one (see the tests of the same names): J takes
pixels > 0.4, S pixels > 0.5; a frame without target scores its true negatives; F takes its best threshold
in every batch of four rows and skips frames without target, a batch of nothing but those counts as 0; S is
a square root taken over a whole batch; every batch weighs the same, the short last one too; the target is
enlarged by bilinear resizing before > 0.
"""

from collections.abc import Callable, Iterator, Sequence

import cv2
import numpy as np

from core.errors import RefavsError
from core.metrics.bootstrap import interval
from core.metrics.curves import HALF
from core.metrics.result import Result, percent
from core.metrics.sample import Sample, measure

SIDE = 256
BATCH = 4
J_THRESHOLD = 0.4


def official_target(pixels: np.ndarray) -> np.ndarray:
    """bool [256, 256] from a mask [H, W]: resized bilinearly, then everything above 0, as the benchmark's
    loader does.
    """
    picture = np.ascontiguousarray(pixels, dtype=bool).astype(np.uint8) * 255
    return np.asarray(cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)) > 0


def refavs_sample(
    probabilities: np.ndarray, targets: np.ndarray, *, key: str, clip: str, null: bool = False
) -> Sample:
    """One row of Ref-AVS: float32 [10, 256, 256] probabilities, bool targets of that shape."""
    return measure(probabilities, targets, key=key, clip=clip, null=null, threshold=J_THRESHOLD)


def official(samples: Sequence[Sample], *, batch: int = BATCH) -> Result:
    """The benchmark's j, f (all rows, in the order of the table) and s (null rows), in batches of `batch`
    rows.

    j and f are None when every row is null, s when none is. Raises RefavsError for no sample.
    """
    _some(samples)
    nulls = [sample for sample in samples if sample.null]
    scored = len(nulls) < len(samples)
    return Result(
        f"Ref-AVS official, batches of {batch}",
        {
            "j": percent(mean_over_batches(samples, batch, batch_iou)) if scored else None,
            "f": percent(mean_over_batches(samples, batch, batch_f)) if scored else None,
            "s": percent(mean_over_batches(nulls, batch, batch_s)) if nulls else None,
        },
        len(samples),
        sum(sample.frames for sample in samples),
    )


def batch_free(samples: Sequence[Sample], *, intervals: bool = True) -> Result:
    """The same per-frame scores without any batch: j, f, f50 over rows that refer, s over null rows.

    j: mean over rows of the row's mean IoU. f: best mean F at ONE threshold for all rows; f50: at 0.5. s:
    mean over null rows of the square root of the share of pixels > 0.5. Intervals are bootstrapped over
    clips.
    """
    _some(samples)
    refer = [sample for sample in samples if not sample.null]
    nulls = [sample for sample in samples if sample.null]
    values: dict[str, float | None] = {}
    ends: dict[str, tuple[float, float]] = {}

    def add(name: str, rows: Sequence[Sample], amounts: Sequence[np.ndarray]) -> None:
        if not rows:
            values[name] = None
            return
        amount = np.stack(amounts)
        values[name] = percent(amount.mean(axis=0).max())
        drawn = interval([row.clip for row in rows], amount, np.ones(len(rows))) if intervals else None
        if drawn:
            ends[name] = (percent(drawn[0]), percent(drawn[1]))

    seen = [sample for sample in refer if sample.filled]
    add("j", refer, [row.iou.mean(keepdims=True) for row in refer])
    add("f", seen, [row.f_sum / row.filled for row in seen])
    add("f50", seen, [row.f_sum[HALF : HALF + 1] / row.filled for row in seen])
    add("s", nulls, [np.sqrt([row.on / row.pixels]) for row in nulls])
    return Result(
        "Ref-AVS free of batches", values, len(samples), sum(sample.frames for sample in samples), ends
    )


def batches(samples: Sequence[Sample], size: int) -> Iterator[Sequence[Sample]]:
    """Consecutive groups of `size`; the last may be shorter."""
    for start in range(0, len(samples), size):
        yield samples[start : start + size]


def mean_over_batches(
    samples: Sequence[Sample], size: int, score: Callable[[Sequence[Sample]], float]
) -> float:
    """Plain mean of the batches' scores: a short last batch weighs as much as a full one."""
    return float(np.mean([score(group) for group in batches(samples, size)]))


def batch_iou(group: Sequence[Sample]) -> float:
    """Mean IoU over the frames of a batch, 0 to 1."""
    return float(np.concatenate([sample.iou for sample in group]).mean())


def batch_f(group: Sequence[Sample]) -> float:
    """Best F of a batch, 0 to 1: frames with a target are averaged, then the threshold is chosen."""
    filled = sum(sample.filled for sample in group)
    return float(np.sum([sample.f_sum for sample in group], axis=0).max() / filled) if filled else 0.0


def batch_s(group: Sequence[Sample]) -> float:
    """Square root of the share of pixels > 0.5 in the whole batch, 0 to 1."""
    return float(np.sqrt(sum(sample.on for sample in group) / sum(sample.pixels for sample in group)))


def _some(samples: Sequence[Sample]) -> None:
    if not samples:
        raise RefavsError(
            "No sample was scored, so there is no result; the split may be empty or all left out."
        )
