"""Objects carried from frame to frame by optical flow, and cut out anew by their colours on each frame.

Flow alone drifts: every warp blurs the edge and takes some background along. So the warped mask is only
where the object is looked for: well inside it the colours are the object's, around it the background's, and
the band between is decided by colour and place together, on the edges of the picture.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import cv2
import numpy as np

from core.segment.propagation import runs_away
from core.segment.protocol import ObjectId
from core.segment.refine import smooth, upsample

WORK_SIDE = 384  # pixels of the longer side for flow and colours
BINS = 12  # of each of the three colour axes
KEPT = 0.25  # an object that shrinks below this part of what the flow brought is lost,
LIKE = 0.25  # and so is one of whose pixels a smaller part than this has its colours rather than the ground's


@dataclass
class _Colours:
    """How often each colour occurs in the object and around it: float32 [BINS ** 3], summing to 1."""

    front: np.ndarray
    back: np.ndarray


@dataclass
class _Object:
    soft: np.ndarray  # float32 [h, w], 0 to 1; no pixel over 0.5 = absent now
    seed: _Colours
    recent: _Colours
    area: float  # pixels of the last mask it was seen with


@dataclass
class FlowTracker:
    """A `Tracker`; what it keeps is one small picture, and one soft mask and two colour tables an object."""

    _grey: np.ndarray | None = None
    _objects: dict[ObjectId, _Object] = field(default_factory=dict)

    def advance(
        self,
        index: int,
        picture: np.ndarray,
        given: Mapping[ObjectId, np.ndarray],
        running: Collection[ObjectId],
    ) -> Mapping[ObjectId, tuple[np.ndarray, float]]:
        small = _small(picture)
        grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
        bins = _bins(small)
        found: dict[ObjectId, tuple[np.ndarray, float]] = {}
        if running and self._grey is not None:
            flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(
                grey, self._grey, np.zeros((*grey.shape, 2), np.float32)
            )
            place = _place(flow)
            for key in running:
                found[key] = self._find(key, picture, small, bins, place)
        for key, mask in given.items():
            self._learn(key, mask, small, bins)
        self._grey = grey
        return found

    def forget(self, objects: Collection[ObjectId]) -> None:
        for key in objects:
            self._objects.pop(key, None)

    def _learn(self, key: ObjectId, mask: np.ndarray, small: np.ndarray, bins: np.ndarray) -> None:
        size = (small.shape[1], small.shape[0])
        soft = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        if soft.max() > 0.5:
            colours = _colours(soft, bins)
            self._objects[key] = _Object(soft, colours, colours, float(mask.sum()))
        elif key in self._objects:  # told absent: the colours stay for its return
            self._objects[key].soft = np.zeros_like(soft)

    def _find(
        self,
        key: ObjectId,
        picture: np.ndarray,
        small: np.ndarray,
        bins: np.ndarray,
        place: tuple[np.ndarray, np.ndarray],
    ) -> tuple[np.ndarray, float]:
        known = self._objects.get(key)
        nothing = np.zeros(picture.shape[:2], bool)
        if known is None or known.soft.max() <= 0.5:
            return nothing, 0.5
        warped = cv2.remap(known.soft, *place, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        soft = _cut(warped, small, bins, known)
        expected, got = float((warped > 0.5).sum()), float((soft > 0.5).sum())
        fine = _fine(soft, small, picture)
        area = float(fine.sum())
        like = _likeness(soft, bins, known)
        if got < KEPT * expected or area < 1 or like < LIKE or runs_away(area, known.area, fine.size):
            known.soft = np.zeros_like(soft)
            return nothing, 0.5
        known.soft, known.area = soft, area
        fresh = _colours(soft, bins)
        known.recent = _Colours(
            0.8 * known.recent.front + 0.2 * fresh.front, 0.8 * known.recent.back + 0.2 * fresh.back
        )
        return fine, min(1.0, got / max(expected, 1.0)) * like


def _small(picture: np.ndarray) -> np.ndarray:
    ratio = min(1.0, WORK_SIDE / max(picture.shape[:2]))
    size = (max(16, round(picture.shape[1] * ratio)), max(16, round(picture.shape[0] * ratio)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))


def _bins(small: np.ndarray) -> np.ndarray:
    """int32 [h, w]: the cell of each pixel's colour (Lab, where equal steps look equally large)."""
    lab = cv2.cvtColor(small, cv2.COLOR_RGB2LAB).astype(np.int32) * BINS // 256
    return np.asarray((lab[..., 0] * BINS + lab[..., 1]) * BINS + lab[..., 2])


