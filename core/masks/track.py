"""A track: one object's masks over frames; absent on a frame is a value, not a gap."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.masks.mask import Mask


@dataclass(frozen=True, slots=True)
class FrameMask:
    """One object's answer on one frame of the video.

    index: frame index of the VIDEO. mask: empty = absent. score: 0 to 1, how sure.
    """

    index: int
    mask: Mask
    score: float = 1.0


@dataclass(frozen=True)
class Track:
    """masks: frame index of the video -> mask. Empty = absent; a missing index was never answered."""

    size: tuple[int, int]
    masks: Mapping[int, Mask] = field(default_factory=dict)

    @property
    def indices(self) -> tuple[int, ...]:
        return tuple(sorted(self.masks))

    @property
    def present(self) -> tuple[int, ...]:
        """Indices where the object can be seen."""
        return tuple(i for i in self.indices if not self.masks[i].is_empty)
