"""What lies on a desk: objects, their answers on frames, and how those are sent to the page."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from core.masks import Mask
from core.segment.protocol import ObjectId, Prompts

MASKS_A_MESSAGE = 200  # frames of masks that are sent at once
TOUCHED = ("click", "brush", "imported")


@dataclass(frozen=True, slots=True)
class Trial:
    """Who answered, and what it heard, of an answer that is only looked at: it is no work, and never saved.

    person: who found it in a review, where no system did.
    """

    system: str
    sound: str = "normal"
    person: str = ""


@dataclass(frozen=True, slots=True)
class Thing:
    """An object on the desk. fits: the sentence refers to it. key: its name in the store, for life.

    trial: it was only answered to be looked at; None = it is work.
    """

    id: ObjectId
    category: str = ""
    fits: bool = True
    key: UUID = field(default_factory=uuid4)
    trial: Trial | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """One object's answer on one frame.

    source: "system", "propagated", "click", "brush" or "imported". asked: what the annotator asked there;
    base: the mask that those prompts correct.
    """

    mask: Mask
    source: str
    score: float = 1.0
    asked: Prompts | None = None
    base: Mask | None = None

    @property
    def touched(self) -> bool:
        """The annotator worked on this frame: nothing but the annotator changes it."""
        return self.source in TOUCHED


def sent(cell: Cell, size: tuple[int, int]) -> list[Any]:
    """[run lengths as text, "" = absent; 1 = touched; what was asked, in fractions of a picture (H, W); score]."""
    height, width = size
    asked: dict[str, Any] | None = None
    if cell.asked:
        asked = {"clicks": [[c.x / width, c.y / height, c.positive] for c in cell.asked.clicks]}
        if cell.asked.box:
            x0, y0, x1, y1 = cell.asked.box
            asked["box"] = [x0 / width, y0 / height, x1 / width, y1 / height]
    counts = "" if cell.mask.is_empty else cell.mask.counts
    return [counts, int(cell.touched), asked, cell.score and max(0.01, round(cell.score, 2))]
