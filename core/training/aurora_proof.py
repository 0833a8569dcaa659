"""What each stage of AURORA is worth: chains, the teacher's [SEG] vector, reflection, reinforcement; on cached features.

One teacher for all cells. "no chain", "chain" and "+ distillation" learn equally long from its weights on; "+ reflection"
goes on from "+ distillation" of the same seed, "+ GRPO" from there. "+ distillation, longer" goes on from there too, with what it
was taught by and nothing new, for as many steps as those two together: what is behind them is training longer, too.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.datasets.refavs import FRAMES, Dataset, Sample
from core.errors import RefavsError
from core.metrics import refavs
from core.systems.aurora.network import AuroraForReferringSegmentation
from core.training import proof
from core.training.aurora import BATCH, AuroraTask, Batch, Lessons, Pair, SftTask, fresh
from core.training.aurora_chains import Judgement, judge, scene, target
from core.training.aurora_grpo import GrpoTask, says_null
from core.training.aurora_reflect import ReflectTask
from core.training.aurora_stages import DICE, RATES, begin
from core.training.loop import Schedule, train
from core.training.proof import Cell, Row

LONGER = "+ distillation, longer"
VARIANTS = ("no chain", "chain", "+ distillation", "+ reflection", "+ GRPO", LONGER)
BEFORE = {"+ reflection": "+ distillation", "+ GRPO": "+ reflection", LONGER: "+ distillation"}
COLUMNS = {
    "test_s j": "J seen",
    "test_s f": "F seen",
    "test_u j": "J unseen",
    "test_u f": "F unseen",
    "test_n s": "S",
    "category": "category",
    "form": "form",
    "seen": "seen is so",
    "heard": "heard is so",
    "direct j": "J seen, no chain written",
}
SPLITS = ("test_s", "test_u", "test_n")
REFINED = 1 / 3  # steps of a stage behind the first, of those of the first
AT_ONCE = 12  # rows that are answered together
NOWHERE = -10.0  # logit of a place in an answer that points at nothing
CURVES = "rewards.jsonl"  # in the folder of a cell of GRPO: one line a step


def run(
    cell: Cell,
    folders: Sequence[Path],
    cache: Path,
    out: Path,
    *,
    clip_steps: int,
    rows: int,
    on: Sequence[Path],
    **sizes: Any,
) -> Row:
    """Train one cell and score it; its row is written to out/rows.jsonl when it ends, its weights lie in its folder.

    on: the datasets whose test splits are scored; rows: how many of each split, evenly spread. A cell that was stopped
    goes on at its checkpoint. Raises RefavsError for more clip steps than a cell may have, and where the cell that it
    goes on from has left no weights.
    """
    proof.check_steps(clip_steps, BATCH)
    started = monotonic()
    lessons = Lessons(folders, cache)
    steps = clip_steps // BATCH
    folder = proof.folder(out, cell, clip_steps)
    task = _task(cell, lessons, out, clip_steps, **sizes)
    network = train(task, folder, _schedule(cell.variant, steps))
    assert isinstance(network, AuroraForReferringSegmentation)
    task.save(network, folder)
    row: Row = {
        **cell._asdict(),
        **proof.on_folders(clip_steps, folders, on),
        **score(task, network, on, rows, chains=cell.variant != "no chain"),
        "rows": rows,
        "seconds": round(monotonic() - started, 1),
    }
    proof.write(out, row)
    return row


def _schedule(variant: str, steps: int) -> Schedule:
    stage = {"+ reflection": "reflect", "+ GRPO": "grpo", LONGER: "reflect"}.get(variant, "sft")
    steps = steps if stage == "sft" else max(round(steps * REFINED), 1) * (2 if variant == LONGER else 1)
    return Schedule(steps=steps, rate=RATES[stage], warm_up=min(30, steps // 4), average=0.98)


def _task(cell: Cell, lessons: Lessons, out: Path, clip_steps: int, **sizes: Any) -> AuroraTask:
    if cell.variant in BEFORE:
        before = proof.folder(out, Cell(BEFORE[cell.variant], cell.seed), clip_steps)
        network, words = begin(before)
        if cell.variant == LONGER:
            teacher, _ = begin(out / f"teacher-{clip_steps}")
            return SftTask(lessons, network, words, teacher=teacher, seed=cell.seed)
        if cell.variant == "+ reflection":
            return ReflectTask(lessons, network, words, seed=cell.seed)
        task = GrpoTask(lessons, network, words, seed=cell.seed)
        _write_down(task, proof.folder(out, cell, clip_steps) / CURVES)
        return task
    taught = out / f"teacher-{clip_steps}"
    if not (taught / "model.safetensors").is_file():
        network, words = fresh(lessons, **{"dice": DICE, **sizes})
        teaching = SftTask(lessons, network, words, chains=False)
        found = train(teaching, taught, _schedule("no chain", clip_steps // BATCH))
        assert isinstance(found, AuroraForReferringSegmentation)
        teaching.save(found, taught)
    network, words = begin(taught)
    follows = network if cell.variant == "+ distillation" else None
    return SftTask(
        lessons, network, words, teacher=follows, chains=cell.variant != "no chain", seed=cell.seed + 1
    )  # the teacher saw the order of seed 0


def _write_down(task: GrpoTask, path: Path) -> None:
    """Keep what every step's answers were worth; a step that is done again is written again."""
    inner = task.loss

    def loss(step: int, progress: float) -> tuple[Tensor, dict[str, float]]:
        total, figures = inner(step, progress)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": step, **figures}) + "\n")
        return total, figures

    task.loss = loss  # type: ignore[method-assign]


