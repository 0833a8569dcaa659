"""What EEMC costs as it is built here, beside a plain rebuilding of the released design with the same sizes.

The released code runs the frozen picture network twice a step, the sound network again at each step, encodes
each clip's sentence by itself and makes masks for all ten seconds. The networks, their sizes and their weights'
names are the same in all designs; the released one looks at the picture by torch's own attention. Times are of the
processor, on one thread, so that what else the machine does hardly counts.
"""

import resource
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from time import process_time
from typing import NamedTuple

import cv2
import numpy as np
import soundfile
import torch
from torch import Tensor

from core.datasets.refavs import FRAMES, Dataset, Sample
from core.systems.blocks.eyes import NanoEyes
from core.training import eemc
from core.training.eemc import EemcTask

OURS, TEN, RELEASED = DESIGNS = (
    "built here, 3 of 10 seconds",
    "built here, all ten seconds",
    "released design",
)
CLIPS = eemc.BATCH
Look = tuple[tuple[Tensor, ...], Tensor]  # maps, ears


class Figures(NamedTuple):
    """Processor seconds a training step and an answered clip, and the process's peak memory."""

    step: float
    clip: float
    peak_mib: int


def alone(design: str, folders: Sequence[Path], cache: Path, steps: int) -> Figures:
    """Measured in a process of its own, since peak memory is that of a process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(measure, design, folders, cache, steps).result()


def measure(design: str, folders: Sequence[Path], cache: Path, steps: int) -> Figures:
    """Of both the median. Features are in the cache, as they are from the second look at a clip on."""
    torch.set_num_threads(1)
    task = EemcTask(folders, cache)
    if design == RELEASED:
        for layer in task.network.decoder.transformer.decoder.layers:
            layer.cross_attn.__class__ = torch.nn.MultiheadAttention
    optimiser = torch.optim.AdamW(task.network.parameters(), lr=1e-4)
    eyes = NanoEyes()
    samples = [s for folder in folders for s in Dataset(folder).samples("train")]
    rng = np.random.default_rng(0)
    times, clips = [], []
    for _ in range(steps + 1):
        batch = [samples[rng.integers(len(samples))] for _ in range(CLIPS)]
        if design != RELEASED:
            for sample in batch:
                task.features.of(sample)
        started = process_time()
        loss = _step(task, eyes, batch, design)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        times.append(process_time() - started)
        started = process_time()
        _answer(task, eyes, batch[0], passes=2 if design == RELEASED else 1)
        clips.append(process_time() - started)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (
        1 << 20 if sys.platform == "darwin" else 1 << 10
    )
    return Figures(float(np.median(times[1:])), float(np.median(clips[1:])), round(peak))


def _step(task: EemcTask, eyes: NanoEyes, batch: list[Sample], design: str) -> Tensor:
    seconds = np.arange(FRAMES)[: eemc.DECODED if design == OURS else FRAMES]
    length = task.network.config.text_length
    looks: list[Look]
    if design == RELEASED:
        looks = [_look(task, eyes, sample, passes=2) for sample in batch]
        numbers = torch.cat([task.words.numbers([sample.row.exp], length) for sample in batch])
    else:
        seen = [task.features.of(sample) for sample in batch]
        looks = [(s.eyes, s.ears) for s in seen]
        numbers = task.words.numbers([sample.row.exp for sample in batch], length)
    maps = tuple(torch.stack(m) for m in zip(*(look[0] for look in looks), strict=True))
    ears = torch.stack([look[1] for look in looks])
    output = task.network(maps, ears, numbers, torch.from_numpy(seconds))
    target = torch.from_numpy(np.stack([eemc.targets(sample, seconds, False) for sample in batch]))
    return eemc.eemc_loss(output, target, torch.tensor([sample.row.is_null for sample in batch]))[0]


@torch.inference_mode()
def _answer(task: EemcTask, eyes: NanoEyes, sample: Sample, *, passes: int) -> None:
    maps, ears = _look(task, eyes, sample, passes=passes)
    numbers = task.words.numbers([sample.row.exp], task.network.config.text_length)
    task.network(tuple(m[None] for m in maps), ears[None], numbers)


def _look(task: EemcTask, eyes: NanoEyes, sample: Sample, *, passes: int) -> Look:
    """A clip's frames and sound read and looked at, nothing kept."""
    pictures = [cv2.imread(str(path), cv2.IMREAD_COLOR_RGB) for path in sample.frame_paths]
    for _ in range(passes):
        maps = eyes.see([p for p in pictures if p is not None])
    sound, rate = soundfile.read(sample.audio_path, dtype="float32", always_2d=True)
    ears = torch.zeros(FRAMES, 128)
    heard = task.features.embed(np.ascontiguousarray(sound.mean(1)), rate)[:FRAMES]
    ears[: len(heard)] = torch.from_numpy(heard)
    return maps, ears
