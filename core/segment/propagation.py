"""How seeds are carried over frames: one walk for every segmenter, which only says what one frame's step is.

The walk keeps the promises that annotators rely on: a seeded frame is answered with its seed, bit for bit; a
barrier ends what came before it; an object is answered from its first seed on; the compute slot is held for
one frame at a time; nothing but the tracker's own state is kept.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Protocol

import numpy as np

from core.masks import FrameMask, Mask
from core.media import Clip
from core.segment.prompts import Seeds, check_index, check_seeds
from core.segment.protocol import ObjectId, Prompts
from core.segment.slot import compute_slot

FOREGROUND_LIMIT = 0.7  # a mask that comes to cover more of the picture than this has run away,
JUMP_LIMIT = 4.0  # and so has one that grows by this factor from one frame to the next
LOST = 0.0  # how sure an answer without a pixel is where the mask ran away: the object may well be there


class Tracker(Protocol):
    """What a segmenter remembers of the objects while it goes from frame to frame."""

    def advance(
        self,
        index: int,
        picture: np.ndarray,
        given: Mapping[ObjectId, np.ndarray],
        running: Collection[ObjectId],
    ) -> Mapping[ObjectId, tuple[np.ndarray, float]]:
        """Go to frame `index`: learn the `given` masks, find the `running` objects.

        picture: uint8 [H, W, 3] RGB. given: bool [H, W]; one without a pixel says absent. Returns for each
        running object its mask, bool [H, W] (no pixel = absent), and how sure that is, 0 to 1.
        """
        ...

    def forget(self, objects: Collection[ObjectId]) -> None:
        """Drop everything known of these objects."""
        ...


def propagate(
    clip: Clip,
    tracker: Tracker,
    seeds: Seeds,
    indices: Iterable[int],
    *,
    barriers: Collection[int],
    segment: Callable[[int, Prompts], Mask],
) -> Iterator[Mapping[ObjectId, FrameMask]]:
    """`Segmenter.propagate` for this tracker; `segment` turns prompts on a frame into the seed mask.

    Yields one mapping for each of `indices`, in that order. An object is in it from its first seed on (in the
    order of travel), and from the first index on where it has a seed behind that. On a barrier without a seed
    of its own an object ends. Seeded frames and barriers between two of `indices` are visited but not
    answered. Raises PromptError, before any work, for a seed or an index that cannot be used.
    """
    order = list(indices)
    check_seeds(clip, seeds)
    for index in order:
        check_index(clip, index)
    return _walk(clip, tracker, seeds, order, frozenset(barriers), segment)


def runs_away(area: float, before: float, picture: float) -> bool:
    """Whether a mask of `area` pixels after one of `before` is no object any more; picture: its pixels."""
    grown = before > 0 and area > JUMP_LIMIT * before and area > 0.05 * picture
    return grown or (area > FOREGROUND_LIMIT * picture and area > 1.2 * before)


def _walk(
    clip: Clip,
    tracker: Tracker,
    seeds: Seeds,
    order: Sequence[int],
    barriers: frozenset[int],
    segment: Callable[[int, Prompts], Mask],
) -> Iterator[Mapping[ObjectId, FrameMask]]:
    steps = _steps(seeds, order, barriers)
    running: set[ObjectId] = set()
    pictures = clip.frames([index for index, _ in steps])
    for (index, answered), picture in zip(steps, pictures, strict=True):
        with compute_slot():
            here = {
                key: _mask(frames[index], index, segment) for key, frames in seeds.items() if index in frames
            }
            if index in barriers:
                tracker.forget(running - here.keys())
                running &= here.keys()
            given = {key: mask.decode() for key, mask in here.items()}
            found = tracker.advance(index, picture, given, running - here.keys())
            running |= here.keys()
            answers = {key: FrameMask(index, mask) for key, mask in here.items()}
            answers |= {key: FrameMask(index, Mask.encode(m), score) for key, (m, score) in found.items()}
        if answered:
            yield answers


def _steps(seeds: Seeds, order: Sequence[int], barriers: frozenset[int]) -> list[tuple[int, bool]]:
    """The frames to visit, and whether each is answered."""
    if not order:
        return []
    marked = sorted({index for frames in seeds.values() for index in frames} | barriers)
    steps = [(index, False) for index in _lead_in(seeds, order, barriers)]
    for a, b in pairwise(order):
        steps.append((a, True))
        between = [i for i in marked if min(a, b) < i < max(a, b)]
        steps.extend((i, False) for i in (between if a < b else reversed(between)))
    return [*steps, (order[-1], True)]


def _lead_in(seeds: Seeds, order: Sequence[int], barriers: frozenset[int]) -> list[int]:
    """The frames outside `order` that it starts from: of each object the nearest seed behind its first frame.

    An object that has seeds on the other side only starts from the nearest of them, unless it is passed
    anyway.
    """
    first, forward = order[0], order[-1] >= order[0]
    frames: set[int] = set()
    for own in seeds.values():
        behind = [i for i in own if (i < first if forward else i > first)]
        passed = any(min(order) <= i <= max(order) for i in own)
        candidates = behind or ([] if passed else list(own))
        if not candidates:
            continue
        nearest = min(candidates, key=lambda i: abs(i - first))
        if not any(min(nearest, first) < b < max(nearest, first) for b in barriers):
            frames.add(nearest)
    return sorted(frames, key=lambda i: -abs(i - first))


def _mask(seed: Mask | Prompts, index: int, segment: Callable[[int, Prompts], Mask]) -> Mask:
    return seed if isinstance(seed, Mask) else segment(index, seed)
