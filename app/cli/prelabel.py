"""refavs prelabel: systems answer many sentences on many clips; what they say waits as drafts."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.bulk import Ray, Workers

if TYPE_CHECKING:
    from app.prelabelling import Progress


def register(cli: typer.Typer) -> None:
    cli.command("prelabel")(prelabel)


def prelabel(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE...",
            help="Videos, folders of frames, folders of these; or s3://, hf://, https:// addresses.",
            show_default=False,
        ),
    ],
    system: Annotated[str, typer.Option(metavar="NAME", help="Who answers.")],
    expressions: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Sentences: .txt with one a line, for every clip; or .csv (clip,expression) or .jsonl with these "
            "keys, each for its clip. Without it everything that sounds is stored as objects without a sentence.",
        ),
    ] = None,
    db: Annotated[str | None, typer.Option(metavar="URL", help="The store, as for launch.py.")] = None,
    weights: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder saved by training.")] = None,
    every_frame: Annotated[
        bool,
        typer.Option(
            "--every-frame", help="Carry answers to the frames between too, which takes much longer."
        ),
    ] = False,
    workers: Workers = None,
    ray: Ray = None,
) -> None:
    """Ask a system every sentence on every clip and store its tracks as drafts, in its name.

    Each is stored once for its clip, sentence, system and weights: stopped or killed, the same command goes on.
    Masks stand on the frames that the system answers, often one a second, unless --every-frame is there.
    A draft is taken over by whoever saves it. Clips from afar are kept in the cache folder, the last used 20 GB
    (REFAVS_CACHE_GB). Workers read clips; this process alone writes the store. Exit status 1: some failed, and are listed.
    """
    import json

    from annotations.store import Store
    from app.prelabelling import Prelabelling, plan, read_sentences, summary
    from core import registry
    from core.errors import RefavsError
    from core.media import afar
    from core.versions import weights_hash

    if weights is not None and not weights.is_dir():
        raise RefavsError(f"Weights are a folder saved by training; there is no folder {weights}.")
    registry.check_system(system)
    sentences = None if expressions is None else read_sentences(expressions)
    clips = [clip for source in sources for clip in afar.sources(source)]
    wanted = plan(clips, sentences)
    version = weights_hash(system, weights)
    with Store.open(db) as store:
        run = Prelabelling(store, registry.full_name(system), weights, version, every_frame=every_frame)
        progress, told = None, 0
        try:
            for progress in run.run(wanted, workers=workers, ray=ray):
                for failure in run.failures[told:]:
                    of = f", {failure.sentence!r}" if failure.sentence else ""
                    print(f"\rfailed: {failure.clip}{of}: {failure.reason}", file=sys.stderr)
                told = len(run.failures)
                _show(progress)
        except KeyboardInterrupt:
            print("\nstopped; what is stored stays, the same command goes on", file=sys.stderr)
            raise
    if gone := sum(not path.exists() for path in run.kept):
        print(
            f"{gone} clips from afar left the cache again; set REFAVS_CACHE_GB higher to keep all of them here.",
            file=sys.stderr,
        )
    print(json.dumps(summary(run, progress), ensure_ascii=False))
    if run.failures:
        raise typer.Exit(1)


def _show(now: "Progress") -> None:
    """On a terminal a line that is written over; into a file a line at every tenth."""
    tty, total = sys.stderr.isatty(), now.clips_total
    if not tty and now.clips * 10 // total == (now.clips - 1) * 10 // total:
        return
    rate = now.clips / max(now.seconds, 1e-9)
    left = (total - now.clips) / rate
    line = (
        f"{now.clips} of {total} clips, {now.stored} stored, {now.known} there before, {now.failed} failed; "
        f"{60 * rate:.1f} clips a minute, {left:.0f} s left"
    )
    print(
        f"\r{line}  " if tty else line,
        end="" if tty and now.clips < total else "\n",
        file=sys.stderr,
        flush=True,
    )
