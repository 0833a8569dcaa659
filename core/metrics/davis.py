"""DAVIS J&F of tracks: overlap of the regions, and of the contours within 0.8 % of the picture's diagonal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from core.errors import RefavsError
from core.masks import Mask
from core.metrics.result import Result, percent

TOLERANCE = 0.008  # of the picture's diagonal, rounded up to whole pixels


@dataclass(frozen=True, eq=False)
class TrackScore:
    """j, f: float64 [N], 0 to 1, of one track on the frames `indices`."""

    indices: tuple[int, ...]
    j: np.ndarray
    f: np.ndarray


def region(truth: np.ndarray, answer: np.ndarray) -> float:
    """J of one frame, 0 to 1: intersection over union of two bool arrays [H, W]; 1 when both are empty."""
    union = int((truth | answer).sum())
    return int((truth & answer).sum()) / union if union else 1.0


def contour(truth: np.ndarray, answer: np.ndarray) -> float:
    """F of one frame, 0 to 1: F1 of contour pixels that have one of the other contour within the tolerance.

    Both without contour: 1. One without: 0.
    """
    ours, theirs = _contour_map(answer), _contour_map(truth)
    if not ours.any() or not theirs.any():
        return 1.0 if ours.any() == theirs.any() else 0.0
    radius = int(np.ceil(TOLERANCE * np.hypot(*truth.shape)))
    y, x = np.ogrid[-radius : radius + 1, -radius : radius + 1]
    disk = (x * x + y * y <= radius * radius).astype(np.uint8)
    precision = ours[cv2.dilate(theirs.astype(np.uint8), disk) > 0].sum() / ours.sum()
    recall = theirs[cv2.dilate(ours.astype(np.uint8), disk) > 0].sum() / theirs.sum()
    return float(2 * precision * recall / (precision + recall)) if precision + recall else 0.0


def track_score(
    truth: Mapping[int, Mask], answer: Mapping[int, Mask], *, skip_ends: bool = True
) -> TrackScore:
    """One object: masks by frame index. `skip_ends` leaves out the first and last frame, as DAVIS does.

    Raises RefavsError when a frame of the truth was not answered, or sizes differ.
    """
    indices = sorted(truth)[1:-1] if skip_ends else sorted(truth)
    missing = [index for index in indices if index not in answer]
    if missing or not indices:
        what = (
            f"frames {missing[:5]} of the truth were not answered" if missing else "no frame is left to score"
        )
        raise RefavsError(f"A track is scored on every frame of its truth; {what}.")
    j, f = [], []
    for index in indices:
        if truth[index].size != answer[index].size:
            raise RefavsError(
                f"On frame {index} the truth is {truth[index].size}, the answer {answer[index].size} (H, W); "
                "they must be equal."
            )
        a, b = truth[index].decode(), answer[index].decode()
        j.append(region(a, b))
        f.append(contour(a, b))
    return TrackScore(tuple(indices), np.array(j), np.array(f))


def davis(scores: Sequence[TrackScore]) -> Result:
    """j, f and jf: mean over tracks of the mean over frames; jf is the mean of the two."""
    if not scores:
        raise RefavsError("No track was scored, so there is no result.")
    j = float(np.mean([score.j.mean() for score in scores]))
    f = float(np.mean([score.f.mean() for score in scores]))
    return Result(
        "DAVIS J&F, mean over tracks",
        {"j": percent(j), "f": percent(f), "jf": percent((j + f) / 2)},
        len(scores),
        sum(len(score.indices) for score in scores),
    )


def _contour_map(pixels: np.ndarray) -> np.ndarray:
    """bool [H, W]: pixels that differ from their right, lower or lower right neighbour (beyond the edge:
    itself).

    This is DAVIS's one pixel wide contour, half a pixel up and left of the real edge.
    """
    grown = np.pad(pixels, ((0, 1), (0, 1)), mode="edge")
    right, below, corner = grown[:-1, 1:], grown[1:, :-1], grown[1:, 1:]
    return np.asarray((pixels != right) | (pixels != below) | (pixels != corner))
