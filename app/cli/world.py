"""refavs world: scenes with exact truth."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from app.cli.bulk import Ray

Cast = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", help="Folder of a cast of cut-outs (stills/ and sounds/); else the drawn cast."
    ),
]


def register(cli: typer.Typer) -> None:
    cli.command()(world)
    cli.command("world-set")(world_set)


def world(
    out: Annotated[
        Path, typer.Argument(metavar="OUT", help="New folder; name it again to go on after a break.")
    ],
    layout: Annotated[str, typer.Option(metavar="L", help="refavs, s4, ms3 or avss.")] = "refavs",
    clips: Annotated[int, typer.Option(min=1, help="How many clips.")] = 50,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same clips.")] = 1,
    render: Annotated[
        bool, typer.Option("--render", help="Also media/V/video.mp4 at 25 frames a second (layout refavs).")
    ] = False,
    cast: Cast = None,
    workers: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Processes of one thread each; without it as many as cores."),
    ] = None,
    ray: Ray = None,
    sheet: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A JPEG of the first twelve clips (layout refavs).")
    ] = None,
    samples: Annotated[
        bool, typer.Option("--samples", help="Write the app's sample clips into OUT, and nothing else.")
    ] = False,
) -> None:
    """Make clips of drawn things, or of cut-outs, with sound, masks and sentences that are exactly true."""
    from core.datasets.world.build import Order, build, cast_for
    from core.datasets.world.plan import LAYOUTS, jobs
    from core.errors import DatasetError

    if samples:
        from core.datasets.world.samples import write_samples

        for path in write_samples(out):
            print(path)
        return
    if layout not in LAYOUTS:
        raise DatasetError(
            f"There is no layout {layout!r} for the world; choose one of: {', '.join(LAYOUTS)}."
        )
    if (render or sheet) and layout != "refavs":
        raise DatasetError(f"--render and --sheet go with --layout refavs, not {layout}; leave them out.")
    chosen = jobs(layout, clips, seed, lambda split: cast_for(cast, split))  # type: ignore[arg-type]
    order = Order(layout, tuple(chosen), seed, render, source=cast)  # type: ignore[arg-type]
    made = build(
        order,
        out,
        workers=workers,
        ray=ray,
        progress=lambda done, total, speed: _bar(out.name, done, total, speed),
    )
    if sheet is not None:
        from core.datasets.world.sheet import contact_sheet

        contact_sheet(out, sheet)
    splits = ", ".join(f"{name} {count}" for name, count in sorted(made["splits"].items()))
    print(f"{out}: {made['counts']['clips']} clips ({splits}), {made['counts']['rows']} rows")
    speed = f"{made['clips_per_second']:.2f} clips a second on {_cores()}"
    print(f"{speed}; {_spent() / clips:.2f} s of one core a clip")


def world_set(
    name: Annotated[str, typer.Argument(metavar="NAME", help="world-eval-1 or world-stress-1.")],
    cast: Cast = None,
) -> None:
    """Build a fixed set into the cache folder, once, and print its folders."""
    from core.datasets.world.sets import build_set

    for folder in build_set(name, cast, progress=_bar):
        print(folder)


def _bar(name: str, done: int, total: int, speed: float) -> None:
    if not sys.stderr.isatty() and done * 10 // total == (done - 1) * 10 // total:
        return  # into a file: a line at every tenth
    filled = round(30 * done / max(total, 1))
    bar = f"[{'#' * filled}{'.' * (30 - filled)}]"
    line = (
        f"{name} {bar} {done}/{total}  {speed:.2f} clips/s, {(total - done) / max(speed, 1e-9):.0f} s left  "
    )
    print(
        "\r" * sys.stderr.isatty() + line,
        end="" if sys.stderr.isatty() and done < total else "\n",
        file=sys.stderr,
        flush=True,
    )


def _spent() -> float:
    """Seconds of processor time of this process and those it started."""
    import os

    return sum(os.times()[:4])


def _cores() -> str:
    import os

    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return f"{os.cpu_count()} cores, load {load:.1f}"
