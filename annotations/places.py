"""What is worked on: videos as the decoder saw them, and clips of them. Found, or made when new."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from annotations import reading
from annotations.identity import pts_hash
from annotations.records import ClipInfo, StoreError, VideoInfo
from annotations.schema import ClipRow, VideoRow
from core.media import Video


def add_video(db: Session, video: Video, *, source: str | None, licence: str | None) -> VideoInfo:
    height, width = video.size
    table = pts_hash(video.pts)
    same = (
        VideoRow.sha256 == video.sha256,
        VideoRow.pts_hash == table,
        VideoRow.height == height,
        VideoRow.width == width,
    )
    row = db.scalars(sa.select(VideoRow).where(*same)).one_or_none()
    if row is None:
        row = VideoRow(
            id=uuid4(),
            sha256=video.sha256,
            path=str(video.path),
            frame_count=len(video.pts),
            pts_hash=table,
            height=height,
            width=width,
            rotation=video.rotation,
            decoder=video.decoder,
            has_audio=video.has_audio,
            source=source,
            licence=licence,
            added=datetime.now(UTC),
        )
        db.add(row)
    row.path = str(video.path)
    row.source = source or row.source
    row.licence = licence or row.licence
    return reading.video_info(row)


def move_videos(db: Session, old: Path, new: Path) -> int:
    """Videos below `old` lie at the same place below `new` now; how many."""
    start = f"{old}/"
    rows = db.scalars(sa.select(VideoRow).where(VideoRow.path.startswith(start, autoescape=True))).all()
    for row in rows:
        row.path = str(new / row.path.removeprefix(start))
    return len(rows)


def add_clip(
    db: Session, video: UUID, first: int, last: int, *, label: str, seconds: Sequence[int] | None
) -> ClipInfo:
    owner = db.get(VideoRow, video)
    if owner is None:
        raise StoreError(f"The store has no video {video}; add it first.")
    if not 0 <= first <= last < owner.frame_count:
        ends = f"0 to {owner.frame_count - 1}"
        raise StoreError(f"A clip lies within frames {ends} of its video, not {first} to {last}.")
    same = (
        ClipRow.video_id == video,
        ClipRow.first == first,
        ClipRow.last == last,
        ClipRow.label == label,
    )
    row = db.scalars(sa.select(ClipRow).where(*same)).one_or_none()
    if row is None:
        row = ClipRow(
            id=uuid4(),
            video_id=video,
            first=first,
            last=last,
            label=label,
            seconds=None if seconds is None else [int(i) for i in seconds],
            head=0,
            added=datetime.now(UTC),
        )
        db.add(row)
    return reading.clip_info(row, owner)
