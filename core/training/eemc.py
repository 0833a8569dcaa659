"""How EEMC learns: pairs of a clip and a sentence, null ones among them, on cached features."""

import re
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from core.datasets.refavs import FRAMES, Dataset, Sample
from core.errors import DatasetError
from core.systems.blocks.eyes import NanoEyes
from core.systems.blocks.tagger import Tagger
from core.systems.blocks.words import Words
from core.systems.eemc.config import EemcConfig
from core.systems.eemc.network import NOTHING, OBJECT, EemcForReferringSegmentation, EemcOutput
from core.training.clip_features import ClipFeatures, Embed, Eyes, trunk

BATCH = 4
DECODED = 3  # seconds of a clip that a step makes masks for; the memory sees all ten
GRID = 64  # pixels of the square that masks are compared on
MIRRORED = 0.1  # share of the clips that are seen mirrored half of the time
NULL = 0.25  # share of the pairs that are null; half of them are made of two clips
CROSS, DICE, CLASS = 5.0, 5.0, 2.0  # weights of the paper's loss
UNMATCHED = 0.1  # weight of a query that should show nothing, where another shows the object


def ears() -> tuple[Embed, str]:
    """What makes 128 numbers of a second of sound, and the mark of its weights."""
    weights = files("assets") / "weights" / "tagger" / "model.safetensors"
    return Tagger.from_pretrained().embed, f"tagger {sha256(weights.read_bytes()).hexdigest()}"


class Reads(Protocol):
    """Sentences -> token numbers, as core.systems.blocks.words.Words does it."""

    def numbers(self, sentences: Sequence[str], length: int) -> Tensor: ...

    def save(self, folder: Path) -> None: ...


@dataclass(frozen=True)
class Parts:
    """What EEMC stands on: network and words; eyes (made when first needed) and ears; the marks of their weights."""

    network: EemcForReferringSegmentation
    words: Reads
    eyes: Callable[[], Eyes]
    sees: bytes
    embed: Embed
    hears: str


def _nano(sentences: Sequence[str], config: EemcConfig) -> Parts:
    words = Words.learn([*sentences, *map(mirrored, sentences)])
    config.vocabulary = len(words)
    network = EemcForReferringSegmentation(config)
    return Parts(network, words, NanoEyes, trunk(), *ears())


def mirrored(sentence: str) -> str:
    """The sentence for the mirrored clip: left and right change places."""
    other = {"left": "right", "right": "left"}

    def swap(match: re.Match[str]) -> str:
        word = match[0]
        new = other[word.lower()]
        return new.capitalize() if word[0].isupper() else new

    return re.sub(r"\b(left|right)(?=\b|most\b|ward\b)", swap, sentence, flags=re.IGNORECASE)


