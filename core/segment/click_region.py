"""Clicks, a box and the previous mask -> the region meant, on a small picture, with GrabCut and no weights.

What is decided here is what GrabCut starts from and what of its answer is kept.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from core.segment.grabcut import GROUND, OBJECT, PERHAPS_GROUND, PERHAPS_OBJECT, cut
from core.segment.refine import upsample

WORK_SIDE = 144  # pixels of the longer side of the crop while GrabCut runs: its cost grows with the area
ROUNDS = 1


@dataclass(frozen=True)
class Asked:
    """What was asked, in pixels of the picture: columns x rows; box x0, y0, x1, y1 or None."""

    positive: np.ndarray  # float64 [n, 2]
    negative: np.ndarray  # float64 [n, 2]
    box: tuple[float, float, float, float] | None
    previous: np.ndarray | None  # bool [H, W] with at least one pixel, or None


def region(picture: np.ndarray, asked: Asked) -> tuple[np.ndarray, float]:
    """bool [H, W] and a score, 0 to 1. picture: uint8 [H, W, 3]."""
    x0, y0, x1, y1 = _crop(picture.shape[:2], asked)
    full = picture[y0:y1, x0:x1]
    ratio = min(1.0, WORK_SIDE / max(full.shape[:2]))
    size = (max(2, round(full.shape[1] * ratio)), max(2, round(full.shape[0] * ratio)))
    small = cv2.resize(full, size, interpolation=cv2.INTER_AREA)
    local = _local(asked, (x0, y0), (size[0] / full.shape[1], size[1] / full.shape[0]), size)
    trimap = _trimap(small.shape[:2], local)
    soft = cut(small, trimap, rounds=ROUNDS).astype(np.float32)
    fine = upsample(cv2.GaussianBlur(soft, (0, 0), 0.8), small, full)
    mask = np.zeros(picture.shape[:2], bool)
    mask[y0:y1, x0:x1] = fine > 0.5
    mask = _keep(mask, asked, reach=max(1.0, 0.5 / ratio))
    return mask, _score(fine)


def _crop(size: tuple[int, int], asked: Asked) -> tuple[int, int, int, int]:
    """The part of the picture that is looked at: all of it while nothing says how large the object is."""
    height, width = size
    corners = [asked.positive, asked.negative]
    if asked.box is not None:
        corners.append(np.array(asked.box).reshape(2, 2))
    elif asked.previous is not None:
        rows, columns = np.nonzero(asked.previous.any(1))[0], np.nonzero(asked.previous.any(0))[0]
        corners.append(np.array([[columns[0], rows[0]], [columns[-1] + 1, rows[-1] + 1]]))
    else:
        return 0, 0, width, height
    points = np.concatenate(corners)
    low, high = points.min(0), points.max(0)
    margin = np.maximum(0.35 * (high - low), 0.08 * max(size))
    (x0, y0), (x1, y1) = np.floor(low - margin).astype(int), np.ceil(high + margin).astype(int)
    return max(0, x0), max(0, y0), min(width, x1), min(height, y1)


def _local(asked: Asked, origin: tuple[int, int], ratio: tuple[float, float], size: tuple[int, int]) -> Asked:
    """The same on the small picture."""

    def move(points: np.ndarray) -> np.ndarray:
        return np.clip((points - origin) * ratio, 0, np.array(size) - 1)

    box = None
    if asked.box is not None:
        (x0, y0), (x1, y1) = move(np.array(asked.box).reshape(2, 2))
        box = (x0, y0, x1, y1)
    previous = None
    if asked.previous is not None:
        x, y = origin
        w, h = round(size[0] / ratio[0]), round(size[1] / ratio[1])
        part = asked.previous[y : y + h, x : x + w].astype(np.uint8)
        previous = cv2.resize(part, size, interpolation=cv2.INTER_AREA) > 0
    return Asked(move(asked.positive), move(asked.negative), box, previous)


def _trimap(size: tuple[int, int], asked: Asked) -> np.ndarray:
    """uint8 [h, w] of GrabCut's four labels."""
    side = max(size)
    if asked.previous is not None:
        trimap = np.where(asked.previous, PERHAPS_OBJECT, PERHAPS_GROUND).astype(np.uint8)
        _discs(trimap, asked.negative, 0.10 * side, PERHAPS_GROUND)
        _discs(trimap, asked.positive, 0.10 * side, PERHAPS_OBJECT)
    elif asked.box is not None:
        trimap = np.full(size, PERHAPS_GROUND, np.uint8)
    else:
        trimap = np.full(size, PERHAPS_GROUND, np.uint8)
        _discs(trimap, asked.positive, 0.18 * side, PERHAPS_OBJECT)
        _discs(trimap, asked.negative, 0.12 * side, PERHAPS_GROUND)
    if asked.box is not None:
        x0, y0, x1, y1 = (round(v) for v in asked.box)
        inside = np.zeros(size, bool)
        inside[y0 : max(y1, y0 + 1) + 1, x0 : max(x1, x0 + 1) + 1] = True
        if asked.previous is None:
            trimap[inside] = PERHAPS_OBJECT
        trimap[~inside] = GROUND
    _discs(trimap, asked.negative, 0.02 * side, GROUND)
    _discs(trimap, asked.positive, 0.02 * side, OBJECT)
    return trimap


def _discs(trimap: np.ndarray, points: np.ndarray, radius: float, label: int) -> None:
    for x, y in points:
        cv2.circle(trimap, (round(x), round(y)), max(1, round(radius)), label, -1)


def _keep(mask: np.ndarray, asked: Asked, reach: float) -> np.ndarray:
    """The pieces of the mask that were meant: under a positive click, or mostly in the previous mask.

    Around a click the mask is what the click says, whatever the colours are.
    """
    pixels = mask.astype(np.uint8)
    _discs(pixels, asked.negative - 0.5, reach, 0)
    _discs(pixels, asked.positive - 0.5, reach, 1)
    for (x, y), value in [*((p, 0) for p in asked.negative), *((p, 1) for p in asked.positive)]:
        pixels[int(y), int(x)] = value
    count, pieces = cv2.connectedComponents(pixels, connectivity=8)
    meant = np.zeros(count, bool)
    meant[[pieces[int(y), int(x)] for x, y in asked.positive]] = True
    if asked.previous is not None:
        sizes = np.bincount(pieces.ravel(), minlength=count)
        meant |= np.bincount(pieces[asked.previous], minlength=count) > 0.5 * sizes
    elif asked.box is not None and not len(asked.positive):
        sizes = np.bincount(pieces.ravel(), minlength=count)
        meant |= sizes >= 0.2 * sizes[1:].max(initial=1)
    meant[0] = False
    return np.asarray(meant[pieces])


def _score(fine: np.ndarray) -> float:
    """How clear-cut the edge is: the mean distance from undecided among the pixels that are neither."""
    unsure = np.abs(fine - 0.5)[(fine > 0.02) & (fine < 0.98)]
    return float(np.clip(2 * unsure.mean(), 0, 1)) if unsure.size else 1.0
