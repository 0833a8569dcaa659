"""Pairs of the store in the AVSBench-semantic layout: which pixels sound, and of what class. Out only.

A sentence such as "the barking dog" says that its object sounds; every other sentence is refused, because
nobody has said so. The layout knows 70 classes, and ten-second clips (its subset v2).
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np

from annotations.exchange import windows
from annotations.exchange.files import write_json
from annotations.exchange.gather import Gathered, Ready, Report, Seal, media_key, pair_of, source_of
from annotations.exchange.refavs_export import vid_of
from annotations.exchange.splits import UNSPLIT
from annotations.exchange.windows import Ten
from annotations.records import ObjectWork, PairFilter, PairWork
from annotations.store import Store
from core.datasets import avss
from core.datasets.avsbench_write import AvssClip, finish_avss, write_avss_clip
from core.datasets.refavs_write import RATE
from core.datasets.whole import staged_folder
from core.errors import DatasetError, RefavsError
from core.expressions import read

SUBSET = "v2"
SPLIT = {"test_s": "test", "test_u": "test", "test_n": "test"}  # others have the same name here


def export(
    store: Store,
    root: Path | str,
    which: PairFilter | None = None,
    shares: Mapping[str, float] | None = None,
    seal: Seal | None = None,
) -> Report:
    """Write the chosen pairs to the folder `root`, all of it or nothing. A row is a window of ten seconds with
    the classes of all its sounding objects. shares: see `splits.assign`; seal: see `gather.Seal`.
    Raises RefavsError.
    """
    if wrong := {SPLIT.get(name, name) for name in shares or ()} - set(avss.SPLITS):
        raise DatasetError(f"Splits of AVSBench are {', '.join(avss.SPLITS)}; got {wrong.pop()!r}.")
    gathered = Gathered(store, which or PairFilter(), null=False, shares=shares)
    sources: dict[str, Any] = {}
    rows: dict[str, Any] = {}
    with staged_folder(root) as staged:
        folder = staged.folder
        clips = list(_rows(gathered, sources, rows))
        gathered.check(Path(root), len(clips))
        for row, key, make in clips:
            place = avss.Sample(folder, row).folder.relative_to(folder)
            staged.once(row.uid, key, [place], partial(_write, folder, make))
        staged.drop_rest()
        counts = finish_avss(folder, [row for row, _, _ in clips]) | {"expressions": len(rows)}
        write_json(
            folder / "manifest.json", {"format": "avss", "counts": counts, **gathered.manifest(sources, rows)}
        )
        report = gathered.report(Path(root), rows=len(clips), windows=len(clips))
        if seal:
            seal(report, folder)
    return report


def _write(folder: Path, make: Callable[[], AvssClip]) -> None:
    write_avss_clip(folder, make())


def sounds(expression: str) -> bool:
    """Whether the sentence says that what it refers to makes a sound."""
    try:
        things = read(expression).things
    except RefavsError:
        return False
    heard = [
        p for thing in things for p in thing.all("sound", "by") if p.kind == "sound" or p.value == "play"
    ]
    return bool(heard) and not any(part.negated or part.value == "silent" for part in heard)


def class_of(category: str | None) -> int | None:
    """Its number among the layout's classes; None = it has none."""
    name = re.sub(r"[\W_]+", "-", (category or "").lower()).strip("-")
    return avss.CLASSES.index(name) if name in avss.CLASSES[1:] else None


def _rows(
    gathered: Gathered, sources: dict[str, Any], rows: dict[str, Any]
) -> Iterator[tuple[avss.Row, str, Callable[[], AvssClip]]]:
    """(row, what it follows from, a function that makes its pictures): one row at a time is in memory."""
    for clips in gathered.by_video():
        for ready in clips:
            for ten in windows.cut(ready.video, ready.clip):
                pairs = [pair for pair in ready.pairs if not _refused(gathered, pair, ready, ten)]
                if not pairs:
                    continue
                vid = vid_of(ready.clip, ten)
                if vid in sources:
                    gathered.refuse(pairs, f"another clip has the name {vid}")
                    continue
                parts = {SPLIT.get(pair.split or UNSPLIT, pair.split or UNSPLIT) for pair in pairs}
                if len(parts) > 1:
                    gathered.refuse(
                        pairs, f"pairs of {vid} are in several splits, and this layout has one a clip"
                    )
                    continue
                sources[vid] = source_of(ready.clip, ready.video, ten.first, ten.last, ten.indices)
                for pair in pairs:
                    rows[f"{vid}/{pair.id}"] = pair_of(pair)
                    gathered.written.add(pair.id)
                things = _things(ready, pairs)
                names = dict.fromkeys(avss.CLASSES[class_of(thing.category) or 0] for thing in things)
                minute, second = divmod(ten.start_ms // 1000, 60)
                row = avss.Row(vid, vid, str(minute), str(second), tuple(names), parts.pop(), SUBSET)
                shown = [(t.category, [t.track.masks[i].counts for i in ten.indices]) for t in things]
                key = media_key(ready.clip, (ten, row, hashlib.sha256(repr(shown).encode()).hexdigest()))
                yield row, key, partial(_clip, ready, ten, row, things)


def _refused(gathered: Gathered, pair: PairWork, ready: Ready, ten: Ten) -> bool:
    things = _things(ready, [pair])
    named = [
        thing.category or "an object without a name" for thing in things if class_of(thing.category) is None
    ]
    missing = sorted({i for thing in things for i in ten.indices if i not in thing.track.masks})
    if not sounds(pair.expression or ""):
        reason = "its sentence does not say that its object sounds"
    elif named:
        reason = f"{named[0]!r} is no class of AVSBench"
    elif missing:
        reason = f"its object has no mask on frames {', '.join(map(str, missing[:5]))}; propagate it"
    else:
        return False
    gathered.refuse([pair], reason)
    return True


def _things(ready: Ready, pairs: list[PairWork]) -> list[ObjectWork]:
    wanted = {id for pair in pairs for id in pair.objects}
    return [thing for thing in ready.work.objects if thing.id in wanted]


def _clip(ready: Ready, ten: Ten, row: avss.Row, things: list[ObjectWork]) -> AvssClip:
    areas: dict[UUID, int] = defaultdict(int)
    for thing in things:
        areas[thing.id] = sum(thing.track.masks[i].area for i in ten.indices)
    labels = [np.zeros(ready.video.size, np.uint8) for _ in ten.indices]
    for thing in sorted(things, key=lambda thing: -areas[thing.id]):  # small ones lie on top
        for label, i in zip(labels, ten.indices, strict=True):
            label[thing.track.masks[i].decode()] = class_of(thing.category) or 0
    sound = windows.sound(ready.video, ten)
    return AvssClip(
        row,
        list(ready.video.clip(ready.clip.first, ready.clip.last).frames(ten.indices)),
        labels,
        np.zeros(0, np.float32) if sound is None else sound,
        RATE,
    )
