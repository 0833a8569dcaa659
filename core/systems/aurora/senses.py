"""What AURORA perceives of a clip, window by window, at each of its sizes."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from core.media import Clip
from core.systems.aurora.network import AuroraForReferringSegmentation
from core.systems.aurora.tokens import ChainWords, Spells
from core.systems.aurora.writing import Begun, Reasoning
from core.systems.baselines import one_a_second
from core.systems.blocks.eyes import NanoEyes
from core.systems.blocks.logmel import RATE
from core.systems.blocks.tagger import Tagger
from core.systems.blocks.words import Words

WINDOW = 10  # seconds that are seen together


@dataclass(frozen=True)
class Window:
    """Frames that are answered together. start: second of the first. eyes: what the network segments."""

    indices: tuple[int, ...]
    start: int
    prefix: Begun
    eyes: tuple[Tensor, ...]


class Senses(Protocol):
    """A network, how it spells, and what it perceives."""

    @property
    def network(self) -> Reasoning: ...

    @property
    def words(self) -> Spells: ...

    def windows(self, clip: Clip, said: str) -> Iterator[Window]:
        """Raises RefavsError for a sentence of which nothing can be read."""
        ...


class NanoSenses:
    """The small systems' eyes and ears."""

    def __init__(self, network: AuroraForReferringSegmentation, folder: Path) -> None:
        self.network = network
        self.words = ChainWords(Words.load(folder), network.config)
        self._embed = Tagger.from_pretrained().embed
        self._eyes = NanoEyes()

    @torch.inference_mode()
    def windows(self, clip: Clip, said: str) -> Iterator[Window]:
        numbers = self.words.sentence(said)[None]
        sound = self._listen(clip)
        for start, indices in _in_tens(clip):
            eyes = tuple(m.float()[None] for m in self._eyes.see([clip.frame(i) for i in indices]))
            ears = torch.from_numpy(sound[start : start + WINDOW])[None]
            looks = [min(look, len(indices) - 1) for look in self.network.config.looks]
            prefix = self.network.prefix(tuple(m[:, looks] for m in eyes), ears, numbers)
            yield Window(indices, start, prefix, eyes)

    def _listen(self, clip: Clip) -> np.ndarray:
        """float32 [S, 128], S a multiple of ten; silence where there is no sound."""
        seconds = max(int(np.ceil(clip.duration - 1e-6)), 1)
        sound = clip.audio(RATE)
        quiet = self._embed(np.zeros(RATE, np.float32), RATE)[0]
        ears = np.repeat(quiet[None], -(-seconds // WINDOW) * WINDOW, 0)
        if sound is not None and len(sound):
            heard = self._embed(sound, RATE)[:seconds]
            ears[: len(heard)] = heard
        return ears


class BaseSenses:
    """A thinker's own, and SAM 2's."""

    def __init__(self, network: Any, words: Spells) -> None:
        self.network = network
        self.words = words

    @torch.inference_mode()
    def windows(self, clip: Clip, said: str) -> Iterator[Window]:
        network, rate = self.network, self.network.reader.rate
        sound = clip.audio(rate)
        heard = np.zeros(0, np.float32) if sound is None else sound
        for start, indices in _in_tens(clip):
            frames = [clip.frame(i) for i in indices]
            asked = network.question(frames, heard[start * rate : (start + WINDOW) * rate], said)
            eyes = network.see((network.pictures(frames)[None],))
            yield Window(indices, start, network.prefix(*network.read([asked])), eyes)


def _in_tens(clip: Clip) -> Iterator[tuple[int, tuple[int, ...]]]:
    """First second and frames of each window, one frame a second."""
    indices = one_a_second(clip)
    for start in range(0, len(indices), WINDOW):
        yield start, indices[start : start + WINDOW]
