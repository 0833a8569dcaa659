"""When EEMC should say that nothing fits: chosen on clips that it did not learn."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from core.datasets.refavs import FRAMES, Dataset, Sample
from core.systems.eemc.network import EemcForReferringSegmentation, chances
from core.training.clip_features import ClipFeatures
from core.training.eemc import EemcTask, Reads, targets

STEPS = tuple(np.arange(50, 100, 5) / 100)  # thresholds that are tried
KEPT = 0.98  # share of J that saying null more often may leave
ROWS = 150


def calibrate(
    task: EemcTask, network: EemcForReferringSegmentation, folders: Sequence[Path], rows: int = ROWS
) -> float:
    """The highest threshold that keeps J on `rows` real rows of the split val; 0.5 where there are none.

    A higher one answers null more often where nothing fits, and also where something does. It belongs into
    `network.config.sure`.
    """
    samples = [s for folder in folders for s in Dataset(folder).samples() if _fits(s)]
    count = min(rows, len(samples))
    chosen = [samples[k * len(samples) // count] for k in range(count)]
    found = [answer(network, task.words, task.features, sample) for sample in chosen]
    if not found:
        return STEPS[0]
    best = np.array([[j if sure >= step else blank for step in STEPS] for sure, j, blank, _ in found]).mean(0)
    return float(max(step for step, j in zip(STEPS, best, strict=True) if j >= KEPT * best[0]))


def _fits(sample: Sample) -> bool:
    return sample.row.split == "val" and not sample.row.is_null


@torch.inference_mode()
def answer(
    network: EemcForReferringSegmentation, words: Reads, features: ClipFeatures, sample: Sample
) -> tuple[float, float, float, float]:
    """How sure its best query is; J of that query's mask and of a blank one (two empty masks agree); and the root
    of the share that the mask covers. On the training's grid.
    """
    seen, device = features.of(sample), network.device
    numbers = words.numbers([sample.row.exp], network.config.text_length).to(device)
    output = network.eval()(tuple(m[None].to(device) for m in seen.eyes), seen.ears[None].to(device), numbers)
    truth = targets(sample, np.arange(FRAMES), False) > 0.5
    sure, best = chances(output.classes)[0].max(0)
    masks = output.masks[-1][0, :, best][None].float()
    said = F.interpolate(masks, truth.shape[-2:], mode="bilinear")[0].cpu().numpy() > 0
    both, either = (said & truth).sum((1, 2)), (said | truth).sum((1, 2))
    j = np.where(either > 0, both / np.maximum(either, 1), 1.0).mean()
    blank = (~truth.any((1, 2))).mean()
    return float(sure), float(j), float(blank), float(np.sqrt(said.mean((1, 2))).mean())
