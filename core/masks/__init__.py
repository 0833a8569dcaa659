"""Masks and tracks: one object's pixels on a frame, and over time."""

from core.masks.algebra import intersection, iou, overlap, union
from core.masks.geometry import boundary, box_iou, centre, components, from_logits, resize, resize_pixels
from core.masks.mask import Mask
from core.masks.png import (
    DAVIS_PALETTE,
    labels,
    read_binary,
    read_foreground,
    read_palette,
    write_binary,
    write_palette,
)
from core.masks.track import FrameMask, Track

__all__ = [
    "DAVIS_PALETTE",
    "FrameMask",
    "Mask",
    "Track",
    "boundary",
    "box_iou",
    "centre",
    "components",
    "from_logits",
    "intersection",
    "iou",
    "labels",
    "overlap",
    "read_binary",
    "read_foreground",
    "read_palette",
    "resize",
    "resize_pixels",
    "union",
    "write_binary",
    "write_palette",
]
