"""refavs bench eemc, eemc-cost: what its mechanisms are worth, and what a step and a clip cost."""

from pathlib import Path
from typing import Annotated

import typer

Datasets = Annotated[
    list[str],
    typer.Argument(metavar="refavs:DIR...", help="Folders in the Ref-AVS layout.", show_default=False),
]


def register(bench: typer.Typer) -> None:
    bench.command("eemc")(proof)
    bench.command("eemc-cost")(cost)


def folders_of(datasets: list[str]) -> list[Path]:
    """The folders of refavs:DIR. Raises RefavsError for another form."""
    from core.errors import RefavsError

    wrong = [name for name in datasets if not name.startswith("refavs:")]
    if wrong:
        raise RefavsError(f"Expected datasets of the form refavs:DIR; got {wrong[0]!r}.")
    return [Path(name.removeprefix("refavs:")) for name in datasets]


def proof(
    datasets: Datasets,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for rows.jsonl and checkpoints.")],
    on: Annotated[
        list[str] | None,
        typer.Option(metavar="refavs:DIR", help="Score on the test splits of this instead; may be repeated."),
    ] = None,
    clip_steps: Annotated[int, typer.Option(help="Clips times steps of a cell; at most 2000.")] = 2000,
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each variant.")] = 3,
    rows: Annotated[int, typer.Option(min=1, help="Rows of each test split that are scored.")] = 100,
    minutes: Annotated[float, typer.Option(min=0, help="No cell is begun after these.")] = 60.0,
) -> None:
    """Train EEMC whole, and without memory, modality tokens, audio or text; stopped, it goes on."""
    from app.cli.bench_common import prove
    from core.paths import cache_dir
    from core.training import eemc_proof

    folders, scored = folders_of(datasets), folders_of(on or datasets)
    eemc_proof.check(scored)
    out.mkdir(parents=True, exist_ok=True)
    cache = cache_dir() / "training"
    prove(
        list(eemc_proof.VARIANTS),
        eemc_proof.SPLITS,
        eemc_proof.kept(out, clip_steps, folders, scored),
        lambda cell: eemc_proof.run(cell, folders, cache, out, clip_steps=clip_steps, rows=rows, on=scored),
        seeds=seeds,
        minutes=minutes,
        clip_steps=clip_steps,
    )


def cost(
    datasets: Datasets,
    steps: Annotated[int, typer.Option(min=1, help="Steps and clips timed of each design.")] = 5,
) -> None:
    """Time a training step and a clip, as built here and as the released design does it."""
    import json

    from app.cli.bench_common import machine
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
