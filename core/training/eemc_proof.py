"""What each mechanism of EEMC is worth: the whole beside itself without one of them, on cached features."""

import json
from collections.abc import Sequence
from pathlib import Path
from statistics import mean, stdev
from time import monotonic
from typing import Any, NamedTuple

from core.datasets.refavs import Dataset
from core.errors import DatasetError, RefavsError
from core.systems.eemc.config import EemcConfig
from core.systems.eemc.network import EemcForReferringSegmentation
from core.training.clip_features import ClipFeatures
from core.training.eemc import BATCH, EemcTask, Reads
from core.training.eemc_calibrate import answer
from core.training.loop import Schedule, train

VARIANTS: dict[str, dict[str, Any]] = {
    "full": {},
    "without memory": {"beta": 0.0},
    "without modality tokens": {"modality_tokens": False},
    "without audio": {"listens": False},
    "without text": {"reads": False},
    "AVS-style without text": {"reads": False, "beta": 0.0, "modality_tokens": False},
}
SPLITS = {"test_s": "J seen", "test_u": "J unseen", "test_n": "S"}
MOST = 2000  # clip steps of a cell

Row = dict[str, Any]


class Cell(NamedTuple):
    variant: str
    seed: int


def cells(seeds: int) -> list[Cell]:
    """All variants with one seed come before the next seed, so a run that is cut short compares fairly."""
    return [Cell(variant, seed) for seed in range(seeds) for variant in VARIANTS]


def kept(out: Path, clip_steps: int, folders: Sequence[Path], on: Sequence[Path] = ()) -> dict[Cell, Row]:
    """The rows in out/rows.jsonl that were run alike. A line that was cut off does not count."""
    found = {}
    alike = _alike(clip_steps, folders, on or folders)
    path = out / "rows.jsonl"
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        try:
            row = json.loads(line)
            if all(row[key] == value for key, value in alike.items()):
                found[Cell(row["variant"], row["seed"])] = row
        except (ValueError, KeyError, TypeError):
            continue
    return found


def _alike(clip_steps: int, folders: Sequence[Path], on: Sequence[Path]) -> Row:
    return {"clip_steps": clip_steps, "folders": [str(f) for f in folders], "on": [str(f) for f in on]}


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
    if not BATCH <= clip_steps <= MOST:
        raise RefavsError(f"A cell has {BATCH} to {MOST} clip steps; got {clip_steps}.")
    started = monotonic()
    task = EemcTask(folders, cache, EemcConfig(**sizes, **VARIANTS[cell.variant]), seed=cell.seed)
    steps = clip_steps // BATCH
    folder = out / f"{cell.variant.replace(' ', '-')}-{cell.seed}-{clip_steps}"
    schedule = Schedule(steps=steps, warm_up=min(40, steps // 4), average=0.99)
    network = train(task, folder, schedule)
    assert isinstance(network, EemcForReferringSegmentation)
    on = on or folders
    row: Row = {
        **cell._asdict(),
        **_alike(clip_steps, folders, on),
        **{split: score(network, task.words, task.features, on, split, rows) for split in SPLITS},
        "rows": rows,
        "seconds": round(monotonic() - started, 1),
    }
    with (out / "rows.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")
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


def as_table(rows: dict[Cell, Row], seeds: int) -> str:
    """Markdown: mean and spread over the seeds that were run; "not run" for what was not."""
    lines = ["| | " + " | ".join(SPLITS.values()) + " | seeds |", "|---" * (len(SPLITS) + 2) + "|"]
    for variant in VARIANTS:
        mine = [row for cell, row in rows.items() if cell.variant == variant and cell.seed < seeds]
        values = [_spread([row[split] for row in mine if row[split] is not None]) for split in SPLITS]
        lines.append(f"| {variant} | {' | '.join(values)} | {len(mine)} of {seeds} |")
    return "\n".join(lines)


def _spread(values: list[float]) -> str:
    if not values:
        return "not run"
    return f"{mean(values):.1f}" + (f" ± {stdev(values):.1f}" if len(values) > 1 else "")


def check(folders: Sequence[Path]) -> None:
    """Raises DatasetError where there is nothing to score."""
    if not any(s.row.split in SPLITS for folder in folders for s in Dataset(folder).samples()):
        raise DatasetError(f"None of {', '.join(map(str, folders))} has rows of {', '.join(SPLITS)}.")
