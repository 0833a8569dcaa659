"""A clip cut into the ten-second windows of the Ref-AVS layout."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from annotations.records import ClipInfo
from core.datasets.refavs import FRAMES
from core.datasets.refavs_write import RATE, SECONDS
from core.media import Clip, Video

CLOSE = 1e-6  # seconds; times are sums of floats


@dataclass(frozen=True, slots=True)
class Ten:
    """One window: ten frames, one a second. start: seconds in the video's clock.

    indices: ten frame indices of the video; past the clip's end the last frame is held. seconds: how many of
    the ten frames are not held. first, last: frames of the video that the window spans.
    """

    start: float
    start_ms: int
    indices: tuple[int, ...]
    seconds: int
    first: int
    last: int


def cut(video: Video, clip: ClipInfo) -> list[Ten]:
    """The windows from the clip's first frame on; second k is the frame shown at start + k.

    What is left after the last whole window makes a window of its own when it lasts a second or more.
    A clip that came from a benchmark is one window and keeps its ten frames.
    """
    span = video.clip(clip.first, clip.last)
    if clip.seconds is not None:
        return [_window(video, span, span.start, clip.seconds, FRAMES)]
    count = max(1, math.ceil((math.floor(span.duration + CLOSE)) / SECONDS))
    windows = []
    for j in range(count):
        start = span.start + SECONDS * j
        indices = [min(video.index_at(start + k + CLOSE), clip.last) for k in range(FRAMES)]
        real = sum(start + k < span.end - CLOSE for k in range(FRAMES))
        windows.append(_window(video, span, start, indices, real))
    return windows


def _window(video: Video, span: Clip, start: float, indices: Sequence[int], seconds: int) -> Ten:
    last = min(int(np.searchsorted(video.pts, start + SECONDS - CLOSE)) - 1, span.last)
    start_ms = round(1000 * (start - video.start))
    return Ten(start, start_ms, tuple(indices), seconds, indices[0], max(last, indices[-1]))


def left_over(video: Video, clip: ClipInfo, windows: Sequence[Ten]) -> float:
    """Seconds at the clip's end that are in no window."""
    end = video.clip(clip.first, clip.last).end
    return max(0.0, end - windows[-1].start - SECONDS)


def sound(video: Video, window: Ten) -> np.ndarray | None:
    """float32 [n] at `RATE`, mono, from the window's start; None = the video has no sound track."""
    clip = video.clip(window.first, window.last)
    samples = clip.audio(RATE)
    return None if samples is None else samples[max(0, round((window.start - clip.start) * RATE)) :]
