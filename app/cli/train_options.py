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
