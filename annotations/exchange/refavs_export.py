"""Pairs of the store as a folder in the Ref-AVS layout."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from annotations.exchange import windows
from annotations.exchange.windows import Ten
from annotations.identity import differences
from annotations.records import ClipInfo, ClipWork, ObjectWork, PairFilter, PairWork
from annotations.store import Store
from core import media
from core.datasets.refavs import FRAMES, NULL, NULL_PREFIX, safe_name
from core.datasets.refavs_write import RATE, Entry, Sentence, Window, Writer
from core.errors import DatasetError, MediaError
from core.masks import Mask

SPLIT = "train"  # of a pair that has none
NULL_NAME = re.compile(r"^null_[a-z]+-")


@dataclass(frozen=True, slots=True)
class Refused:
    """A pair, or a window of it, that the layout cannot hold, and why."""

    pair: UUID
    expression: str | None
    reason: str


@dataclass(frozen=True)
class Report:
    """pairs: selected. written: of these, in at least one row. Every other one is in `refused`."""

    root: Path
    pairs: int
    written: int
    rows: int
    windows: int
    refused: tuple[Refused, ...]
    notes: tuple[str, ...]


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
    def __init__(self, store: Store, which: PairFilter) -> None:
        self.store = store
        lines = store.pairs(which, limit=None)
        self.chosen: dict[UUID, list[PairWork]] = defaultdict(list)
        self.clips: dict[UUID, ClipInfo] = {}
        for line in sorted(lines, key=lambda line: (line.pair.created, line.pair.id)):
            self.chosen[line.clip.id].append(line.pair)
            self.clips[line.clip.id] = line.clip
        self.pairs = len(lines)
        self.written: set[UUID] = set()
        self.refused: list[Refused] = []
        self.notes: list[str] = []
        self.labels = {clip.label for clip in self.clips.values()}
        self.taken: dict[str, UUID] = {}  # vid -> video
        self.numbers: dict[str, set[int]] = defaultdict(set)  # of uids, by what stands before the number
        self.sources: dict[str, Any] = {}
        self.rows: dict[str, Any] = {}

    def run(self, root: Path) -> Report:
        with Writer(root) as writer:
            for plan in self._plans():
                self._write(writer, plan)
            if not self.rows:
                raise DatasetError(self._nothing())
            self._check(root)
            writer.extra |= self._manifest()
        return Report(
            root=writer.root,
            pairs=self.pairs,
            written=len(self.written),
            rows=len(self.rows),
            windows=len(self.sources),
            refused=tuple(self.refused),
            notes=tuple(self.notes),
        )

    def _check(self, root: Path) -> None:
        """Every chosen pair was written or is refused with a reason."""
        chosen = {pair.id for pairs in self.chosen.values() for pair in pairs}
        if lost := chosen - self.written - {refused.pair for refused in self.refused}:
            raise DatasetError(f"{len(lost)} pairs were lost on the way to {root}; nothing is kept.")

    def _plans(self) -> Iterator[_Plan]:
        """Window by window; clips of one video together, because they may share a window."""
        by_video: dict[UUID, list[ClipInfo]] = defaultdict(list)
        for clip in self.clips.values():
            by_video[clip.video.id].append(clip)
        for clips in by_video.values():
            found: dict[str, _Plan] = {}
            for clip in clips:
                pairs = list(self._fitting(self.chosen[clip.id]))
                if pairs:
                    self._plan_clip(clip, pairs, found)
            yield from (plan for plan in found.values() if plan.pairs)

    def _fitting(self, pairs: Sequence[PairWork]) -> Iterator[PairWork]:
        for pair in pairs:
            if pair.status == "cannot-describe":
                self._refuse([pair], "marked as one that cannot be described")
            elif pair.expression is None:
                self._refuse([pair], "it has no expression yet")
            elif pair.is_plural:
                self._refuse([pair], f"it refers to {len(pair.objects)} objects; this layout holds one a row")
            else:
                yield pair

    def _plan_clip(self, clip: ClipInfo, pairs: list[PairWork], found: dict[str, _Plan]) -> None:
        try:
            video = media.open(clip.video.path)
        except MediaError as error:
            return self._refuse(pairs, str(error))
        if wrong := differences(clip.video, video):
            return self._refuse(pairs, f"{clip.video.path} is not as it was annotated: {'; '.join(wrong)}")
        work = self.store.load_clip_work(clip.id)
        tens = windows.cut(video, clip)
        if (rest := windows.left_over(video, clip, tens)) > windows.CLOSE:
            self.notes.append(
                f"{clip.video.path.name}: the last {rest:.2f} s make no window and are left out"
            )
        for ten in tens:
            plan = self._plan(clip, video, ten, found)
            if plan is None:
                self._refuse(pairs, f"another clip has the name {vid_of(clip, ten)} and other frames")
                continue
            for pair in pairs:
                self._place(pair, work, plan)

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
                return self._refuse([pair], f"{plan.vid} has two imported null folders already")
            plan.pairs.append((pair, None))
            return
        if NULL_NAME.match(plan.clip.label):
            return self._refuse([pair], "its clip holds null expressions only")
        thing = next(thing for thing in work.objects if thing.id == pair.objects[0])
        if missing := sorted({i for i in plan.ten.indices if i not in thing.track.masks}):
            some = ", ".join(map(str, missing[:5])) + (", ..." if len(missing) > 5 else "")
            return self._refuse([pair], f"{plan.vid}: its object has no mask on frames {some}; propagate it")
        plan.pairs.append((pair, thing))

    def _write(self, writer: Writer, plan: _Plan) -> None:
        fids = _fids([thing for _, thing in plan.pairs if thing])
        entries: dict[tuple[Any, ...], list[tuple[PairWork, Sentence]]] = defaultdict(list)
        for pair, thing, number in self._numbered(plan):
            key = (thing.id if thing else None, category_of(thing), pair.split or SPLIT)
            entries[key].append((pair, Sentence(pair.expression or "", number)))
        things = {thing.id: thing for _, thing in plan.pairs if thing}
        order = [pair for said in entries.values() for pair, _ in said]
        rows = writer.add(
            Window(
                vid=plan.vid,
                frames=list(plan.video.clip(plan.clip.first, plan.clip.last).frames(plan.ten.indices)),
                audio=windows.sound(plan.video, plan.ten),
                rate=RATE,
                entries=[
                    Entry(
                        category,
                        0 if id is None else fids[id],
                        None if id is None else [m.decode() for m in _ten(things[id], plan.ten)],
                        [sentence for _, sentence in said],
                        split,
                    )
                    for (id, category, split), said in entries.items()
                ],
                seconds=plan.ten.seconds,
                null_prefix=plan.null_prefix or NULL_PREFIX,
            )
        )
        for row, pair in zip(rows, order, strict=True):
            self.written.add(pair.id)
            self.sources.setdefault(row.v, _source(plan))
            self.rows[row.uid] = {
                "pair": str(pair.id),
                "objects": [str(id) for id in pair.objects],
                "annotator": pair.annotator,
                "session": str(pair.session),
                "status": pair.status,
            }

    def _numbered(self, plan: _Plan) -> Iterator[tuple[PairWork, ObjectWork | None, int]]:
        """Numbers that pairs had when they were imported, then the next free ones."""
        free: list[tuple[PairWork, ObjectWork | None]] = []
        for pair, thing in plan.pairs:
            stem = _stem(plan, thing)
            name, _, n = (pair.label or "").rpartition("_")
            if name != stem or not n.isdigit():
                free.append((pair, thing))
            elif int(n) in self.numbers[stem]:
                self.notes.append(f"{pair.label} was the uid of two rows; the second has another number now")
                free.append((pair, thing))
            else:
                self.numbers[stem].add(int(n))
                yield pair, thing, int(n)
        for pair, thing in free:
            used = self.numbers[_stem(plan, thing)]
            used.add(max(used, default=0) + 1)
            yield pair, thing, max(used)

    def _refuse(self, pairs: Sequence[PairWork], reason: str) -> None:
        self.refused += [Refused(pair.id, pair.expression, reason) for pair in pairs]

    def _manifest(self) -> dict[str, Any]:
        sessions = {line["session"]: line["annotator"] for line in self.rows.values()}
        return {
            "made": datetime.now(UTC).isoformat(timespec="seconds"),
            "pairs_selected": self.pairs,
            "pairs_written": len(self.written),
            "sessions": [{"id": id, "annotator": name} for id, name in sessions.items()],
            "refused": [
                {"pair": str(r.pair), "expression": r.expression, "reason": r.reason} for r in self.refused
            ],
            "notes": self.notes,
            "sources": self.sources,
            "pairs": self.rows,
        }

    def _nothing(self) -> str:
        if not self.pairs:
            return (
                f"There is nothing to export: no pair in {self.store.database.name} fits what was asked for."
            )
        first = self.refused[0]
        return f"None of {self.pairs} pairs can be exported; the first, {first.expression!r}: {first.reason}."


def export(store: Store, root: Path | str, which: PairFilter | None = None) -> Report:
    """Write the chosen pairs to the folder `root`, all of it or nothing.

    Counts in = counts out: a pair that is chosen is in a row, or in `refused` with its reason. Raises
    RefavsError when `root` is not empty, nothing fits, or the disk refuses.
    """
    return _Export(store, which or PairFilter()).run(Path(root))


def vid_of(clip: ClipInfo, ten: Ten) -> str:
    """The column `vid`: the one the clip was imported with, else the video's source id or sha256, and ms."""
    if clip.label:
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


