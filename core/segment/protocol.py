"""What every segmenter can do, and the words in which it is asked."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from core.masks import FrameMask, Mask
from core.media import Clip

ObjectId = int


@dataclass(frozen=True, slots=True)
class Click:
    """x, y: pixels of the upright picture (0, 0 = top left corner of the top left pixel)."""

    x: float
    y: float
    positive: bool = True


@dataclass(frozen=True, slots=True)
class Prompts:
    """Everything an annotator asked for one object on one frame, in the order it was asked.

    box: (x0, y0, x1, y1) in pixels of the upright picture.
    """

    clicks: tuple[Click, ...] = ()
    box: tuple[float, float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class Prediction:
    """mask on the upright pixel grid; score 0 to 1."""

    mask: Mask
    score: float


class Segmenter(Protocol):
    """prompts -> mask on one frame; masks -> track over frames."""

    name: str

    def segment(
        self, clip: Clip, index: int, prompts: Prompts, *, previous: Mask | None = None
    ) -> Prediction:
        """One object on frame `index` of the video; `previous` is the mask the prompts correct.

        Raises PromptError for a click outside the picture or a box of no area.
        """
        ...

    def propagate(
        self,
        clip: Clip,
        seeds: Mapping[ObjectId, Mapping[int, Mask | Prompts]],
        indices: Iterable[int],
        *,
        barriers: Collection[int] = (),
    ) -> Iterator[Mapping[ObjectId, FrameMask]]:
        """Carry the seeds over `indices`, in that order, a frame at a time, in bounded memory.

        Frames in `barriers` keep their seed and are not crossed. Absent objects come as empty masks.
        Closing the iterator stops the work; what was yielded stays valid.
        """
        ...
