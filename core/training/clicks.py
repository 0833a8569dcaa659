"""Clicks as an annotator would place them: where the mask is most wrong."""

import cv2
import numpy as np


def next_click(
    mask: np.ndarray, target: np.ndarray, rng: np.random.Generator | None = None
) -> tuple[float, float, bool] | None:
    """(x, y, positive) at the centre of the largest error, farthest from its border; None without one.

    mask: bool [H, W]. target: uint8 [H, W], 1 the object, 0 beside it, 255 not judged.
    With `rng`, half of the clicks land somewhere in the inner part of that error instead of its centre.
    """
    missed = _depth((target == 1) & ~mask)
    added = _depth((target == 0) & mask)
    positive = missed.max() >= added.max()
    depth = missed if positive else added
    deepest = depth.max()
    if deepest <= 0:
        return None
    if rng is not None and rng.random() < 0.5:
        ys, xs = np.nonzero(depth > 0.4 * deepest)
        pick = int(rng.integers(len(xs)))
    else:
        ys, xs = np.nonzero(depth == deepest)
        pick = len(xs) // 2
    return float(xs[pick]) + 0.5, float(ys[pick]) + 0.5, bool(positive)


def random_clicks(
    target: np.ndarray, rng: np.random.Generator, count: int
) -> list[tuple[float, float, bool]]:
    """The first on the object, then `count - 1` on it or near it, as a long correction would leave them."""
    inside = (target == 1).astype(np.uint8)
    near = cv2.dilate(inside, np.ones((15, 15), np.uint8)) & (target == 0)
    clicks = []
    for number in range(count):
        positive = number == 0 or rng.random() < 0.5
        ys, xs = np.nonzero(inside if positive else near)
        if len(xs):
            pick = int(rng.integers(len(xs)))
            clicks.append((float(xs[pick]) + 0.5, float(ys[pick]) + 0.5, positive))
    return clicks


def _depth(area: np.ndarray) -> np.ndarray:
    padded = np.pad(area.astype(np.uint8), 1)
    return cv2.distanceTransform(padded, cv2.DIST_L2, 3)[1:-1, 1:-1]
