"""refavs bench: measures, and prints one JSON object last.

One file a bench: bench_<name>.py with `register(bench)`.
"""

from importlib import import_module

import typer

BENCHES: tuple[str, ...] = (
    "clicks",
    "tracks",
    "metrics",
    "player",
    "store",
    "annotators",
    "eemc",
    "stress",
    "avs",
    "bulk",
    "aurora",
)


def register(cli: typer.Typer) -> None:
    bench = typer.Typer(
        help="Measure speed and quality; the last line printed is one JSON object.", no_args_is_help=True
    )
    for name in BENCHES:
        import_module(f"app.cli.bench_{name}").register(bench)
    cli.add_typer(bench, name="bench")
