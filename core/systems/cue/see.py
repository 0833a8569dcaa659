"""See: the pictures that are looked at, what moves in them, and what is figure and what ground."""

from collections.abc import Callable, Generator

import cv2
import numpy as np

from core.media import Clip
from core.segment.slot import compute_slot
from core.systems.cue import figure, motion
from core.systems.cue.candidate import Sight

MOTION_STEP, LOOK_STEP = 0.08, 0.5  # seconds
MOST_MOMENTS, MOST_LOOKS = 750, 60  # of a long clip fewer a second
SIDE, FINE_SIDE = 160, 512  # pixels of the longer side: for looking, and for the edges of the answer
REACH = 12  # moments of motion around a frame that show what moves there (1 s)


def sample(clip: Clip) -> tuple[list[int], list[int]]:
    """Frames for motion (12.5 a second), and the positions among them of those looked at (2 a second)."""
    length = max(clip.duration, 1e-3)
    wanted = np.arange(0, length, max(MOTION_STEP, length / MOST_MOMENTS)) + clip.start
    last = np.searchsorted(clip.video.pts, wanted + 1e-6, side="right") - 1
    indices = sorted({int(min(max(i, clip.first), clip.last)) for i in last})
    times = clip.video.pts[indices] - clip.start
    step = max(LOOK_STEP, length / MOST_LOOKS)
    return indices, sorted({int(np.abs(times - t).argmin()) for t in np.arange(0, max(length, step), step)})


def scaled(picture: np.ndarray, side: int) -> np.ndarray:
    """The picture with its longer side at most `side` pixels, and no side under 16."""
    ratio = min(1.0, side / max(picture.shape[:2]))
    size = (max(16, round(picture.shape[1] * ratio)), max(16, round(picture.shape[0] * ratio)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))


def see(
    clip: Clip, things: Callable[[np.ndarray], np.ndarray]
) -> Generator[float, None, tuple[Sight, motion.Motion]]:
    """Pictures, motion and figure maps. Yields the share that is done.

    things: picture uint8 [H, W, 3] -> float32 [H, W], 0 to 1, where a thing is.
    """
    indices, looks = sample(clip)
    small, fine = [], []
    looked = set(looks)
    for n, picture in enumerate(clip.frames(indices)):
        small.append(scaled(picture, SIDE))
        if n in looked:
            fine.append(scaled(picture, FINE_SIDE))
        if n % 8 == 7:
            yield 0.6 * n / len(indices)
    moments = np.asarray(clip.video.pts[indices] - clip.start)
    moved = yield from motion.measure(small, moments)
    moving, maps = [], []
    for n, k in enumerate(looks):
        with compute_slot():
            moving.append(figure.moves(moved, small[k], k, REACH))
        maps.append(figure.figure(things(fine[n]), moving[-1]))
        if n % 4 == 3:
            yield 0.8 + 0.2 * n / len(looks)
    return (
        Sight(
            indices=tuple(indices[k] for k in looks),
            times=moments[looks],
            shot=moved.shot[looks],
            pictures=np.array([small[k] for k in looks]),
            fine=tuple(fine),
            figure=np.array(maps, np.float32),
            moving=np.array(moving, np.float32),
            moments=moments,
            broken=moved.broken,
        ),
        moved,
    )
