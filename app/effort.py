"""How long a person worked at a pair, and with how many clicks: so that help that costs more than it saves shows."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

PAUSE = 60.0  # seconds; the most that one pause between two acts counts for


@dataclass
class Effort:
    """Since the last save. seconds: of work; clicks: clicks and boxes; strokes: of brush, eraser and polygon."""

    seconds: float = 0.0
    clicks: int = 0
    strokes: int = 0
    clock: Callable[[], float] = time.monotonic
    _last: float = field(init=False)

    def __post_init__(self) -> None:
        self._last = self.clock()

    def act(self, *, clicks: int = 0, strokes: int = 0) -> None:
        """Something was done now."""
        now = self.clock()
        self.seconds += min(now - self._last, PAUSE)
        self._last = now
        self.clicks += clicks
        self.strokes += strokes

    def told(self) -> dict[str, int]:
        return {"seconds": round(self.seconds), "clicks": self.clicks, "strokes": self.strokes}
