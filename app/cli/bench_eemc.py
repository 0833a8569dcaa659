"""refavs bench eemc, eemc-cost: what its mechanisms are worth, and what a step and a clip cost."""

from typing import Annotated

import typer

from app.cli.bench_proof import ClipSteps, Minutes, On, Out, Rows, Seeds, prove_on_folders

Datasets = Annotated[
    list[str],
    typer.Argument(metavar="refavs:DIR...", help="Folders in the Ref-AVS layout.", show_default=False),
]


def register(bench: typer.Typer) -> None:
    bench.command("eemc")(proof)
    bench.command("eemc-cost")(cost)


def proof(
    datasets: Datasets,
    out: Out,
    on: On = None,
    clip_steps: ClipSteps = 2000,
    seeds: Seeds = 3,
    rows: Rows = 100,
    minutes: Minutes = 60.0,
) -> None:
    """Train EEMC whole, and without memory, modality tokens, audio or text; stopped, it goes on."""
    from core.training import eemc_proof

    prove_on_folders(
        eemc_proof, datasets, on, out, clip_steps=clip_steps, seeds=seeds, rows=rows, minutes=minutes
    )


def cost(
    datasets: Datasets,
    steps: Annotated[int, typer.Option(min=1, help="Steps and clips timed of each design.")] = 5,
) -> None:
    """Time a training step and a clip, as built here and as the released design does it."""
    import json

    from app.cli.bench_common import machine
    from app.cli.train_options import folders_of
    from core.paths import cache_dir
    from core.training import eemc_cost

    folders = folders_of(datasets)
    table = {
        name: eemc_cost.alone(name, folders, cache_dir() / "training", steps) for name in eemc_cost.DESIGNS
    }
    print(f"{'':34}{'s a step':>10}{'s a clip':>10}{'peak MiB':>10}")
    for name, figures in table.items():
        print(f"{name:34}{figures.step:10.3f}{figures.clip:10.3f}{figures.peak_mib:10}")
    ours, theirs = (table[name] for name in eemc_cost.DESIGNS[::2])
    print(f"{eemc_cost.CLIPS} clips a step, {steps} steps, one thread, processor seconds; {machine()}")
    print(
        json.dumps(
            {
                "step_ratio": round(theirs.step / ours.step, 2),
                "clip_ratio": round(theirs.clip / ours.clip, 2),
                "peak_mib": {name: figures.peak_mib for name, figures in table.items()},
            }
        )
    )
