"""refavs bench aurora: what its stages are worth."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.bench_proof import ClipSteps, Minutes, On, Rows, Seeds, prove_on_folders


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
    on: On = None,
    clip_steps: ClipSteps = 2000,
    seeds: Seeds = 2,
    rows: Rows = 48,
    minutes: Minutes = 60.0,
) -> None:
    """Train AURORA without and with chains, distillation, reflection and GRPO; stopped, it goes on."""
    from core.training import aurora_curves, aurora_proof

    prove_on_folders(
        aurora_proof, datasets, on, out, clip_steps=clip_steps, seeds=seeds, rows=rows, minutes=minutes
    )
    aurora_curves.draw(aurora_proof.curves(out, clip_steps, seeds), out / "rewards.png")
