"""Small pictures: of a frame, and of a pair with what it refers to drawn on it."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from core import media
from core.masks import Track
from core.media.overlay import blend

WIDTH = 320  # pixels; shown at half of it on fine screens


def small(picture: np.ndarray) -> np.ndarray:
    """uint8 [h, WIDTH, 3] RGB."""
    height, width = picture.shape[:2]
    size = (WIDTH, max(1, round(height * WIDTH / width)))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)


def pair_picture(path: Path, index: int, tracks: Sequence[Track]) -> np.ndarray:
    """Frame `index` with the tracks' masks. RefavsError when the video is not there any more."""
    return small(blend(media.open(path).clip().frame(index), tracks, index))


def telling(tracks: Sequence[Track], first: int, last: int) -> int:
    """The frame index where most of the tracks is seen; the middle frame when there are none."""
    areas: dict[int, int] = {}
    for track in tracks:
        for index, mask in track.masks.items():
            if first <= index <= last:
                areas[index] = areas.get(index, 0) + mask.area
    return max(areas, key=lambda index: areas[index], default=(first + last) // 2)
