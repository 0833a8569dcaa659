"""A drawn clip: a red disc on a speckled green ground, moving to the right; no decoder needed."""

from dataclasses import dataclass

import cv2
import numpy as np
import pytest

from core.masks import Mask


@dataclass
class DrawnVideo:
    size: tuple[int, int]
    sha256: str = "drawn"


class DrawnClip:
    """Looks like a Clip: frame i is drawn by `draw(i)`."""

    def __init__(self, draw, count, size, first=0, sha256="drawn"):
        self._draw = draw
        self.indices = range(first, first + count)
        self.video = DrawnVideo(size, sha256)
        self.size = size

    def frame(self, index):
        assert index in self.indices
        return self._draw(index)

    def frames(self, indices):
        return (self.frame(i) for i in indices)


class Disc:
    """Where the disc is, and what the picture then looks like. `gone`: frames without it."""

    def __init__(self, size=(120, 160), *, speed=2.0, radius=18, gone=()):
        self.size, self.speed, self.radius, self.gone = size, speed, radius, frozenset(gone)
        noise = np.random.default_rng(0).integers(-12, 13, (*size, 1))
        texture = cv2.GaussianBlur(np.random.default_rng(1).normal(0, 60, (*size, 3)), (0, 0), 3)
        self._ground = np.clip(np.array((40, 120, 60)) + texture + noise, 0, 255).astype(np.uint8)

    def centre(self, index):
        return 40 + self.speed * index, self.size[0] / 2

    def truth(self, index):
        rows, columns = np.mgrid[: self.size[0], : self.size[1]] + 0.5
        x, y = self.centre(index)
        inside = (columns - x) ** 2 + (rows - y) ** 2 <= self.radius**2
        return inside & (index not in self.gone)

    def picture(self, index):
        drawn = self._ground.copy()
        drawn[self.truth(index)] = (200, 50, 40)
        return cv2.GaussianBlur(drawn, (0, 0), 0.6)

    def clip(self, count, first=0):
        name = f"{self.size} {self.speed} {self.radius} {sorted(self.gone)}"
        return DrawnClip(self.picture, count, self.size, first, sha256=name)

    def mask(self, index):
        return Mask.encode(self.truth(index))


@pytest.fixture
def disc():
    return Disc


@pytest.fixture
def drawn_clip():
    return DrawnClip
