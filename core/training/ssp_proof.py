"""What each mechanism of Stepping Stone Plus is worth: AAVS, and what SSP adds to it, on cached features."""

import json
from collections.abc import Sequence
from pathlib import Path
from statistics import mean, stdev
from time import monotonic
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch

from core.errors import DatasetError, RefavsError
from core.evaluation.answers import sigmoid
from core.metrics import avsbench, semantic
from core.systems.ssp.config import STAND_INS, SspConfig
from core.systems.ssp.network import SspForAudioVisualSemanticSegmentation, sounding_logits
from core.systems.ssp.system import classes_of
from core.training.avs_clips import SIDE, AvsSample, samples
from core.training.loop import Schedule, train
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
MOST = 2000  # clip steps of a cell
STILL = 0.1  # at most so much of what sounds on a still frame moves
MOVING = 0.02  # share of the picture from which a frame has something that moves and is silent

Row = dict[str, Any]


class Cell(NamedTuple):
    variant: str
    seed: int


def cells(seeds: int) -> list[Cell]:
    """All variants with one seed come before the next seed, so a run that is cut short compares fairly."""
    return [Cell(variant, seed) for seed in range(seeds) for variant in VARIANTS]


def kept(out: Path, clip_steps: int, datasets: Sequence[str]) -> dict[Cell, Row]:
    """The rows in out/rows.jsonl that were run alike. A line that was cut off does not count."""
    found = {}
    path = out / "rows.jsonl"
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        try:
            row = json.loads(line)
            if row["clip_steps"] == clip_steps and row["datasets"] == list(datasets):
                found[Cell(row["variant"], row["seed"])] = row
        except (ValueError, KeyError, TypeError):
            continue
    return found


def run(
    cell: Cell, datasets: Sequence[str], cache: Path, out: Path, *, clip_steps: int, clips: int, **sizes: Any
) -> Row:
    """Train one cell and score it; its row is written to out/rows.jsonl when it ends.

    clips: how many of each dataset's split test are scored, evenly spread. A cell that was stopped goes on at its
    checkpoint. Raises RefavsError for more clip steps than a cell may have.
    """
    if not CLIPS <= clip_steps <= MOST:
        raise RefavsError(f"A cell has {CLIPS} to {MOST} clip steps; got {clip_steps}.")
    started = monotonic()
    task = SspTask(datasets, cache, SspConfig(**sizes, **VARIANTS[cell.variant]), seed=cell.seed)
    steps = clip_steps // CLIPS
    folder = out / f"{cell.variant.replace(' ', '-')}-{cell.seed}-{clip_steps}"
    network = train(task, folder, Schedule(steps=steps, warm_up=min(30, steps // 4), rate=8e-4, average=0.99))
    assert isinstance(network, SspForAudioVisualSemanticSegmentation)
    scores = score(network, task, tested(datasets, clips))
    for name in STAND_INS[1:]:
        network.config.stand_in = name
        scores[f"named, {name}"] = score(network, task, tested(datasets, clips))["named"]
    row: Row = {**cell._asdict(), "clip_steps": clip_steps, "datasets": list(datasets), **scores}
    row["seconds"] = round(monotonic() - started, 1)
    with (out / "rows.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")
    return row


def tested(datasets: Sequence[str], clips: int) -> list[AvsSample]:
    """At most so many clips of each dataset's split test. Raises DatasetError where there is none at all."""
    chosen = []
    for dataset in datasets:
        found = [sample for sample in samples(dataset) if sample.split == "test"]
        count = min(clips, len(found))
        chosen += [found[k * len(found) // count] for k in range(count)]
    if not chosen:
        raise DatasetError(f"None of {', '.join(datasets)} has clips of the split test.")
    return chosen


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


def as_table(rows: dict[Cell, Row], seeds: int) -> str:
    """Markdown: mean and spread over the seeds that were run; "not run" for what was not."""
    lines = ["| | " + " | ".join(COLUMNS.values()) + " | seeds |", "|---" * (len(COLUMNS) + 2) + "|"]
    for variant in VARIANTS:
        mine = [row for cell, row in rows.items() if cell.variant == variant and cell.seed < seeds]
        values = [_spread([row[name] for row in mine if row[name] is not None]) for name in COLUMNS]
        lines.append(f"| {variant} | {' | '.join(values)} | {len(mine)} of {seeds} |")
    return "\n".join(lines)


def _spread(values: list[float]) -> str:
    if not values:
        return "not run"
    return f"{mean(values):.1f}" + (f" ± {stdev(values):.1f}" if len(values) > 1 else "")


def _large(plane: np.ndarray) -> np.ndarray:
    return np.asarray(cv2.resize(plane.astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_LINEAR))
