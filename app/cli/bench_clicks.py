"""refavs bench clicks: objects on real pictures, clicked by the standard protocol, beside GrabCut."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from core.segment import Segmenter
    from core.segment.targets import Target


def register(bench: typer.Typer) -> None:
    bench.command("clicks")(clicks)


def clicks(
    data: Annotated[
        Path, typer.Option(metavar="DIR", help="Holds img/ and mask/ (value = object), or such folders.")
    ],
    segmenter: Annotated[str, typer.Option(metavar="NAME")] = "auto",
    part: Annotated[
        str, typer.Option(help="all, or validation: what no shipped weights were trained on.")
    ] = "all",
    limit: Annotated[int, typer.Option(min=1, help="At most so many objects, evenly spread.")] = 100_000,
    reference: Annotated[bool, typer.Option(help="Measure GrabCut with the same protocol too.")] = True,
) -> None:
    """IoU after 1, 3, 5 and 10 clicks, clicks needed, time a click; objects under 1 % are left out."""
    import json

    from app.cli.bench_common import machine, part_of, peak_mib, spread
    from core import registry
    from core.segment.measure import warm_clicks
    from core.segment.targets import pairs_by_folder, targets

    tool = registry.segmenter(segmenter)
    pairs = part_of(pairs_by_folder(data), part, fair_to_clicks=True)
    objects = spread(targets(spread(pairs, 10 * limit)), limit)
    result: dict[str, object] = {"segmenter": tool.name, **_measure(tool, objects), "peak_mib": peak_mib()}
    if reference:
        from core.segment.reference import GrabCut

        result["reference"] = {"segmenter": GrabCut.name, **_measure(GrabCut(), objects)}
    rows = [result, *([result["reference"]] if reference else [])]
    columns = [key for key in result if key not in ("reference", "peak_mib", "segmenter")]
    print(f"{'':16}" + "".join(f"{key:>10}" for key in columns))
    for row in rows:
        assert isinstance(row, dict)
        print(f"{row['segmenter']:16}" + "".join(f"{row[key]:>10}" for key in columns))
    if hasattr(tool, "cache"):
        off, on = warm_clicks(tool, objects[0])
        print(f"{tool.name}: warm click {off:.1f} ms; {on:.1f} ms while frames are encoded ahead")
    print(f"{data}, {part}; {machine()}")
    print(json.dumps(result))


def _measure(tool: "Segmenter", objects: "list[Target]") -> dict[str, float]:
    import sys

    from core.segment.measure import click_curve, click_summary

    curves = []
    for number, target in enumerate(objects, 1):
        curves.append(click_curve(tool, target))
        if number % 10 == 0 or number == len(objects):
            mean = sum(c.iou[0] for c in curves) / number
            print(
                f"{tool.name}: object {number} of {len(objects)}, IoU@1 {mean:.3f}",
                file=sys.stderr,
                flush=True,
            )
    return click_summary(curves)
