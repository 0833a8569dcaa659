"""refavs check: what is wrong with a dataset."""

from pathlib import Path
from typing import Annotated

import typer


def register(cli: typer.Typer) -> None:
    @cli.command()
    def check(
        folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the dataset.")],
        layout: Annotated[str, typer.Option("--format", metavar="F", help="refavs, s4, ms3, avss or clips.")],
    ) -> None:
        """List every defect of a dataset by kind, with counts and examples."""
        from core.datasets.check import check as find
        from core.datasets.defects import summary

        rows, found = find(folder, layout)
        defects = list(found)
        if defects:
            print(summary(defects))
            kinds = len({defect.kind for defect in defects})
            print(f"{folder}: {rows} rows, {len(defects)} defects of {kinds} kinds.")
        else:
            print(f"{folder}: {rows} rows, no defect.")
