"""How AURORA learns to reason: pairs of a clip and a sentence with their right chains, null ones among them."""

import copy
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from core.datasets.refavs import FRAMES, Dataset, Sample
from core.errors import DatasetError, RefavsError
from core.systems.aurora.chain import answer, write
from core.systems.aurora.config import AuroraConfig
from core.systems.aurora.network import AuroraForReferringSegmentation
from core.systems.aurora.tokens import ChainWords, Spells
from core.systems.aurora.writing import Reasoning
from core.systems.blocks.tagger import Tagger
from core.systems.blocks.words import PAD, Words
from core.training.aurora_chains import scene, scenes_of_file, target
from core.training.clip_features import ClipFeatures
from core.training.eemc import ears, targets

BATCH = 6
DECODED = 2  # seconds of a clip that a step makes masks for
NULL = 0.25  # share of the pairs that are null; half of them are made of two clips
FAINT = 3.0  # added to a logit, so that what is a little likely is not cut off at 0
DIRECT = 0.2  # share of the answers that are given without a chain


@dataclass(frozen=True)
class Pair:
    """A clip, what is asked of it, and the category that is meant; None = nothing fits."""

    sample: Sample
    said: str
    target: str | None


@dataclass(frozen=True)
class Batch:
    """asked: what the network's `prefix` takes. eyes: [B, S, C, h, w] a map. masks: float32 [B, S, g, g], 0 to 1."""

    asked: tuple[Any, ...]
    eyes: tuple[Tensor, ...]
    masks: Tensor

    def prefix(self, network: Reasoning) -> Any:
        return network.prefix(*self.asked)

    def pointed_at(self, times: int) -> "Batch":
        """What is seen, and the masks, of every clip so many times in a row; asked once."""
        eyes = tuple(m.repeat_interleave(times, 0) for m in self.eyes)
        return Batch(self.asked, eyes, self.masks.repeat_interleave(times, 0))


