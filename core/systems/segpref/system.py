"""SegPref as a system: clip -> everything in it that sounds."""

from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
import torch

from core.expressions import normalise
from core.masks import FrameMask, Track, from_logits
from core.media import Clip
from core.segment.slot import compute_slot
from core.systems.baselines import one_a_second
from core.systems.blocks.eyes import NanoEyes
from core.systems.blocks.logmel import RATE
from core.systems.blocks.saved import saved_network
from core.systems.blocks.tagger import Tagger
from core.systems.blocks.words import Words
from core.systems.protocol import Found, Referral, Step
from core.systems.segpref.config import CUES
from core.systems.segpref.describe import CueDescriber, audible
from core.systems.segpref.network import SegPrefForAudioVisualSegmentation

WINDOW = 10  # seconds that are worked on together
DESCRIBED = 0.6  # share of the work that describing a clip is


class SegPrefNano:
    """Implements System. weights: a folder saved by `refavs train segpref`; None = what ships."""

    name = "segpref-nano"

    def __init__(self, weights: Path | None = None) -> None:
        with as_file(files("assets") / "weights" / "segpref-nano") as shipped:
            folder = weights or shipped
            self._network = load(folder)
            self._words = Words.load(folder)
        self._embed = Tagger.from_pretrained().embed
        self._eyes = NanoEyes()
        self._describe = CueDescriber()

    def refer(self, clip: Clip, expression: str | None) -> Iterator[Step | FrameMask | Referral]:
        """Everything that sounds, one frame a second; a sentence changes nothing, and the first step says so."""
        sentence = normalise(expression)
        words = "Marks everything that sounds."
        if sentence is not None:
            words = (
                "This system answers without sentences: it marks everything that sounds, whatever was asked."
            )
        steps = [Step("read", words, {"sentence": sentence, "used": False}, 0.01)]
        yield steps[-1]
        describing = self._describe(clip)
        while True:
            try:
                step = next(describing)
            except StopIteration as end:
                told = end.value
                break
            step = replace(step, progress=DESCRIBED * step.progress)
            steps += [step] if step.words else []
            yield step
        may = ", ".join(name.replace("-", " ") for name in told.cues)
        words = f"What may sound: {may}." if may else "Nothing in the clip can be what is heard."
        steps.append(Step("match", words, {"cues": list(told.cues), "heard": told.kind}, DESCRIBED))
        yield steps[-1]

        indices = one_a_second(clip)
        ears, sounds = self._listen(clip, len(indices))
        numbers = cue_numbers(self._words, [told.cues], self._network.config.text_length)
        planes: list[np.ndarray] = []
        sures: list[float] = []
        for start in range(0, len(indices), WINDOW):
            part = slice(start, start + WINDOW)
            with compute_slot():
                logits, sure = self._window(clip, indices[part], ears[part], sounds[part], numbers)
            planes.extend(logits)
            sures.extend(sure)
            done = min(start + WINDOW, len(indices)) / len(indices)
            yield Step("match", "", {}, DESCRIBED + (0.95 - DESCRIBED) * done)
        masks = {i: from_logits(plane, clip.size) for i, plane in zip(indices, planes, strict=True)}
        there = [i for i in indices if not masks[i].is_empty]
        objects: tuple[Found, ...] = ()
        if there:
            score = {i: round(s, 3) for i, s in zip(indices, sures, strict=True) if i in there}
            objects = (Found(Track(clip.size, masks), score=score),)
            for i in indices:
                yield FrameMask(i, masks[i], score.get(i, 0.0))
        words = f"Something that is seen sounds in {len(there)} of {len(indices)} seconds."
        words = words if there else "Nothing that is seen sounds."
        steps.append(Step("answer", words, {"frames": there}, 1.0))
        yield steps[-1]
        yield Referral(indices, objects, np.stack(planes).astype(np.float16), tuple(steps))

    def _listen(self, clip: Clip, seconds: int) -> tuple[np.ndarray, np.ndarray]:
        """float32 [S, 128] and bool [S], whether anything is to be heard, for the seconds of the clip."""
        samples = clip.audio(RATE)
        ears = np.repeat(self._embed(np.zeros(RATE, np.float32), RATE), seconds, 0)
        if samples is not None and len(samples):
            heard = self._embed(samples, RATE)[:seconds]
            ears[: len(heard)] = heard
        return ears, audible(samples, RATE, seconds)

    @torch.inference_mode()
    def _window(
        self,
        clip: Clip,
        indices: tuple[int, ...],
        ears: np.ndarray,
        sounds: np.ndarray,
        numbers: torch.Tensor,
    ) -> tuple[np.ndarray, list[float]]:
        """Logits float32 [S, h, w], and how sure it is in each second that anything seen sounds."""
        fine, middle, coarse = (m.float()[None] for m in self._eyes.see([clip.frame(i) for i in indices]))
        output = self._network(
            (fine, middle, coarse), torch.from_numpy(ears)[None], numbers, torch.from_numpy(sounds)[None]
        )
        return output.masks[-1][0].numpy(), output.sure[0].sigmoid().tolist()


def cue_numbers(words: Words, clips: list[tuple[str, ...]], length: int) -> torch.Tensor:
    """int64 [B, CUES, length]: the tokens of each clip's text cues; padding alone where there is none."""
    numbers = torch.full((len(clips), CUES, length), 0)
    for row, cues in zip(numbers, clips, strict=True):
        if cues:
            row[: len(cues)] = words.numbers([cue.replace("-", " ") for cue in cues], length)
    return numbers


def load(folder: Path) -> SegPrefForAudioVisualSegmentation:
    """The network saved in `folder`, ready to answer. Raises RefavsError when it cannot be used."""
    return saved_network(
        folder,
        SegPrefForAudioVisualSegmentation,
        name="a SegPref",
        command="segpref",
        check=_described_as_here,
    )


def _described_as_here(network: SegPrefForAudioVisualSegmentation) -> None:
    if network.config.describer != CueDescriber.name:
        raise ValueError(f"its clips were described by {network.config.describer!r}")