def _fids(things: Sequence[ObjectWork]) -> dict[UUID, int]:
    """The objects' own numbers; the second of two objects with one number gets the next free one."""
    fids: dict[UUID, int] = {}
    owner: dict[int, ObjectWork] = {}
    clash = []
    for thing in things:
        if thing.id in fids:
            continue
        first = owner.setdefault(thing.fid, thing)
        if first.track.masks == thing.track.masks:
            fids[thing.id] = thing.fid
        else:
            clash.append(thing)
    for thing in clash:
        if thing.id not in fids:
            fids[thing.id] = max(owner) + 1
            owner[fids[thing.id]] = thing
    return fids


def _ten(thing: ObjectWork, ten: Ten) -> list[Mask]:
    return [thing.track.masks[i] for i in ten.indices]


def _source(plan: _Plan) -> dict[str, Any]:
    info, ten = plan.clip.video, plan.ten
    times = [round(float(plan.video.pts[i]), 6) for i in ten.indices]
    assert len(times) == FRAMES
    return {
        "sha256": info.sha256,
        "frame_count": info.frame_count,
        "pts_hash": info.pts_hash,
        "size": list(info.size),
        "rotation": info.rotation,
        "decoder": info.decoder,
        "source": info.source,
        "licence": info.licence,
        "frames_a_second": round(plan.video.rate, 6),
        "first": ten.first,
        "last": ten.last,
        "indices": list(ten.indices),
        "times": times,
    }
