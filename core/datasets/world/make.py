"""Makes one clip of a job: script, pictures, masks, sound and sentences. The same seed gives the same
clip.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np

from core.datasets.world.cast import Cast
from core.datasets.world.compose import Wish, compose
from core.datasets.world.expressions import Said, write, write_null
from core.datasets.world.plan import Job
from core.datasets.world.scene import Scene
from core.datasets.world.truth import Truth, truth
from core.errors import DatasetError

NEXT = 0.08  # s from a frame to the one that shows where things go
TRIES = 16


@dataclass(eq=False)
class Clip:
    """frames: uint8 RGB [H, W, 3], one a time of the job; masks: per frame, per object bool [H, W].
    sound: float32 [n, 2] at 48 kHz, as it is heard (null clips: changed).
    """

    job: Job
    scene: Scene
    truth: Truth
    said: list[Said]
    frames: list[np.ndarray]
    masks: list[list[np.ndarray]]
    changed: Callable[[], np.ndarray] | None = None

    @cached_property
    def sound(self) -> np.ndarray:
        return self.scene.sound() if self.changed is None else self.changed()


def make(job: Job, seed: int, cast: Cast, size: tuple[int, int], sharp: int = 1) -> Clip:
    """A clip about which something unique can be said; raises DatasetError when none comes up in 16 tries."""
    for attempt in range(TRIES):
        number = int(np.random.SeedSequence((seed, job.index, attempt)).generate_state(1)[0])
        scene = Scene(compose(number, cast, job.wish, size[1] / size[0]), cast, size, sharp)
        pictures = [scene.frame(t) for t in job.times]
        frames, masks = [p for p, _ in pictures], [m for _, m in pictures]
        facts = truth(scene, list(job.times), masks)
        rng = np.random.default_rng((number, 9))
        if job.is_null:
            changed = partial(_changed, job, number, scene, cast, size)
            return Clip(job, scene, facts, write_null(rng), frames, masks, changed)
        said = write(facts, rng, count=job.count)
        if job.only:
            said = [s for s in said if all(facts[n].category in job.only for n in s.numbers)]
        if said:
            return Clip(job, scene, facts, said, frames, masks)
    raise DatasetError(
        f"Nothing unique could be said of clip {job.index} ({job.split}) in {TRIES} tries: the cast has too "
        "few things that sound or differ; give it more."
    )


def next_frames(clip: Clip) -> list[np.ndarray]:
    """uint8 RGB, the picture 0.08 s after each frame."""
    return [clip.scene.frame(t + NEXT)[0] for t in clip.job.times]


def _changed(job: Job, number: int, scene: Scene, cast: Cast, size: tuple[int, int]) -> np.ndarray:
    """What a null clip sounds like: a quiet room, something outside, or another scene with other things."""
    if job.wish.audio == "muted":
        return scene.room_tone()
    if job.wish.audio == "off-screen":
        return scene.sound()
    here = {cast[a.cast].category for a in scene.script.actors}
    families = {cast[a.cast].family for a in scene.script.actors if a.voice}
    others = tuple(
        k for k in job.wish.kinds if cast[k].category not in here and cast[k].family not in families
    )
    others = others or tuple(k for k in job.wish.kinds if cast[k].category not in here)
    if not any(cast[k].voices for k in others):
        return scene.room_tone()
    wish: Wish = replace(job.wish, kinds=others, must=(), audio="normal", sources=1, rivals=False)
    return Scene(compose(number + 1, cast, wish, size[1] / size[0]), cast, size).sound()
