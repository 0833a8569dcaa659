"""F over 255 thresholds from one histogram a frame, equal to comparing every pixel with every threshold.

The 254 steps between the thresholds are the bins: a pixel that reaches threshold i reaches every lower one
too, so the counts of all thresholds are the running sums of the bins from the top.
"""

import cv2
import numpy as np

from core.errors import RefavsError

BETA2 = 0.3
HALF = 127  # THRESHOLDS[127] is 0.5 exactly
_NEAR = 1e-4  # in steps of 1 / 254: above any rounding (2e-5), so pixels outside it are safely inside one bin
_LOWEST = np.float32(1e-4)  # well inside the first bin; keeps the scaled value from turning about 0
_LANES = 8
_EXACT_COUNTS = 2**24  # OpenCV returns counts as float32


def _thresholds() -> np.ndarray:
    """float32 [255], bit for bit `torch.linspace(0, 1 - 1e-10, 255)`; the last is 1 in float32.

    The step is rounded to float32; the upper half is counted down from the end with one rounding (a fused
    multiply and subtract, done here in float64).
    """
    step = np.float32(1) / np.float32(254)
    i = np.arange(255)
    upper = 1.0 - np.float64(step) * (254 - i)
    return np.where(i < HALF, step * i.astype(np.float32), upper).astype(np.float32)


THRESHOLDS = _thresholds()


def checked(probabilities: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The two as contiguous float32 [N, H, W] and bool [N, H, W].

    Raises RefavsError for unequal or wrong shapes, and for values outside 0 to 1 (sigmoid is the caller's).
    """
    p = np.ascontiguousarray(probabilities, dtype=np.float32)
    t = np.ascontiguousarray(targets, dtype=bool)
    if p.ndim != 3 or p.shape != t.shape or p.size == 0:
        raise RefavsError(
            "Probabilities and targets must both be [frames, height, width] and not empty; "
            f"got {p.shape} and {t.shape}."
        )
    low, high = float(p.min()), float(p.max())
    if not (low >= 0 and high <= 1):
        raise RefavsError(
            f"Probabilities must lie between 0 and 1; got {low:g} to {high:g}. "
            "Apply the sigmoid to logits first."
        )
    return p, t


def f_curves(probabilities: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """float64 [N, 255]: F (beta squared 0.3) of each frame at each threshold, pixels >= threshold being
    foreground.

    probabilities: float32 [N, H, W], 0 to 1. targets: bool [N, H, W]. 0 / 0 counts as 0; the row of a frame
    whose target is empty is 0 and has no meaning.
    """
    p, t = checked(probabilities, targets)
    bins = np.stack([_histogram(frame, target) for frame, target in zip(p, t, strict=True)])
    reached = bins[:, :, ::-1].cumsum(axis=2)[:, :, ::-1]
    hits, found = reached[:, 1], reached.sum(axis=1)
    precision = hits / np.maximum(found, 1)
    recall = hits / np.maximum(hits[:, :1], 1)
    below = BETA2 * precision + recall
    return np.divide((1 + BETA2) * precision * recall, below, out=np.zeros_like(below), where=below > 0)


def _histogram(p: np.ndarray, target: np.ndarray) -> np.ndarray:
    """int64 [2, 255]: pixels outside and inside the target by the highest threshold that they reach."""
    raised = np.maximum(p, _LOWEST)
    low = cv2.convertScaleAbs(raised, alpha=254, beta=-0.5 - _NEAR)
    high = cv2.convertScaleAbs(raised, alpha=254, beta=-0.5 + _NEAR)
    near = np.flatnonzero(low != high)  # within a hair of threshold `high`, ties included: ask the real one
    if near.size:
        above = high.reshape(-1)[near].astype(np.intp)
        low.reshape(-1)[near] = above - (p.reshape(-1)[near] < THRESHOLDS.take(above))
    pairs = (
        cv2.merge((low, target.view(np.uint8))).view("<u2").reshape(p.shape)
    )  # bin + 256 inside the target
    # Neighbours often share a bin; counted in lanes of their own they do not wait for each other.
    pairs += (np.arange(p.shape[1]) % _LANES * 512).astype(np.uint16)
    counts: np.ndarray
    if p.size < _EXACT_COUNTS:
        counts = cv2.calcHist([pairs], [0], None, [512 * _LANES], [0, 512 * _LANES])
    else:
        counts = np.bincount(pairs.reshape(-1), minlength=512 * _LANES)
    return counts.reshape(_LANES, 2, 256).sum(axis=0, dtype=np.int64)[:, :255]
