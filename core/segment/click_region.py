"""Clicks, a box and the previous mask -> the region meant, on a small picture, with GrabCut and no weights.

What is decided here is what GrabCut starts from and what of its answers is kept. How large the thing is
that a click asks for is not known, so GrabCut starts from discs of several sizes around it, and the
answer is taken in which the click lies deepest: people click in the middle of what they mean to change.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from core.segment.grabcut import GROUND, OBJECT, PERHAPS_GROUND, PERHAPS_OBJECT, cut, disc
from core.segment.refine import upsample

WORK_SIDE = 128  # pixels of the longer side of the crop while GrabCut runs: its cost grows with the area
FIRST_DISCS = (0.06, 0.16, 0.25)  # radii around a first click, as a share of that side
LATER_DISCS = (0.05, 0.15)  # and around one that corrects
SURE = 0.03  # radius around every click that is certain
EDGE = 4  # pixels on both sides of an edge whose colours are compared
CONTRAST = 200.0  # difference in Lab, 0 to 255 an axis, that counts as much as a click in the very middle
LARGER = 0.02  # what a piece that is e times as large gains: things in videos are seldom tiny
NOTHING = 1.5  # an answer not so many times as large as the certain disc tells nothing
FLOOD = 0.7  # an answer that takes more than this part of what is looked at tells nothing either
FRAME = 1.0  # what a piece loses that lies all along the picture's frame: it is ground
HOLE = 0.02  # a hole smaller than this part of the mask is filled, unless a click says that it is one


@dataclass(frozen=True)
class Asked:
    """What was asked, in pixels of the picture: columns x rows, in order; box x0, y0, x1, y1 or None."""

    points: np.ndarray  # float64 [n, 2]
    positive: np.ndarray  # bool [n]
    box: tuple[float, float, float, float] | None
    previous: np.ndarray | None  # bool [H, W] with at least one pixel, or None


def region(picture: np.ndarray, asked: Asked) -> tuple[np.ndarray, float]:
    """bool [H, W] and a score, 0 to 1. picture: uint8 [H, W, 3]."""
    asked = _without_refused(asked)
    x0, y0, x1, y1 = _crop(picture.shape[:2], asked)
    full = picture[y0:y1, x0:x1]
    ratio = min(1.0, WORK_SIDE / max(full.shape[:2]))
    size = (max(2, round(full.shape[1] * ratio)), max(2, round(full.shape[0] * ratio)))
    small = cv2.resize(full, size, interpolation=cv2.INTER_AREA)
    local = _local(asked, (x0, y0), (size[0] / full.shape[1], size[1] / full.shape[0]), size)
    soft = _change(small, local).astype(np.float32)
    fine = upsample(cv2.GaussianBlur(soft, (0, 0), 0.8), small, full)
    mask = np.zeros(picture.shape[:2], bool)
    if asked.previous is None or not len(asked.points):
        mask[y0:y1, x0:x1] = fine > 0.5
    else:  # only what the newest click is about changes
        mask |= asked.previous
        mask[y0:y1, x0:x1][fine > 0.5] = asked.positive[-1]
    return _keep(mask, asked, reach=max(1.0, 0.5 / ratio)), _score(fine)


def _without_refused(asked: Asked) -> Asked:
    """Pieces of the previous mask with a negative click and no positive one are taken out of it whole."""
    if asked.previous is None or asked.positive.all():
        return asked
    count, pieces = cv2.connectedComponents(asked.previous.astype(np.uint8))
    under = pieces[asked.points[:, 1].astype(int), asked.points[:, 0].astype(int)]
    refused = np.zeros(count, bool)
    refused[under[~asked.positive]] = True
    refused[under[asked.positive]] = False
    refused[0] = False
    previous = asked.previous & ~refused[pieces]
    return replace(asked, previous=previous if previous.any() else None)


def _crop(size: tuple[int, int], asked: Asked) -> tuple[int, int, int, int]:
    """The part of the picture that is looked at: all of it while nothing says how large the object is."""
    height, width = size
    corners = [asked.points]
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
    return Asked(move(asked.points), asked.positive, box, previous)


def _change(small: np.ndarray, asked: Asked) -> np.ndarray:
    """bool [h, w]: the pixels that the newest click adds or takes away; without a previous mask, the region.

    Of the answers for discs of several sizes around the click, the one that suits it best.
    """
    before = np.zeros(small.shape[:2], bool) if asked.previous is None else asked.previous
    if not len(asked.points) or (asked.box is not None and asked.previous is None):
        return cut(small, _labels(small.shape[:2], asked, before, 0.0), rounds=1)
    lab = cv2.cvtColor(small, cv2.COLOR_RGB2LAB).astype(np.float32)
    found, best = np.zeros_like(before), -np.inf
    for radius in LATER_DISCS if before.any() else FIRST_DISCS:
        answer = cut(small, _labels(small.shape[:2], asked, before, radius), rounds=1)
        changed = answer & ~before if asked.positive[-1] else before & ~answer
        suits = _suits(changed, asked.points[-1], lab)
        if suits > best:
            found, best = _piece(changed, *asked.points[-1].astype(int)[::-1])[1:-1, 1:-1] > 0, suits
    if not before.any() and found.sum() < NOTHING * np.pi * (SURE * max(found.shape)) ** 2:
        pixels = np.zeros(found.shape, np.uint8)  # GrabCut found no edge at all
        _disc(pixels, asked.points[-1], FIRST_DISCS[1] * max(found.shape), 1)
        return pixels > 0
    return found


def _suits(changed: np.ndarray, point: np.ndarray, lab: np.ndarray) -> float:
    """How likely a click at `point` asks for this change, bool [h, w]; lab: float32 [h, w, 3].

    The depth of the click in the piece it changes, as a share of the deepest place; how much the colours
    differ between the two sides of the piece's edge; and a little for size.
    """
    column, row = (int(v) for v in point)
    piece = _piece(changed, row, column)
    depth = cv2.distanceTransform(piece, cv2.DIST_L2, 3)[1:-1, 1:-1]
    share = float(depth[row, column]) / max(1.0, float(depth.max()))
    inner = (depth > 0) & (depth <= EDGE)
    outer = (depth == 0) & (cv2.dilate(piece, disc(EDGE))[1:-1, 1:-1] > 0)
    whole = piece[1:-1, 1:-1]
    dot = whole.sum() < NOTHING * np.pi * (SURE * max(lab.shape)) ** 2
    if dot or whole.mean() > FLOOD or not inner.any() or not outer.any():
        return -np.inf
    frame = np.concatenate([whole[0], whole[-1], whole[:, 0], whole[:, -1]])
    contrast = float(np.linalg.norm(lab[inner].mean(0) - lab[outer].mean(0)))
    return (
        share
        - FRAME * float(frame.mean())
        + contrast / CONTRAST
        + LARGER * float(np.log(piece.mean() + 1e-4))
    )


def _labels(size: tuple[int, ...], asked: Asked, before: np.ndarray, radius: float) -> np.ndarray:
    """uint8 [h, w] of GrabCut's four labels, with a disc of `radius` around the newest click."""
    side = max(size)
    labels = np.where(before, PERHAPS_OBJECT, PERHAPS_GROUND).astype(np.uint8)
    if len(asked.points) and radius:
        _disc(
            labels, asked.points[-1], radius * side, PERHAPS_OBJECT if asked.positive[-1] else PERHAPS_GROUND
        )
    if asked.box is not None:
        x0, y0, x1, y1 = (round(v) for v in asked.box)
        outside = np.ones(size, bool)
        outside[y0 : max(y1, y0 + 1) + 1, x0 : max(x1, x0 + 1) + 1] = False
        if asked.previous is None:
            labels[~outside] = PERHAPS_OBJECT
        labels[outside] = GROUND
    for point, positive in zip(asked.points, asked.positive, strict=True):
        _disc(labels, point, SURE * side, OBJECT if positive else GROUND)
    return labels


