"""refavs bench tracks: the first true mask carried through real sequences, beside optical flow."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from core.segment import Segmenter
    from core.segment.targets import Sequence


def register(bench: typer.Typer) -> None:
    bench.command("tracks")(tracks)


def tracks(
    data: Annotated[Path, typer.Option(metavar="DIR", help="DIR/<sequence>/{img,mask}, a mask a frame.")],
    segmenter: Annotated[str, typer.Option(metavar="NAME")] = "auto",
    part: Annotated[
        str, typer.Option(help="all, or validation: what no shipped weights were trained on.")
    ] = "all",
    limit: Annotated[int, typer.Option(min=1, help="At most so many sequences, evenly spread.")] = 100_000,
    reference: Annotated[bool, typer.Option(help="Measure flow with GrabCut on each frame too.")] = True,
) -> None:
    """J and F of DAVIS, frames a second; the reference is flow that re-prompts GrabCut on each frame."""
    import json

    from app.cli.bench_common import held_out_sequence, machine, peak_mib, spread
    from core import registry
    from core.segment.targets import sequences

    tool = registry.segmenter(segmenter)
    found = spread([s for s in sequences(data) if held_out_sequence(s.name, part)], limit)
    result: dict[str, object] = {"segmenter": tool.name, **_measure(tool, found), "peak_mib": peak_mib()}
    if reference:
        from core.segment.reference import GrabCut

        result["reference"] = {"segmenter": "flow", **_measure(GrabCut(), found)}
    print(f"{data}, {part}; {machine()}")
    print(json.dumps(result))


def _measure(tool: "Segmenter", found: "list[Sequence]") -> dict[str, float]:
    import sys

    from core.metrics.davis import davis
    from core.segment.measure import track_run

    runs = []
    print(f"{tool.name:24}{'J':>8}{'F':>8}{'fps':>8}")
    for number, sequence in enumerate(found, 1):
        print(f"{tool.name}: {sequence.name}, {number} of {len(found)}", file=sys.stderr, flush=True)
        run = track_run(tool, sequence)
        runs.append(run)
        j, f = 100 * run.score.j.mean(), 100 * run.score.f.mean()
        print(f"  {sequence.name:22}{j:8.1f}{f:8.1f}{run.frames / run.seconds:8.1f}")
    values = davis([run.score for run in runs]).values
    total = {name: value or 0.0 for name, value in values.items()}
    fps = sum(run.frames for run in runs) / sum(run.seconds for run in runs)
    print(f"  {'mean':22}{total['j']:8.1f}{total['f']:8.1f}{fps:8.1f}")
    return {"sequences": len(runs), **{k: round(v, 1) for k, v in total.items()}, "fps": round(fps, 1)}
