"""SAM 2.1, EdgeTAM and SAM 3's tracker behind the protocol that every segmenter keeps.

A frame is encoded once, whoever asks, and kept in a cache that also runs ahead of the annotator. A
propagation holds, for each object, the memories that the network can attend to and nothing else.
"""

import threading
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from core.masks import FrameMask, Mask
from core.media import Clip
from core.segment.cache import FrameCache
from core.segment.checkpoints import CHECKPOINTS
from core.segment.prompts import checked
from core.segment.propagation import LOST, propagate, runs_away
from core.segment.protocol import ObjectId, Prediction, Prompts
from core.segment.sam2_network import (
    Memory,
    Network,
    Seen,
    full_size,
    logit_tensor,
    mask_tensor,
    picture_tensor,
    point_tensors,
)
from core.segment.sam2_transformers import load
from core.segment.slot import compute_slot

CACHE_BYTES = 1 << 30
ANSWERS_KEPT = 32  # logits of the last answers, to go on from when they are corrected


class Sam2Segmenter:
    """Clicks and propagation by a network of the SAM 2 family."""

    def __init__(self, name: str, network: Network, *, cache_bytes: int = CACHE_BYTES) -> None:
        self.name = name
        self.network = network
        self.cache: FrameCache[Seen] = FrameCache(
            limit=cache_bytes, size=network.size_of, ahead=lambda clip, index: self._see(clip, index)
        )
        self._answers: OrderedDict[tuple[str, int, Mask], Tensor] = OrderedDict()
        self._guard = threading.Lock()

    @classmethod
    def from_pretrained(cls, name: str, weights: str | Path | None = None) -> "Sam2Segmenter":
        """name: of the table of checkpoints. weights: a folder or hub id instead. Raises RefavsError."""
        return cls(name, load(CHECKPOINTS[name], weights))

    @torch.inference_mode()
    def segment(
        self, clip: Clip, index: int, prompts: Prompts, *, previous: Mask | None = None
    ) -> Prediction:
        """One object on frame `index`; raises PromptError for prompts that cannot be used."""
        prompts = checked(clip, index, prompts, previous)
        size = clip.video.size
        points, labels = point_tensors(prompts, size, self.network.side)
        with compute_slot():
            before = self._logits(clip, index, previous)
            several = before is None and labels.numel() == 1
            logits, score = self.network.answer(self._see(clip, index), points, labels, before, several)
            mask = Mask.encode(full_size(logits, size))
        with self._guard:
            self._answers[clip.video.sha256, index, mask] = logits
            while len(self._answers) > ANSWERS_KEPT:
                self._answers.popitem(last=False)
        self.cache.visit(clip, index)
        return Prediction(mask, min(1.0, max(0.0, score)))

    def propagate(
        self,
        clip: Clip,
        seeds: Mapping[ObjectId, Mapping[int, Mask | Prompts]],
        indices: Iterable[int],
        *,
        barriers: Collection[int] = (),
    ) -> Iterator[Mapping[ObjectId, FrameMask]]:
        """Carry the seeds over `indices`; see `core.segment.propagation.propagate`."""

        def segment(index: int, prompts: Prompts) -> Mask:
            return self.segment(clip, index, prompts).mask

        tracker = MemoryTracker(self.network)
        return propagate(clip, tracker, seeds, indices, barriers=barriers, segment=segment)

    def _see(self, clip: Clip, index: int) -> Seen:
        return self.cache.get(clip, index, lambda: encode(self.network, clip.frame(index)))

    def _logits(self, clip: Clip, index: int, previous: Mask | None) -> Tensor | None:
        if previous is None or previous.is_empty:
            return None
        with self._guard:
            kept = self._answers.get((clip.video.sha256, index, previous))
        if kept is not None:
            return kept
        return logit_tensor(previous.decode(), self.network.mask_side()).to(self.network.device)


class MemoryTracker:
    """A `core.segment.propagation.Tracker`: a bounded memory an object, one encoded frame for all of them."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._memories: dict[ObjectId, Memory] = {}
        self._areas: dict[ObjectId, float] = {}

    @torch.inference_mode()
    def advance(
        self,
        index: int,
        picture: np.ndarray,
        given: Mapping[ObjectId, np.ndarray],
        running: Collection[ObjectId],
    ) -> Mapping[ObjectId, tuple[np.ndarray, float]]:
        known = [key for key in running if key in self._memories]
        seen = encode(self._network, picture) if known or given else None
        nothing = np.zeros(picture.shape[:2], bool)
        found = {key: (nothing, 0.5) for key in running}
        for key in known:
            found[key] = self._find(key, seen, nothing)
        for key, mask in given.items():
            if key in self._memories or mask.any():
                memory = self._memories.setdefault(key, self._network.memory())
                memory.learn(seen, mask_tensor(mask, self._network.side).to(self._network.device))
                self._areas[key] = float(mask.sum()) or self._areas.get(key, 0.0)
        return found

    def forget(self, objects: Collection[ObjectId]) -> None:
        for key in objects:
            self._memories.pop(key, None)
            self._areas.pop(key, None)

    def _find(self, key: ObjectId, seen: Seen, nothing: np.ndarray) -> tuple[np.ndarray, float]:
        logits, there = self._memories[key].find(seen)
        chance = float(torch.sigmoid(torch.tensor(there)))
        mask = full_size(logits, nothing.shape[:2]) if there > 0 else nothing
        area = float(mask.sum())
        if area == 0:
            return nothing, 1 - chance
        if runs_away(area, self._areas[key], mask.size):
            return nothing, LOST
        self._areas[key] = area
        return mask, chance


def encode(network: Network, picture: np.ndarray) -> Seen:
    """What the network keeps of a picture, uint8 [H, W, 3]."""
    with torch.inference_mode():
        return network.see(picture_tensor(picture, network.side, network.colours).to(network.device))


tiny = partial(Sam2Segmenter.from_pretrained, "sam2.1-tiny")
small = partial(Sam2Segmenter.from_pretrained, "sam2.1-small")
base = partial(Sam2Segmenter.from_pretrained, "sam2.1-base")
large = partial(Sam2Segmenter.from_pretrained, "sam2.1-large")
edgetam = partial(Sam2Segmenter.from_pretrained, "edgetam")
sam3_tracker = partial(Sam2Segmenter.from_pretrained, "sam3-tracker")
