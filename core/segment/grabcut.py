"""OpenCV's GrabCut (Rother, Kolmogorov and Blake 2004), made safe and repeatable."""

import cv2
import numpy as np

GROUND, OBJECT, PERHAPS_GROUND, PERHAPS_OBJECT = (
    int(v) for v in (cv2.GC_BGD, cv2.GC_FGD, cv2.GC_PR_BGD, cv2.GC_PR_FGD)
)
_LEAST = 8  # pixels of either kind that it needs to learn colours from


def cut(picture: np.ndarray, labels: np.ndarray, *, rounds: int) -> np.ndarray:
    """bool [h, w]: the object. picture: uint8 [h, w, 3]. labels: uint8 [h, w] of the four above, not changed.

    With too few pixels of a kind to learn from, what the labels say. The same input gives the same bits.
    """
    front = _front(labels)
    if front.sum() < _LEAST or (~front).sum() < _LEAST:
        return front
    cv2.setRNGSeed(0)  # its colour clusters start at random
    found, models = labels.copy(), (np.zeros((1, 65)), np.zeros((1, 65)))
    cv2.grabCut(picture, found, (0, 0, 0, 0), *models, rounds, cv2.GC_INIT_WITH_MASK)
    return _front(found)


def disc(radius: int) -> np.ndarray:
    """uint8: a round structuring element."""
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)))


def around(mask: np.ndarray, reach: int) -> np.ndarray:
    """Labels from a mask, bool [h, w]: certain but for a band of `reach` pixels on both sides of its edge."""
    pixels = mask.astype(np.uint8)
    labels = np.where(mask, PERHAPS_OBJECT, PERHAPS_GROUND).astype(np.uint8)
    labels[cv2.erode(pixels, disc(reach)) > 0] = OBJECT
    labels[cv2.dilate(pixels, disc(reach)) == 0] = GROUND
    return labels


def _front(labels: np.ndarray) -> np.ndarray:
    return np.asarray((labels == OBJECT) | (labels == PERHAPS_OBJECT))
