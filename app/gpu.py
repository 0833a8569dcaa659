"""Segmenters where the GPU is lent for one call at a time (ZeroGPU of a Space); the plain ones everywhere else.

There a call runs in a forked process: what it is given and answers is pickled, and nothing else of it stays. So a
call takes a clip that opens its own decoder, and prompts, and answers run lengths. Only the segmenters that use a GPU
are wrapped: nothing else is worth a person's quota.
"""

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from core import media, registry
from core.masks import FrameMask, Mask
from core.media import Clip
from core.media.clip import Sound
from core.media.video import FileSource, Video
from core.segment.protocol import ObjectId, Prediction, Prompts, Segmenter
from core.segment.slot import FairSlot, compute_slot

SECONDS = 60  # of a click, at most
AT_ONCE = 100  # frames of a propagation in one call
PLAIN = {"nano-segmenter", "classical"}  # compute on the processor


@dataclass(frozen=True)
class Packed:
    """A clip without its decoder."""

    video: Video
    first: int
    last: int
    sound: Sound | None

    @classmethod
    def of(cls, clip: Clip) -> "Packed":
        bare: Any = None
        return cls(replace(clip.video, source=bare), clip.first, clip.last, clip.sound)

    def clip(self) -> Clip:
        """With a decoder of its own: the one before the fork reads the same file at the same place."""
        video = self.video
        if video.facts is not None and video.table is not None:
            source: Any = FileSource(video.path, video.facts, video.table)
        else:
            source = media.open(video.path).source
        return Clip(replace(video, source=source), self.first, self.last, self.sound)


class Lent:
    """A segmenter each of whose calls stands for itself."""

    def __init__(self, name: str) -> None:
        self.name = name
        registry.segmenter(name)  # before the fork, so that its weights are there in every call
        self._segment, self._carry = _calls()

    def segment(
        self, clip: Clip, index: int, prompts: Prompts, *, previous: Mask | None = None
    ) -> Prediction:
        return self._segment(self.name, Packed.of(clip), index, prompts, previous)

    def propagate(
        self,
        clip: Clip,
        seeds: Mapping[ObjectId, Mapping[int, Mask | Prompts]],
        indices: Iterable[int],
        *,
        barriers: Collection[int] = (),
    ) -> Iterator[Mapping[ObjectId, FrameMask]]:
        """In runs of AT_ONCE frames; a run is seeded with the last answers of the one before."""
        order, packed = list(indices), Packed.of(clip)
        carried: dict[ObjectId, dict[int, Mask | Prompts]] = {key: dict(own) for key, own in seeds.items()}
        for start in range(0, len(order), AT_ONCE):
            answers = self._carry(self.name, packed, carried, order[start : start + AT_ONCE], tuple(barriers))
            yield from answers
            for key, answer in answers[-1].items() if answers else ():
                carried[key].setdefault(answer.index, answer.mask)


def _segment(name: str, packed: Packed, index: int, prompts: Prompts, previous: Mask | None) -> Prediction:
    return registry.segmenter(name).segment(packed.clip(), index, prompts, previous=previous)


def _carry(
    name: str,
    packed: Packed,
    seeds: dict[ObjectId, dict[int, Mask | Prompts]],
    indices: list[int],
    barriers: tuple[int, ...],
) -> list[Mapping[ObjectId, FrameMask]]:
    return list(registry.segmenter(name).propagate(packed.clip(), seeds, indices, barriers=barriers))


def prepare() -> None:
    """Before the server starts: there, that is the last moment at which weights and lent calls are known."""
    if _is_lent():
        _calls()
        segmenter()


def segmenter(name: str = "auto") -> Segmenter:
    """As `core.registry.segmenter`; its calls lend the GPU where that is how one is had."""
    found = registry.segmenter() if name == "auto" else registry.segmenter(name)
    return _lent(found.name) if _is_lent() and found.name not in PLAIN else found


def _is_lent() -> bool:
    return os.environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "true")


@cache
def _calls() -> tuple[Any, Any]:
    """`_segment` and `_carry` as they run where the GPU is. ZeroGPU does not start without any."""
    import spaces

    os.register_at_fork(after_in_child=_free_slot)
    return spaces.GPU(duration=SECONDS)(_segment), spaces.GPU(duration=SECONDS)(_carry)


@cache
def _lent(name: str) -> Lent:
    return Lent(name)


def _free_slot() -> None:
    """Whoever held it is not in the child."""
    FairSlot.__init__(compute_slot)


if _is_lent():
    import spaces  # noqa: F401  it must come before torch
