"""What an annotator asked for, drawn as the maps that the network reads beside the picture."""

from collections.abc import Iterable

import cv2
import numpy as np

RADIUS = 3  # pixels of a click's disk on the network's grid
POSITIVE, NEGATIVE, BOX, PREVIOUS, MATCH = range(5)


def draw(
    size: tuple[int, int],
    clicks: Iterable[tuple[float, float, bool]] = (),
    box: tuple[float, float, float, float] | None = None,
    previous: np.ndarray | None = None,
) -> np.ndarray:
    """float32 [5, H, W] for a view of `size` (H, W).

    clicks: (x, y, positive) in pixels of the view. box: x0, y0, x1, y1. previous: bool [H, W].
    A box and a previous mask are 1 inside and -1 outside; 0 everywhere says that there is none.
    The match map is left 0: it comes from the network.
    """
    maps = np.zeros((5, *size), np.float32)
    for x, y, positive in clicks:
        centre = (int(np.floor(x)), int(np.floor(y)))
        cv2.circle(maps[POSITIVE if positive else NEGATIVE], centre, RADIUS, 1.0, -1)
    if box is not None:
        x0, y0, x1, y1 = (round(v) for v in box)
        maps[BOX] = -1
        maps[BOX, max(y0, 0) : max(y1, y0 + 1, 1), max(x0, 0) : max(x1, x0 + 1, 1)] = 1
    if previous is not None:
        maps[PREVIOUS] = np.where(previous, 1.0, -1.0)
    return maps
