"""refavs bench ssp, segpref: what the mechanisms of the systems without a sentence are worth."""

from typing import Annotated

import typer

from app.cli.bench_proof import Clips, ClipSteps, Minutes, Out, Seeds, prove_on_datasets


def register(bench: typer.Typer) -> None:
    bench.command("ssp")(ssp)
    bench.command("segpref")(segpref)


def ssp(
    datasets: Annotated[
        list[str],
        typer.Argument(
            metavar="avss:DIR...",
            help="Folders of AVSS, and s4:DIR or ms3:DIR beside; split train is learnt, test scored.",
            show_default=False,
        ),
    ],
    out: Out,
    clip_steps: ClipSteps = 2000,
    seeds: Seeds = 2,
    clips: Clips = 40,
    minutes: Minutes = 60.0,
) -> None:
    """Train AAVS, and SSP with flow, with texts, and whole; stopped, it goes on."""
    from core.training import ssp_proof

    prove_on_datasets(
        ssp_proof, datasets, out, clip_steps=clip_steps, seeds=seeds, clips=clips, minutes=minutes
    )


def segpref(
    datasets: Annotated[
        list[str],
        typer.Argument(
            metavar="ms3:DIR...",
            help="Folders of S4, MS3 or AVSS; split train is learnt, test scored.",
            show_default=False,
        ),
    ],
    out: Out,
    clip_steps: ClipSteps = 2000,
    seeds: Seeds = 2,
    clips: Clips = 40,
    minutes: Minutes = 60.0,
) -> None:
    """Train SegPref with and without its mechanisms; score each with the true, no and false sound."""
    from core.training import segpref_proof

    prove_on_datasets(
        segpref_proof, datasets, out, clip_steps=clip_steps, seeds=seeds, clips=clips, minutes=minutes
    )