def _disc(pixels: np.ndarray, point: np.ndarray, radius: float, value: int) -> None:
    cv2.circle(pixels, (int(point[0]), int(point[1])), max(1, round(radius)), value, -1)


def _piece(mask: np.ndarray, row: int, column: int) -> np.ndarray:
    """uint8 [h + 2, w + 2]: the connected piece of the mask under that pixel, none beyond the picture."""
    _, pieces = cv2.connectedComponents(np.pad(mask.astype(np.uint8), 1))
    here = pieces[row + 1, column + 1]
    return np.asarray((pieces == here) & (here > 0)).astype(np.uint8)


def _keep(mask: np.ndarray, asked: Asked, reach: float) -> np.ndarray:
    """The pieces of the mask that were meant: under a positive click, or mostly in the previous mask.

    Around a click the mask is what the click says, whatever the colours are.
    """
    pixels = mask.astype(np.uint8)
    for wanted in (
        False,
        True,
    ):  # positive clicks last: beside each other they keep their pixel anyway, see below
        for point in asked.points[asked.positive == wanted]:
            _disc(pixels, point, reach, int(wanted))
    rows, columns = asked.points[:, 1].astype(int), asked.points[:, 0].astype(int)
    pixels[rows, columns] = asked.positive
    pixels |= _holes(pixels, rows[~asked.positive], columns[~asked.positive])
    count, pieces = cv2.connectedComponents(pixels, connectivity=8)
    sizes = np.bincount(pieces.ravel(), minlength=count)
    meant = np.zeros(count, bool)
    meant[pieces[rows[asked.positive], columns[asked.positive]]] = True
    if asked.previous is not None:
        meant |= np.bincount(pieces[asked.previous], minlength=count) > 0.5 * sizes
    elif asked.box is not None and not asked.positive.any():
        meant |= sizes >= 0.2 * sizes[1:].max(initial=1)
    meant[0] = False
    return np.asarray(meant[pieces])


def _holes(pixels: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """uint8 [H, W]: the small holes of the mask that hold no negative click."""
    _, pieces, stats, _ = cv2.connectedComponentsWithStats(1 - pixels, connectivity=4)
    filled = stats[:, cv2.CC_STAT_AREA] < HOLE * pixels.sum()
    edge = np.concatenate([pieces[0], pieces[-1], pieces[:, 0], pieces[:, -1]])
    filled[np.unique(edge)] = False
    filled[pieces[rows, columns]] = False
    return np.asarray(filled[pieces] & (pixels == 0)).astype(np.uint8)


def _score(fine: np.ndarray) -> float:
    """How clear-cut the edge is: the mean distance from undecided among the pixels that are neither."""
    unsure = np.abs(fine - 0.5)[(fine > 0.02) & (fine < 0.98)]
    return float(np.clip(2 * unsure.mean(), 0, 1)) if unsure.size else 1.0
