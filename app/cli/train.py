"""refavs train: teaches a network on datasets. Resumes by itself when the same --out is named again."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli import train_aurora, train_avs
from app.cli.train_options import Minutes, Out, RefAvs, Steps, folders_of


def register(cli: typer.Typer) -> None:
    train = typer.Typer(help="Train a network; name the same --out again to go on.", no_args_is_help=True)
    train.callback()(lambda: None)
    train.command("nano-segmenter")(nano_segmenter)
    train.command("nano-things")(nano_things)
    train.command("namer")(namer)
    train.command("tagger")(tagger)
    train.command("eemc")(eemc)
    train_aurora.register(train)
    train_avs.register(train)
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
    out: Out,
    minutes: Minutes = 90.0,
    steps: Steps = None,
) -> None:
    """Train the click and propagation network; the fixed validation part is never looked at."""
    from core.paths import cache_dir
    from core.segment.nano.config import NanoConfig
    from core.segment.nano.look import save
    from core.training.loop import Schedule, train
    from core.training.nano_segmenter import NanoTask
    from core.training.pictures import prepare

    pictures = [prepare(folder, cache_dir() / "training") for folder in datasets]
    network = train(NanoTask(pictures, NanoConfig()), out, Schedule(minutes=minutes, steps=steps))
    save(network, out)
    print(out / "model.safetensors")


def nano_things(
    datasets: Annotated[
        list[Path],
        typer.Argument(
            metavar="DATASET...",
            help="Folders with img/ and mask/, of such sequences, or in the Ref-AVS layout; all things labelled.",
            show_default=False,
        ),
    ],
    out: Out,
    minutes: Minutes = 20.0,
    steps: Steps = None,
) -> None:
    """Train the map of things on the shipped nano-segmenter's trunk, for the cue reasoner's looking."""
    from core.paths import cache_dir
    from core.segment.nano.look import save_answers
    from core.segment.nano.network import NanoNetwork
    from core.segment.nano.segmenter import shipped
    from core.training.loop import Schedule, train
    from core.training.nano_things import ThingsTask
    from core.training.pictures import prepare

    pictures = [prepare(folder, cache_dir() / "training") for folder in datasets]
    plan = Schedule(minutes=minutes, steps=steps, rate=7e-4, warm_up=50, average=0.99)
    network = train(ThingsTask(pictures, shipped()), out, plan)
    assert isinstance(network, NanoNetwork)
    save_answers(network, out)
    print(out / "model.safetensors")


def namer(
    datasets: Annotated[
        list[Path],
        typer.Argument(
            metavar="DATASET...",
            help="Folders of stills beside a manifest.csv with their labels, or in the Ref-AVS layout.",
            show_default=False,
        ),
    ],
    out: Out,
    steps: Annotated[int, typer.Option(min=1, help="End after so many steps.")] = 2500,
) -> None:
    """Train the names of things by their looks, on the shipped nano-segmenter's trunk."""
    import torch

    from core.systems.blocks.namer import Head
    from core.training.loop import Schedule, train
    from core.training.namer import NamerTask, gather

    features, names, held = gather(datasets)
    kept = [name for name, out_of_training in zip(names, held, strict=True) if not out_of_training]
    task = NamerTask(features[~held], kept)
    head = train(task, out, Schedule(steps=steps, rate=2e-3, warm_up=50, average=0.99)).eval()
    assert isinstance(head, Head)
    head.save(out)
    tested = [i for i in range(len(names)) if held[i] and names[i] in head.names]
    with torch.inference_mode():
        found = head(torch.from_numpy(features[tested])).argmax(1).tolist()
    right = sum(head.names[f] == names[i] for f, i in zip(found, tested, strict=True))
    print(f"{len(head.names)} names; right on {right} of {len(tested)} things held out")
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
    out: Out,
    minutes: Minutes = 25.0,
    steps: Steps = None,
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


def eemc(
    datasets: RefAvs,
    out: Out,
    config: Annotated[
        str,
        typer.Option(
            help="nano: heads on the eyes and ears that the small systems share; base: the paper's size, on "
            "Mask2Former, RoBERTa and VGGish."
        ),
    ] = "nano",
    minutes: Minutes = 60.0,
    steps: Steps = None,
    batch: Annotated[int, typer.Option(min=1, help="Pairs of a clip and a sentence a batch.")] = 4,
    accumulate: Annotated[int, typer.Option(min=1, help="Batches a step.")] = 1,
    bf16: Annotated[bool, typer.Option("--bf16", help="Answer in bfloat16 while training.")] = False,
    vision: Annotated[
        str | None, typer.Option(metavar="ID|DIR", help="base: a Mask2Former; the paper's without it.")
    ] = None,
    text: Annotated[
        str | None, typer.Option(metavar="ID|DIR", help="base: a RoBERTa; the paper's without it.")
    ] = None,
    vggish: Annotated[Path | None, typer.Option(metavar="FILE", help="base: vggish-10086976.pth.")] = None,
) -> None:
    """Train EEMC: the system that joins picture, sound and sentence in one prompt for mask queries."""
    from core.errors import RefavsError
    from core.paths import cache_dir
    from core.systems.eemc.network import EemcForReferringSegmentation
    from core.training.eemc import EemcTask
    from core.training.eemc_base import base_parts, enough_memory, keep_ears
    from core.training.eemc_calibrate import calibrate
    from core.training.loop import Schedule, train

    if config not in ("nano", "base"):
        raise RefavsError(f"There is no config {config!r} of eemc; choose one of: nano, base.")
    folders = folders_of(datasets)
    enough_memory(config, batch)
    parts = base_parts(vision, text, vggish=vggish) if config == "base" else None
    task = EemcTask(folders, cache_dir() / "training", batch=batch, parts=parts)
    plan = Schedule(minutes=minutes, steps=steps, rate=5e-4, warm_up=40, accumulate=accumulate, bf16=bf16)
    network = train(task, out, plan)
    assert isinstance(network, EemcForReferringSegmentation)
    network.config.sure = calibrate(task, network, folders)
    task.save(network, out)
    if vggish is not None and config == "base":
        keep_ears(vggish, out)
    print(out / "model.safetensors")
