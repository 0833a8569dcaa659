"""refavs bench aurora: what its stages are worth."""

from pathlib import Path
from typing import Annotated

import typer


def register(bench: typer.Typer) -> None:
    bench.command("aurora")(proof)


def proof(
    datasets: Annotated[
        list[str],
        typer.Argument(
            metavar="refavs:DIR...", help="Sets of `refavs world`; split train is learnt.", show_default=False
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for rows.jsonl, weights and rewards.png.")],
    on: Annotated[
        list[str] | None,
        typer.Option(metavar="refavs:DIR", help="Score on the test splits of this instead; may be repeated."),
    ] = None,
    clip_steps: Annotated[int, typer.Option(help="Clips times steps of a cell; at most 2000.")] = 2000,
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each variant.")] = 2,
    rows: Annotated[int, typer.Option(min=1, help="Rows of each test split that are scored.")] = 48,
    minutes: Annotated[float, typer.Option(min=0, help="No cell is begun after these.")] = 60.0,
) -> None:
    """Train AURORA without and with chains, distillation, reflection and GRPO; stopped, it goes on."""
    from app.cli.bench_common import prove
    from app.cli.bench_eemc import folders_of
    from core.paths import cache_dir
    from core.training import aurora_curves, aurora_proof, eemc_proof

    folders, scored = folders_of(datasets), folders_of(on or datasets)
    eemc_proof.check(scored)
    out.mkdir(parents=True, exist_ok=True)
    cache = cache_dir() / "training"
    prove(
        list(aurora_proof.VARIANTS),
        aurora_proof.COLUMNS,
        aurora_proof.kept(out, clip_steps, folders, scored),
        lambda cell: aurora_proof.run(cell, folders, cache, out, clip_steps=clip_steps, rows=rows, on=scored),
        seeds=seeds,
        minutes=minutes,
        clip_steps=clip_steps,
    )
    aurora_curves.draw(aurora_proof.curves(out, clip_steps, seeds), out / "rewards.png")
