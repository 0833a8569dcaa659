"""refavs export, refavs import: the store's pairs as a dataset on disk, and back."""

import sys
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

SHOWN = 20  # lines of what was refused or found

Db = Annotated[str | None, typer.Option(help="Database URL; without it the one of this user.")]
Format = Annotated[
    str,
    typer.Option(
        "--format",
        help="refavs, refavs-full, coco, davis, huggingface, mevis, youtube-vos; export only: avss.",
    ),
]


def register(cli: typer.Typer) -> None:
    cli.command("export")(export)
    cli.command("import")(import_)


def export(
    out: Annotated[Path, typer.Argument(help="New folder to write.")],
    layout: Format = "refavs",
    db: Db = None,
    session: Annotated[str | None, typer.Option(help="Only pairs saved in this session (its id).")] = None,
    annotator: Annotated[str | None, typer.Option(help="Only pairs saved by this annotator.")] = None,
    status: Annotated[str | None, typer.Option(help="Only pairs of this status.")] = None,
    since: Annotated[
        str | None, typer.Option(help="Only pairs saved then or later: 2026-01-31[T12:00].")
    ] = None,
    split: Annotated[
        str | None, typer.Option(help="Deal whole videos to splits, as train:80,val:10,test_s:10.")
    ] = None,
    name: Annotated[
        str | None,
        typer.Option("--release", help="Make it a release of this name, with a datasheet."),
    ] = None,
    push: Annotated[
        str | None,
        typer.Option(metavar="REPO", help="Send it to the Hugging Face hub; with --format huggingface."),
    ] = None,
) -> None:
    """Write pairs of the store as a dataset: all of it or nothing. Cut off, the same command goes on."""
    from annotations import exchange, release
    from annotations.exchange.splits import parse
    from annotations.store import Store

    exchange.check(layout)
    which = _filter(session, annotator, status, since)
    if push is not None:
        _check_push(layout, push)
    shares = parse(split) if split else None
    with Store.open(db) as store:
        if name:
            _, report = release.make(store, name, out, layout, which, shares)
        else:
            report = exchange.export(store, out, layout, which, shares)
    _list([f"left out {r.expression!r}: {r.reason}" for r in report.refused])
    _list(list(report.notes))
    print(
        f"{report.root}: {report.rows} rows in {report.windows} folders, from {report.written} of "
        f"{report.pairs} pairs; {report.pairs - report.written} left out."
    )
    if push is not None:
        from annotations.exchange import huggingface

        huggingface.push(report.root, push)
        print(f"https://huggingface.co/datasets/{push} has it, for you alone until you make it public there.")


def import_(
    folder: Annotated[Path, typer.Argument(help="Folder of the dataset.")],
    layout: Format = "refavs",
    db: Db = None,
) -> None:
    """Take a dataset into the store: ids are kept, every defect is told, what is stored already stays."""
    from annotations import exchange
    from annotations.store import Store
    from core.datasets.defects import summary

    exchange.check(layout)
    with Store.open(db) as store:
        report = exchange.import_folder(store, folder, layout)
    if report.defects:
        print(summary(report.defects), file=sys.stderr)
    print(
        f"{folder}: {report.rows} rows; {report.imported} imported into {report.clips} clips, "
        f"{report.known} were there already, {report.skipped} skipped."
    )


def _check_push(layout: str, repo: str) -> None:
    """Before anything is written."""
    from annotations.exchange import huggingface
    from core.errors import RefavsError

    if layout != "huggingface":
        raise RefavsError(f"--push goes with --format huggingface; got --format {layout}.")
    huggingface.check_push(repo)


def _filter(session: str | None, annotator: str | None, status: str | None, since: str | None) -> Any:
    from annotations.records import STATUSES, PairFilter
    from core.errors import RefavsError

    if status is not None and status not in STATUSES:
        raise RefavsError(f"There is no status {status!r}; choose one of: {', '.join(STATUSES)}.")
    try:
        id = UUID(session) if session else None
    except ValueError:
        raise RefavsError(f"Expected the id of a session, such as {UUID(int=0)}; got {session!r}.") from None
    try:
        # a date without a zone is meant in the zone of who types it
        start = datetime.fromisoformat(since).astimezone() if since else None
    except ValueError:
        raise RefavsError(f"Expected a date such as 2026-01-31 or 2026-01-31T12:00; got {since!r}.") from None
    return PairFilter(session=id, annotator=annotator, status=status, since=start)


def _list(lines: list[str]) -> None:
    """The first lines, and how many more there are, on standard error."""
    for line, n in list(Counter(lines).items())[:SHOWN]:
        print(line + (f" (x{n})" if n > 1 else ""), file=sys.stderr)
    if len(lines) > SHOWN:
        print(f"... and more: {len(lines)} in all", file=sys.stderr)
