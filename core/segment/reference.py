"""What every segmenter is measured against: OpenCV's GrabCut at full size, and optical flow with GrabCut.

Nothing here is tuned and nobody should use it for work; it is the bar.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping

import cv2
import numpy as np

from core.masks import FrameMask, Mask
from core.media import Clip
from core.segment.grabcut import GROUND, OBJECT, PERHAPS_GROUND, PERHAPS_OBJECT, around, cut
from core.segment.prompts import checked, pixel
from core.segment.propagation import propagate
from core.segment.protocol import ObjectId, Prediction, Prompts

ROUNDS = 5
SEEN = 0.1  # radius around a positive click that is probably object, as a share of the longer side
BAND = 0.05  # of the object's size on both sides of the edge that the flow brings is undecided
SURE = 5  # radius in pixels around a click that is certain


class GrabCut:
    """Clicks: GrabCut on the whole picture, anew from all. Tracks: flow, and GrabCut on each frame."""

    name = "grabcut"

    def segment(
        self, clip: Clip, index: int, prompts: Prompts, *, previous: Mask | None = None
    ) -> Prediction:
        """The clicks' mask; `previous` is not looked at."""
        prompts = checked(clip, index, prompts, previous)
        height, width = clip.video.size
        labels = np.full((height, width), PERHAPS_GROUND, np.uint8)
        if prompts.box is not None:
            x0, y0, x1, y1 = (round(v) for v in prompts.box)
            labels[:] = GROUND
            labels[y0:y1, x0:x1] = PERHAPS_OBJECT
        places = [(pixel(click, clip.video.size), click.positive) for click in prompts.clicks]
        for place, positive in places:
            if positive:
                cv2.circle(labels, place, round(SEEN * max(height, width)), PERHAPS_OBJECT, -1)
        for place, positive in places:
            cv2.circle(labels, place, SURE, OBJECT if positive else GROUND, -1)
        return Prediction(Mask.encode(cut(clip.frame(index), labels, rounds=ROUNDS)), 1.0)

    def propagate(
        self,
        clip: Clip,
        seeds: Mapping[ObjectId, Mapping[int, Mask | Prompts]],
        indices: Iterable[int],
        *,
        barriers: Collection[int] = (),
    ) -> Iterator[Mapping[ObjectId, FrameMask]]:
        def segment(index: int, prompts: Prompts) -> Mask:
            return self.segment(clip, index, prompts).mask

        return propagate(clip, _FlowAndCut(), seeds, indices, barriers=barriers, segment=segment)


class _FlowAndCut:
    """The last mask brought by dense flow; well inside it object, far outside ground, GrabCut between."""

    def __init__(self) -> None:
        self._grey: np.ndarray | None = None
        self._masks: dict[ObjectId, np.ndarray] = {}

    def advance(
        self,
        index: int,
        picture: np.ndarray,
        given: Mapping[ObjectId, np.ndarray],
        running: Collection[ObjectId],
    ) -> Mapping[ObjectId, tuple[np.ndarray, float]]:
        grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
        if running and self._grey is not None:
            dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
            flow = dis.calc(grey, self._grey, np.zeros((*grey.shape, 2), np.float32))
            rows, columns = np.mgrid[: grey.shape[0], : grey.shape[1]].astype(np.float32)
            place = columns + flow[..., 0], rows + flow[..., 1]
            for key in running:
                brought = cv2.remap(self._masks[key].astype(np.float32), *place, cv2.INTER_LINEAR) > 0.5
                reach = max(2, round(BAND * float(np.sqrt(brought.sum()))))
                self._masks[key] = cut(picture, around(brought, reach), rounds=ROUNDS)
        self._masks |= given
        self._grey = grey
        return {key: (self._masks[key], 1.0) for key in running}

    def forget(self, objects: Collection[ObjectId]) -> None:
        for key in objects:
            self._masks.pop(key, None)
