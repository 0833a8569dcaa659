"""Options of the commands that do bulk work; see core.bulk."""

from typing import Annotated

import typer

Workers = Annotated[
    int | None,
    typer.Option(metavar="N", min=1, help="Processes here, each with cores / N threads; without it one."),
]
Ray = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS", help="An existing Ray cluster that shares this disk, in place of processes here."
    ),
]
