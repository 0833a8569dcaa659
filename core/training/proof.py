"""What the tables of the benches that train share: a cell is one variant with one seed, its row is written when it ends."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import Any, NamedTuple

from core.errors import RefavsError

MOST = 2000  # clip steps of a cell

Row = dict[str, Any]


class Cell(NamedTuple):
    variant: str
    seed: int


def cells(variants: Iterable[str], seeds: int) -> list[Cell]:
    """All variants with one seed come before the next seed, so a run that is cut short compares fairly."""
    names = list(variants)
    return [Cell(variant, seed) for seed in range(seeds) for variant in names]


def folder(out: Path, cell: Cell, clip_steps: int) -> Path:
    """Where a cell keeps its checkpoint."""
    return out / f"{cell.variant.replace(' ', '-')}-{cell.seed}-{clip_steps}"


def on_datasets(clip_steps: int, datasets: Sequence[str]) -> Row:
    """What rows say that were run alike on datasets of the form ms3:DIR."""
    return {"clip_steps": clip_steps, "datasets": list(datasets)}


def on_folders(clip_steps: int, folders: Sequence[Path], on: Sequence[Path]) -> Row:
    """What rows say that learnt alike from the folders and were scored on others."""
    return {"clip_steps": clip_steps, "folders": [str(f) for f in folders], "on": [str(f) for f in on]}


def kept(out: Path, alike: Row) -> dict[Cell, Row]:
    """The rows in out/rows.jsonl that say the same as `alike`. A line that was cut off does not count."""
    found = {}
    path = out / "rows.jsonl"
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        try:
            row = json.loads(line)
            if all(row[key] == value for key, value in alike.items()):
                found[Cell(row["variant"], row["seed"])] = row
        except (ValueError, KeyError, TypeError):
            continue
    return found


def write(out: Path, row: Row) -> None:
    """Add a row to out/rows.jsonl."""
    with (out / "rows.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")


def check_steps(clip_steps: int, least: int) -> None:
    """Raises RefavsError for fewer clip steps than one step, or more than a cell may have."""
    if not least <= clip_steps <= MOST:
        raise RefavsError(f"A cell has {least} to {MOST} clip steps; got {clip_steps}.")


def as_table(
    rows: Mapping[Cell, Row], variants: Iterable[str], columns: Mapping[str, str], seeds: int
) -> str:
    """Markdown: mean and spread over the seeds that were run; "not run" for what was not, "-" for what a
    variant does not have. columns: row key -> head.
    """
    lines = ["| | " + " | ".join(columns.values()) + " | seeds |", "|---" * (len(columns) + 2) + "|"]
    for variant in variants:
        mine = [row for cell, row in rows.items() if cell.variant == variant and cell.seed < seeds]
        values = [_spread([row.get(name) for row in mine]) for name in columns]
        lines.append(f"| {variant} | {' | '.join(values)} | {len(mine)} of {seeds} |")
    return "\n".join(lines)


def _spread(values: Sequence[float | None]) -> str:
    there = [value for value in values if value is not None]
    if not there:
        return "-" if values else "not run"
    return f"{mean(there):.1f}" + (f" ± {stdev(there):.1f}" if len(there) > 1 else "")
