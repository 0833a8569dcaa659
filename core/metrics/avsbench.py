"""AVSBench S4 and MS3: mIoU and F in the two protocols of the literature, which do not compare with each
other.
"""

from collections.abc import Sequence

import numpy as np

from core.errors import RefavsError
from core.metrics.bootstrap import interval
from core.metrics.curves import BETA2
from core.metrics.refavs import batch_f, batch_iou, mean_over_batches
from core.metrics.result import Result, percent
from core.metrics.sample import Sample, measure

SIDE = 224
THRESHOLD = 0.5


def avs_sample(probabilities: np.ndarray, targets: np.ndarray, *, key: str) -> Sample:
    """One clip: float32 [5, 224, 224] probabilities, bool targets of that shape."""
    return measure(probabilities, targets, key=key, clip=key, threshold=THRESHOLD)


def per_frame(samples: Sequence[Sample], *, batch: int = 1) -> Result:
    """P1, the benchmark's own: miou and f, averaged over frames in a batch of clips, then over batches.

    The released evaluators of S4 and MS3 take one clip a batch; F then takes the best threshold of every
    clip. With one clip a batch both have intervals.
    """
    if not samples:
        raise RefavsError(
            "No clip was scored, so there is no result; the split may be empty or all left out."
        )
    return Result(
        f"AVSBench P1 (per frame), batches of {batch}",
        {
            "miou": percent(mean_over_batches(samples, batch, batch_iou)),
            "f": percent(mean_over_batches(samples, batch, batch_f)),
        },
        len(samples),
        sum(sample.frames for sample in samples),
        _intervals(samples) if batch == 1 else {},
    )


def _intervals(samples: Sequence[Sample]) -> dict[str, tuple[float, float]]:
    clips = [sample.clip for sample in samples]
    found = {}
    for name, score in (("miou", batch_iou), ("f", batch_f)):
        amounts = np.array([[score([sample])] for sample in samples])
        if drawn := interval(clips, amounts, np.ones(len(samples))):
            found[name] = (percent(drawn[0]), percent(drawn[1]))
    return found


def accumulated(samples: Sequence[Sample]) -> Result:
    """P2: j and f from pixels counted over the whole set, mean of background and foreground, at 0.5.

    A class that occurs nowhere counts as 0 in j and is left out of f, as in the released code of CAVP.
    """
    if not samples:
        raise RefavsError(
            "No clip was scored, so there is no result; the split may be empty or all left out."
        )
    tn, fp, fn, tp = np.sum([sample.confusion for sample in samples], axis=0)
    j, f = accumulated_scores(np.array([tn, tp]), np.array([fn, fp]), np.array([fp, fn]))
    return Result(
        "AVSBench P2 (whole set), background and foreground",
        {"j": percent(j), "f": percent(f)},
        len(samples),
        sum(sample.frames for sample in samples),
    )


def accumulated_scores(
    hits: np.ndarray, false_positives: np.ndarray, false_negatives: np.ndarray
) -> tuple[float, float]:
    """(j, f), 0 to 1, from pixel counts a class [C]: mean IoU with absent classes as 0, mean F without
    them.
    """
    union = hits + false_positives + false_negatives
    weighted = (1 + BETA2) * hits + BETA2 * false_negatives + false_positives
    iou = np.divide(hits, union, out=np.zeros(len(hits)), where=union > 0)
    there = weighted > 0
    f = ((1 + BETA2) * hits[there] / weighted[there]).mean() if there.any() else 0.0
    return float(iou.mean()), float(f)
