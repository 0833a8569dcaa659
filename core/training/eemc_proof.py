"""What each mechanism of EEMC is worth: the whole beside itself without one of them, on cached features."""

from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from time import monotonic
from typing import Any

from core.datasets.refavs import Dataset
from core.errors import DatasetError
from core.systems.eemc.config import EemcConfig
from core.systems.eemc.network import EemcForReferringSegmentation
from core.training import proof
from core.training.clip_features import ClipFeatures
from core.training.eemc import BATCH, EemcTask, Reads
from core.training.eemc_calibrate import answer
from core.training.loop import Schedule, train
from core.training.proof import Cell, Row

VARIANTS: dict[str, dict[str, Any]] = {
    "full": {},
    "without memory": {"beta": 0.0},
    "without modality tokens": {"modality_tokens": False},
    "without audio": {"listens": False},
    "without text": {"reads": False},
    "AVS-style without text": {"reads": False, "beta": 0.0, "modality_tokens": False},
}
COLUMNS = {"test_s": "J seen", "test_u": "J unseen", "test_n": "S"}


def run(
    cell: Cell,
    folders: Sequence[Path],
    cache: Path,
    out: Path,
    *,
    clip_steps: int,
    rows: int,
    on: Sequence[Path] = (),
    **sizes: Any,
) -> Row:
    """Train one cell and score it; its row is written to out/rows.jsonl when it ends.

    on: the datasets whose test splits are scored; none = `folders`. rows: how many of each test split are
    scored, evenly spread. A cell that was stopped goes on at its checkpoint. Raises RefavsError for more clip steps than a cell may have.
    """
    proof.check_steps(clip_steps, BATCH)
    started = monotonic()
    task = EemcTask(folders, cache, EemcConfig(**sizes, **VARIANTS[cell.variant]), seed=cell.seed)
    steps = clip_steps // BATCH
    schedule = Schedule(steps=steps, warm_up=min(40, steps // 4), average=0.99)
    network = train(task, proof.folder(out, cell, clip_steps), schedule)
    assert isinstance(network, EemcForReferringSegmentation)
    on = on or folders
    row: Row = {
        **cell._asdict(),
        **proof.on_folders(clip_steps, folders, on),
        **{split: score(network, task.words, task.features, on, split, rows) for split in COLUMNS},
        "rows": rows,
        "seconds": round(monotonic() - started, 1),
    }
    proof.write(out, row)
    return row


def score(
    network: EemcForReferringSegmentation,
    words: Reads,
    features: ClipFeatures,
    folders: Sequence[Path],
    split: str,
    rows: int,
) -> float | None:
    """Of real rows J in % (two empty masks agree), of null rows S in % (the root of the share answered), on
    the training's grid. None without rows in that split.
    """
    samples = [s for folder in folders for s in Dataset(folder).samples() if s.row.split == split]
    count = min(rows, len(samples))
    found = []
    for k in range(count):
        sure, j, blank, large = answer(network, words, features, samples[k * len(samples) // count])
        there = sure >= network.config.sure
        found.append(large * there if split == "test_n" else j if there else blank)
    return round(100 * mean(found), 2) if found else None


def check(folders: Sequence[Path]) -> None:
    """Raises DatasetError where there is nothing to score."""
    if not any(s.row.split in COLUMNS for folder in folders for s in Dataset(folder).samples()):
        raise DatasetError(f"None of {', '.join(map(str, folders))} has rows of {', '.join(COLUMNS)}.")
