"""Drawn datasets: stills with two bright shapes, and a sequence of a moving one."""

import cv2
import numpy as np
import pytest


def _drawn(rng, shapes, size):
    picture = cv2.GaussianBlur(rng.integers(20, 90, (*size, 3), np.uint8), (0, 0), 1.5)
    mask = np.zeros(size, np.uint8)
    for number, (x, y, radius) in enumerate(shapes, 1):
        cv2.circle(picture, (x, y), radius, tuple(int(v) for v in rng.integers(140, 255, 3)), -1)
        cv2.circle(mask, (x, y), radius, number, -1)
    return picture, mask


def _write(folder, name, picture, mask):
    (folder / "img").mkdir(parents=True, exist_ok=True)
    (folder / "mask").mkdir(exist_ok=True)
    cv2.imwrite(str(folder / "img" / f"{name}.jpg"), picture)
    cv2.imwrite(str(folder / "mask" / f"{name}.png"), mask)


@pytest.fixture
def stills(tmp_path):
    """Twenty pictures of 120 x 160 with objects 1 and 2; a rim of the first is not judged."""
    rng = np.random.default_rng(0)
    for index in range(20):
        first = (int(rng.integers(25, 60)), int(rng.integers(30, 90)), int(rng.integers(12, 22)))
        second = (int(rng.integers(100, 135)), int(rng.integers(30, 90)), int(rng.integers(12, 22)))
        picture, mask = _drawn(rng, [first, second], (120, 160))
        mask[:4] = 255
        _write(tmp_path / "stills", f"{index:03}", picture, mask)
    return tmp_path / "stills"


@pytest.fixture
def sequences(tmp_path):
    """A sequence to learn from and one of the fixed validation part, twelve frames each."""
    for name in ("rolling", "bear"):
        rng = np.random.default_rng(1)
        for index in range(12):
            picture, mask = _drawn(rng, [(30 + 6 * index, 60, 18)], (120, 160))
            _write(tmp_path / "film" / name, f"{index:05}", picture, mask * 255)
    return tmp_path / "film"
