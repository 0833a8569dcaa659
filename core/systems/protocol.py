"""What every system answers, and in which words it says why."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np

from core.masks import FrameMask, Track
from core.media import Clip

StepKind = Literal["look", "listen", "read", "match", "answer", "reflect"]


@dataclass(frozen=True)
class Step:
    """One step of the reasoning: data first, words second.

    words: one sentence for people. evidence: JSON-ready; times in seconds of the clip, object ids, numbers.
    progress: 0 to 1, how far the whole referral is.
    """

    kind: StepKind
    words: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    progress: float = 0.0


@dataclass(frozen=True)
class Found:
    """An object that the expression refers to. score: frame index of the video -> 0 to 1."""

    track: Track
    category: str | None = None
    score: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Referral:
    """The answer.

    indices: the frames really answered. objects: () = null, nothing fits.
    logits: float16 [len(indices), h, w], or None for hard masks. steps: the reasoning.
    """

    indices: tuple[int, ...]
    objects: tuple[Found, ...]
    logits: np.ndarray | None
    steps: tuple[Step, ...]


class System(Protocol):
    """clip + expression -> tracks + reasoning; expression None = everything that sounds."""

    name: str

    def refer(self, clip: Clip, expression: str | None) -> Iterator[Step | FrameMask | Referral]:
        """Steps as they are taken; the last item is the Referral; closing the iterator cancels."""
        ...
