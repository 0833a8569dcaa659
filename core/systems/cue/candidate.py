"""What may be meant: a candidate's masks over the looked-at frames, and what they look like."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from core.systems.cue.colours import named_shares, skin_share


@dataclass(frozen=True, eq=False)
class Sight:
    """What was seen of a clip.

    indices: the looked-at frames of the VIDEO, T of them; times: float64 [T] seconds of the clip.
    pictures: uint8 [T, h, w, 3] RGB, 160 px wide or high; fine: the same at 512 px, for the answer's edges.
    figure: float32 [T, h, w], 0 to 1; moving: the same for motion alone.
    shot: int [T]. moments: float64 [M] seconds at which motion was measured; broken: bool [M], cuts and
    dissolves.
    """

    indices: tuple[int, ...]
    times: np.ndarray
    shot: np.ndarray
    pictures: np.ndarray
    fine: tuple[np.ndarray, ...]
    figure: np.ndarray
    moving: np.ndarray
    moments: np.ndarray
    broken: np.ndarray


@dataclass(frozen=True, eq=False)
class Candidate:
    """One thing that was seen.

    id: from 1. masks: bool [T, h, w] over the looked-at frames; nothing = absent. worth: 0 to 1, how much it
    looks like a thing of its own. source: what proposed it. energy: float32 [M, 9], how much each third by
    third of its box changes at each moment of motion, grey levels a second.
    """

    id: int
    masks: np.ndarray
    worth: float
    source: str
    energy: np.ndarray
    sight: Sight = field(repr=False)
    names: Mapping[str, float] = field(default_factory=dict)

    @cached_property
    def present(self) -> np.ndarray:
        """bool [T]"""
        return np.asarray(self.masks.any(axis=(1, 2)))

    @cached_property
    def area(self) -> float:
        """Mean share of the picture, where it is present."""
        return float(self.masks[self.present].mean()) if self.present.any() else 0.0

    @cached_property
    def box(self) -> tuple[float, float, float, float]:
        """Median x0, y0, x1, y1 in shares of the picture's width and height."""
        boxes = []
        h, w = self.masks.shape[1:]
        for mask in self.masks[self.present]:
            rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
            boxes.append((columns[0] / w, rows[0] / h, (columns[-1] + 1) / w, (rows[-1] + 1) / h))
        return tuple(float(v) for v in np.median(boxes, axis=0)) if boxes else (0.0, 0.0, 0.0, 0.0)  # type: ignore[return-value]

    @cached_property
    def centre(self) -> tuple[float, float]:
        """x, y of the middle of the pixels, in shares."""
        t, rows, columns = np.nonzero(self.masks)
        h, w = self.masks.shape[1:]
        return (float(columns.mean() / w), float(rows.mean() / h)) if len(t) else (0.5, 0.5)

    @cached_property
    def colours(self) -> dict[str, float]:
        """Share of its pixels of each named colour."""
        return named_shares(self.sight.pictures[self.masks])

    @cached_property
    def skin(self) -> float:
        """Share of its pixels that have a colour human skin can have."""
        return skin_share(self.sight.pictures[self.masks])

    @cached_property
    def motion(self) -> float:
        """0 to 1: how much it moves, where it is."""
        return float(self.sight.moving[self.masks].mean()) if self.masks.any() else 0.0
