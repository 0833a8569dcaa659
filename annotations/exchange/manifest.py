"""The manifest of an export, read back: only what has the form that an export gives it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from annotations.records import CUES, NULL_KINDS, STATUSES, VideoInfo
from annotations.store import Store
from core.datasets.defects import Defect


@dataclass(frozen=True, slots=True)
class Source:
    """Where a folder's frames are from. indices: of the video, one a frame."""

    sha256: str
    frame_count: int
    pts_hash: str
    size: tuple[int, int]
    decoder: str
    first: int
    last: int
    indices: tuple[int, ...]
    id: str | None = None  # public


@dataclass(frozen=True, slots=True)
class Made:
    """Whose work an expression is."""

    pair: UUID
    status: str
    cues: tuple[str, ...] | None = None
    null_kind: str | None = None


@dataclass(frozen=True)
class Manifest:
    """sources: by folder. pairs: by the expression's id in the layout. categories: by folder and object."""

    sources: dict[str, Source]
    pairs: dict[str, Made]
    categories: dict[str, dict[str, str]]
    defects: tuple[Defect, ...] = ()

    def status(self, id: str) -> str:
        made = self.pairs.get(id)
        return made.status if made and made.status in STATUSES else "accepted"

    def told(self, id: str, *, null: bool) -> dict[str, Any]:
        """What else of a PairEdit the manifest tells of an expression."""
        made = self.pairs.get(id)
        return {} if made is None else {"cues": made.cues, "null_kind": made.null_kind if null else None}


def read_manifest(path: Path) -> Manifest:
    """Empty where there is none; with a defect where it cannot be read."""
    if not path.exists():
        return Manifest({}, {}, {})
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        sources = {name: _source(entry) for name, entry in said.get("sources", {}).items()}
        pairs = {id: _made(entry) for id, entry in said.get("pairs", {}).items()}
        categories = {
            str(name): {str(key): str(value) for key, value in objects.items() if value}
            for name, objects in said.get("categories", {}).items()
        }
        return Manifest(sources, pairs, categories)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        wrong = Defect("manifest", path.name, f"it cannot be read ({error}) and is left aside")
        return Manifest({}, {}, {}, (wrong,))


def stored_source(store: Store, name: str, source: Source) -> VideoInfo | Defect | None:
    """The store's video with the very same frames; a Defect when its frames are others; None = not there."""
    candidates = store.videos(source.sha256)
    own = ": its masks go on the folder's own frames"
    if not candidates and source.id and (others := store.videos_of(source.id)):
        there = f"its source {source.id} is another file here (sha256 {others[0].sha256[:11]}..."
        return Defect("source-differs", name, f"{there}, was {source.sha256[:11]}...){own}")
    for info in candidates:
        same = (info.frame_count, info.pts_hash, info.size)
        if same == (source.frame_count, source.pts_hash, source.size):
            return info
    if not candidates:
        return None
    info = candidates[0]
    then = f"{source.frame_count} frames of {list(source.size)} (H, W) by {source.decoder}"
    now = f"{info.frame_count} of {list(info.size)} by {info.decoder}, or at other times"
    return Defect("source-differs", name, f"its source was read as {then}, here as {now}{own}")


def _made(entry: dict[str, Any]) -> Made:
    cues, kind = entry.get("cues"), entry.get("null_kind")
    known = None if cues is None else tuple(cue for cue in CUES if cue in cues)
    return Made(UUID(entry["pair"]), str(entry.get("status")), known, kind if kind in NULL_KINDS else None)


def _source(entry: dict[str, Any]) -> Source:
    height, width = entry["size"]
    source = Source(
        sha256=entry["sha256"],
        frame_count=entry["frame_count"],
        pts_hash=entry["pts_hash"],
        size=(height, width),
        decoder=entry["decoder"],
        first=entry["first"],
        last=entry["last"],
        indices=tuple(entry["indices"]),
        id=entry.get("source") if isinstance(entry.get("source"), str) else None,
    )
    numbers = (*source.indices, *source.size, source.first, source.last, source.frame_count)
    if not source.indices or any(type(n) is not int or n < 0 for n in numbers):
        raise ValueError("frames that are no numbers")
    if not source.first <= min(source.indices) <= max(source.indices) <= source.last < source.frame_count:
        raise ValueError("frames outside their video")
    if any(type(text) is not str for text in (source.sha256, source.pts_hash, source.decoder)):
        raise ValueError("a source that is no text")
    return source
