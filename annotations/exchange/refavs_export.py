"""Pairs of the store as a folder in the Ref-AVS layout."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from annotations.exchange import windows
from annotations.exchange.gather import Gathered, Ready, Refused, Report, Seal, media_key, pair_of, source_of
from annotations.exchange.splits import UNSPLIT
from annotations.exchange.windows import Ten
from annotations.records import ClipInfo, ClipWork, ObjectWork, PairFilter, PairWork
from annotations.store import Store
from core import media
from core.datasets.refavs import NULL, NULL_PREFIX, SPLITS, safe_name
from core.datasets.refavs_write import RATE, Entry, Sentence, Window, Writer
from core.errors import DatasetError
from core.masks import Mask

__all__ = ["Refused", "Report", "export"]

NULL_NAME = re.compile(r"^null_[a-z]+-")


@dataclass
class _Plan:
    """One window of a video with what stands on it, from one clip or from several that begin on one frame."""

    vid: str
    video: media.Video
    clip: ClipInfo
    ten: Ten
    null_prefix: str | None
    pairs: list[tuple[PairWork, ObjectWork | None]] = field(default_factory=list)


class _Export:
    def __init__(self, store: Store, which: PairFilter, shares: Mapping[str, float] | None) -> None:
        if wrong := set(shares or ()) - set(SPLITS):
            raise DatasetError(f"Splits of Ref-AVS are {', '.join(SPLITS)}; got {wrong.pop()!r}.")
        self.gathered = Gathered(store, which, plural=False, shares=shares)
        self.labels = {clip.label for clip in self.gathered.clips.values()}
        self.taken: dict[str, UUID] = {}  # vid -> video
        self.numbers: dict[str, set[int]] = defaultdict(set)  # of uids, by what stands before the number
        self.sources: dict[str, Any] = {}
        self.rows: dict[str, Any] = {}

    def run(self, root: Path, seal: Seal | None) -> Report:
        with Writer(root) as writer:
            for clips in self.gathered.by_video():
                for plan in self._plans(clips):
                    self._write(writer, plan)
            self.gathered.check(root, len(self.rows))
            writer.extra |= self.gathered.manifest(self.sources, self.rows)
            report = self.gathered.report(root, rows=len(self.rows), windows=len(self.sources))
            writer.seal = seal and partial(seal, report)
        return report

    def _plans(self, clips: Sequence[Ready]) -> Iterator[_Plan]:
        """The windows of one video; its clips together, because they may share a window."""
        found: dict[str, _Plan] = {}
        for ready in clips:
            tens = windows.cut(ready.video, ready.clip)
            if (rest := windows.left_over(ready.video, ready.clip, tens)) > windows.CLOSE:
                name = ready.clip.video.path.name
                self.gathered.notes.append(f"{name}: the last {rest:.2f} s make no window and are left out")
            for ten in tens:
                plan = self._plan(ready.clip, ready.video, ten, found)
                if plan is None:
                    reason = f"another clip has the name {vid_of(ready.clip, ten)} and other frames"
                    self.gathered.refuse(ready.pairs, reason)
                    continue
                for pair in ready.pairs:
                    self._place(pair, ready.work, plan)
        yield from (plan for plan in found.values() if plan.pairs)

    def _plan(self, clip: ClipInfo, video: media.Video, ten: Ten, found: dict[str, _Plan]) -> _Plan | None:
        vid = vid_of(clip, ten)
        null = NULL_NAME.match(clip.label)
        key = null[0] + vid if null else vid
        if key not in found and self.taken.setdefault(key, clip.video.id) == clip.video.id:
            free = [p for p in (NULL_PREFIX, "null_m-") if p + vid not in self.labels]
            found[key] = _Plan(vid, video, clip, ten, null[0] if null else free[0] if free else None)
        plan = found.get(key)
        return plan if plan and plan.ten.indices == ten.indices else None

    def _place(self, pair: PairWork, work: ClipWork, plan: _Plan) -> None:
        if pair.is_null:
            if plan.null_prefix is None:
                return self.gathered.refuse([pair], f"{plan.vid} has two imported null folders already")
            plan.pairs.append((pair, None))
            return
        if NULL_NAME.match(plan.clip.label):
            return self.gathered.refuse([pair], "its clip holds null expressions only")
        thing = next(thing for thing in work.objects if thing.id == pair.objects[0])
        if missing := sorted({i for i in plan.ten.indices if i not in thing.track.masks}):
            some = ", ".join(map(str, missing[:5])) + (", ..." if len(missing) > 5 else "")
            return self.gathered.refuse(
                [pair], f"{plan.vid}: its object has no mask on frames {some}; propagate it"
            )
        plan.pairs.append((pair, thing))

    def _write(self, writer: Writer, plan: _Plan) -> None:
        numbers = fids([thing for _, thing in plan.pairs if thing])
        entries: dict[tuple[Any, ...], list[tuple[PairWork, Sentence]]] = defaultdict(list)
        for pair, thing, number in self._numbered(plan):
            key = (thing.id if thing else None, category_of(thing), pair.split or UNSPLIT)
            entries[key].append((pair, Sentence(pair.expression or "", number)))
        things = {thing.id: thing for _, thing in plan.pairs if thing}
        order = [pair for said in entries.values() for pair, _ in said]
        rows = writer.add(
            Window(
                vid=plan.vid,
                frames=lambda: list(
                    plan.video.clip(plan.clip.first, plan.clip.last).frames(plan.ten.indices)
                ),
                audio=lambda: windows.sound(plan.video, plan.ten),
                rate=RATE,
                entries=[
                    Entry(
                        category,
                        0 if id is None else numbers[id],
                        None if id is None else [m.decode() for m in _ten(things[id], plan.ten)],
                        [sentence for _, sentence in said],
                        split,
                    )
                    for (id, category, split), said in entries.items()
                ],
                seconds=plan.ten.seconds,
                null_prefix=plan.null_prefix or NULL_PREFIX,
                key=media_key(plan.clip, plan.ten),
            )
        )
        for row, pair in zip(rows, order, strict=True):
            self.gathered.written.add(pair.id)
            ten = plan.ten
            source = source_of(plan.clip, plan.video, ten.first, ten.last, ten.indices)
            self.sources.setdefault(row.v, source)
            self.rows[row.uid] = pair_of(pair)

    def _numbered(self, plan: _Plan) -> Iterator[tuple[PairWork, ObjectWork | None, int]]:
        """Numbers that pairs had when they were imported, then the next free ones."""
        free: list[tuple[PairWork, ObjectWork | None]] = []
        for pair, thing in plan.pairs:
            stem = _stem(plan, thing)
            name, _, n = (pair.label or "").rpartition("_")
            if name != stem or not n.isdigit():
                free.append((pair, thing))
            elif int(n) in self.numbers[stem]:
                self.gathered.notes.append(
                    f"{pair.label} was the uid of two rows; the second has another number now"
                )
                free.append((pair, thing))
            else:
                self.numbers[stem].add(int(n))
                yield pair, thing, int(n)
        for pair, thing in free:
            used = self.numbers[_stem(plan, thing)]
            used.add(max(used, default=0) + 1)
            yield pair, thing, max(used)


def export(
    store: Store,
    root: Path | str,
    which: PairFilter | None = None,
    shares: Mapping[str, float] | None = None,
    seal: Seal | None = None,
) -> Report:
    """Write the chosen pairs to the folder `root`, all of it or nothing. shares: see `splits.assign`; seal:
    see `gather.Seal`.

    Counts in = counts out: a pair that is chosen is in a row, or in `refused` with its reason. Raises
    RefavsError when `root` is not empty, nothing fits, or the disk refuses.
    """
    return _Export(store, which or PairFilter(), shares).run(Path(root), seal)


def vid_of(clip: ClipInfo, ten: Ten) -> str:
    """The column `vid`: the one the clip was imported with, else the video's source id or sha256, and ms."""
    if clip.label and clip.seconds:
        return NULL_NAME.sub("", clip.label)
    source = clip.video.source
    name = source if source and safe_name(source) else clip.video.sha256[:11]
    return f"{name}_{ten.start_ms}_{ten.start_ms + 10000}"


def category_of(thing: ObjectWork | None) -> str:
    """As the layout spells it: lower case, hyphens, never `_`; `object` for none (and for one named null)."""
    if thing is None:
        return NULL
    name = re.sub(r"[\W_]+", "-", (thing.category or "").lower()).strip("-")
    return name if name and name != NULL else "object"


def _stem(plan: _Plan, thing: ObjectWork | None) -> str:
    return f"{'' if thing else plan.null_prefix}{plan.vid}_{category_of(thing)}"


def fids(things: Sequence[ObjectWork]) -> dict[UUID, int]:
    """The objects' own numbers; the second of two objects with one number gets the next free one."""
    found: dict[UUID, int] = {}
    owner: dict[int, ObjectWork] = {}
    clash = []
    for thing in things:
        if thing.id in found:
            continue
        first = owner.setdefault(thing.fid, thing)
        if first.track.masks == thing.track.masks:
            found[thing.id] = thing.fid
        else:
            clash.append(thing)
    for thing in clash:
        if thing.id not in found:
            found[thing.id] = max(owner) + 1
            owner[found[thing.id]] = thing
    return found


def _ten(thing: ObjectWork, ten: Ten) -> list[Mask]:
    return [thing.track.masks[i] for i in ten.indices]
