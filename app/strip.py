"""Small pictures of a clip along its time, side by side in one JPEG."""

import cv2
import numpy as np

from core.media import Clip

COUNT = 24
HEIGHT = 48  # pixels; shown at half of it on fine screens


def places(clip: Clip) -> list[int]:
    """The frame indices that are shown: the middles of COUNT equal parts of the clip."""
    count = min(COUNT, len(clip))
    return [clip.first + (2 * k + 1) * len(clip) // (2 * count) for k in range(count)]


def strip(clip: Clip) -> np.ndarray:
    """uint8 [HEIGHT, COUNT * w, 3] RGB; w as wide as a picture of that height is shown."""
    height, width = clip.video.size
    wide = max(8, round(HEIGHT * width * clip.video.pixel_aspect / height))
    small = [
        cv2.resize(frame, (wide, HEIGHT), interpolation=cv2.INTER_AREA) for frame in clip.frames(places(clip))
    ]
    return np.concatenate(small, axis=1)
