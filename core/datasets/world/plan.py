"""What a set of clips consists of: one job a clip, with its split and its wishes. Cheap; nothing is drawn
here.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from core.datasets.world.cast import UNSEEN, Cast, Kind
from core.datasets.world.compose import Wish
from core.errors import DatasetError

Layout = Literal["refavs", "s4", "ms3", "avss", "clips"]
LAYOUTS = ("refavs", "s4", "ms3", "avss")
NULL_AUDIO = ("muted", "off-screen", "crossed")
NULL_SHARE = 0.055  # of the clips of train and val, as in the benchmark
# of twenty clips in a row, close to the benchmark's shares
REFAVS_SPLITS = ("train",) * 14 + ("val", "test_s", "test_s", "test_u", "test_u", "test_n")
AVS_SPLITS = ("train",) * 14 + ("val",) * 3 + ("test",) * 3
END_OF_SECOND = 15 / 16  # AVSBench keeps the last of sixteen frames a second


@dataclass(frozen=True, slots=True)
class Job:
    """One clip. times: seconds of its frames. count: of how many objects a sentence is true.

    only: sentences about these categories alone; () = all. subset: of AVSS, v1 or v2.
    """

    index: int
    split: str
    wish: Wish
    times: tuple[float, ...]
    count: int = 1
    only: tuple[str, ...] = ()
    subset: str = ""

    @property
    def is_null(self) -> bool:
        return self.wish.audio != "normal"


def jobs(
    layout: Layout, clips: int, seed: int, cast_for: Callable[[str], Cast], splits: Sequence[str] = ()
) -> list[Job]:
    """The jobs of a set; the first n of a longer set are those of a shorter one.

    cast_for: the cast of a split. splits: take turns; () = in the benchmark's shares.
    """
    order = np.random.default_rng((seed, 3)).permutation(20)
    usual = REFAVS_SPLITS if layout == "refavs" else AVS_SPLITS
    turns = list(splits) or [usual[k] for k in order]
    return [
        job(layout, i, turns[i % len(turns)], seed, cast_for(turns[i % len(turns)])) for i in range(clips)
    ]


def job(layout: Layout, index: int, split: str, seed: int, cast: Cast) -> Job:
    stages = tuple(cast.stages)
    rng = np.random.default_rng((seed, index, 4))
    seen = tuple(k for k in cast if cast[k].category not in UNSEEN)
    unseen = tuple(k for k in cast if cast[k].category in UNSEEN)
    if layout == "refavs":
        if split == "test_u":
            if not any(cast[k].voices for k in unseen):
                raise DatasetError(
                    "The split test_u needs things of categories that training never shows "
                    f"({', '.join(UNSEEN)}); this cast has none that sounds: leave the split out."
                )
            wish = Wish(tuple(cast), stages, must=tuple(k for k in unseen if cast[k].voices))
            return Job(index, split, wish, _whole_seconds(10), only=tuple(cast[k].category for k in unseen))
        null = split == "test_n" or (split in ("train", "val") and rng.random() < NULL_SHARE)
        audio = str(rng.choice(NULL_AUDIO)) if null else "normal"
        rivals = not null and rng.random() < 0.06
        wish = Wish(seen, stages, audio=audio, rivals=rivals)
        return Job(index, split, wish, _whole_seconds(10))
    short = layout in ("s4", "ms3") or (layout == "avss" and index % 3 == 0)
    seconds = 5 if short else 10
    single = layout == "s4" or (layout == "avss" and short and rng.random() < 0.9)
    sources = 1 if single else int(rng.choice([1, 2, 3], p=[0.25, 0.55, 0.2]))
    kinds = tuple(k for k in cast if _has_class(layout, cast[k]))
    wish = Wish(
        kinds, stages, seconds=float(seconds), sources=sources, phase=END_OF_SECOND, whole=layout == "s4"
    )
    subset = ("v1s" if sources == 1 else "v1m") if short else "v2"
    return Job(index, split, wish, tuple(k + END_OF_SECOND for k in range(seconds)), subset=subset)


def long(one: Job, seconds: int) -> Job:
    """The same job with a longer clip; one frame a second."""
    return replace(one, wish=replace(one.wish, seconds=float(seconds)), times=_whole_seconds(seconds))


def numbered(found: Iterator[Job]) -> list[Job]:
    return [replace(one, index=i) for i, one in enumerate(found)]


def _whole_seconds(count: int) -> tuple[float, ...]:
    return tuple(float(k) for k in range(count))


def _has_class(layout: Layout, kind: Kind) -> bool:
    from core.datasets.avss import CLASSES

    return layout != "avss" or not kind.voices or kind.category in CLASSES
