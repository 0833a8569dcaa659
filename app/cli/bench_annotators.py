"""refavs bench annotators: many people at one store, saving, leasing and reviewing, from two servers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from annotations.fill import Filled
    from annotations.store import Store

EVERY = 3.0  # seconds between the saves of one person
SERVERS = 2  # processes: each person is on one, and they share nothing but the database
ALONE = 20  # saves of one person before the others come
ROUNDS = 4  # saves on a pair, which is submitted then
SELDOM = 8  # saves of a person between two reviews, and between two counts
LOOK = 0.2  # seconds between two looks for what others saved
SENTENCE = "The {} number {} on the left."
COUNT = UUID(int=1)  # the pair that everybody counts in


def register(bench: typer.Typer) -> None:
    bench.command("annotators")(annotators)


def annotators(
    seconds: Annotated[float, typer.Option(min=1, help="How long they work.")] = 120,
    people: Annotated[int, typer.Option(min=1, max=60, help="How many; each saves every 3 s.")] = 50,
    pairs: Annotated[int, typer.Option(min=20, help="Pairs in the store before they begin.")] = 1000,
    db: Annotated[
        str, typer.Option(metavar="URL", help="Empty database; `temporary` is a PostgreSQL started here.")
    ] = "temporary",
) -> None:
    """Whether any save is lost, doubled or deadlocked, how long saves take, and when others see them.

    Beside the times, a person who saves alone, and what a plain write with its fsync takes here and now.
    """
    import json
    import tempfile
    from contextlib import nullcontext

    from app.cli import postgres
    from app.cli.bench_common import machine, reference_times

    with tempfile.TemporaryDirectory(prefix="refavs-bench-") as folder:
        reference = reference_times(folder)
    with postgres.temporary_postgres() if db == "temporary" else nullcontext(db) as url:
        result = measure(url, seconds=seconds, people=people, pairs=pairs)
    print(f"saves with their fsync; {machine()}")
    print(json.dumps(result | {"reference": reference}))


@dataclass
class Seen:
    """What people did; their threads append to it."""

    saves: list[float] = field(default_factory=list)  # ms
    reviews: list[float] = field(default_factory=list)  # ms, of an answer
    told: dict[int, float] = field(default_factory=dict)  # version of a pair -> when it was reported saved
    appeared: dict[int, float] = field(default_factory=dict)  # and when somebody else saw it
    said: dict[UUID, tuple[UUID, str]] = field(default_factory=dict)  # pair -> its clip and sentence
    drawn: dict[UUID, tuple[UUID, dict[int, Any]]] = field(default_factory=dict)  # object -> clip and masks
    answered: list[UUID] = field(default_factory=list)  # pairs reviewed
    lent: list[UUID] = field(default_factory=list)  # pairs, to be reviewed
    counted: list[int] = field(default_factory=list)  # one for each time somebody counted on
    conflicts: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def measure(url: str, *, seconds: float, people: int, pairs: int) -> dict[str, Any]:
    """The figures of a run on an empty store. Raises RefavsError when it is not empty."""
    import multiprocessing
    import sys

    from annotations.fill import fill
    from annotations.store import Store
    from core.errors import RefavsError

    with Store.open(url) as store:
        if store.clips(limit=1):
            raise RefavsError(f"The store {store.database.name} holds work; the bench wants an empty one.")
        print(f"filling the store with {pairs} pairs", file=sys.stderr, flush=True)
        filled = fill(store, pairs, pairs_a_clip=10, masks_a_pair=10)
        store.save_pair(filled.session, filled.clips[0], COUNT, expression=SENTENCE.format("count", 0))
        alone = Person(-1, store, filled, Seen())
        for k in range(ALONE):
            alone.save(k)
        print(f"{people} people for {seconds:g} s", file=sys.stderr, flush=True)
        spawn = multiprocessing.get_context("spawn")
        servers = []
        for n in range(SERVERS):
            here, there = spawn.Pipe()
            numbers = range(n, people, SERVERS)
            server = spawn.Process(
                target=_serve, args=(there, url, numbers, people, seconds, filled), daemon=True
            )
            server.start()
            there.close()
            servers.append(here)
        for each in servers:
            each.recv()  # everybody has signed in
        for each in servers:
            each.send("begin")
        seen = _watched(store, servers)
        lost, deadlocks = _lost(store, seen, filled), _deadlocks(store)
    waits = [max(0.0, at - seen.told[v]) for v, at in seen.appeared.items() if v in seen.told]
    return {
        "database": store.database.url.get_backend_name(),
        "people": people,
        "seconds": seconds,
        "saves": len(seen.saves),
        "save_ms": _spread(seen.saves),
        "alone_ms": _spread(alone.seen.saves),
        "reviews": len(seen.reviews),
        "review_ms": _spread(seen.reviews),
        "appears_s": _spread(waits) | {"never": len(seen.told.keys() - seen.appeared.keys())},
        "conflicts": len(seen.conflicts),
        "lost": lost,
        "deadlocks": deadlocks,
        "errors": seen.errors[:10],
    }


def _serve(
    pipe: "Connection", url: str, numbers: range, people: int, seconds: float, filled: "Filled"
) -> None:
    """One server with its people; sends what they did."""
    import threading
    import time

    from annotations.store import Store

    with Store.open(url) as store:
        seen = Seen()
        everybody = [Person(n, store, filled, seen) for n in numbers]
        pipe.send("ready")
        pipe.recv()
        end = time.monotonic() + seconds
        threads = [
            threading.Thread(target=each.work, args=(end, EVERY * each.n / people)) for each in everybody
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    pipe.send(seen)


def _watched(store: "Store", servers: "list[Connection]") -> Seen:
    """Look at the newest pairs again and again until every server is done, and once more; what all have seen."""
    import time
    from dataclasses import fields

    all_seen, going, last = Seen(), list(servers), False
    while not last:
        last = not going
        time.sleep(LOOK)
        for done in [each for each in going if each.poll()]:
            going.remove(done)
            seen = done.recv()
            for each in fields(Seen):
                whole, part = getattr(all_seen, each.name), getattr(seen, each.name)
                whole.update(part) if isinstance(whole, dict) else whole.extend(part)
        newest = store.pairs(limit=100)
        now = time.monotonic()
        for line in newest:
            all_seen.appeared.setdefault(line.pair.created, now)
    return all_seen


class Person:
    """One annotator, on one server."""

    def __init__(self, n: int, store: "Store", filled: "Filled", seen: Seen) -> None:
        import random

        self.n, self.store, self.filled, self.seen = n, store, filled, seen
        self.name = f"Person {n}"
        self.session = store.start_session(self.name).id
        self.clip = filled.clips[n % len(filled.clips)]
        self.chance = random.Random(n)
        self.pair = self.object = UUID(int=0)

    def work(self, end: float, start: float) -> None:
        import time

        time.sleep(start)
        begun, k = time.monotonic(), 0
        while k == 0 or time.monotonic() < end:
            for act in (self.save, self.submit, self.review, self.count):
                try:
                    act(k)
                except Exception as error:  # the run goes on, and tells it
                    self.seen.errors.append(f"{act.__name__}: {error!r}")
            k += 1
            time.sleep(max(0.0, begun + k * EVERY - time.monotonic()))

    def save(self, k: int) -> None:
        """A new pair, then clicks on its object."""
        from uuid import uuid4

        from annotations.records import ObjectEdit

        mask = self.chance.choice(self.filled.shapes)
        if k % ROUNDS == 0:
            self.pair, self.object = uuid4(), uuid4()
            text = SENTENCE.format("dog", f"{self.n + 1} {k}")
            thing = ObjectEdit(self.object, "dog", {0: mask})
            saved = self._timed(
                self.seen.saves,
                lambda: self.store.save_pair(
                    self.session, self.clip, self.pair, expression=text, objects=[thing]
                ),
            )
            self.seen.said[self.pair] = self.clip, text
            self.seen.drawn[self.object] = self.clip, {0: mask}
            self._tell(saved.version)
        else:
            self._timed(
                self.seen.saves,
                lambda: self.store.save_masks(
                    self.session, self.clip, self.object, {k: mask}, act="click", source="click"
                ),
            )
            self.seen.drawn[self.object][1][k] = mask

    def submit(self, k: int) -> None:
        if k % ROUNDS == ROUNDS - 1:
            self.store.submit_pair(self.session, self.pair)

    def review(self, k: int) -> None:
        """Look for what somebody else's sentence refers to, and find it."""
        from core.masks import Track

        if (k + self.n) % SELDOM:
            return
        held = self.store.lease(self.name, "review", 60)
        if held is None:
            return
        line = self.store.pair(held.unit)
        assert line is not None
        work = self.store.load_clip_work(line.clip.id)
        tracks = {thing.id: thing.track for thing in work.objects}
        track = tracks[line.pair.objects[0]] if line.pair.objects else None
        found = None if track is None else Track(track.size, dict(track.masks))
        self.seen.lent.append(held.unit)
        self._timed(self.seen.reviews, lambda: self.store.find_back(self.session, held.unit, found))
        self.seen.answered.append(held.unit)

    def count(self, k: int) -> None:
        """One number for all: read it, write the next; who was overtaken reads again."""
        from annotations.records import ConflictError

        if (k + self.n) % SELDOM != 1:
            return
        while True:
            work = self.store.load_clip_work(self.filled.clips[0])
            (pair,) = [each for each in work.pairs if each.id == COUNT]
            number = int((pair.expression or "").split()[3]) + 1
            text = SENTENCE.format("count", f"{number} of {self.name}")
            try:
                self.store.save_pair(
                    self.session, self.filled.clips[0], pair.id, expression=text, based_on=work.version
                )
            except ConflictError as error:
                self.seen.conflicts.append(str(error))
            else:
                self.seen.counted.append(1)
                return

    def _timed(self, times: list[float], call: Callable[[], Any]) -> Any:
        import time

        start = time.perf_counter()
        answer = call()
        times.append(1000 * (time.perf_counter() - start))
        return answer

    def _tell(self, version: int) -> None:
        import time

        self.seen.told[version] = time.monotonic()


