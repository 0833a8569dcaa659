"""refavs train aurora: teaches it to reason and to point, in three stages."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.train_options import Minutes, Nano, Out, RefAvs, Steps

STAGES = ("sft", "reflect", "grpo")


def register(train: typer.Typer) -> None:
    train.command("aurora")(aurora)


def aurora(
    datasets: RefAvs,
    out: Out,
    stage: Annotated[
        str,
        typer.Option(help="sft: chains; reflect: its own wrong chains; grpo: what its answers are worth."),
    ] = "sft",
    weights: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="reflect, grpo: the stage before (what ships without it). sft: a teacher trained before.",
        ),
    ] = None,
    chains: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Chains as `refavs chains` writes them; the world's scripts without it."
        ),
    ] = None,
    config: Nano = "nano",
    minutes: Minutes = 30.0,
    steps: Steps = None,
) -> None:
    """Train AURORA: the system that writes what it sees and hears, and points at pixels."""
    from core.errors import RefavsError
    from core.paths import cache_dir
    from core.systems.aurora.network import AuroraForReferringSegmentation
    from core.training import aurora_stages
    from core.training.loop import train

    if stage not in STAGES:
        raise RefavsError(f"There is no stage {stage!r} of aurora; choose one of: {', '.join(STAGES)}.")
    if config != "nano":
        raise RefavsError(f"There is no config {config!r} of aurora to train; the one there is: nano.")
    wrong = [name for name in datasets if not name.startswith("refavs:")]
    if wrong:
        raise RefavsError(f"AURORA learns from datasets of the form refavs:DIR; got {wrong[0]!r}.")
    folders = [Path(name.removeprefix("refavs:")) for name in datasets]
    task, schedule = aurora_stages.task(
        stage,
        folders,
        cache_dir() / "training",
        out,
        weights=weights,
        chains=chains,
        minutes=minutes,
        steps=steps,
    )
    network = train(task, out, schedule)
    assert isinstance(network, AuroraForReferringSegmentation)
    task.save(network, out)
    print(out / "model.safetensors")
