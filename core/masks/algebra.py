"""Union, intersection and overlap of masks on their run lengths, without decoding a pixel."""

from collections.abc import Sequence

from pycocotools import mask as coco

from core.errors import RefavsError
from core.masks.mask import Mask


def union(masks: Sequence[Mask]) -> Mask:
    """The pixels of any of the masks. Raises RefavsError for no mask, or for masks of unequal size."""
    return _merge(masks, intersect=False)


def intersection(masks: Sequence[Mask]) -> Mask:
    """The pixels that all masks share. Raises RefavsError for no mask, or for masks of unequal size."""
    return _merge(masks, intersect=True)


def overlap(a: Mask, b: Mask) -> int:
    """Number of pixels that both masks have."""
    return intersection((a, b)).area


def iou(a: Mask, b: Mask) -> float:
    """Intersection over union, 0 to 1; 1 when both are empty (both say: absent)."""
    shared = overlap(a, b)
    either = a.area + b.area - shared
    return shared / either if either else 1.0


def _merge(masks: Sequence[Mask], *, intersect: bool) -> Mask:
    if not masks:
        raise RefavsError("At least one mask is needed to merge; got none.")
    sizes = {mask.size for mask in masks}
    if len(sizes) > 1:
        found = ", ".join(f"{h} x {w}" for h, w in sorted(sizes))
        raise RefavsError(f"Masks of one picture have one size; got {found}. Resize them first.")
    rle = coco.merge([mask.rle() for mask in masks], intersect=intersect)
    return Mask(masks[0].size, rle["counts"].decode("ascii"))
