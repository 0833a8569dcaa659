"""refavs train ssp: teaches it which pixels sound, and what they are."""

from pathlib import Path
from typing import Annotated

import typer


def register(train: typer.Typer) -> None:
    train.command("ssp")(ssp)


def ssp(
    datasets: Annotated[
        list[str],
        typer.Argument(
            metavar="avss:DIR...",
            help="Folders of AVSS, at least one, and s4:DIR or ms3:DIR beside it; their split train is learnt.",
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
    """Train Stepping Stone Plus: the system that marks what sounds and names it."""
    from core.errors import RefavsError
    from core.paths import cache_dir
    from core.systems.ssp.network import SspForAudioVisualSemanticSegmentation
    from core.training.loop import Schedule, train
    from core.training.ssp import SspTask

    if config != "nano":
        raise RefavsError(f"There is no config {config!r} of ssp to train; the one there is: nano.")
    task = SspTask(datasets, cache_dir() / "training")
    network = train(task, out, Schedule(minutes=minutes, steps=steps, rate=8e-4, warm_up=60, average=0.996))
    assert isinstance(network, SspForAudioVisualSemanticSegmentation)
    task.save(network, out)
    print(out / "model.safetensors")
