"""Drawn scenes of the world whose things are the candidates, by their true masks: weighing alone is tested."""

import cv2
import numpy as np

from core.datasets.world.cast import DRAWN
from core.datasets.world.scene import Scene as Drawn
from core.datasets.world.script import Script
from core.datasets.world.synth import RATE
from core.expressions import read
from core.systems.cue.answer import choose
from core.systems.cue.candidate import Candidate, Sight
from core.systems.cue.listen import hear
from core.systems.cue.weigh import Scene

SIZE, STEP, LOOK = (90, 160), 0.08, 6


def scene(script: Script, *, quiet: bool = False) -> Scene:
    """One candidate for each actor, of the actor's number + 1. quiet: without looking for motion (quicker)."""
    drawn = Drawn(script, DRAWN, SIZE)
    times = np.arange(0, script.seconds, LOOK * STEP if quiet else STEP)
    pictures, masks = zip(*(drawn.frame(float(t)) for t in times), strict=True)
    looks = list(range(0, len(times), 1 if quiet else LOOK))
    shown = np.array([pictures[k] for k in looks])
    grey = np.array([cv2.cvtColor(p, cv2.COLOR_RGB2GRAY) for p in pictures], float)
    change = np.abs(np.diff(grey, axis=0, prepend=grey[:1])) / STEP
    sight = Sight(
        indices=tuple(looks),
        times=times[looks],
        shot=np.zeros(len(looks), int),
        pictures=shown,
        fine=tuple(shown),
        figure=np.full((len(looks), *SIZE), 0.5, np.float32),
        moving=np.clip(change[looks] / 300, 0, 1).astype(np.float32),
        moments=times,
        broken=np.zeros(len(times), bool),
    )
    candidates = []
    for k, actor in enumerate(script.actors):
        own = np.array([m[k] for m in masks])
        energy = np.array([_thirds(c, m) for c, m in zip(change, own, strict=True)], np.float32)
        candidates.append(Candidate(actor.number + 1, own[looks], 1.2, "figure", energy, sight))
    sound = drawn.sound().mean(axis=1).astype(np.float32)[: round(script.seconds * RATE)]
    return Scene(sight, hear(sound[:: RATE // 16_000], 16_000), candidates)


def _thirds(change: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """float [9]: mean change inside the mask, in each third by third of its box."""
    out = np.zeros(9)
    x, y, w, h = cv2.boundingRect(mask.astype(np.uint8))
    for k in range(9 if w > 2 and h > 2 else 0):
        row, column = divmod(k, 3)
        part = np.s_[
            y + h * row // 3 : y + h * (row + 1) // 3, x + w * column // 3 : x + w * (column + 1) // 3
        ]
        if mask[part].any():
            out[k] = change[part][mask[part]].mean()
    return out


def answered(scene: Scene, expression: str) -> list[int]:
    """Numbers of the actors that the sentence is taken to mean."""
    (thing,) = read(expression).things
    return [weighed.candidate.id - 1 for weighed in choose(thing, scene).chosen]
