"""refavs train ssp and segpref: which pixels sound, and, for ssp, what they are."""

from typing import Annotated

import typer

from app.cli.train_options import Minutes, Nano, Out, Steps, only_nano


def register(train: typer.Typer) -> None:
    train.command("ssp")(ssp)
    train.command("segpref")(segpref)


def ssp(
    datasets: Annotated[
        list[str],
        typer.Argument(
            metavar="avss:DIR...",
            help="Folders of AVSS, at least one, and s4:DIR or ms3:DIR beside it; their split train is learnt.",
            show_default=False,
        ),
    ],
    out: Out,
    config: Nano = "nano",
    minutes: Minutes = 60.0,
    steps: Steps = None,
) -> None:
    """Train Stepping Stone Plus: the system that marks what sounds and names it."""
    from core.paths import cache_dir
    from core.systems.ssp.network import SspForAudioVisualSemanticSegmentation
    from core.training.loop import Schedule, train
    from core.training.ssp import SspTask

    only_nano(config, "ssp")
    task = SspTask(datasets, cache_dir() / "training")
    network = train(task, out, Schedule(minutes=minutes, steps=steps, rate=8e-4, warm_up=60, average=0.996))
    assert isinstance(network, SspForAudioVisualSemanticSegmentation)
    task.save(network, out)
    print(out / "model.safetensors")


def segpref(
    datasets: Annotated[
        list[str],
        typer.Argument(
            metavar="ms3:DIR...",
            help="Folders in the layouts s4:DIR, ms3:DIR or avss:DIR; their split train is learnt.",
            show_default=False,
        ),
    ],
    out: Out,
    config: Nano = "nano",
    minutes: Minutes = 60.0,
    steps: Steps = None,
) -> None:
    """Train SegPref: everything that sounds, found by what may sound and by what is heard."""
    from core.paths import cache_dir
    from core.systems.segpref.network import SegPrefForAudioVisualSegmentation
    from core.training.loop import Schedule, train
    from core.training.segpref import SegPrefTask

    only_nano(config, "segpref")
    task = SegPrefTask(datasets, cache_dir() / "training")
    network = train(task, out, Schedule(minutes=minutes, steps=steps, rate=5e-4, warm_up=40))
    assert isinstance(network, SegPrefForAudioVisualSegmentation)
    task.save(network, out)
    print(out / "model.safetensors")
