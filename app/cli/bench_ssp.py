"""refavs bench ssp: what its mechanisms are worth."""

from pathlib import Path
from typing import Annotated

import typer


def register(bench: typer.Typer) -> None:
    bench.command("ssp")(proof)


def proof(
    datasets: Annotated[
        list[str],
        typer.Argument(
            metavar="avss:DIR...",
            help="Folders of AVSS, and s4:DIR or ms3:DIR beside; split train is learnt, test scored.",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for rows.jsonl and checkpoints.")],
    clip_steps: Annotated[int, typer.Option(help="Clips times steps of a cell; at most 2000.")] = 2000,
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each variant.")] = 2,
    clips: Annotated[int, typer.Option(min=1, help="Clips of each dataset that are scored.")] = 40,
    minutes: Annotated[float, typer.Option(min=0, help="No cell is begun after these.")] = 60.0,
) -> None:
    """Train AAVS, and SSP with flow, with texts, and whole; stopped, it goes on."""
    from app.cli.bench_common import prove
    from core.paths import cache_dir
    from core.training import ssp_proof
    from core.training.avs_clips import scored_clips

    scored_clips(datasets, clips)
    out.mkdir(parents=True, exist_ok=True)
    cache = cache_dir() / "training"
    prove(
        list(ssp_proof.VARIANTS),
        ssp_proof.COLUMNS,
        ssp_proof.kept(out, clip_steps, datasets),
        lambda cell: ssp_proof.run(cell, datasets, cache, out, clip_steps=clip_steps, clips=clips),
        seeds=seeds,
        minutes=minutes,
        clip_steps=clip_steps,
    )
