"""Masks and tracks: one object's pixels on a frame, and over time."""

from core.masks.mask import Mask
from core.masks.track import FrameMask, Track

__all__ = ["FrameMask", "Mask", "Track"]
