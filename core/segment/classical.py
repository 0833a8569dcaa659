"""The segmenter that needs no weights: GrabCut around the prompts, optical flow from frame to frame."""

from collections.abc import Collection, Iterable, Iterator, Mapping

import numpy as np

from core.masks import FrameMask, Mask
from core.media import Clip
from core.segment.click_region import Asked, region
from core.segment.flow import FlowTracker
from core.segment.prompts import checked, pixel
from core.segment.propagation import propagate
from core.segment.protocol import ObjectId, Prediction, Prompts
from core.segment.slot import compute_slot


class ClassicalSegmenter:
    """The floor under every other segmenter, and what serves where none has its weights. Keeps no state."""

    name = "classical"

    def segment(
        self, clip: Clip, index: int, prompts: Prompts, *, previous: Mask | None = None
    ) -> Prediction:
        """One object on frame `index`; raises PromptError for prompts that cannot be used."""
        prompts = checked(clip, index, prompts, previous)
        picture = clip.frame(index)
        with compute_slot():
            mask, score = region(picture, _asked(prompts, previous, clip.video.size))
            return Prediction(Mask.encode(mask), score)

    def propagate(
        self,
        clip: Clip,
        seeds: Mapping[ObjectId, Mapping[int, Mask | Prompts]],
        indices: Iterable[int],
        *,
        barriers: Collection[int] = (),
    ) -> Iterator[Mapping[ObjectId, FrameMask]]:
        """Carry the seeds over `indices`; see `core.segment.propagation.propagate`."""

        def segment(index: int, prompts: Prompts) -> Mask:
            return self.segment(clip, index, prompts).mask

        return propagate(clip, FlowTracker(), seeds, indices, barriers=barriers, segment=segment)


def _asked(prompts: Prompts, previous: Mask | None, size: tuple[int, int]) -> Asked:
    points = [pixel(click, size) for click in prompts.clicks]
    positive = np.array([click.positive for click in prompts.clicks], bool)
    before = None if previous is None or previous.is_empty else previous.decode()
    return Asked(np.array(points, float).reshape(-1, 2) + 0.5, positive, prompts.box, before)
