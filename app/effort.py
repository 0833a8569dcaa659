"""What a person asked and drew, how long it took, with how many clicks: so that help that costs more than it
saves shows."""

import json
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from annotations.records import Prompt, Spent

PAUSE = 60.0  # seconds; the most that one pause between two acts counts for
CLICKS, STROKES = ("click", "box"), ("brush", "eraser")


@dataclass
class Effort:
    """Since the last save. seconds: of work; clicks: clicks and boxes; strokes: of brush, eraser and polygon.

    prompts: in their order, also of objects that are gone.
    """

    seconds: float = 0.0
    clicks: int = 0
    strokes: int = 0
    clock: Callable[[], float] = time.monotonic
    prompts: list[Prompt] = field(default_factory=list)
    _last: float = field(init=False)

    def __post_init__(self) -> None:
        self._last = self.clock()

    def act(self) -> None:
        """Something was done now."""
        now = self.clock()
        self.seconds += min(now - self._last, PAUSE)
        self._last = now

    def ask(self, thing: UUID, frame: int, kind: str, said: Mapping[str, Any]) -> None:
        """A prompt was given now; see `Prompt`."""
        self.act()
        self.clicks += kind in CLICKS
        self.strokes += kind in STROKES
        self.prompts.append(Prompt(thing, frame, kind, said, datetime.now(UTC)))

    @property
    def spent(self) -> Spent:
        return Spent(self.seconds, self.clicks, self.strokes)

    def asked_of(self, things: Collection[UUID]) -> list[Prompt]:
        return [prompt for prompt in self.prompts if prompt.object in things]

    def without(self, saved: Sequence[Prompt]) -> "Effort":
        """After a save: a new count, with the prompts that were not saved."""
        gone = set(map(id, saved))
        return Effort(clock=self.clock, prompts=[each for each in self.prompts if id(each) not in gone])

    def told(self) -> dict[str, int]:
        return told(self.spent)


def told(spent: Spent) -> dict[str, int]:
    """For the page."""
    return {"seconds": round(spent.seconds), "clicks": spent.clicks, "strokes": spent.strokes}


def write_prompt(prompt: Prompt) -> str:
    at = prompt.at.isoformat()
    return json.dumps([str(prompt.object), prompt.frame, prompt.kind, dict(prompt.said), at])


def read_prompt(line: str) -> Prompt:
    thing, frame, kind, said, at = json.loads(line)
    return Prompt(UUID(thing), frame, kind, said, datetime.fromisoformat(at))
