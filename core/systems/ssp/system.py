"""Stepping Stone Plus as a system: clip -> everything that sounds, each thing with its name. It reads no sentence."""

from collections.abc import Iterator
from importlib.resources import as_file, files
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from core.masks import FrameMask, Mask, Track
from core.media import Clip
from core.systems.baselines import one_a_second
from core.systems.blocks.eyes import NanoEyes
from core.systems.blocks.logmel import RATE
from core.systems.blocks.saved import saved_network
from core.systems.blocks.tagger import Tagger
from core.systems.blocks.words import Words
from core.systems.protocol import Found, Referral, Step
from core.systems.ssp.flow import between, motion
from core.systems.ssp.network import SspForAudioVisualSemanticSegmentation, SspOutput, sounding_logits
from core.systems.ssp.prompts import Describer, sounding

WINDOW = 10  # frames that are looked at together
SIDE = 224  # pixels of the square on which classes are compared
SMALLEST = 0.001  # share of a frame below which a class on it is not told
UNREAD = "This system reads no sentence: it marks everything that sounds, whatever is asked."


class SspNano:
    """Implements System. weights: a folder saved by `refavs train ssp`; None = what ships."""

    name = "ssp-nano"

    def __init__(self, weights: Path | None = None) -> None:
        with as_file(files("assets") / "weights" / "ssp-nano") as shipped:
            folder = weights or shipped
            self._network = load(folder)
            self._words = Words.load(folder)
        self._tagger = Tagger.from_pretrained()
        self._eyes = NanoEyes()
        self._describe = Describer()

    def refer(self, clip: Clip, expression: str | None) -> Iterator[Step | FrameMask | Referral]:
        """One frame a second is answered: an object for each class that sounds on some frame. An expression
        changes nothing, and a step says so. `logits` are those of the first stage, which pixels sound.
        """
        indices = one_a_second(clip)
        steps = [Step("read", UNREAD if expression else "Everything that sounds is looked for.", {}, 0.02)]
        yield steps[-1]
        vectors, told = self._listen(clip)
        steps.append(_heard(clip, told))
        yield steps[-1]
        scene = self._describe(clip.frame(indices[len(indices) // 2]))
        steps.append(Step("look", f"The middle of the clip shows: {scene}.", {"scene": scene}, 0.15))
        yield steps[-1]
        planes: list[np.ndarray] = []
        named: list[np.ndarray] = []
        chances: list[dict[int, float]] = []
        for start in range(0, len(indices), WINDOW):
            window = indices[start : start + WINDOW]
            seconds = [int(np.ceil(clip.times[i - clip.first] - 1e-6)) for i in window]
            places = [min(second, len(told) - 1) for second in seconds]
            output = self._window(
                clip, window, vectors[places], scene, [told[k] for k in places], self._motion(clip, window)
            )
            planes.extend(sounding_logits(output.first).numpy())
            for number, sure in zip(*classes_of(output), strict=True):
                named.append(number)
                chances.append(sure)
            done = (start + len(window)) / len(indices)
            steps.append(_seen(start, len(window), output, done))
            yield steps[-1]
        objects = tuple(self._found(clip, indices, named, chances))
        for k, index in enumerate(indices):
            large = cv2.resize(planes[k], clip.size[::-1], interpolation=cv2.INTER_LINEAR)
            yield FrameMask(index, Mask.encode(large > 0), float(1 / (1 + np.exp(-planes[k].max()))))
        names = ", ".join(found.category or "" for found in objects)
        words = f"What sounds: {names}." if objects else "Nothing in the picture sounds."
        steps.append(Step("answer", words, {"objects": [found.category for found in objects]}, 1.0))
        yield steps[-1]
        yield Referral(indices, objects, np.stack(planes).astype(np.float16), tuple(steps))

    def _listen(self, clip: Clip) -> tuple[np.ndarray, list[str]]:
        """float32 [S, 128] and the names of what is heard, for the seconds of the clip; silence without sound."""
        seconds = max(int(np.ceil(clip.duration - 1e-6)), 1)
        sound = clip.audio(RATE)
        vectors, chances = (
            np.repeat(quiet, seconds, 0) for quiet in self._tagger.hear(np.zeros(RATE, np.float32), RATE)
        )
        if sound is not None and len(sound):
            heard, chance = self._tagger.hear(sound, RATE)
            vectors[: len(heard)], chances[: len(chance)] = heard[:seconds], chance[:seconds]
        return vectors, sounding(chances, self._tagger.config.categories)

    def _motion(self, clip: Clip, indices: tuple[int, ...]) -> np.ndarray:
        """float32 [T, 56, 56]: to the picture `config.gap` later, or where frames are farther apart than half a
        second, to the neighbours that are answered.
        """
        times = clip.times
        pairs = []
        for index in indices:
            place = index - clip.first
            later = int(np.searchsorted(times, times[place] + self._network.config.gap - 1e-3))
            other = later if later < len(times) else max(place - 1, 0)
            if other == place or abs(times[other] - times[place]) > 0.5:
                return between([clip.frame(i) for i in indices])
            pairs.append((index, clip.first + other))
        return np.stack([motion(clip.frame(a), clip.frame(b)) for a, b in pairs])

    @torch.inference_mode()
    def _window(
        self,
        clip: Clip,
        indices: tuple[int, ...],
        vectors: np.ndarray,
        scene: str,
        told: list[str],
        moved: np.ndarray,
    ) -> SspOutput:
        length = self._network.config.text_length
        texts = self._words.numbers([scene] * len(indices), length), self._words.numbers(told, length)
        maps = tuple(m.float() for m in self._eyes.see([clip.frame(i) for i in indices]))
        output: SspOutput = self._network(maps, torch.from_numpy(vectors), torch.from_numpy(moved), texts)
        return output

    def _found(
        self,
        clip: Clip,
        indices: tuple[int, ...],
        named: list[np.ndarray],
        chances: list[dict[int, float]],
    ) -> Iterator[Found]:
        """An object for each class, the one that covers most first; a frame where it is silent has an empty mask."""
        count = np.stack([np.bincount(n.ravel(), minlength=71) for n in named]).sum(0)
        for number in np.argsort(-count[1:]) + 1:
            if not count[number]:
                break
            masks, score = {}, {}
            for index, plane, sure in zip(indices, named, chances, strict=True):
                masks[index] = _stretched(plane == number, clip.size)
                if number in sure:
                    score[index] = round(sure[number], 3)
            yield Found(Track(clip.size, masks), self._network.config.categories[number], score)


def classes_of(output: SspOutput) -> tuple[list[np.ndarray], list[dict[int, float]]]:
    """AAVS's reading of the second stage, argmax over the classes: for each frame uint8 [224, 224], and each told
    class's mean chance. A class that covers less than a thousandth of the frame is not told.
    """
    share = F.interpolate(output.second.shares(), (SIDE, SIDE), mode="bilinear", align_corners=False)
    share = share / share.sum(1, keepdim=True).clamp(min=1e-6)
    planes, sures = [], []
    for own in share:
        best: Tensor = own.argmax(0)
        sure = {}
        for number, area in zip(*best.unique(return_counts=True), strict=True):
            if number == 0:
                continue
            if area < SMALLEST * best.numel():
                best[best == number] = 0
            else:
                sure[int(number)] = float(own[number][best == number].mean())
        planes.append(best.numpy().astype(np.uint8))
        sures.append(sure)
    return planes, sures


def load(folder: Path) -> SspForAudioVisualSemanticSegmentation:
    """The network saved in `folder`, ready to answer. Raises RefavsError when it cannot be used."""
    return saved_network(folder, SspForAudioVisualSemanticSegmentation, name="an SSP", command="ssp")


def _heard(clip: Clip, told: list[str]) -> Step:
    names = dict.fromkeys(name for second in told for name in second.split(", ") if name != "nothing")
    words = f"Heard: {', '.join(names)}." if names else "Heard nothing that has a name."
    if not clip.video.has_audio and clip.sound is None:
        words = "The clip has no sound track, which counts as silence."
    return Step("listen", words, {"names": list(names)}, 0.1)


def _seen(start: int, count: int, output: SspOutput, done: float) -> Step:
    moving = 100 * float(output.moving.mean())
    facts = {"from_s": start, "to_s": start + count, "moving": round(moving, 1)}
    words = f"Seconds {start} to {start + count}: {moving:.0f} % of the picture moves."
    return Step("match", words, facts, 0.15 + 0.8 * done)


def _stretched(mask: np.ndarray, size: tuple[int, int]) -> Mask:
    large = cv2.resize(mask.astype(np.float32), size[::-1], interpolation=cv2.INTER_LINEAR)
    return Mask.encode(large > 0.5)
