"""From answered frames to every frame: the frames between are filled by the segmenter."""

from collections.abc import Iterator, Mapping

from core.masks import FrameMask, Mask
from core.media import Clip
from core.segment.protocol import ObjectId, Prompts, Segmenter
from core.systems.protocol import Referral


def densify(clip: Clip, referral: Referral, segmenter: Segmenter) -> Iterator[Mapping[ObjectId, FrameMask]]:
    """Every frame of the clip, in order, one at a time: place in `referral.objects` -> mask; empty = absent.

    Answered frames keep their masks; the segmenter carries them over the frames between, and back from the
    first one. Memory grows with the frames before the first answered one only. Closing the iterator stops
    the work.
    """
    if not referral.objects:
        return
    seeds: dict[ObjectId, dict[int, Mask | Prompts]] = {
        number: {i: m for i, m in found.track.masks.items() if i in clip.indices}
        for number, found in enumerate(referral.objects)
    }
    answered = sorted({i for frames in seeds.values() for i in frames})
    if not answered:
        return
    lead = list(_carried(clip, seeds, range(answered[0] - 1, clip.first - 1, -1), segmenter))
    yield from (_complete(clip, referral, found, i) for i, found in reversed(lead))
    del lead
    for index, found in _carried(clip, seeds, range(answered[0], clip.last + 1), segmenter):
        yield _complete(clip, referral, found, index)


def _carried(
    clip: Clip, seeds: Mapping[ObjectId, Mapping[int, Mask | Prompts]], indices: range, segmenter: Segmenter
) -> Iterator[tuple[int, Mapping[ObjectId, FrameMask]]]:
    if not len(indices):
        return
    if all(i in frames for frames in seeds.values() for i in indices):  # nothing is between
        for i in indices:
            yield i, {}
        return
    yield from zip(indices, segmenter.propagate(clip, seeds, indices), strict=True)


def _complete(
    clip: Clip, referral: Referral, found: Mapping[ObjectId, FrameMask], index: int
) -> dict[ObjectId, FrameMask]:
    """All objects of the referral on a frame: as answered, else as carried, else absent."""
    frame = {}
    for number, one in enumerate(referral.objects):
        if index in one.track.masks:
            frame[number] = FrameMask(index, one.track.masks[index], one.score.get(index, 1.0))
        else:
            frame[number] = found.get(number, FrameMask(index, Mask.empty(clip.size), 0.0))
    return frame
