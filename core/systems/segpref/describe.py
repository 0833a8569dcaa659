"""Text cues: what is seen and heard of a clip in words, and what of it may sound.

The paper lets a captioner describe the scene and a language model reason step by step about what may sound; see `hub`.
Without the hub the cue reasoner's look and listen steps describe, and rules take the language model's place.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np

from core.media import Clip
from core.media.sound import loudness
from core.systems.cue.listen import SILENCE
from core.systems.cue.system import CueReasoner
from core.systems.protocol import Step
from core.systems.segpref.config import CUES

ANYTHING = "something that sounds"  # the last cue, for what has no name
SEEN = 0.3  # chance from which a name by looks is a cue
CANDIDATES = 4  # things of the look step that are named, best first
# what the namer knows and nobody hears
QUIET = """banana book bottle bowl broccoli cake carrot chair couch cup dining-table donut handbag laptop orange oven
pizza potted-plant refrigerator sink spoon suitcase teddy-bear toilet wine-glass"""


@dataclass(frozen=True)
class Description:
    """words: the scene, for people. cues: names of what may sound, at most CUES; () = nothing can.

    seen, heard: names, likeliest first; kind: of the sound, as `core.systems.cue.listen.Hearing` has it.
    """

    words: str
    cues: tuple[str, ...]
    seen: tuple[str, ...] = ()
    heard: tuple[str, ...] = ()
    kind: str = "sound"


class CueDescriber:
    """By the cue reasoner: what it looks at and listens to, before it matches or answers anything."""

    name = "cue"

    def __init__(self) -> None:
        self._reasoner = CueReasoner()

    def __call__(self, clip: Clip) -> Generator[Step, None, Description]:
        """Yields the reasoner's look and listen steps."""
        said: list[str] = []
        seen: tuple[str, ...] = ()
        taking = self._reasoner.refer(clip, None)
        for step in taking:
            if not isinstance(step, Step) or step.kind not in ("look", "listen"):
                continue
            yield step
            if step.words:
                said.append(step.words)
            if step.kind == "look" and step.words:
                seen = _seen([one["names"] for one in step.evidence["candidates"]])
            elif step.kind == "listen":
                heard = tuple(dict.fromkeys(one["name"] for one in step.evidence["names"]))
                kind = str(step.evidence["heard"])
                break
        taking.close()  # type: ignore[attr-defined]  # a generator
        return Description(" ".join(said), potential(seen, heard, kind), seen, heard, kind)


def potential(seen: Sequence[str], heard: Sequence[str], kind: str) -> tuple[str, ...]:
    """What may sound, step by step: nothing where nothing but hiss is heard; what is heard by name; what is seen and
    can make a sound; and something that has no name.
    """
    if kind != "sound":
        return ()
    quiet = QUIET.split()
    named = dict.fromkeys([*heard, *(name for name in seen if name not in quiet)])
    return (*list(named)[: CUES - 1], ANYTHING)


def audible(samples: np.ndarray | None, rate: int, seconds: int) -> np.ndarray:
    """Bool [seconds]: whether a tenth of the second is louder than silence. samples: float32 [n], mono."""
    level = np.zeros(0) if samples is None else loudness(samples, rate)
    return np.array([_loud(level[100 * k : 100 * (k + 1)]) for k in range(seconds)], dtype=bool)


def _loud(level: np.ndarray) -> bool:
    return int((level > SILENCE).sum()) >= 10


def _seen(names: Sequence[dict[str, float]]) -> tuple[str, ...]:
    """The likeliest name of each of the first things, when it is likely at all."""
    best = [max(one.items(), key=lambda pair: pair[1]) for one in names[:CANDIDATES] if one]
    likely = sorted((pair for pair in best if pair[1] >= SEEN), key=lambda pair: -pair[1])
    return tuple(dict.fromkeys(name for name, _ in likely))
