"""Objects carried from frame to frame by the nano segmenter.

Optical flow brings the last mask to where it should be; the network, which also sees where the colours and
textures of the seed come back, says where it is. The trunk sees a frame once for all objects; what is
decoded for an object is the part of the frame around it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from core.segment.nano.look import look
from core.segment.nano.maps import MATCH, draw
from core.segment.nano.network import STRIDE, NanoNetwork
from core.segment.nano.window import Window
from core.segment.propagation import LOST, runs_away
from core.segment.protocol import ObjectId

SIDE = 448  # grid pixels of the longer side of a frame
FLOW_SHRINK = 2  # flow is computed on a grid so many times coarser
MARGIN = 0.25  # of the object's size, around the part that is decoded
REACH = 0.25  # of the root of its area: how far an object is looked for around where flow brought it
LEAST = 4  # grid pixels of the smallest object that is still seen
KEYS = 8  # stride of the features that are matched
KEPT = 512  # keys of a memory, evenly spread: matching takes as long as places x keys

Part = tuple[int, int, int, int]  # y0, y1, x0, x1 on the grid, multiples of the stride


@dataclass
class _Memory:
    """keys: float32 [1, K, N]. signed: float32 [1, N], -1 beside the object to 1 inside."""

    keys: Tensor
    signed: Tensor


@dataclass
class _Object:
    seed: _Memory | None = None
    recent: _Memory | None = None
    mask: np.ndarray | None = None  # bool on the grid; None = absent now
    area: float = 0.0  # pixels of the picture when it was last seen
    size: int = 0  # the same on the grid


@dataclass
class NanoTracker:
    """A `core.segment.propagation.Tracker`; keeps one small grey picture and two sets of keys an object."""

    network: NanoNetwork
    _grey: np.ndarray | None = None
    _objects: dict[ObjectId, _Object] = field(default_factory=dict)

    @torch.inference_mode()
    def advance(
        self,
        index: int,
        picture: np.ndarray,
        given: Mapping[ObjectId, np.ndarray],
        running: Collection[ObjectId],
    ) -> Mapping[ObjectId, tuple[np.ndarray, float]]:
        size = (picture.shape[0], picture.shape[1])
        window = Window.whole(size, SIDE)
        seen = look(self.network, picture, window)
        keys = self.network.keys(seen.features)
        grey = cv2.cvtColor(window.cut(picture), cv2.COLOR_RGB2GRAY)
        place = self._place(grey) if running else None
        found: dict[ObjectId, tuple[np.ndarray, float]] = {}
        for key in running:
            found[key] = self._find(
                self._objects.setdefault(key, _Object()), seen.features, keys, place, window, size
            )
        for key, mask in given.items():
            self._learn(
                self._objects.setdefault(key, _Object()), window.cut_mask(mask), keys, float(mask.sum())
            )
        self._grey = grey
        return found

    def forget(self, objects: Collection[ObjectId]) -> None:
        for key in objects:
            self._objects.pop(key, None)

    def _place(self, grey: np.ndarray) -> np.ndarray | None:
        """float32 [h, w, 2]: where on the last frame each grid pixel was."""
        if self._grey is None or self._grey.shape != grey.shape:
            return None
        small = (grey.shape[1] // FLOW_SHRINK, grey.shape[0] // FLOW_SHRINK)
        now, before = (cv2.resize(g, small, interpolation=cv2.INTER_AREA) for g in (grey, self._grey))
        dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        flow = dis.calc(now, before, np.zeros((*now.shape, 2), np.float32))
        flow = cv2.resize(flow, grey.shape[::-1], interpolation=cv2.INTER_LINEAR) * FLOW_SHRINK
        rows, columns = np.mgrid[: grey.shape[0], : grey.shape[1]].astype(np.float32)
        return np.asarray(flow + np.stack([columns, rows], -1))

    def _learn(self, known: _Object, mask: np.ndarray, keys: Tensor, area: float) -> None:
        """A mask that was given, on the grid; one without a pixel says absent and leaves what is known."""
        if not mask.any():
            known.mask = None
            return
        known.seed = known.recent = _memory(mask, keys)
        known.mask, known.area, known.size = mask, area, int(mask.sum())

    def _find(
        self,
        known: _Object,
        features: Sequence[Tensor],
        keys: Tensor,
        place: np.ndarray | None,
        window: Window,
        size: tuple[int, int],
    ) -> tuple[np.ndarray, float]:
        nothing = np.zeros(size, bool)
        if known.seed is None or known.recent is None:
            return nothing, 0.5
        brought = known.mask
        if brought is not None and place is not None:
            warped = cv2.remap(brought.astype(np.float32), place[..., 0], place[..., 1], cv2.INTER_LINEAR)
            brought = warped > 0.5
            if not brought.any():
                brought = None
        part = _part(brought, window.grid)
        y0, y1, x0, x1 = part
        logits = self._decode(known, features, keys, brought, part)
        soft = np.full(window.grid, -20.0, np.float32)
        soft[y0:y1, x0:x1] = logits
        if brought is not None:
            soft = _near(soft, brought)
        elif not _back(soft, known.size):
            known.mask = None
            return nothing, _sure(logits)
        mask = soft > 0
        large, where = window.place(soft, size)
        fine = nothing.copy()
        fine[where] = large > 0
        area = float(fine.sum())
        lost = runs_away(area, known.area, fine.size)
        if lost or mask.sum() < LEAST or area < 1:
            known.mask = None
            return nothing, LOST if lost else _sure(logits)
        known.mask, known.area, known.size = mask, area, int(mask.sum())
        known.recent = _memory(mask, keys)
        return fine, _sure(logits)

    def _decode(
        self, known: _Object, features: Sequence[Tensor], keys: Tensor, brought: np.ndarray | None, part: Part
    ) -> np.ndarray:
        y0, y1, x0, x1 = part
        cut = [
            f[..., y0 // s : y1 // s, x0 // s : x1 // s]
            for f, s in zip(features, (2, 4, 8, 16, 32), strict=True)
        ]
        before = None if brought is None else brought[y0:y1, x0:x1]
        maps = torch.from_numpy(draw((y1 - y0, x1 - x0), previous=before))[None]
        memories = [m for m in (known.seed, known.recent) if m is not None]
        maps[:, MATCH : MATCH + 1] = self.network.match(
            keys[..., y0 // KEYS : y1 // KEYS, x0 // KEYS : x1 // KEYS],
            torch.cat([m.keys for m in memories], 2),
            torch.cat([m.signed for m in memories], 1),
        )
        return self.network.decode(cut, maps)[0, 0].numpy()


def _memory(mask: np.ndarray, keys: Tensor) -> _Memory:
    """The keys of the part around a mask on the grid."""
    y0, y1, x0, x1 = _part(mask, mask.shape)
    inside = torch.from_numpy(mask[y0:y1, x0:x1].astype(np.float32))[None, None]
    signed = F.avg_pool2d(inside, KEYS).flatten(1) * 2 - 1
    cut = keys[..., y0 // KEYS : y1 // KEYS, x0 // KEYS : x1 // KEYS]
    kept = torch.linspace(0, signed.shape[1] - 1, min(KEPT, signed.shape[1])).round().long()
    return _Memory(cut.flatten(2)[..., kept].contiguous(), signed[:, kept])


def _part(mask: np.ndarray | None, grid: tuple[int, int]) -> Part:
    """The part of the grid around a mask; all of it without one."""
    if mask is None or not mask.any():
        return 0, grid[0], 0, grid[1]
    rows, columns = np.nonzero(mask.any(1))[0], np.nonzero(mask.any(0))[0]
    margin = MARGIN * max(np.ptp(rows), np.ptp(columns)) + STRIDE / 2
    y0, y1 = _stretch(rows[0] - margin, rows[-1] + margin, grid[0])
    x0, x1 = _stretch(columns[0] - margin, columns[-1] + margin, grid[1])
    return y0, y1, x0, x1


def _back(logits: np.ndarray, size: int) -> bool:
    """Whether an object that was absent is seen again: clearly, and about as large as it was."""
    found = logits > 0
    return bool(found.sum() > 0.2 * size and logits[found].mean() > 1.5)


def _near(logits: np.ndarray, brought: np.ndarray) -> np.ndarray:
    """Without what lies farther from the brought mask than an object moves, and what does not touch it."""
    reach = REACH * float(np.sqrt(brought.sum())) + 2
    far = cv2.distanceTransform((~brought).astype(np.uint8), cv2.DIST_L2, 3) > reach
    near = np.where(far, np.minimum(logits, -4.0), logits).astype(np.float32)
    count, pieces = cv2.connectedComponents((near > 0).astype(np.uint8), connectivity=8)
    touching = np.zeros(count, bool)
    touching[np.unique(pieces[brought])] = True
    return np.where((near > 0) & ~touching[pieces], -4.0, near).astype(np.float32)


def _stretch(low: float, high: float, limit: int) -> tuple[int, int]:
    return max(0, int(low // STRIDE) * STRIDE), min(limit, -int(-high // STRIDE) * STRIDE)


def _sure(logits: np.ndarray) -> float:
    """The IoU that these chances, as float32 logits [h, w], lead to expect; of no mask, that there is none."""
    chance = 1 / (1 + np.exp(-np.clip(logits, -20, 20)))
    mask = chance > 0.5
    if not mask.any():
        return 1 - float(chance.max())
    return float(chance[mask].sum() / (mask.sum() + chance[~mask].sum()))
