"""What the benches that train ask in the same words, and the run of their tables."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from core.training.proof import Cell, Row

Out = Annotated[Path, typer.Option(metavar="DIR", help="Folder for rows.jsonl and checkpoints.")]
On = Annotated[
    list[str] | None,
    typer.Option(metavar="refavs:DIR", help="Score on the test splits of this instead; may be repeated."),
]
ClipSteps = Annotated[int, typer.Option(help="Clips times steps of a cell; at most 2000.")]
Seeds = Annotated[int, typer.Option(min=1, help="Runs of each variant.")]
Rows = Annotated[int, typer.Option(min=1, help="Rows of each test split that are scored.")]
Clips = Annotated[int, typer.Option(min=1, help="Clips of each dataset that are scored.")]
Minutes = Annotated[float, typer.Option(min=0, help="No cell is begun after these.")]


def prove_on_datasets(
    table: ModuleType,
    datasets: list[str],
    out: Path,
    *,
    clip_steps: int,
    seeds: int,
    clips: int,
    minutes: float,
) -> None:
    """The table of a system without a sentence, on avss:DIR, ms3:DIR or s4:DIR."""
    from core.paths import cache_dir
    from core.training.avs_clips import scored_clips
    from core.training.proof import on_datasets

    scored_clips(datasets, clips)  # that there is nothing to score is told before anything is learnt
    cache = cache_dir() / "training"
    _prove(
        table,
        out,
        on_datasets(clip_steps, datasets),
        lambda cell: table.run(cell, datasets, cache, out, clip_steps=clip_steps, clips=clips),
        seeds=seeds,
        minutes=minutes,
    )


def prove_on_folders(
    table: ModuleType,
    datasets: list[str],
    on: list[str] | None,
    out: Path,
    *,
    clip_steps: int,
    seeds: int,
    rows: int,
    minutes: float,
) -> None:
    """The table of a system that reads a sentence, on refavs:DIR."""
    from app.cli.train_options import folders_of
    from core.paths import cache_dir
    from core.training.eemc_proof import check
    from core.training.proof import on_folders

    folders, scored = folders_of(datasets), folders_of(on or datasets)
    check(scored)
    cache = cache_dir() / "training"
    _prove(
        table,
        out,
        on_folders(clip_steps, folders, scored),
        lambda cell: table.run(cell, folders, cache, out, clip_steps=clip_steps, rows=rows, on=scored),
        seeds=seeds,
        minutes=minutes,
    )


def _prove(
    table: ModuleType,
    out: Path,
    alike: "Row",
    run: "Callable[[Cell], Row]",
    *,
    seeds: int,
    minutes: float,
) -> None:
    """Run the cells that have no row like `alike` in `out`, none begun after the minutes; then print the table."""
    import json
    import sys
    from time import monotonic

    from app.cli.bench_common import machine
    from core.training import proof

    out.mkdir(parents=True, exist_ok=True)
    done = proof.kept(out, alike)
    started = monotonic()
    for cell in proof.cells(table.VARIANTS, seeds):
        if cell in done:
            continue
        if monotonic() - started >= 60 * minutes:
            break
        print(f"{cell.variant}, seed {cell.seed}", file=sys.stderr, flush=True)
        done[cell] = run(cell)
    print(proof.as_table(done, table.VARIANTS, table.COLUMNS, seeds))
    print(machine())
    cells = len(table.VARIANTS) * seeds
    print(json.dumps({"cells": len(done), "of": cells, "clip_steps": alike["clip_steps"]}))
