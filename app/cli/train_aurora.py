"""refavs train aurora: teaches it to reason and to point, in three stages."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.train_options import Minutes, Out, RefAvs, Steps, folders_of

STAGES = ("sft", "reflect", "grpo")
CONFIGS = ("nano", "base")


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
    config: Annotated[
        str,
        typer.Option(
            help="nano: heads on the eyes and ears that the small systems share; base: the paper's size, LoRA on a "
            "Qwen Omni thinker and SAM 2's mask decoder."
        ),
    ] = "nano",
    minutes: Minutes = 30.0,
    steps: Steps = None,
    batch: Annotated[
        int | None,
        typer.Option(min=1, help="Pairs a batch (grpo: questions); nano 6, grpo 2, base 1 without it."),
    ] = None,
    accumulate: Annotated[int, typer.Option(min=1, help="Batches a step.")] = 1,
    bf16: Annotated[bool, typer.Option("--bf16", help="Answer in bfloat16 while training.")] = False,
    thinker: Annotated[
        str | None,
        typer.Option(
            metavar="ID|DIR", help="base: a Qwen2.5-Omni or Qwen3-Omni; Qwen2.5-Omni-7B without it."
        ),
    ] = None,
    segmenter: Annotated[
        str | None, typer.Option(metavar="ID|DIR", help="base: a SAM 2; sam2.1-hiera-large without it.")
    ] = None,
) -> None:
    """Train AURORA: the system that writes what it sees and hears, and points at pixels."""
    from core.errors import RefavsError
    from core.paths import cache_dir
    from core.systems.aurora.writing import Reasoning
    from core.training import aurora_stages
    from core.training.loop import train

    if stage not in STAGES:
        raise RefavsError(f"There is no stage {stage!r} of aurora; choose one of: {', '.join(STAGES)}.")
    if config not in CONFIGS:
        raise RefavsError(f"There is no config {config!r} of aurora; choose one of: {', '.join(CONFIGS)}.")
    if config == "nano" and (thinker or segmenter):
        raise RefavsError(
            "nano stands on weights that ship: --thinker and --segmenter go with --config base."
        )
    if weights and (thinker or segmenter):
        raise RefavsError("The folder of --weights names its parts: leave --thinker and --segmenter out.")
    folders = folders_of(datasets)
    cache = cache_dir() / "training"
    size: aurora_stages.Size
    if config == "base":
        from core.training.aurora_base import Base

        size = Base(folders, cache, chains, begun=weights, thinker=thinker, segmenter=segmenter)
    else:
        size = aurora_stages.Nano(folders, cache, chains)
    task, schedule = aurora_stages.task(
        stage,
        size,
        out,
        weights=weights,
        minutes=minutes,
        steps=steps,
        batch=batch,
        accumulate=accumulate,
        bf16=bf16,
    )
    network = train(task, out, schedule)
    assert isinstance(network, Reasoning)
    task.save(network, out)
    print(out / "model.safetensors")
