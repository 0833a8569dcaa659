"""refavs: does without a browser what the app does with one. One file a command group; heavy imports
inside commands.
"""

import sys
from importlib import import_module

import typer

# add a file here, in the order of the help
GROUPS: tuple[str, ...] = (
    "refer",
    "segment",
    "prelabel",
    "exchange",
    "check",
    "evaluate",
    "chains",
    "train",
    "world",
    "bench",
    "store",
    "user",
    "doctor",
)

cli = typer.Typer(
    name="refavs",
    help="Refer to things in videos by look and sound, measure, annotate, export.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Entry point: bad input ends in one line on standard error and exit status 2."""
    from core.errors import RefavsError

    for group in GROUPS:
        import_module(f"app.cli.{group}").register(cli)
    try:
        cli()
    except RefavsError as error:
        print(f"refavs: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(2)
