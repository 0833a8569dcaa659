"""Objects carried from frame to frame by optical flow, and cut out anew on each frame.

Flow alone drifts: each warp blurs the edge and takes some ground along. So the mask that the flow brings says
only where the edge is looked for: well inside it is object, well outside ground, and GrabCut decides between.
Colours seen at the seed and lately tell whether what was cut out is the object at all.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import cv2
import numpy as np

from core.segment.grabcut import around, cut, disc
from core.segment.propagation import LOST, runs_away
from core.segment.protocol import ObjectId
from core.segment.refine import upsample

FLOW_SIDE = 448  # pixels of the longer side of the picture for the flow
CUT_SIDE = 160  # pixels of the longer side of the part around the object for GrabCut
BAND = 0.1  # half width of the undecided band, as a share of the object's size
BINS = 12  # of each of the three colour axes
LIKE = 0.25  # an object of whose pixels a smaller part has its colours rather than the ground's is lost
PACE = 0.1  # how fast the recent colours follow

Place = tuple[np.ndarray, np.ndarray]


@dataclass
class _Colours:
    """How often each colour occurs in the object and close around it: float32 [BINS ** 3], summing to 1."""

    front: np.ndarray
    back: np.ndarray


@dataclass
class _Object:
    soft: np.ndarray  # float32 [h, w] on the flow's grid, 0 to 1; no pixel over 0.5 = absent now
    seed: _Colours
    recent: _Colours
    area: float  # pixels of the last mask it was seen with


@dataclass
class FlowTracker:
    """A `Tracker`; what it keeps is one small picture, and one small mask and two colour tables an object."""

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
        grey, bins = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), _bins(small)
        found: dict[ObjectId, tuple[np.ndarray, float]] = {}
        if running and self._grey is not None:
            place = _place(grey, self._grey)
            for key in running:
                found[key] = self._find(self._objects.get(key), picture, bins, place)
        for key, mask in given.items():
            self._learn(key, mask, bins)
        self._grey = grey
        return found

    def forget(self, objects: Collection[ObjectId]) -> None:
        for key in objects:
            self._objects.pop(key, None)

    def _learn(self, key: ObjectId, mask: np.ndarray, bins: np.ndarray) -> None:
        soft = _shrink(mask, bins.shape)
        if soft.max() > 0.5:
            colours = _colours(soft > 0.5, bins)
            self._objects[key] = _Object(soft, colours, colours, float(mask.sum()))
        else:  # said to be absent, or too small to follow
            self._objects.pop(key, None)

    def _find(
        self, known: _Object | None, picture: np.ndarray, bins: np.ndarray, place: Place
    ) -> tuple[np.ndarray, float]:
        nothing = np.zeros(picture.shape[:2], bool)
        if known is None or known.soft.max() <= 0.5:
            return nothing, 0.5
        brought = cv2.remap(known.soft, *place, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        mask = _cut_out(brought, picture) if brought.max() > 0.5 else nothing
        soft, area = _shrink(mask, bins.shape), float(mask.sum())
        like = _likeness(soft > 0.5, bins, known)
        lost = runs_away(area, known.area, mask.size)
        if lost or like < LIKE:
            known.soft = np.zeros_like(known.soft)
            return nothing, LOST if lost else 1 - like
        known.soft, known.area = soft, area
        fresh = _colours(soft > 0.5, bins)
        known.recent = _Colours(
            (1 - PACE) * known.recent.front + PACE * fresh.front,
            (1 - PACE) * known.recent.back + PACE * fresh.back,
        )
        return mask, like


def _cut_out(brought: np.ndarray, picture: np.ndarray) -> np.ndarray:
    """bool [H, W]: the object on this frame. brought: float32 [h, w], where the flow puts it."""
    y0, y1, x0, x1 = _part(brought > 0.5)
    sy, sx = picture.shape[0] / brought.shape[0], picture.shape[1] / brought.shape[1]
    part = slice(round(y0 * sy), round(y1 * sy)), slice(round(x0 * sx), round(x1 * sx))
    full = picture[part]
    small = _small(full, CUT_SIDE)
    there = cv2.resize(brought[y0:y1, x0:x1], small.shape[1::-1], interpolation=cv2.INTER_LINEAR) > 0.5
    reach = max(1, round(BAND * float(np.sqrt(there.sum()))))
    soft = cut(small, around(there, reach), rounds=1).astype(np.float32)
    mask = np.zeros(picture.shape[:2], bool)
    if small.shape == full.shape:
        mask[part] = soft > 0.5
    else:
        mask[part] = upsample(cv2.GaussianBlur(soft, (0, 0), 0.6), small, full, radius=2) > 0.5
    return mask


def _part(mask: np.ndarray) -> tuple[int, int, int, int]:
    """y0, y1, x0, x1 around the mask with enough ground to learn its colours."""
    rows, columns = np.nonzero(mask.any(1))[0], np.nonzero(mask.any(0))[0]
    margin = int(0.25 * max(np.ptp(rows), np.ptp(columns)) + 2 * BAND * np.sqrt(mask.sum())) + 4
    height, width = mask.shape
    return (
        max(0, int(rows[0]) - margin),
        min(height, int(rows[-1]) + margin + 1),
        max(0, int(columns[0]) - margin),
        min(width, int(columns[-1]) + margin + 1),
    )


def _small(picture: np.ndarray, side: int = FLOW_SIDE) -> np.ndarray:
    ratio = min(1.0, side / max(picture.shape[:2]))
    if ratio == 1.0 and min(picture.shape[:2]) >= 16:
        return picture
    size = (max(16, round(picture.shape[1] * ratio)), max(16, round(picture.shape[0] * ratio)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))


def _shrink(mask: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """float32 [h, w]: the part of each pixel of the flow's grid that the mask covers."""
    return np.asarray(cv2.resize(mask.astype(np.float32), size[1::-1], interpolation=cv2.INTER_AREA))


