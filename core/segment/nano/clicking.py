"""Prompts -> mask with the nano segmenter: looks at the whole picture, then a closer one at the object."""

from collections.abc import Callable

import numpy as np

from core.segment.nano.look import Look, answer
from core.segment.nano.network import NanoNetwork
from core.segment.nano.window import Window

WHOLE_SIDE = 192  # grid pixels of the longer side of the picture
FIRST_SIDES = (WHOLE_SIDE, 288)  # of a first click: small things are lost on the small grid alone,
SAYS = (0.75, 0.25)  # plain large ones on the large grid
CLOSE_SIDE = 160  # grid pixels of a closer window
MARGIN = 1.5  # a closer window is so many times as wide as the object
ROOM = (1.12, 2.4)  # a window seen before serves again while it is so many times as wide as the object

Clicks = list[tuple[float, float, bool]]
Box = tuple[float, float, float, float]


def find(
    network: NanoNetwork,
    see: Callable[[Window], Look],
    seen: Callable[[], list[Window]],
    size: tuple[int, int],
    clicks: Clicks,
    box: Box | None,
    previous: np.ndarray | None,
) -> np.ndarray:
    """Probabilities float32 [H, W] of a picture of `size` (H, W).

    see: the look at a window, cached or new. seen: the windows that the cache has of this frame.
    previous: the mask that the prompts correct, bool [H, W] with a pixel in it, or None.
    """
    if previous is None and box is None:
        views = [see(window) for window in first_windows(size)]
        placed = [view.window.place(answer(network, view, clicks), size) for view in views]
        logits = np.average([values for values, _ in placed], axis=0, weights=SAYS)
        part = placed[0][1]  # all of the picture in each
        previous = np.zeros(size, bool)
        previous[part] = logits > 0
        if not previous.any():
            return on_picture(size, logits, part)
    focus = _focus(clicks, box, previous)
    closer = see(_closer(focus, size, seen()))
    logits, part = closer.window.place(answer(network, closer, clicks, box, previous), size)
    return on_picture(size, logits, part)


def first_windows(size: tuple[int, int]) -> list[Window]:
    """What of a picture of `size` (H, W) is seen before anybody has said where the object is."""
    return [Window.whole(size, side) for side in FIRST_SIDES]


def _focus(clicks: Clicks, box: Box | None, previous: np.ndarray | None) -> Box:
    """What must be in sight: the mask so far, the clicks, and the box."""
    xs, ys = [x for x, _, _ in clicks], [y for _, y, _ in clicks]
    if box is not None:
        xs, ys = [*xs, box[0], box[2]], [*ys, box[1], box[3]]
    if previous is not None and previous.any():
        columns, rows = np.nonzero(previous.any(0))[0], np.nonzero(previous.any(1))[0]
        xs, ys = [*xs, float(columns[0]), float(columns[-1] + 1)], [*ys, float(rows[0]), float(rows[-1] + 1)]
    return min(xs), min(ys), max(xs), max(ys)


def _closer(focus: Box, size: tuple[int, int], seen: list[Window]) -> Window:
    """A window seen before that suits the focus, else a new one."""
    width = max(focus[2] - focus[0], focus[3] - focus[1])
    least = CLOSE_SIDE / 4  # enlarged four times at most
    for window in reversed(seen):
        x0, y0, x1, y1 = window.box
        if window.grid != (CLOSE_SIDE, CLOSE_SIDE):
            continue
        spare = 0.5 * (ROOM[0] - 1) * width
        inside = (
            max(x0, 0) <= max(focus[0] - spare, 0)
            and max(y0, 0) <= max(focus[1] - spare, 0)
            and min(x1, size[1]) >= min(focus[2] + spare, size[1])
            and min(y1, size[0]) >= min(focus[3] + spare, size[0])
        )
        if inside and x1 - x0 <= max(ROOM[1] * width, least * 1.01):
            return window
    return Window.around(focus, CLOSE_SIDE, margin=MARGIN, least=least)


def on_picture(size: tuple[int, int], logits: np.ndarray, part: tuple[slice, slice]) -> np.ndarray:
    """Probabilities float32 [H, W] from the logits of a part of the picture; 0 beside it."""
    probability = np.zeros(size, np.float32)
    probability[part] = 1 / (1 + np.exp(-np.clip(logits, -20, 20)))
    return probability
