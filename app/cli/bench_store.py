"""refavs bench store: a large store, opened, saved to and listed, on SQLite and on PostgreSQL."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from annotations.fill import Filled
    from annotations.store import Store

PAIRS_A_CLIP = 10
MASKS_A_PAIR = 10
ROUNDS = 60


def register(bench: typer.Typer) -> None:
    bench.command("store")(store)


def store(
    pairs: Annotated[int, typer.Option(min=100, help="Pairs in the store, ten masks each.")] = 100_000,
    postgresql: Annotated[
        bool, typer.Option(help="Measure PostgreSQL too, on a server started here.")
    ] = True,
) -> None:
    """Median milliseconds to open a clip's work, save an edit to disk, list a page; slowest kind of each.

    Beside each, what this process computed of it (the rest is the server, the disk, and waiting for a core),
    and as a reference what a plain write with its fsync and a fixed loop take here and now.
    """
    import json
    import sys
    import tempfile

    from app.cli import postgres
    from app.cli.bench_common import machine, reference_times

    result: dict[str, Any] = {"pairs": pairs, "masks": pairs * MASKS_A_PAIR}
    with tempfile.TemporaryDirectory(prefix="refavs-bench-") as folder:
        result["reference"] = reference_times(folder)
        result["sqlite"] = _measure(f"sqlite:///{folder}/bench.db", pairs)
    result["postgresql"] = None
    reason = postgres.missing() if postgresql else "not asked for"
    if reason:
        print(f"postgresql: not run ({reason})", file=sys.stderr)
    else:
        with postgres.temporary_postgres() as url:
            result["postgresql"] = _measure(url, pairs)
    print(f"saves with their fsync; {machine()}")
    print(json.dumps(result))


def _measure(url: str, pairs: int) -> dict[str, float]:
    import sys

    from annotations.fill import fill
    from annotations.store import Store

    with Store.open(url) as store:
        kind = store.database.url.get_backend_name()
        print(f"filling {kind} with {pairs} pairs", file=sys.stderr, flush=True)
        filled = fill(store, pairs, pairs_a_clip=PAIRS_A_CLIP, masks_a_pair=MASKS_A_PAIR)
        timings = _timings(store, filled)
    for name, rounds in timings.items():
        values, computed = ([each[k] for each in rounds] for k in (0, 1))
        print(
            f"{kind:10} {name:27} median {_share(values, 0.5):7.1f} ms, 95 % {_share(values, 0.95):7.1f} ms, "
            f"computing {_share(computed, 0.5):6.1f} ms"
        )
    return {
        key: max(_share([v for v, _ in rounds], 0.5) for name, rounds in timings.items() if key in name)
        for key in ("open_ms", "save_ms", "list_ms")
    }


def _timings(store: "Store", filled: "Filled") -> dict[str, list[tuple[float, float]]]:
    """Name -> (milliseconds, those this process computed) of every round; the name begins with its key."""
    import random
    import time
    from datetime import UTC, datetime
    from uuid import uuid4

    from annotations.records import ObjectEdit, PairFilter

    chance = random.Random(2)
    found: dict[str, list[tuple[float, float]]] = {}
    some = [chance.choice(filled.clips) for _ in range(ROUNDS)]
    middle = store.pairs(PairFilter(clip=filled.clips[len(filled.clips) // 2]))[0]

    def timed(name: str, call: Callable[[], object]) -> None:
        start, busy = time.perf_counter(), time.process_time()
        call()
        spent = 1000 * (time.perf_counter() - start), 1000 * (time.process_time() - busy)
        found.setdefault(name, []).append(spent)

    for clip in some:
        timed("open_ms", partial(store.load_clip_work, clip))
    for n, clip in enumerate(some):
        thing = ObjectEdit(uuid4(), "dog", {0: chance.choice(filled.shapes)})
        new = partial(store.save_pair, filled.session, clip, uuid4(), expression="Now.", objects=[thing])
        timed("save_ms, a pair", new)
        edit = {n: chance.choice(filled.shapes)}
        click = partial(store.save_masks, filled.session, clip, thing.id, edit, act="click", source="click")
        timed("save_ms, a click", click)
        timed("undo", partial(store.undo, filled.session, clip))
    pages: dict[str, dict[str, Any]] = {
        "first page": {},
        "page in the middle": {"after": middle},
        "by annotator": {"which": PairFilter(annotator="Bob")},
        "by session": {"which": PairFilter(session=filled.session), "after": middle},
        "by status": {"which": PairFilter(status="returned")},
        "by date": {"which": PairFilter(since=datetime.now(UTC))},
        "by a common word": {"which": PairFilter(text="cello")},
        "by a rare word": {"which": PairFilter(text=f"number {middle.pair.version} ")},
    }
    for _ in range(ROUNDS // 6):
        for name, words in pages.items():
            timed(f"list_ms, {name}", partial(store.pairs, limit=50, **words))
        timed("list_ms, clips", partial(store.clips, limit=50))
    return found


def _share(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1)
