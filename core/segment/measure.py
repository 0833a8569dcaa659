"""How good and how fast a segmenter is, by clicks and over time, with the protocol everyone uses.

Clicks: the first in the middle of the object, each further one in the middle of the largest error (the point
farthest from the error's edge), each time with the mask so far; see Sofiiuk et al., "Reviving iterative
training with mask guidance for interactive segmentation" (2021).
Tracks: from the true mask on the first frame to the last one; J and F as DAVIS has them, without those two.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np

from core.masks import Mask
from core.media import Clip
from core.metrics.davis import TrackScore, track_score
from core.segment.cache import IDLE_BEFORE_PREWARM, PREWARMED
from core.segment.protocol import Click, Prompts, Segmenter
from core.segment.targets import Pictures, Target, read_labels
from core.segment.targets import Sequence as Frames

CLICKS = 20  # an object that never gets good enough counts with so many clicks
SHOWN = (1, 3, 5, 10)
GOOD = (0.80, 0.85, 0.90)
WARM = 10  # clicks that are timed with nothing in the background, and with something


@dataclass(frozen=True)
class ClickCurve:
    """iou: 0 to 1 after each click. ms: what each click took. Ends early once every question is answered."""

    iou: tuple[float, ...]
    ms: tuple[float, ...]


@dataclass(frozen=True)
class TrackRun:
    """score: of one sequence. frames: how many were answered, in `seconds`."""

    score: TrackScore
    frames: int
    seconds: float


def next_click(truth: np.ndarray, mask: np.ndarray, ignored: np.ndarray) -> Click | None:
    """The click an annotator would place: in the middle of the largest error; None where there is none."""
    missed, added = _depth(truth & ~mask & ~ignored), _depth(mask & ~truth & ~ignored)
    positive = bool(missed.max() >= added.max())
    depth = missed if positive else added
    if depth.max() == 0:
        return None
    row, column = np.unravel_index(int(depth.argmax()), depth.shape)
    return Click(float(column) + 0.5, float(row) + 0.5, positive)


def click_curve(segmenter: Segmenter, target: Target) -> ClickCurve:
    """Click on the target until it is good enough, ten times at least and CLICKS at most."""
    truth, ignored = target.truth()
    clip = cast(Clip, target.clip)
    mask, previous = np.zeros(truth.shape, bool), None
    clicks: list[Click] = []
    iou: list[float] = []
    ms: list[float] = []
    while len(iou) < CLICKS and not (len(iou) >= max(SHOWN) and max(iou) >= max(GOOD)):
        click = next_click(truth, mask, ignored)
        if click is None:  # nothing is wrong any more
            iou += [1.0] * (max(SHOWN) - len(iou))
            break
        clicks.append(click)
        start = time.perf_counter()
        previous = segmenter.segment(clip, 0, Prompts(tuple(clicks)), previous=previous).mask
        ms.append(1000 * (time.perf_counter() - start))
        mask = previous.decode()
        either = (mask | truth) & ~ignored
        iou.append(float((mask & truth).sum()) / max(1, int(either.sum())))
    return ClickCurve(tuple(iou), tuple(ms))


def click_summary(curves: Sequence[ClickCurve]) -> dict[str, float]:
    """iou@k: mean IoU after k clicks, 0 to 100. noc@g: mean clicks until IoU is g %. ms: medians."""
    found: dict[str, float] = {"objects": len(curves)}
    for k in SHOWN:
        found[f"iou@{k}"] = round(100 * float(np.mean([c.iou[k - 1] for c in curves])), 1)
    for good in GOOD:
        counts = [next((n + 1 for n, v in enumerate(c.iou) if v >= good), CLICKS) for c in curves]
        found[f"noc@{round(100 * good)}"] = round(float(np.mean(counts)), 2)
    found["ms_cold"] = round(float(np.median([c.ms[0] for c in curves])), 1)
    found["ms_warm"] = round(float(np.median([v for c in curves for v in c.ms[1:]] or [0.0])), 1)
    return found


def warm_clicks(segmenter: Segmenter, target: Target) -> tuple[float, float]:
    """Median ms of a warm click with nothing in the background, and with the frames ahead being encoded.

    The same picture stands for every frame, so that there is something to encode.
    """
    truth, ignored = target.truth()
    clip = cast(Clip, Pictures(target.clip.files[:1] * (WARM + 1) * (PREWARMED + 1)))
    click = next_click(truth, np.zeros(truth.shape, bool), ignored)
    prompts = Prompts(() if click is None else (click,))
    off: list[float] = []
    on: list[float] = []
    for turn in range(2 * WARM):
        index = max(0, turn - WARM) * (PREWARMED + 1)  # frames that nobody has encoded yet lie ahead of it
        segmenter.segment(clip, index, prompts)
        if turn >= WARM:  # a click may come at any moment of an encode
            time.sleep(IDLE_BEFORE_PREWARM + 0.01 * (1 + turn - WARM))
        start = time.perf_counter()
        segmenter.segment(clip, index, prompts)
        (off if turn < WARM else on).append(1000 * (time.perf_counter() - start))
    return float(np.median(off)), float(np.median(on))


def track_run(
    segmenter: Segmenter, frames: Frames, progress: Callable[[int], None] = lambda done: None
) -> TrackRun:
    """Carry the first true mask to the end of the sequence."""
    truth = {i: Mask.encode(read_labels(path) > 0) for i, path in enumerate(frames.masks)}
    clip = cast(Clip, frames.clip)
    start = time.perf_counter()
    answers: dict[int, Mask] = {}
    for found in segmenter.propagate(clip, {1: {0: truth[0]}}, clip.indices):
        answers[found[1].index] = found[1].mask
        progress(len(answers))
    seconds = time.perf_counter() - start
    return TrackRun(track_score(truth, answers), len(answers), seconds)


def _depth(area: np.ndarray) -> np.ndarray:
    """float32 [H, W]: distance to the edge of the area; the picture's edge is one."""
    padded = np.pad(area.astype(np.uint8), 1)
    return np.asarray(cv2.distanceTransform(padded, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1])
