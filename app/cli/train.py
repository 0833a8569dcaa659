"""refavs train: teaches a network on datasets. Resumes by itself when the same --out is named again."""

from pathlib import Path
from typing import Annotated

import typer


def register(cli: typer.Typer) -> None:
    train = typer.Typer(help="Train a network; name the same --out again to go on.", no_args_is_help=True)
    train.callback()(lambda: None)
    train.command("nano-segmenter")(nano_segmenter)
    train.command("tagger")(tagger)
    cli.add_typer(train, name="train")


def nano_segmenter(
    datasets: Annotated[
        list[Path],
        typer.Argument(
            metavar="DATASET...",
            help="Folders with img/ and mask/ (value = instance), of such sequences, or in the Ref-AVS layout.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder for checkpoint.pt, model.safetensors and config.json.")
    ],
    minutes: Annotated[
        float, typer.Option(min=0.01, help="Time spent training, over all resumptions.")
    ] = 90.0,
    steps: Annotated[
        int | None, typer.Option(min=1, help="End after so many steps if that is earlier.")
    ] = None,
    start: Annotated[
        Path | None,
        typer.Option(metavar="WEIGHTS", help="Begin with these weights and keep what they see by."),
    ] = None,
) -> None:
    """Train the click and propagation network; the fixed validation part is never looked at."""
    from core.paths import cache_dir
    from core.segment.nano.config import NanoConfig
    from core.segment.nano.look import save
    from core.training.loop import Schedule, train
    from core.training.nano_segmenter import NanoTask
    from core.training.pictures import prepare

    pictures = [prepare(folder, cache_dir() / "training") for folder in datasets]
    task = NanoTask(pictures, NanoConfig(), start=start)
    rate = Schedule.rate if start is None else 0.3 * Schedule.rate
    network = train(task, out, Schedule(minutes=minutes, steps=steps, rate=rate))
    save(network, out)
    print(out / "model.safetensors")


def tagger(
    datasets: Annotated[
        list[Path],
        typer.Argument(
            metavar="DATASET...",
            help="Folders of sounds, with a folder for each category.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder for checkpoint.pt, model.safetensors and config.json.")
    ],
    minutes: Annotated[
        float, typer.Option(min=0.01, help="Time spent training, over all resumptions.")
    ] = 25.0,
    steps: Annotated[
        int | None, typer.Option(min=1, help="End after so many steps if that is earlier.")
    ] = None,
) -> None:
    """Train the network that names sounds, on these recordings and the world's voices.

    The last six recordings of each category are never trained on; what it calls them is printed.
    """
    from core.paths import cache_dir
    from core.systems.blocks.tagger import Tagger
    from core.training.loop import Schedule, train
    from core.training.sounds import recordings, world
    from core.training.tagger import TaggerTask, as_table, confusion

    cache = cache_dir() / "training"
    kept = [recordings(folder, cache, held_out=True) for folder in datasets]
    task = TaggerTask([recordings(folder, cache) for folder in datasets], world(cache))
    network = train(task, out, Schedule(minutes=minutes, steps=steps, warm_up=60))
    assert isinstance(network, Tagger)
    network.save_pretrained(out)
    for sounds in kept:
        print(as_table(*confusion(Tagger.from_pretrained(out), sounds)))
    print(out / "model.safetensors")
