"""95 % intervals by drawing the clips again, with replacement; samples of one clip stay together."""

from collections.abc import Sequence

import numpy as np

RESAMPLES = 1000


def interval(clips: Sequence[str], amounts: np.ndarray, counts: np.ndarray) -> tuple[float, float] | None:
    """Interval of max over columns of sum(amounts) / sum(counts), 0 to 1; None for fewer than two clips.

    clips: clip of each sample [N]. amounts: float [N, K]; counts: float [N], 0 leaves a sample out.
    Drawn with a fixed seed, so the same scores give the same interval.
    """
    names, place = np.unique(np.asarray(clips), return_inverse=True)
    if len(names) < 2:
        return None
    amount = np.zeros((len(names), amounts.shape[1]))
    count = np.zeros(len(names))
    np.add.at(amount, place, amounts)
    np.add.at(count, place, counts)
    drawn = np.random.default_rng(0).multinomial(len(names), [1 / len(names)] * len(names), size=RESAMPLES)
    total = drawn @ count
    scores = (drawn @ amount)[total > 0] / total[total > 0, None]
    low, high = np.percentile(scores.max(axis=1), [2.5, 97.5])
    return float(low), float(high)
