"""Answers that need no understanding: the floor of every table. They never say null."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from core.errors import RefavsError
from core.masks import FrameMask, Mask, Track
from core.media import Clip
from core.systems.protocol import Found, Referral, Step

APART = 0.1  # seconds between the two pictures that a motion is read from
WIDTH = 160  # pixels of the pictures that a motion is read from
MOVING = 0.25  # of the fastest pixel's speed


class Baseline:
    """One frame a second is answered, whatever the expression; the masks are hard."""

    name = ""
    words = ""

    def __init__(self, weights: Path | None = None) -> None:
        if weights is not None:
            raise RefavsError(f"The baseline {self.name} learns nothing; leave its weights out.")

    def refer(self, clip: Clip, expression: str | None) -> Iterator[Step | FrameMask | Referral]:
        indices = one_a_second(clip)
        masks: dict[int, Mask] = {}
        for index in indices:
            masks[index] = self.mask(clip, index)
            yield FrameMask(index, masks[index])
        step = Step("answer", self.words, {"frames": len(indices)}, 1.0)
        yield step
        track = Track(clip.size, masks)
        yield Referral(indices, (Found(track, score=dict.fromkeys(indices, 1.0)),), None, (step,))

    def mask(self, clip: Clip, index: int) -> Mask:
        raise NotImplementedError


class WholeFrame(Baseline):
    name = "whole-frame"
    words = "Every pixel of every frame, whatever was asked."

    def mask(self, clip: Clip, index: int) -> Mask:
        return Mask.encode(np.ones(clip.size, dtype=bool))


class CentreBox(Baseline):
    name = "centre-box"
    words = "A box in the middle, half as wide and half as high as the picture."

    def mask(self, clip: Clip, index: int) -> Mask:
        height, width = clip.size
        pixels = np.zeros(clip.size, dtype=bool)
        pixels[height // 4 : height - height // 4, width // 4 : width - width // 4] = True
        return Mask.encode(pixels)


class LargestMotion(Baseline):
    name = "largest-motion"
    words = "The largest region that moves otherwise than the whole picture; nothing where all is still."

    def mask(self, clip: Clip, index: int) -> Mask:
        """Dense flow to a picture a moment later, less its median; the largest piece of what is fast."""
        other = _neighbour(clip, index)
        height, width = clip.size
        size = (WIDTH, max(round(WIDTH * height / width), 8))
        first, second = (
            cv2.resize(cv2.cvtColor(clip.frame(i), cv2.COLOR_RGB2GRAY), size, interpolation=cv2.INTER_AREA)
            for i in (index, other)
        )
        flow = cv2.calcOpticalFlowFarneback(first, second, np.zeros(0), 0.5, 3, 15, 3, 5, 1.1, 0)  # type: ignore[call-overload]
        flow -= np.median(flow, axis=(0, 1))
        speed = np.hypot(flow[..., 0], flow[..., 1])
        if speed.max() < 0.5:  # less than half a small pixel: noise
            return Mask.empty(clip.size)
        fast = (speed > MOVING * speed.max()).astype(np.uint8)
        fast = cv2.morphologyEx(fast, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))
        _, pieces, stats, _ = cv2.connectedComponentsWithStats(fast)
        largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
        found = (pieces == largest).astype(np.uint8)
        return Mask.encode(cv2.resize(found, (width, height), interpolation=cv2.INTER_NEAREST) > 0)


def one_a_second(clip: Clip) -> tuple[int, ...]:
    """The frames shown at 0, 1, 2 ... seconds from the clip's start."""
    seconds = np.arange(max(int(np.ceil(clip.duration - 1e-6)), 1))
    places = np.searchsorted(clip.times, seconds + 1e-6, side="right") - 1
    return tuple(dict.fromkeys(clip.first + int(place) for place in places))


def _neighbour(clip: Clip, index: int) -> int:
    """A frame about `APART` seconds later; at the end, as much earlier."""
    times = clip.times
    place = index - clip.first
    later = int(np.searchsorted(times, times[place] + APART))
    earlier = int(np.searchsorted(times, times[place] - APART, side="right")) - 1
    return clip.first + (later if later < len(times) else max(earlier, 0))