def _lost(store: "Store", seen: Seen, filled: "Filled") -> int:
    """How many reported saves, answers and leases are not in the store as they were reported."""
    clips = {clip for clip, _ in (*seen.said.values(), *seen.drawn.values())}
    works = {clip: store.load_clip_work(clip) for clip in clips}
    said = {pair.id: pair.expression for work in works.values() for pair in work.pairs}
    drawn = {thing.id: dict(thing.track.masks) for work in works.values() for thing in work.objects}
    (count,) = [p for p in store.load_clip_work(filled.clips[0]).pairs if p.id == COUNT]
    lost = sum(said.get(pair) != text for pair, (_, text) in seen.said.items())
    lost += sum(drawn.get(thing) != masks for thing, (_, masks) in seen.drawn.items())
    lost += sum(len(store.reviews(pair)) != 1 for pair in seen.answered)
    lost += len(seen.lent) - len(set(seen.lent))  # work that was handed out twice
    return lost + abs(len(seen.counted) - int((count.expression or "").split()[3]))


def _deadlocks(store: "Store") -> int | None:
    import sqlalchemy as sa

    if store.database.file:
        return None
    query = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    with store.database.reading() as session:
        return session.scalar(sa.text(query))


def _spread(values: list[float]) -> dict[str, float | None]:
    """Median, 95th percentile and the most."""
    ordered = sorted(values)
    if not ordered:
        return {"median": None, "p95": None, "max": None}
    last = len(ordered) - 1
    shares = {"median": ordered[last // 2], "p95": ordered[min(last, int(0.95 * len(ordered)))]}
    return {name: round(value, 3) for name, value in (shares | {"max": ordered[-1]}).items()}
