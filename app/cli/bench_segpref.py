"""refavs bench segpref: what its mechanisms are worth, and whether it then listens."""

from pathlib import Path
from typing import Annotated

import typer


def register(bench: typer.Typer) -> None:
    bench.command("segpref")(proof)


def proof(
    datasets: Annotated[
        list[str],
        typer.Argument(
            metavar="ms3:DIR...",
            help="Folders of S4, MS3 or AVSS; split train is learnt, test scored.",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for rows.jsonl and checkpoints.")],
    clip_steps: Annotated[int, typer.Option(help="Clips times steps of a cell; at most 2000.")] = 2000,
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each variant.")] = 2,
    clips: Annotated[int, typer.Option(min=1, help="Clips of each dataset that are scored.")] = 40,
    minutes: Annotated[float, typer.Option(min=0, help="No cell is begun after these.")] = 60.0,
) -> None:
    """Train SegPref with and without its mechanisms; score each with the true, no and false sound."""
    from app.cli.bench_common import prove
    from core.paths import cache_dir
    from core.training import segpref_proof
    from core.training.avs_clips import scored_clips

    scored_clips(datasets, clips)
    out.mkdir(parents=True, exist_ok=True)
    cache = cache_dir() / "training"
    prove(
        list(segpref_proof.VARIANTS),
        segpref_proof.COLUMNS,
        segpref_proof.kept(out, clip_steps, datasets),
        lambda cell: segpref_proof.run(cell, datasets, cache, out, clip_steps=clip_steps, clips=clips),
        seeds=seeds,
        minutes=minutes,
        clip_steps=clip_steps,
    )
