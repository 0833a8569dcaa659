"""Fixed sets by name: the same clips for every table, built once into the cache folder."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from core.datasets.world.build import VERSION, Order, build, cast_for
from core.datasets.world.plan import Job, Layout, jobs, long, numbered
from core.errors import DatasetError
from core.paths import cache_dir

Progress = Callable[[str, int, int, float], None]  # part of the set, clips done, in all, a second
SEED = 20_000
TARGETS = 200  # clips a split of an evaluation set
STRESSED = 20  # clips of a stress
LONG = 8  # of the long ones


def _evaluation(source: Path | None) -> Iterator[tuple[str, Order]]:
    def cast(split: str):
        return cast_for(source, split)

    splits = ("test_s", "test_u", "test_n")
    made = jobs("refavs", TARGETS * len(splits), SEED, cast, splits)
    yield "refavs", Order("refavs", tuple(made), SEED, source=source)
    if source is None:  # most cut-outs keep silent or are no class of AVSS
        layouts: tuple[Layout, ...] = ("s4", "ms3", "avss")
        for layout in layouts:
            yield layout, Order(layout, tuple(jobs(layout, TARGETS, SEED, cast, ("test",))), SEED)


def _stress(source: Path | None) -> Iterator[tuple[str, Order]]:
    def cast(split: str):
        return cast_for(source, split)

    base = jobs("refavs", STRESSED, SEED + 1, cast, ("test_s",))

    def changed(**wish) -> tuple[Job, ...]:
        return tuple(replace(job, wish=replace(job.wish, **wish)) for job in base)

    for count in (1, 2, 3, 4):
        yield (
            f"sources-{count}",
            Order("refavs", changed(sources=count, rivals=False), SEED + 1, source=source),
        )
    yield "rivals", Order("refavs", changed(rivals=True), SEED + 1, source=source)
    two = tuple(replace(job, count=2) for job in changed(sources=3, rivals=False))
    yield "true-of-two", Order("refavs", two, SEED + 1, source=source)
    yield "noise-0db", Order("refavs", changed(noise=0.0), SEED + 1, source=source)
    yield "blurred", Order("refavs", changed(blur=0.016), SEED + 1, source=source)
    yield "dark", Order("refavs", changed(dark=0.8), SEED + 1, source=source)
    for seconds in (10, 30, 60, 90):
        longer = numbered(long(job, seconds) for job in base[:LONG])
        yield f"seconds-{seconds}", Order("clips", tuple(longer), SEED + 1, source=source)


SETS: dict[str, Callable[[Path | None], Iterator[tuple[str, Order]]]] = {
    "world-eval-1": _evaluation,
    "world-stress-1": _stress,
}


def folder_of(name: str, source: Path | None = None) -> Path:
    """Where a fixed set lies in the cache: drawn cast and cut-outs apart, one folder a version of the
    world.
    """
    kind = "drawn" if source is None else "cut-outs"
    return cache_dir() / "worlds" / f"{name}-v{VERSION}-{kind}"


def build_set(name: str, source: Path | None = None, *, progress: Progress | None = None) -> list[Path]:
    """Build what is missing of a fixed set; its folders, one a layout or stress. Raises DatasetError."""
    if name not in SETS:
        raise DatasetError(f"There is no fixed set named {name!r}; choose one of: {', '.join(SETS)}.")
    out = []
    for part, order in SETS[name](source):
        folder = folder_of(name, source) / part
        if not (folder / "manifest.json").is_file():
            folder.parent.mkdir(parents=True, exist_ok=True)
            build(order, folder, progress=_named(part, progress))
        out.append(folder)
    return out


def _named(part: str, progress: Progress | None):
    if progress is None:
        return None
    return lambda done, total, speed: progress(part, done, total, speed)
