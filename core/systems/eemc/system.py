"""EEMC as a system: clip + sentence -> one object's track, or null."""

from collections.abc import Iterator
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
import torch

from core.masks import FrameMask, Track, from_logits
from core.media import Clip
from core.systems.baselines import one_a_second
from core.systems.blocks.eyes import NanoEyes
from core.systems.blocks.logmel import RATE
from core.systems.blocks.saved import saved_network
from core.systems.blocks.tagger import Tagger
from core.systems.blocks.vggish import Vggish
from core.systems.blocks.words import Words
from core.systems.eemc.base import EARS, EemcBase, RobertaWords
from core.systems.eemc.network import EemcForReferringSegmentation, chances
from core.systems.protocol import Found, Referral, Step

WINDOW = 10  # seconds that are seen together
NOWHERE = -10.0  # logit of a place where nothing is
EVERYTHING = "the sounding object"  # what is asked where there is no expression


class EemcNano:
    """Implements System. weights: a folder saved by `refavs train eemc`, of either config; None = what ships."""

    name = "eemc-nano"

    def __init__(self, weights: Path | None = None) -> None:
        with as_file(files("assets") / "weights" / "eemc-nano") as shipped:
            folder = weights or shipped
            network = load(folder)
            self._network, self._sure = network, float(network.config.sure)
            if isinstance(network, EemcBase):
                self._words: Words | RobertaWords = RobertaWords.load(folder)
                self._embed = Vggish.from_file(folder / EARS).embed
                self._eyes: NanoEyes | EemcBase = network
            else:
                self._words = Words.load(folder)
                self._embed = Tagger.from_pretrained().embed
                self._eyes = NanoEyes()

    def refer(self, clip: Clip, expression: str | None) -> Iterator[Step | FrameMask | Referral]:
        """One frame a second is answered, in windows of ten seconds; a window where nothing is sure enough
        says that the object is absent. Raises RefavsError for a sentence of which nothing can be read.
        """
        asked = expression or EVERYTHING
        length = self._network.config.text_length
        numbers = self._words.numbers([asked], length)
        count = int((numbers != self._network.config.pad).sum())
        steps = [Step("read", f"The sentence is {count} tokens long.", {"tokens": count}, 0.02)]
        yield steps[-1]
        sound, heard = self._listen(clip)
        steps.append(heard)
        yield heard
        indices = one_a_second(clip)
        planes: list[np.ndarray] = []
        sures: list[float] = []
        for start in range(0, len(indices), WINDOW):
            window = indices[start : start + WINDOW]
            logits, sure = self._window(clip, window, sound[start : start + len(window)], numbers)
            planes.extend(logits)
            sures.extend([sure] * len(window))
            done = (start + len(window)) / len(indices)
            seen = f"Seconds {start} to {start + len(window)}: the best mask is {100 * sure:.0f} % sure."
            facts = {"from_s": start, "to_s": start + len(window), "sure": round(sure, 3)}
            steps.append(Step("match", seen, facts, 0.1 + 0.85 * done))
            yield steps[-1]
        masks = {i: from_logits(plane, clip.size) for i, plane in zip(indices, planes, strict=True)}
        there = [i for i, sure in zip(indices, sures, strict=True) if sure >= self._sure]
        objects: tuple[Found, ...] = ()
        if there:
            track = Track(clip.size, masks)
            objects = (Found(track, score=dict(zip(indices, sures, strict=True))),)
            for i in indices:
                yield FrameMask(i, masks[i], objects[0].score[i])
        words = "This is the object." if there else "Nothing in the clip fits the sentence."
        steps.append(Step("answer", words, {"sure": round(max(sures), 3)}, 1.0))
        yield steps[-1]
        yield Referral(indices, objects, np.stack(planes).astype(np.float16), tuple(steps))

    def _listen(self, clip: Clip) -> tuple[np.ndarray, Step]:
        """float32 [S, 128] for the seconds of the clip, silence where there is no sound."""
        seconds = max(int(np.ceil(clip.duration - 1e-6)), 1)
        sound = clip.audio(RATE)
        quiet = self._embed(np.zeros(RATE, np.float32), RATE)[0]
        ears = np.repeat(quiet[None], seconds, 0)
        if sound is not None and len(sound):
            heard = self._embed(sound, RATE)[:seconds]
            ears[: len(heard)] = heard
        words = "The clip has no sound." if sound is None else f"Listened to {seconds} s of sound."
        return ears, Step("listen", words, {"seconds": seconds, "sound": sound is not None}, 0.1)

    @torch.inference_mode()
    def _window(
        self, clip: Clip, indices: tuple[int, ...], sound: np.ndarray, numbers: torch.Tensor
    ) -> tuple[np.ndarray, float]:
        """Logits float32 [S, h, w] of the best query, and how sure it is; unsure ones say nothing anywhere."""
        maps = tuple(m[None] for m in self._eyes.see([clip.frame(i) for i in indices]))
        ears = np.concatenate([sound, np.repeat(sound[-1:], len(indices) - len(sound), 0)])
        output = self._network(maps, torch.from_numpy(ears)[None], numbers)
        sure, best = chances(output.classes)[0].max(0)
        logits = output.masks[-1][0, :, best].numpy()
        return (logits if sure >= self._sure else np.minimum(logits, NOWHERE)), float(sure)


def load(folder: Path) -> EemcForReferringSegmentation:
    """The network saved in `folder`, ready to answer. Raises RefavsError when it cannot be used."""
    return saved_network(
        folder, EemcForReferringSegmentation, EemcBase, name="an EEMC", command="eemc", check=_hears_as_here
    )


def _hears_as_here(network: EemcForReferringSegmentation) -> None:
    ears = "vggish" if isinstance(network, EemcBase) else "tagger"
    if network.config.ears != ears:
        raise ValueError(f"it was taught to hear by {network.config.ears!r}, not by the {ears}")
