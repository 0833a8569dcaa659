"""refavs store: the database of a benchmark as a whole."""

import sys
from typing import Annotated

import typer

Place = "a database URL, or the path of a SQLite file"


def register(cli: typer.Typer) -> None:
    store = typer.Typer(help="The store of a benchmark as a whole.", no_args_is_help=True)
    store.callback()(lambda: None)  # a group, though it has one command
    store.command("copy")(copy)
    cli.add_typer(store, name="store")


def copy(
    source: Annotated[str, typer.Argument(metavar="FROM", help=f"The store: {Place}.")],
    target: Annotated[str, typer.Argument(metavar="TO", help=f"An empty or a new place: {Place}.")],
) -> None:
    """Copy a store between SQLite and PostgreSQL with every version, and compare the counts; also as a backup.

    Others may go on saving meanwhile: the copy is what stood when it began. It is whole or nothing; cut off, run
    it again. Videos are not in the store: copy the folder that they lie in too.
    """
    from annotations import copying

    seen = ""

    def progress(table: str, done: int, of: int) -> None:
        nonlocal seen
        if sys.stderr.isatty() or table != seen:
            print(f"{table}: {done} of {of} rows", file=sys.stderr, flush=True)
        seen = table

    counts = copying.copy(source, target, progress=progress)
    for table, count in counts.items():
        print(f"{table:16} {count:9}")
    print(f"{sum(counts.values())} rows in {len(counts)} tables, the same on both sides.")