class Lessons:
    """The train splits of datasets in the Ref-AVS layout, with the truth of every clip.

    chains: a file of `refavs chains`; None = the world's scripts say what is true.
    """

    def __init__(self, folders: Sequence[Path], cache: Path, chains: Path | None = None) -> None:
        samples = [s for folder in folders for s in Dataset(folder).samples("train")]
        if not samples:
            raise DatasetError(f"None of {', '.join(map(str, folders))} has rows to train on.")
        scenes = (
            scenes_of_file(chains, samples)
            if chains
            else {v: scene(s) for v, s in {s.row.v: s for s in samples}.items()}
        )
        missing = [s.row.v for s in samples if s.row.v not in scenes]
        if missing:  # a model that writes chains does not manage all of them
            print(
                f"{len(missing)} rows are left out: no chain of their clip, {missing[0]} first",
                file=sys.stderr,
            )
            samples = [s for s in samples if s.row.v in scenes]
        if not samples:
            raise DatasetError(
                f"{chains} has no chain for any row to train on; name the file of this dataset."
            )
        self.scenes = scenes
        self.samples = samples
        self._real = [s for s in samples if not s.row.is_null]
        self._null = [s for s in samples if s.row.is_null]
        self._named = [s for s in self._real if s.row.category.replace("-", " ") in s.row.exp.lower()]
        self._cache = cache / "clips"

    @cached_property
    def features(self) -> ClipFeatures:
        """What the small systems' eyes and ears make of clips."""
        return ClipFeatures(self._cache, *ears())

    def learnt_words(self) -> Words:
        """A tokenizer of the sentences and the chains, in which no category falls into parts by chance."""
        chains = [write(self.scenes[s.row.v].chain(s.row.exp, target(s))) for s in self.samples]
        return Words.learn([*(s.row.exp for s in self.samples), *chains, *(3 * ["Wait, let me reconsider."])])

    def draw(self, rng: np.random.Generator) -> Pair:
        """A row, null rows more often than they stand there, or a clip with a sentence that names what is
        in another clip alone.
        """
        if self._real and rng.random() >= NULL:
            return _pair(self._real[rng.integers(len(self._real))])
        if self._named and (not self._null or rng.random() < 0.5):
            sample = self._real[rng.integers(len(self._real))]
            other = self._named[rng.integers(len(self._named))]
            fits = other.row.category in self.scenes[sample.row.v].things
            return _pair(sample) if fits else Pair(sample, other.row.exp, None)
        pool = self._null or self._real
        return _pair(pool[rng.integers(len(pool))])

    def chain(self, pair: Pair) -> str:
        """The right chain of a pair, as text."""
        return write(self.scenes[pair.sample.row.v].chain(pair.said, pair.target))

    def batch(self, pairs: Sequence[Pair], words: Spells, looks: Sequence[int], seconds: np.ndarray) -> Batch:
        """seconds: those whose masks are asked for."""
        assert isinstance(words, ChainWords)
        seen = [self.features.of(p.sample) for p in pairs]
        planes = [
            targets(p.sample, seconds, False) * (p.target is not None) for p in pairs
        ]  # a made null pair has a real object's masks
        first = list(looks)
        numbers = torch.stack([words.sentence(p.said) for p in pairs])
        return Batch(
            (
                tuple(torch.stack([s.eyes[k][first] for s in seen]).float() for k in range(3)),
                torch.stack([s.ears for s in seen]),
                numbers[:, : int((numbers != PAD).sum(1).max())],
            ),
            tuple(torch.stack([s.eyes[k][seconds] for s in seen]).float() for k in range(3)),
            torch.from_numpy(np.stack(planes).astype(np.float32)),
        )

    def sounds(self) -> tuple[float, float]:
        """Mean and spread of the ears' numbers, over two dozen clips."""
        chosen = self.samples[:: max(len(self.samples) // 24, 1)]
        values = torch.cat([self.features.of(s).ears for s in chosen])
        return float(values.mean()), float(values.std().clamp(min=1e-3))


def _pair(sample: Sample) -> Pair:
    return Pair(sample, sample.row.exp, target(sample))


class AuroraTask:
    """What the three stages share, for both sizes. Implements core.training.loop.Task with a `loss` of their own."""

    def __init__(
        self,
        lessons: Lessons,
        network: Reasoning,
        words: Spells,
        *,
        seed: int = 0,
        batch: int = BATCH,
    ) -> None:
        self.lessons = lessons
        self.network = network
        self.words = words
        self.any_device = network.any_device
        self._seed = seed
        self._batch = batch
        halves = f"--batch {batch // 2} --accumulate 2 (the same step in half the memory)"
        self.lighter = halves if batch > 1 else "a smaller --thinker, or --config nano"

    def loss(self, step: int, progress: float) -> tuple[Tensor, dict[str, float]]:
        raise NotImplementedError

    def drawn(
        self, step: int, count: int | None = None, *more: int
    ) -> tuple[list[Pair], Batch, np.random.Generator]:
        """The pairs of a step, with what is seen of them; depends on the step (and `more`) alone."""
        rng = np.random.default_rng([self._seed, step, *more])
        pairs = [self.lessons.draw(rng) for _ in range(count or self._batch)]
        seconds = np.sort(rng.choice(FRAMES, DECODED, replace=False))
        batch = self.lessons.batch(pairs, self.words, self.network.config.looks, seconds)
        network = self.network
        known = Batch(network.read(*batch.asked), network.see(batch.eyes), batch.masks.to(network.device))
        return pairs, known, rng

    def padded(self, answers: Sequence[Sequence[int]]) -> Tensor:
        """int64 [B, L], padding behind the ends."""
        return padded(answers, self.network.config.pad).to(self.network.device)

    def mask_loss(self, prompt: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """2 BCE + 0.5 Dice (weights in the config) of each answer [B], and the mask logits on the target's grid."""
        found = self.network.segment(prompt, batch.eyes)
        config = self.network.config
        cross = F.binary_cross_entropy_with_logits(found, batch.masks, reduction="none").mean((1, 2, 3))
        sure = found.sigmoid()
        overlap = (sure * batch.masks).sum((1, 2, 3))
        dice = 1 - (2 * overlap + 1) / (sure.sum((1, 2, 3)) + batch.masks.sum((1, 2, 3)) + 1)
        return config.cross * cross + config.dice * dice, found

    def save(self, network: Reasoning, folder: Path) -> None:
        """Write config.json, model.safetensors, and tokenizer.json where the words are our own."""
        network.store(folder)
        self.words.save(folder)


class SftTask(AuroraTask):
    """Stage 1. With a teacher: chains, masks, and its [SEG] vector. Without one this trains the teacher: no
    chains, the category given.
    """

    def __init__(
        self,
        lessons: Lessons,
        network: Reasoning,
        words: Spells,
        *,
        teacher: Reasoning | None = None,
        chains: bool = True,
        seed: int = 0,
        batch: int = BATCH,
    ) -> None:
        super().__init__(lessons, network, words, seed=seed, batch=batch)
        self._teacher = copy.deepcopy(teacher).eval().requires_grad_(False) if teacher is not None else None
        self._chains = chains

    def loss(self, step: int, progress: float) -> tuple[Tensor, dict[str, float]]:
        pairs, batch, rng = self.drawn(step)
        reasons = [self._chains and rng.random() >= DIRECT for _ in pairs]
        direct = [self.words.answer(answer(p.target), reasons=False) for p in pairs]
        given = [
            self.words.answer(self.lessons.chain(p), reasons=True) if thinks else short
            for p, short, thinks in zip(pairs, direct, reasons, strict=True)
        ]
        tokens = self.padded(given)
        log_probs, hidden = self.network.log_probs(batch.prefix(self.network), tokens)
        read = tokens[:, 1:] != self.network.config.pad
        words = -(log_probs * read).sum() / read.sum()
        prompt, _ = self.network.pointed(hidden, tokens)
        each, found = self.mask_loss(prompt, batch)
        total = words + each.mean()
        figures = {
            "words": float(words.detach()),
            "mask": float(each.mean().detach()),
            "iou": iou(found, batch.masks),
        }
        if self._teacher is not None:
            with torch.no_grad():
                short_tokens = self.padded(direct)
                self._teacher.to(self.network.device)
                thought = self._teacher.think(batch.prefix(self._teacher), short_tokens)
                wanted, _ = self._teacher.pointed(thought, short_tokens)
            apart = F.mse_loss(prompt, wanted)
            total = total + self.network.config.distillation * apart
            figures["apart"] = float(apart.detach())
        return checked(total, step, pairs), figures


def padded(answers: Sequence[Sequence[int]], pad: int = PAD) -> Tensor:
    """int64 [B, L], padding behind the ends."""
    out = torch.full((len(answers), max(map(len, answers))), pad)
    for row, tokens in zip(out, answers, strict=True):
        row[: len(tokens)] = torch.tensor(tokens)
    return out


def iou(found: Tensor, masks: Tensor) -> float:
    """Mean over the answers that have an object, of logits [B, S, g, g]."""
    there = masks.sum((1, 2, 3)) > 0
    each = ious(found, masks).mean(1)
    return float((each * there).sum() / there.sum().clamp(min=1))


@torch.no_grad()
def ious(found: Tensor, masks: Tensor) -> Tensor:
    """[B, S]: of every second; two empty masks agree."""
    said, true = found > 0, masks > 0.5
    both, either = (said & true).sum((2, 3)), (said | true).sum((2, 3))
    return torch.where(either > 0, both / either.clamp(min=1), 1.0)


def checked(total: Tensor, step: int, pairs: Sequence[Pair]) -> Tensor:
    """The loss itself. Raises RefavsError when it is no number."""
    if not torch.isfinite(total):
        clips = ", ".join(p.sample.row.v for p in pairs)
        raise RefavsError(
            f"The loss of step {step} is no number (clips {clips}); the last checkpoint is kept. "
            "Look at these clips, or train with a smaller rate."
        )
    return total


def fresh(
    lessons: Lessons, *, seed: int = 0, **options: Any
) -> tuple[AuroraForReferringSegmentation, ChainWords]:
    """An untrained network and the tokenizer of these lessons. options: AuroraConfig's."""
    words = lessons.learnt_words()
    mean, spread = lessons.sounds()
    config = AuroraConfig(words=len(words), ears_mean=mean, ears_spread=spread, **options)
    torch.manual_seed(seed)
    network = AuroraForReferringSegmentation(config)
    _hear_names(network)
    return network, ChainWords(words, config)


@torch.no_grad()
def _hear_names(network: AuroraForReferringSegmentation) -> None:
    """Begin with what the tagger knows: some of the sound's channels are its logits of the names it hears."""
    names, config, enter = Tagger.from_pretrained().names, network.config, network.sound[0]
    assert isinstance(enter, torch.nn.Linear)
    count = min(len(names.weight), len(enter.weight))
    enter.weight[:count] = names.weight[:count] * config.ears_spread
    enter.bias[:count] = names.bias[:count] + names.weight[:count].sum(1) * config.ears_mean + FAINT
