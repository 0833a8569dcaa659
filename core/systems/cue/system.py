"""The cue reasoner: reads, looks, listens, matches, answers and reflects."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Generator, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from core.errors import RefavsError
from core.expressions import Reading, Thing, normalise, read
from core.masks import FrameMask, Mask, Track
from core.media import Clip
from core.systems.cue import keep, tell
from core.systems.cue.again import look_again
from core.systems.cue.answer import Choice, choose, confidence, things_meant
from core.systems.cue.candidate import Candidate
from core.systems.cue.guide import Guide
from core.systems.cue.listen import Hearing, listen
from core.systems.cue.look import Looked, look
from core.systems.cue.names import Ears, shipped_ears
from core.systems.cue.see import scaled
from core.systems.cue.weigh import Scene
from core.systems.protocol import Found, Referral, Step

KEPT = 4  # clips whose looks and sounds are remembered
EDGE_SIDE = 256  # pixels of the longer side at which the answer's edges are laid on the picture's


class CueReasoner:
    """A `System`. Remembers what it saw and heard of the last clips, so that a second sentence is quick."""

    name = "cue"

    def __init__(self, weights: Path | None = None, segmenter: str = "nano-segmenter") -> None:
        if weights is not None:
            raise RefavsError("The system cue learns nothing; leave its weights out.")
        self._segmenter = segmenter
        self._looked: OrderedDict[tuple, Looked] = OrderedDict()
        self._heard: OrderedDict[tuple, Hearing] = OrderedDict()
        self._guard = threading.Lock()

    def refer(self, clip: Clip, expression: str | None) -> Iterator[Step | FrameMask | Referral]:
        """Steps as they are taken (without words: progress alone); the last item is the Referral.

        Raises RefavsError for a sentence that cannot be used (see core.expressions.read).
        """
        reading = None if normalise(expression) is None else read(expression or "")
        steps = [tell.read_step(reading)]
        yield steps[-1]
        if reading is not None and not reading.things:
            yield from self._nothing(clip, reading, steps)
            return
        looked = yield from self._look(clip)
        steps.append(tell.look_step(looked))
        yield steps[-1]
        hearing = self._listen(clip)
        steps.append(tell.listen_step(hearing))
        yield steps[-1]
        scene = Scene(looked.sight, hearing, list(looked.candidates))
        for thing in things_meant(reading):
            if found := self._seek(thing, scene, looked, clip):
                steps.append(tell.again_step(found))
                yield steps[-1]
        steps.append(tell.match_step(scene))
        yield steps[-1]
        choices = [choose(thing, scene) for thing in things_meant(reading)]
        steps.append(tell.answer_step(choices))
        yield steps[-1]
        steps.append(tell.reflect_step(choices))
        yield steps[-1]
        yield Referral(looked.sight.indices, tuple(self._found(clip, choices)), None, tuple(steps))

    def _nothing(self, clip: Clip, reading: Reading, steps: list[Step]) -> Iterator[Step | Referral]:
        words = f"Nothing fits because the sentence was not understood: {reading.note}"
        steps.append(Step("answer", words, {"objects": [], "unread": list(reading.unread)}, 1.0))
        yield steps[-1]
        yield Referral((clip.first,), (), None, tuple(steps))

    def _look(self, clip: Clip) -> Generator[Step, None, Looked]:
        key = (clip.video.sha256, clip.first, clip.last)
        with self._guard:
            if key in self._looked:
                self._looked.move_to_end(key)
                return self._looked[key]
        path = keep.place("look", *key, *self._looked_with())
        looked = keep.load_look(path, self._name)
        if looked is None:
            looking = look(clip, self._things, self._name, self._tool())
            try:
                while True:
                    yield Step("look", "", {}, 0.02 + 0.76 * next(looking))
            except StopIteration as end:
                looked = end.value
            finally:
                looking.close()
            keep.save_look(path, looked)
        with self._guard:
            self._looked[key] = looked
            while len(self._looked) > KEPT:
                self._looked.popitem(last=False)
        return looked

    def _listen(self, clip: Clip) -> Hearing:
        sound = None
        if clip.sound is not None:
            sound = (hashlib.sha256(clip.sound.samples.tobytes()).hexdigest(), clip.sound.rate)
        key = (clip.video.sha256, clip.first, clip.last, sound)
        with self._guard:
            if key in self._heard:
                self._heard.move_to_end(key)
                return self._heard[key]
        path = keep.place("sound", *key, *self._heard_with())
        hearing = keep.load_hearing(path)
        if hearing is None:
            hearing = listen(clip, self._ears)
            keep.save_hearing(path, hearing)
        with self._guard:
            self._heard[key] = hearing
            while len(self._heard) > 2 * KEPT:
                self._heard.popitem(last=False)
        return hearing

    def _looked_with(self) -> list[Any]:
        """What was looked with: another look has another name on disk."""
        return [self._segmenter, *keep.shipped_mark("nano-things", "nano-segmenter", "namer")]

    def _heard_with(self) -> list[Any]:
        return keep.shipped_mark("tagger")

    def _seek(self, thing: Thing, scene: Scene, looked: Looked, clip: Clip) -> list[Candidate]:
        """Candidates that looking alone did not give but the sentence points to, now in the scene."""
        found = look_again(thing, scene, looked)
        for one in found:
            scene.add(one)
        return found

    @cached_property
    def _things(self):
        from core.segment.nano.things import Things

        return Things()

    @cached_property
    def _name(self):
        from core.systems.blocks.namer import Namer

        return Namer()

    @property
    def _ears(self) -> Ears:
        return shipped_ears

    def _tool(self):
        from core import registry

        return registry.segmenter(self._segmenter)

    def _found(self, clip: Clip, choices: list[Choice]) -> Iterator[Found]:
        for choice in choices:
            for weighed in choice.chosen:
                one = weighed.candidate
                track = Track(
                    clip.size, dict(zip(one.sight.indices, full_masks(one, clip.size), strict=True))
                )
                head = choice.thing.head
                sure = round(confidence(choice), 3)
                score = {i: sure for i, there in zip(one.sight.indices, one.present, strict=True) if there}
                yield Found(track, None if head.generic else head.name, score)


def full_masks(one: Candidate, size: tuple[int, int]) -> Iterator[Mask]:
    """The candidate's masks at the clip's size (H, W), their edges on those of the picture."""
    for t, small in enumerate(one.masks):
        if not small.any():
            yield Mask.empty(size)
            continue
        picture = scaled(one.sight.fine[t], EDGE_SIDE)
        soft = cv2.resize(
            small.astype(np.float32), (picture.shape[1], picture.shape[0]), interpolation=cv2.INTER_LINEAR
        )
        soft = np.clip(Guide(picture).smooth(soft), 0, 1).astype(np.float32)
        full = cv2.resize(soft, (size[1], size[0]), interpolation=cv2.INTER_LINEAR) > 0.5
        yield Mask.encode(full) if full.any() else Mask.encode(_nearest(small, size))


def _nearest(small: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return cv2.resize(small.astype(np.uint8), (size[1], size[0]), interpolation=cv2.INTER_NEAREST) > 0