def _place(now: np.ndarray, before: np.ndarray) -> Place:
    """Columns and rows, float32 [h, w]: where each pixel of this frame was on the last one."""
    dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    flow = dis.calc(now, before, np.zeros((*now.shape, 2), np.float32))
    rows, columns = np.mgrid[: now.shape[0], : now.shape[1]].astype(np.float32)
    return columns + flow[..., 0], rows + flow[..., 1]


def _bins(small: np.ndarray) -> np.ndarray:
    """int32 [h, w]: the cell of each pixel's colour (Lab, where equal steps look equally large)."""
    lab = cv2.cvtColor(small, cv2.COLOR_RGB2LAB).astype(np.int32) * BINS // 256
    return np.asarray((lab[..., 0] * BINS + lab[..., 1]) * BINS + lab[..., 2])


def _colours(inside: np.ndarray, bins: np.ndarray) -> _Colours:
    reach = int(np.clip(2 * BAND * np.sqrt(inside.sum()), 4, 40))
    ring = (cv2.dilate(inside.astype(np.uint8), disc(reach)) > 0) & ~inside
    return _Colours(_table(bins[inside]), _table(bins[ring]))


def _table(cells: np.ndarray) -> np.ndarray:
    counts = np.bincount(cells, minlength=BINS**3).astype(np.float32).reshape(BINS, BINS, BINS)
    for axis in range(3):  # neighbouring colours share what was seen
        after = np.concatenate([counts.take(range(1, BINS), axis), counts.take([-1], axis)], axis)
        before = np.concatenate([counts.take([0], axis), counts.take(range(BINS - 1), axis)], axis)
        counts = 0.5 * counts + 0.25 * (before + after)
    return np.asarray((counts / max(1.0, float(counts.sum()))).ravel() + 1e-5)


def _likeness(inside: np.ndarray, bins: np.ndarray, known: _Object) -> float:
    """Part of the pixels, 0 to 1, whose colour the object had about as often as the ground around it."""
    cells = bins[inside]
    if not cells.size:
        return 0.0
    front = np.maximum(known.seed.front, known.recent.front)
    back = np.maximum(known.seed.back, known.recent.back)
    return float((front[cells] > 0.5 * back[cells]).mean())
