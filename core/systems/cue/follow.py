"""Follow: a mask of one looked-at frame through its shot, and how much it changes on the way."""

import cv2
import numpy as np

from core.systems.cue import motion
from core.systems.cue.candidate import Sight
from core.systems.cue.colours import CELLS, cells
from core.systems.cue.guide import Guide

PULL = 4.0  # how much figure and ground decide, where the mask lies on either
LOST = 0.15  # share of its last area under which it is lost
REACH = 0.08  # of the picture's longer side: how far from where the flow brought it a mask can be


class Follower:
    """Flow says where, colour and figure say what, the picture's edges say how far."""

    def __init__(self, sight: Sight, moved: motion.Motion):
        self.sight, self.moved = sight, moved
        self._cells = [cells(p) for p in sight.pictures]
        self._guides = [Guide(p) for p in sight.pictures]
        self._at = [int(np.abs(sight.moments - t).argmin()) for t in sight.times]  # look -> moment
        self._look = {m: t for t, m in enumerate(self._at)}
        self._side = max(sight.pictures.shape[1:3])

    def follow(self, key: int, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """bool [T, h, w] over the looked-at frames, float32 [M, 9] energy over the moments (see Candidate)."""
        masks = np.zeros(self.sight.figure.shape, bool)
        energy = np.zeros((len(self.sight.moments), 9), np.float32)
        masks[key] = mask
        start = self._at[key]
        self._measure(energy, start, mask)
        seed = self._tables(mask, self._cells[key])
        for way in (1, -1):
            soft, tables, area = mask.astype(np.float32), seed, float(mask.sum())
            moment = start + way
            while 0 <= moment < len(energy) and self.moved.shot[moment] == self.moved.shot[start]:
                # the flow of a moment leads to the one before; backwards it is taken the other way round
                flow = self.moved.flow[moment] if way > 0 else -self.moved.flow[moment + 1]
                soft = motion.carry(soft, flow)
                if moment in self._look:
                    t = self._look[moment]
                    soft = self._recut(soft, t, tables)
                    now = soft > 0.5
                    if now.sum() < LOST * area:
                        break
                    masks[t], area = now, float(now.sum())
                    fresh = self._tables(now, self._cells[t])
                    tables = (0.85 * tables[0] + 0.15 * fresh[0], 0.85 * tables[1] + 0.15 * fresh[1])
                self._measure(energy, moment, soft > 0.5)
                moment += way
        return masks, energy

    def _recut(self, soft: np.ndarray, t: int, tables: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        """float32 [h, w]: the carried mask, cut anew on looked-at frame t."""
        front, back = (table[self._cells[t]] for table in tables)
        place = cv2.GaussianBlur(soft, (0, 0), 0.03 * self._side)
        odds = _logit(place) + 1.5 * np.clip(np.log((front + 1e-3) / (back + 1e-3)), -2.5, 2.5)
        inside = soft > 0.5
        if inside.any() and not inside.all():
            score = self.sight.figure[t]
            own, other = score[inside].mean(), score[~inside].mean()
            odds += PULL * max(own - other, 0) * (score - 0.5 * (own + other))
        cut = self._guides[t].smooth((1 / (1 + np.exp(-odds))).astype(np.float32))
        near = np.ones((2 * round(REACH * self._side) + 1,) * 2, np.uint8)
        cut[cv2.dilate(inside.astype(np.uint8), near) == 0] = 0
        count, labels = cv2.connectedComponents((cut > 0.5).astype(np.uint8))
        for part in range(1, count):  # a part that the flow did not bring is something else
            piece = labels == part
            if (piece & inside).sum() < 0.3 * piece.sum():
                cut[piece] = 0
        return cut

    def _tables(self, mask: np.ndarray, colour: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How often each cell of colour occurs in the mask and outside: float32 [512] each."""
        return _table(colour[mask]), _table(colour[~mask])

    def _measure(self, energy: np.ndarray, moment: int, mask: np.ndarray) -> None:
        if not mask.any():
            return
        x, y, w, h = cv2.boundingRect(mask.astype(np.uint8))
        inside = mask[y : y + h, x : x + w].astype(np.float32)
        change = self.moved.change[moment][y : y + h, x : x + w].astype(np.float32) * inside
        share, total = (cv2.resize(v, (3, 3), interpolation=cv2.INTER_AREA) for v in (inside, change))
        energy[moment] = (total / np.maximum(share, 0.02)).ravel()


def _table(found: np.ndarray) -> np.ndarray:
    counts = np.bincount(found, minlength=CELLS).reshape(8, 8, 8).astype(np.float32)
    for axis in range(3):  # neighbouring cells share
        first, last = np.take(counts, [0], axis), np.take(counts, [7], axis)
        padded = np.concatenate([first, counts, last], axis)
        around = np.take(padded, range(2, 10), axis) + np.take(padded, range(8), axis)
        counts = 0.6 * counts + 0.2 * around
    return np.asarray((counts / max(counts.sum(), 1)).ravel())


def _logit(share: np.ndarray) -> np.ndarray:
    share = np.clip(share, 0.03, 0.97)
    return np.log(share / (1 - share))
