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
    import json
    import sys
    from time import monotonic

    from core.paths import cache_dir
    from core.training import ssp_proof

    ssp_proof.tested(datasets, clips)
    out.mkdir(parents=True, exist_ok=True)
    done = ssp_proof.kept(out, clip_steps, datasets)
    started = monotonic()
    for cell in ssp_proof.cells(seeds):
        if cell in done:
            continue
        if monotonic() - started >= 60 * minutes:
            break
        print(f"{cell.variant}, seed {cell.seed}", file=sys.stderr, flush=True)
        done[cell] = ssp_proof.run(
            cell, datasets, cache_dir() / "training", out, clip_steps=clip_steps, clips=clips
        )
    print(ssp_proof.as_table(done, seeds))
    print(json.dumps({"cells": len(done), "of": len(ssp_proof.cells(seeds)), "clip_steps": clip_steps}))
