"""AURORA at the paper's size: what its stages begin with, and what they see of a clip."""

import copy
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch

from core.errors import RefavsError
from core.systems.aurora.base import SEGMENTER, THINKER, AuroraBase, saved_config
from core.systems.aurora.tokens import OmniWords, Spells
from core.training.aurora import Batch, Lessons, Pair
from core.training.eemc import targets


class BaseLessons(Lessons):
    """Clips as a thinker reads them, and as SAM 2 sees them; `network` knows how, and is not changed."""

    def __init__(
        self, folders: Sequence[Path], cache: Path, chains: Path | None, network: AuroraBase
    ) -> None:
        super().__init__(folders, cache, chains)
        self._network = network

    def batch(self, pairs: Sequence[Pair], words: Spells, looks: Sequence[int], seconds: np.ndarray) -> Batch:
        """seconds: those that are segmented; the thinker sees and hears all of the clip."""
        network, rate = self._network, self._network.reader.rate
        asked, seen, planes = [], [], []
        for pair in pairs:
            clip = pair.sample.clip()
            frames = list(clip.frames(pair.sample.indices(clip)))
            sound = clip.audio(rate)
            heard = np.zeros(0, np.float32) if sound is None else sound
            with torch.autocast("cpu", enabled=False):  # bfloat16 is for networks
                asked.append(network.question(frames, heard, pair.said))
            pictures = network.pictures([frames[k] for k in seconds])
            seen.append(pictures)
            grid = pictures.shape[-1] // 4
            planes.append(targets(pair.sample, seconds, False, grid=grid) * (pair.target is not None))
        masks = torch.from_numpy(np.stack(planes).astype(np.float32))
        return Batch((asked,), (torch.stack(seen),), masks)


class Base:
    """Implements aurora_stages.Size: the public parts, read once and shared by teacher and student.

    begun: a folder that training goes on from; None = new, of thinker and segmenter, hub ids or folders (None = the
    paper's). What needs them raises RefavsError where a part cannot be had.
    """

    batches: ClassVar[Mapping[str, int]] = {"sft": 1, "reflect": 1, "grpo": 1}
    rates: ClassVar[Mapping[str, float]] = {"sft": 1e-4, "reflect": 1e-4, "grpo": 1e-5}

    def __init__(
        self,
        folders: Sequence[Path],
        cache: Path,
        chains: Path | None = None,
        *,
        begun: Path | None = None,
        thinker: str | None = None,
        segmenter: str | None = None,
    ) -> None:
        self._data = (folders, cache, chains)
        self._begun = begun
        self._named = {"thinker": thinker or THINKER, "segmenter": segmenter or SEGMENTER}

    @cached_property
    def _parts(self) -> AuroraBase:
        torch.manual_seed(0)
        if self._begun is not None:
            return AuroraBase.from_pretrained(self._begun)
        return AuroraBase.from_parts(**self._named)

    @cached_property
    def lessons(self) -> BaseLessons:
        return BaseLessons(*self._data, self._parts)

    def fresh(self) -> tuple[AuroraBase, OmniWords]:
        network = copy.deepcopy(self._parts)
        return network, OmniWords(network.reader.words, network.config)

    def begin(self, folder: Path | None) -> tuple[AuroraBase, OmniWords]:
        if folder is None:
            raise RefavsError(
                "No weights of AURORA's config base ship: name those of the stage before by --weights DIR."
            )
        network = copy.deepcopy(self._parts)
        network.config = saved_config(folder)
        network.restore(folder)
        return network, OmniWords(network.reader.words, network.config)