def _place(flow: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Columns and rows, float32 [h, w]: where each pixel was on the last frame. flow: from here to there."""
    rows, columns = np.mgrid[: flow.shape[0], : flow.shape[1]].astype(np.float32)
    return columns + flow[..., 0], rows + flow[..., 1]


def _colours(soft: np.ndarray, bins: np.ndarray) -> _Colours:
    inside = soft > 0.5
    reach = _reach(inside)
    around = (cv2.dilate(inside.astype(np.uint8), _disc(2 * reach + 2)) > 0) & ~inside
    return _Colours(_table(bins[inside]), _table(bins[around]))


def _likeness(soft: np.ndarray, bins: np.ndarray, known: _Object) -> float:
    """Part of the pixels, 0 to 1, whose colour is more the object's than its surroundings'."""
    cells = bins[soft > 0.5]
    if not cells.size:
        return 0.0
    front = np.maximum(known.seed.front, known.recent.front)
    back = np.maximum(known.seed.back, known.recent.back)
    return float((front[cells] > 0.5 * back[cells]).mean())


def _table(cells: np.ndarray) -> np.ndarray:
    counts = np.bincount(cells, minlength=BINS**3).astype(np.float32).reshape(BINS, BINS, BINS)
    for axis in range(3):  # neighbouring colours share what was seen
        after = np.concatenate([counts.take(range(1, BINS), axis), counts.take([-1], axis)], axis)
        before = np.concatenate([counts.take([0], axis), counts.take(range(BINS - 1), axis)], axis)
        counts = 0.5 * counts + 0.25 * (before + after)
    return np.asarray((counts / max(1.0, float(counts.sum()))).ravel() + 1e-5)


def _reach(inside: np.ndarray) -> int:
    """How far from the warped edge the true edge may lie, in pixels of the small picture."""
    return int(np.clip(round(0.05 * np.sqrt(inside.sum())), 2, 12))


def _disc(radius: int) -> np.ndarray:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)))


def _cut(warped: np.ndarray, small: np.ndarray, bins: np.ndarray, known: _Object) -> np.ndarray:
    """float32 [h, w]: the object on this frame, from where it was brought and what colours it has."""
    inside = warped > 0.5
    if not inside.any():
        return np.zeros_like(warped)
    reach = _reach(inside)
    depth = cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, 3) - cv2.distanceTransform(
        (~inside).astype(np.uint8), cv2.DIST_L2, 3
    )
    here = _colours(warped, bins)
    front = 0.5 * here.front + 0.25 * known.recent.front + 0.25 * known.seed.front
    back = 0.7 * here.back + 0.3 * known.recent.back
    evidence = cv2.blur(np.log(front / back)[bins], (3, 3))
    total = 3.0 * depth / reach + np.clip(evidence, -3, 3)
    total[depth > reach], total[depth < -reach] = 6.0, -6.0
    return np.clip(smooth(1 / (1 + np.exp(-total)), small), 0, 1)


def _fine(soft: np.ndarray, small: np.ndarray, picture: np.ndarray) -> np.ndarray:
    """bool [H, W] at the size of the picture; only the part around the object is enlarged."""
    if soft.shape == picture.shape[:2]:
        return soft > 0.5
    rows, columns = np.nonzero(soft > 0.05)
    mask = np.zeros(picture.shape[:2], bool)
    if not rows.size:
        return mask
    sy, sx = picture.shape[0] / soft.shape[0], picture.shape[1] / soft.shape[1]
    a, b = max(0, rows.min() - 8), min(soft.shape[0], rows.max() + 9)
    c, d = max(0, columns.min() - 8), min(soft.shape[1], columns.max() + 9)
    y0, y1, x0, x1 = round(a * sy), round(b * sy), round(c * sx), round(d * sx)
    mask[y0:y1, x0:x1] = upsample(soft[a:b, c:d], small[a:b, c:d], picture[y0:y1, x0:x1]) > 0.5
    return mask
