"""What each mechanism of Stepping Stone Plus is worth: AAVS, and what SSP adds to it, on cached features."""

from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from time import monotonic
from typing import Any

import cv2
import numpy as np
import torch

from core.evaluation.answers import sigmoid
from core.metrics import avsbench, semantic
from core.systems.ssp.config import STAND_INS, SspConfig
from core.systems.ssp.network import SspForAudioVisualSemanticSegmentation, sounding_logits
from core.systems.ssp.system import classes_of
from core.training import proof
from core.training.avs_clips import SIDE, AvsSample, scored_clips
from core.training.loop import Schedule, train
from core.training.proof import Cell, Row
from core.training.ssp import CLIPS, SspTask

VARIANTS: dict[str, dict[str, Any]] = {
    "AAVS": {"pre_mask": False, "post_weight": 0.0, "prompts": False},
    "+ pre-mask": {"post_weight": 0.0, "prompts": False},
    "+ pre-mask, post-mask loss": {"prompts": False},
    "+ texts": {"pre_mask": False, "post_weight": 0.0},
    "full": {},
}
COLUMNS = {
    "ms3": "MS3 mIoU",
    "avss": "AVSS mIoU, binary",
    "named": "AVSS mIoU, 71 classes",
    "still": "still, sounding: IoU",
    "moving": "moving, silent: IoU",
    **{f"named, {name}": f"71 classes, guided by {name}" for name in STAND_INS[1:]},
}
STILL = 0.1  # at most so much of what sounds on a still frame moves
MOVING = 0.02  # share of the picture from which a frame has something that moves and is silent


def run(
    cell: Cell, datasets: Sequence[str], cache: Path, out: Path, *, clip_steps: int, clips: int, **sizes: Any
) -> Row:
    """Train one cell and score it; its row is written to out/rows.jsonl when it ends.

    clips: how many of each dataset's split test are scored, evenly spread. A cell that was stopped goes on at its
    checkpoint. Raises RefavsError for more clip steps than a cell may have.
    """
    proof.check_steps(clip_steps, CLIPS)
    started = monotonic()
    task = SspTask(datasets, cache, SspConfig(**sizes, **VARIANTS[cell.variant]), seed=cell.seed)
    steps = clip_steps // CLIPS
    schedule = Schedule(steps=steps, warm_up=min(30, steps // 4), rate=8e-4, average=0.99)
    network = train(task, proof.folder(out, cell, clip_steps), schedule)
    assert isinstance(network, SspForAudioVisualSemanticSegmentation)
    chosen = scored_clips(datasets, clips)
    scores = score(network, task, chosen)
    classed = [sample for sample in chosen if sample.semantic]
    for name in STAND_INS[1:] if cell.variant == "full" and classed else ():
        network.config.stand_in = name
        scores[f"named, {name}"] = score(network, task, classed)["named"]
    row: Row = {**cell._asdict(), **proof.on_datasets(clip_steps, datasets), **scores}
    row["seconds"] = round(monotonic() - started, 1)
    proof.write(out, row)
    return row


@torch.inference_mode()
def score(
    network: SspForAudioVisualSemanticSegmentation, task: SspTask, chosen: Sequence[AvsSample]
) -> dict[str, float | None]:
    """AVSBench's P1 mIoU in %, as COLUMNS has them; None without such clips. still, moving: mean IoU over the frames
    where next to nothing of what sounds moves, and where something that is silent does.
    """
    network.eval()
    found: dict[bool, list[Any]] = {False: [], True: []}
    named: list[semantic.ClassSums] = []
    apart: dict[str, list[float]] = {"still": [], "moving": []}
    for sample in chosen:
        frames, seen = task.whole(sample)
        output = network(frames.eyes, frames.ears, frames.motion, frames.texts)
        chances = np.stack([_large(plane) for plane in sounding_logits(output.first).numpy()])
        truth = seen.sounding.numpy()
        found[sample.semantic].append(avsbench.avs_sample(sigmoid(chances), truth, key=sample.key))
        if sample.semantic:
            planes, _ = classes_of(output)
            named.append(semantic.measure_labels(np.stack(planes), seen.classes.numpy()))
        for said, wanted, moves in zip(chances > 0, truth, output.moving.numpy(), strict=True):
            moving = _large(moves) > 0.5
            iou = float((said & wanted).sum() / max((said | wanted).sum(), 1))
            if wanted.any() and moving[wanted].mean() <= STILL:
                apart["still"].append(iou)
            if wanted.any() and (moving & ~wanted).mean() >= MOVING:
                apart["moving"].append(iou)
    total = named[0] if named else None
    for sums in named[1:]:
        assert total is not None
        total = total + sums
    return {
        "ms3": avsbench.per_frame(found[False]).values["miou"] if found[False] else None,
        "avss": avsbench.per_frame(found[True]).values["miou"] if found[True] else None,
        "named": semantic.per_frame(total).values["miou"] if total else None,
        **{name: 100 * mean(values) if values else None for name, values in apart.items()},
    }


def _large(plane: np.ndarray) -> np.ndarray:
    return np.asarray(cv2.resize(plane.astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_LINEAR))
