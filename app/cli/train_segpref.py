"""refavs train segpref: teaches it what sounds, with texts of what may sound."""

from pathlib import Path
from typing import Annotated

import typer


def register(train: typer.Typer) -> None:
    train.command("segpref")(segpref)


def segpref(
    datasets: Annotated[
        list[str],
        typer.Argument(
            metavar="ms3:DIR...",
            help="Folders in the layouts s4:DIR, ms3:DIR or avss:DIR; their split train is learnt.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            metavar="DIR", help="Folder for checkpoint.pt, model.safetensors and what belongs to it."
        ),
    ],
    config: Annotated[
        str, typer.Option(help="nano: heads on the eyes and ears that the small systems share.")
    ] = "nano",
    minutes: Annotated[
        float, typer.Option(min=0.01, help="Time spent training, over all resumptions.")
    ] = 60.0,
    steps: Annotated[
        int | None, typer.Option(min=1, help="End after so many steps if that is earlier.")
    ] = None,
) -> None:
    """Train SegPref: everything that sounds, found by what may sound and by what is heard."""
    from core.errors import RefavsError
    from core.paths import cache_dir
    from core.systems.segpref.network import SegPrefForAudioVisualSegmentation
    from core.training.loop import Schedule, train
    from core.training.segpref import SegPrefTask

    if config != "nano":
        raise RefavsError(f"There is no config {config!r} of segpref to train; the one there is: nano.")
    task = SegPrefTask(datasets, cache_dir() / "training")
    network = train(task, out, Schedule(minutes=minutes, steps=steps, rate=5e-4, warm_up=40))
    assert isinstance(network, SegPrefForAudioVisualSegmentation)
    task.save(network, out)
    print(out / "model.safetensors")
