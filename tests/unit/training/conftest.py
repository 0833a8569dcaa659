"""Drawn datasets: stills with two bright shapes, a sequence of a moving one, clips in the Ref-AVS layout."""

import csv

import cv2
import numpy as np
import pytest
import soundfile

from core.datasets.refavs import HEADER


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


ROWS = [
    ("a", "a_dog_1", "train", "0", "The dog on the left."),
    ("b", "b_cat_1", "train", "0", "The cat on the right."),
    ("a", "null_c-a_null_1", "train", "0", "The sounding object."),
]


@pytest.fixture
def folder(tmp_path):
    """A bright square left in one clip and right in the other; the null clip has the first one's frames."""
    root = tmp_path / "set"
    root.mkdir()
    with (root / "metadata.csv").open("w", newline="") as file:
        csv.writer(file).writerows([HEADER, *ROWS])
    rng = np.random.default_rng(0)
    for v, x in (("a", 8), ("b", 40), ("null_c-a", 8)):
        frames, masks = root / "media" / v / "frames", root / "gt_mask" / v / "fid_0"
        frames.mkdir(parents=True)
        masks.mkdir(parents=True)
        for k in range(10):
            picture, mask = rng.integers(0, 60, (64, 80, 3), np.uint8), np.zeros((64, 80), np.uint8)
            picture[20:50, x : x + 30] += 150
            mask[20:50, x : x + 30] = 0 if v.startswith("null") else 255
            cv2.imwrite(str(frames / f"{k}.jpg"), picture)
            cv2.imwrite(str(masks / f"{k:05}.png"), mask)
        sound = 0.0 if v.startswith("null") else 0.2 * rng.normal(size=160000)
        soundfile.write(root / "media" / v / "audio.wav", np.zeros(160000) + sound, 16000)
    return root