class EemcTask:
    """Implements core.training.loop.Task on the train splits of datasets in the Ref-AVS layout.

    batch: pairs a batch. parts: what it stands on; None = the shared eyes and ears, its own words, and a new
    network of `config`.
    """

    any_device = True

    def __init__(
        self,
        folders: Sequence[Path],
        cache: Path,
        config: EemcConfig | None = None,
        *,
        seed: int = 0,
        batch: int = BATCH,
        parts: Parts | None = None,
    ) -> None:
        samples = [s for folder in folders for s in Dataset(folder).samples("train")]
        if not samples:
            raise DatasetError(f"None of {', '.join(map(str, folders))} has rows to train on.")
        self._real = [s for s in samples if not s.row.is_null]
        self._null = [s for s in samples if s.row.is_null]
        self._named = [s for s in self._real if s.row.category in s.row.exp.lower()]
        self._things: dict[str, set[str]] = {}  # what is spoken of in a clip
        for s in samples:
            self._things.setdefault(s.row.v, set()).add(s.row.category)
        torch.manual_seed(seed)
        parts = parts or _nano([s.row.exp for s in samples], config or EemcConfig())
        self.words, self.network = parts.words, parts.network
        self.features = ClipFeatures(cache / "clips", parts.embed, parts.hears, parts.eyes, parts.sees)
        first = torch.cat([self.features.of(s).ears for s in samples[:: max(len(samples) // 24, 1)]])
        config = self.network.config
        config.mean, config.spread = float(first.mean()), float(first.std().clamp(min=1e-3))
        self._seed = seed
        self._batch = batch
        self.lighter = f"--batch {max(batch // 2, 1)} --accumulate 2 (the same step in half the memory), or --config nano"

    def loss(self, step: int, progress: float) -> tuple[Tensor, dict[str, float]]:
        """The loss of the batch of this step."""
        device = self.network.device
        rng = np.random.default_rng([self._seed, step])
        pairs = [self._draw(rng) for _ in range(self._batch)]
        batch = [sample for sample, _, _ in pairs]
        null = torch.tensor([null for _, _, null in pairs])
        flips = [bool(rng.random() < 0.5) and _turns(s.row.v) for s in batch]
        seconds = np.sort(rng.choice(FRAMES, DECODED, replace=False))
        seen = [self.features.of(s, mirrored=f) for s, f in zip(batch, flips, strict=True)]
        planes = [targets(s, seconds, f) for s, f in zip(batch, flips, strict=True)]
        target = torch.from_numpy(np.stack(planes)) * ~null[:, None, None, None]
        said = [mirrored(exp) if f else exp for (_, exp, _), f in zip(pairs, flips, strict=True)]
        with torch.autocast(
            device.type, enabled=False
        ):  # where bfloat16 is asked for, half is no number to stack
            eyes = tuple(torch.stack(maps).to(device) for maps in zip(*(s.eyes for s in seen), strict=True))
        output = self.network(
            eyes,
            torch.stack([s.ears for s in seen]).to(device),
            self.words.numbers(said, self.network.config.text_length).to(device),
            torch.from_numpy(seconds).to(device),
        )
        return eemc_loss(output, target.to(device), null.to(device))

    def named(self, step: int) -> str:
        """The clips of a step's batch."""
        rng = np.random.default_rng([self._seed, step])
        return "clips " + ", ".join(self._draw(rng)[0].row.v for _ in range(self._batch))

    def _draw(self, rng: np.random.Generator) -> tuple[Sample, str, bool]:
        """A clip, what is said of it, and whether nothing in it fits: null rows, and clips with a sentence
        that names a thing which is spoken of in another clip alone.
        """
        if self._real and rng.random() >= NULL:
            sample = self._real[rng.integers(len(self._real))]
            return sample, sample.row.exp, False
        if self._named and (not self._null or rng.random() < 0.5):
            sample = self._real[rng.integers(len(self._real))]
            other = self._named[rng.integers(len(self._named))]
            fits = other.row.category in self._things[sample.row.v]
            return (sample, sample.row.exp, False) if fits else (sample, other.row.exp, True)
        pool = self._null or self._real
        sample = pool[rng.integers(len(pool))]
        return sample, sample.row.exp, sample.row.is_null

    def save(self, network: EemcForReferringSegmentation, folder: Path) -> None:
        """Write config.json, model.safetensors (half precision) and tokenizer.json."""
        deepcopy(network).half().save_pretrained(folder)
        self.words.save(folder)


def _turns(v: str) -> bool:
    """Whether a clip is one of the few that are also seen mirrored: each has to be looked at a second time."""
    return sha256(v.encode()).digest()[0] < 256 * MIRRORED


def targets(sample: Sample, seconds: np.ndarray, flip: bool, *, grid: int = GRID) -> np.ndarray:
    """float32 [S, grid, grid], 0 to 1: the share of each place that the object covers."""
    planes = []
    for second in seconds:
        pixels = cv2.imread(str(sample.mask_paths[second]), cv2.IMREAD_GRAYSCALE)
        if pixels is None:
            raise DatasetError(f"{sample.mask_paths[second]} is not a readable mask.")
        plane = cv2.resize((pixels > 0).astype(np.float32), (grid, grid), interpolation=cv2.INTER_AREA)
        planes.append(plane[:, ::-1] if flip else plane)
    return np.ascontiguousarray(np.stack(planes))


def eemc_loss(output: EemcOutput, target: Tensor, null: Tensor) -> tuple[Tensor, dict[str, float]]:
    """5 BCE + 5 Dice + 2 class (the paper's supplement), and figures to print.

    target: float32 [B, S, g, g]; null: bool [B]. One query of a clip, the same at all its seconds, is matched to
    the object, the one that costs least; all others, and all of a null pair, should say that they show nothing.
    Of a null pair the surest query counts as much as a matched one. Masks behind earlier layers learn with half weight.
    """
    batch, _, queries, _ = output.classes.shape
    with torch.no_grad():
        cost = _costs(output.masks[-1], target)
        cost = cost - CLASS * output.classes.softmax(-1)[..., OBJECT].mean(1)
        best = cost.argmin(1)
    rows = torch.arange(batch, device=target.device)
    real = (~null).float()
    mask_loss = target.new_zeros(())
    for number, masks in enumerate(output.masks):
        own = masks[rows, :, best][:, :, None]
        each = _costs(own, target)[:, 0]
        weight = 1.0 if number == len(output.masks) - 1 else 0.5
        mask_loss = mask_loss + weight * (each * real).sum() / real.sum().clamp(min=1)
    wanted = torch.full((batch, queries), NOTHING, device=target.device)
    weights = torch.full((batch, queries), UNMATCHED, device=target.device)
    wanted[rows[~null], best[~null]] = OBJECT
    weights[rows[~null], best[~null]] = 1.0
    surest = output.classes[..., OBJECT].detach().mean(1).argmax(1)
    weights[rows[null], surest[null]] = 1.0  # an answer is null only when even the surest query says so
    classes = output.classes.flatten(0, 1).transpose(1, 2)  # [B * S, 2, Q]
    seconds = output.classes.shape[1]
    cross = F.cross_entropy(classes, wanted.repeat_interleave(seconds, 0), reduction="none")
    weights = weights.repeat_interleave(seconds, 0)
    class_loss = (cross * weights).sum() / weights.sum()
    total = mask_loss + CLASS * class_loss
    with torch.no_grad():
        said = F.interpolate(output.masks[-1][rows, :, best], target.shape[-2:], mode="bilinear") > 0
        both = (said & (target > 0.5)).sum((1, 2, 3))
        iou = both / (said | (target > 0.5)).sum((1, 2, 3)).clamp(min=1)
    return total, {
        "loss": float(total.detach()),
        "class": float(class_loss.detach()),
        "iou": float((iou * real).sum() / real.sum().clamp(min=1)),
    }


def _large(masks: Tensor, target: Tensor) -> Tensor:
    """Mask logits [B, S, Q, h, w] on the targets' grid."""
    size = target.shape[-2:]
    large = F.interpolate(masks.flatten(0, 1), size, mode="bilinear", align_corners=False)
    return large.unflatten(0, masks.shape[:2])


def _costs(masks: Tensor, target: Tensor) -> Tensor:
    """5 BCE + 5 Dice [B, Q] of mask logits [B, S, Q, h, w]: BCE the mean over seconds and places, Dice over all
    seconds at once.
    """
    large = _large(masks, target)
    wanted = target[:, :, None]
    cross = (F.softplus(large) - large * wanted).mean((1, 3, 4))  # of logits
    found = large.sigmoid()
    overlap = (found * wanted).sum((1, 3, 4))
    dice = 1 - (2 * overlap + 1) / (found.sum((1, 3, 4)) + wanted.sum((1, 3, 4)) + 1)
    return CROSS * cross + DICE * dice
