"""Which pairs go out, with their videos opened and their masks read; what cannot go, and why."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from annotations.exchange import splits
from annotations.identity import differences
from annotations.records import ClipInfo, ClipWork, PairFilter, PairWork
from annotations.store import Store
from core import media
from core.datasets.whole import SUMS
from core.errors import DatasetError, MediaError

FORM = 1  # counts changes of how pictures and sound are written


@dataclass(frozen=True, slots=True)
class Refused:
    """A pair, or a part of it, that the layout cannot hold, and why."""

    pair: UUID
    expression: str | None
    reason: str


@dataclass(frozen=True)
class Report:
    """pairs: selected. written: of these, in at least one row. Every other one is in `refused`.

    rows: expressions in the folder. windows: pieces of clips that have frames of their own.
    """

    root: Path
    pairs: int
    written: int
    rows: int
    windows: int
    refused: tuple[Refused, ...]
    notes: tuple[str, ...]


Seal = Callable[[Report, Path], None]  # adds files to an export's folder before it takes its name


@dataclass(frozen=True, eq=False)
class Ready:
    """A clip with the pairs of it that go out. work: everything that stands on the clip."""

    clip: ClipInfo
    video: media.Video
    work: ClipWork
    pairs: list[PairWork]


class Gathered:
    """The chosen pairs, and what became of each."""

    def __init__(
        self,
        store: Store,
        which: PairFilter,
        *,
        null: bool = True,
        plural: bool = True,
        shares: Mapping[str, float] | None = None,
    ) -> None:
        self._store, self._null, self._plural = store, null, plural
        self._chosen: dict[UUID, list[PairWork]] = defaultdict(list)
        self.clips: dict[UUID, ClipInfo] = {}
        found = store.pairs(which, limit=None)
        named = which.annotator or which.session or which.pairs
        lines = [line for line in found if named or not line.pair.prelabel]
        self.categories = splits.categories_of(store, (id for line in lines for id in line.pair.objects))
        split = splits.assign(lines, self.categories, shares)
        for line in sorted(lines, key=lambda line: (line.pair.created, line.pair.id)):
            self._chosen[line.clip.id].append(replace(line.pair, split=split[line.pair.id]))
            self.clips[line.clip.id] = line.clip
        self.pairs = len(lines)
        self.written: set[UUID] = set()
        self.refused: list[Refused] = []
        self.notes: list[str] = []
        if left := len(found) - len(lines):
            self.notes.append(
                f"{left} pairs are a system's answers that no person has saved, and stay here; "
                "name its annotator or session to take them along"
            )
        if leaks := splits.leaks((line.clip, split[line.pair.id]) for line in lines):
            self.notes.append(f"{leaks} video(s) have pairs in several splits, as they were stored")

    def by_video(self) -> Iterator[list[Ready]]:
        """The clips that can be read, those of one video together."""
        videos: dict[UUID, list[ClipInfo]] = defaultdict(list)
        for clip in self.clips.values():
            videos[clip.video.id].append(clip)
        for clips in videos.values():
            yield [ready for clip in clips if (ready := self._ready(clip))]

    def refuse(self, pairs: Sequence[PairWork], reason: str) -> None:
        self.refused += [Refused(pair.id, pair.expression, reason) for pair in pairs]

    def check(self, root: Path, rows: int) -> None:
        """Something goes out, and every chosen pair was written or is refused with a reason."""
        if not self.pairs:
            said = "; ".join([f"no pair in {self._store.database.name} fits what was asked for", *self.notes])
            raise DatasetError(f"There is nothing to export: {said}.")
        if not rows:
            first = self.refused[0]
            raise DatasetError(
                f"None of {self.pairs} pairs can be exported; the first, {first.expression!r}: {first.reason}."
            )
        chosen = {pair.id for pairs in self._chosen.values() for pair in pairs}
        if lost := chosen - self.written - {refused.pair for refused in self.refused}:
            raise DatasetError(f"{len(lost)} pairs were lost on the way to {root}; nothing is kept.")

    def manifest(self, sources: dict[str, Any], pairs: dict[str, Any]) -> dict[str, Any]:
        """What a manifest says beside the counts: who made it, from what, and what was left out."""
        sessions = {line["session"]: line["annotator"] for line in pairs.values()}
        parts = Counter(line["split"] for line in pairs.values())
        return {
            "made": datetime.now(UTC).isoformat(timespec="seconds"),
            "pairs_selected": self.pairs,
            "pairs_written": len(self.written),
            "sessions": [{"id": id, "annotator": name} for id, name in sessions.items()],
            "refused": [
                {"pair": str(r.pair), "expression": r.expression, "reason": r.reason} for r in self.refused
            ],
            "notes": self.notes,
            "hashes": SUMS,  # of every file
            "expressions_by_split": dict(sorted(parts.items())),
            "sources": sources,
            "pairs": pairs,
        }

    def report(self, root: Path, *, rows: int, windows: int) -> Report:
        return Report(
            root.absolute(),
            self.pairs,
            len(self.written),
            rows,
            windows,
            tuple(self.refused),
            tuple(self.notes),
        )

    def _ready(self, clip: ClipInfo) -> Ready | None:
        pairs = list(self._fitting(self._chosen[clip.id]))
        if not pairs:
            return None
        try:
            video = media.open(clip.video.path)
            media.confirm(video)
        except MediaError as error:
            self.refuse(pairs, str(error))
            return None
        if wrong := differences(clip.video, video):
            self.refuse(pairs, f"{clip.video.path} is not as it was annotated: {'; '.join(wrong)}")
            return None
        return Ready(clip, video, self._store.load_clip_work(clip.id), pairs)

    def _fitting(self, pairs: Sequence[PairWork]) -> Iterator[PairWork]:
        for pair in pairs:
            if pair.status == "cannot-describe":
                self.refuse([pair], "marked as one that cannot be described")
            elif pair.expression is None:
                self.refuse([pair], "it has no expression yet")
            elif pair.is_plural and not self._plural:
                self.refuse([pair], f"it refers to {len(pair.objects)} objects; this layout holds one a row")
            elif pair.is_null and not self._null:
                self.refuse([pair], "it is a null expression; this layout holds none")
            else:
                yield pair


def media_key(clip: ClipInfo, of: object = None) -> str:
    """What the pictures and sound of a clip, or of a part of it, follow from; see `core.datasets.whole`."""
    video = clip.video
    return repr((FORM, video.sha256, video.pts_hash, video.size, video.decoder, clip.first, clip.last, of))


def source_of(
    clip: ClipInfo, video: media.Video, first: int, last: int, indices: Sequence[int]
) -> dict[str, Any]:
    """A manifest's entry: which frames of which video, and their times in seconds."""
    info = clip.video
    return {
        "sha256": info.sha256,
        "frame_count": info.frame_count,
        "pts_hash": info.pts_hash,
        "size": list(info.size),
        "rotation": info.rotation,
        "decoder": info.decoder,
        "source": info.source,
        "licence": info.licence,
        "frames_a_second": round(video.rate, 6),
        "first": first,
        "last": last,
        "indices": list(indices),
        "times": [round(float(video.pts[i]), 6) for i in indices],
    }


def pair_of(pair: PairWork) -> dict[str, Any]:
    """A manifest's entry: whose work an expression is."""
    return {
        "pair": str(pair.id),
        "objects": [str(id) for id in pair.objects],
        "annotator": pair.annotator,
        "session": str(pair.session),
        "version": pair.version,
        "status": pair.status,
        "split": pair.split,
        "cues": None if pair.cues is None else list(pair.cues),
        "null_kind": pair.null_kind,
    }
