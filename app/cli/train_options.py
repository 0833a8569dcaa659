"""What the commands of `refavs train` are asked in the same words."""

from pathlib import Path
from typing import Annotated

import typer

Out = Annotated[
    Path,
    typer.Option(metavar="DIR", help="Folder for checkpoint.pt, model.safetensors and what belongs to it."),
]
Minutes = Annotated[float, typer.Option(min=0.01, help="Time spent training, over all resumptions.")]
Steps = Annotated[int | None, typer.Option(min=1, help="End after so many steps if that is earlier.")]
Nano = Annotated[str, typer.Option(help="nano: heads on the eyes and ears that the small systems share.")]
RefAvs = Annotated[
    list[str],
    typer.Argument(
        metavar="refavs:DIR...",
        help="Folders in the Ref-AVS layout; their split train is learnt.",
        show_default=False,
    ),
]


def folders_of(datasets: list[str]) -> list[Path]:
    """The folders of refavs:DIR. Raises RefavsError for another form."""
    from core.errors import RefavsError

    wrong = [name for name in datasets if not name.startswith("refavs:")]
    if wrong:
        raise RefavsError(f"Expected datasets of the form refavs:DIR; got {wrong[0]!r}.")
    return [Path(name.removeprefix("refavs:")) for name in datasets]


def only_nano(config: str, system: str) -> None:
    """Raises RefavsError for a config that cannot be trained here."""
    from core.errors import RefavsError

    if config != "nano":
        raise RefavsError(f"There is no config {config!r} of {system} to train; the one there is: nano.")