def curves(out: Path, clip_steps: int, seeds: int) -> dict[int, list[Row]]:
    """By seed, what was written down of each step of GRPO, in order; seeds that were not run are left out."""
    found = {}
    for seed in range(seeds):
        path = proof.folder(out, Cell("+ GRPO", seed), clip_steps) / CURVES
        if path.is_file():
            lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
            found[seed] = [row for _, row in sorted({line["step"]: line for line in lines}.items())]
    return found


def score(
    task: AuroraTask,
    network: AuroraForReferringSegmentation,
    folders: Sequence[Path],
    rows: int,
    *,
    chains: bool = True,
) -> dict[str, float | None]:
    """As COLUMNS has them, in %, free of batches, on the training's grid. chains: whether one is written first;
    without, the columns about chains are None. category: over all rows, null ones among them.
    """
    network.eval()
    values: dict[str, float | None] = {}
    judged: list[Judgement] = []
    for split in SPLITS:
        samples = [s for folder in folders for s in Dataset(folder).samples() if s.row.split == split]
        count = min(rows, len(samples))
        chosen = [samples[k * len(samples) // count] for k in range(count)]
        found = _answers(task, network, chosen, reasons=chains)
        judged += [judge(text, scene(s), target(s)) for s, (text, _) in zip(chosen, found, strict=True)]
        scored = refavs.batch_free([sample for _, sample in found], intervals=False).values if found else {}
        values |= {f"{split} {name}": scored.get(name) for name in ("j", "f", "s")}
        if split == "test_s" and chains:
            direct = [sample for _, sample in _answers(task, network, chosen, reasons=False)]
            values["direct j"] = refavs.batch_free(direct, intervals=False).values["j"] if direct else None
    if not judged:
        raise RefavsError(f"None of {', '.join(map(str, folders))} has rows of {', '.join(SPLITS)}.")
    values["category"] = _share([one.category for one in judged])
    if chains:
        values["form"] = _share([one.form for one in judged])
        values["seen"] = _share([one.seen for one in judged if one.seen is not None])
        values["heard"] = _share([one.heard for one in judged if one.heard is not None])
    return values


def _share(values: Sequence[float]) -> float | None:
    return round(100 * float(np.mean(values)), 2) if values else None


@torch.inference_mode()
def _answers(
    task: AuroraTask, network: AuroraForReferringSegmentation, chosen: Sequence[Sample], *, reasons: bool
) -> list[tuple[str, Any]]:
    """Of each row, what was written and the metrics' sample of its masks."""
    config = network.config
    out = []
    for start in range(0, len(chosen), AT_ONCE):
        some = chosen[start : start + AT_ONCE]
        pairs = [Pair(s, s.row.exp, target(s)) for s in some]
        batch: Batch = task.lessons.batch(pairs, task.words, config.looks, np.arange(FRAMES))
        prefix = batch.prefix(network)
        tokens = network.write(prefix, config.think if reasons else config.direct).done().tokens
        prompt, pointed = network.pointed(network.think(prefix, tokens), tokens)
        texts = [task.words.text(row.tolist()) for row in tokens]
        points = [bool(p) and not says_null(text) for p, text in zip(pointed, texts, strict=True)]
        masks = network.segment(prompt, batch.eyes)
        masks = torch.where(torch.tensor(points)[:, None, None, None], masks, NOWHERE)
        for sample, text, planes, truth in zip(some, texts, masks.sigmoid(), batch.masks > 0.5, strict=True):
            null = sample.row.is_null
            out.append(
                (
                    text,
                    refavs.refavs_sample(
                        planes.numpy(), truth.numpy(), key=sample.row.uid, clip=sample.row.v, null=null
                    ),
                )
            )
    return out
