"""What stands in the store, as plain data."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from annotations.records import (
    PRELABEL,
    ClipInfo,
    ClipLine,
    ClipWork,
    ObjectWork,
    PairFilter,
    PairLine,
    PairWork,
    Prompt,
    PromptInfo,
    SessionInfo,
    Spent,
    StoreError,
    VideoInfo,
)
from annotations.schema import (
    Annotator,
    ChangeRow,
    ClipRow,
    EffortRow,
    ExpressionRow,
    MaskHead,
    MaskVersion,
    ObjectRow,
    ObjectVersion,
    PairObject,
    PairRow,
    PairVersion,
    PromptRow,
    Rle,
    VideoRow,
    WorkSession,
)
from annotations.statements import AT_ONCE, is_head
from core.masks import Mask, Track

# Made once: to build a statement takes longer than to run it.
_p = sa.bindparam
_CLIP = (
    sa.select(ClipRow, VideoRow)
    .join(VideoRow, VideoRow.id == ClipRow.video_id)
    .where(ClipRow.id == _p("clip"))
)
_PAIRS = (
    sa.select(
        PairVersion,
        PairRow.created,
        ExpressionRow.text,
        Annotator.name,
        PairRow.session_id,
        ChangeRow.at,
        ChangeRow.act,
    )
    .select_from(PairRow)
    .join(PairVersion, is_head(PairVersion.pair_id, PairVersion.change, PairRow))
    .outerjoin(ExpressionRow, ExpressionRow.id == PairVersion.expression_id)
    .join(ChangeRow, ChangeRow.seq == PairRow.head)
    .join(Annotator, Annotator.id == PairRow.annotator_id)
    .where(~PairRow.deleted)
)
_PAIRS_OF_CLIP = _PAIRS.where(PairRow.clip_id == _p("clip")).order_by(PairRow.created, PairRow.id)
_LINES = (
    _PAIRS.add_columns(ClipRow, VideoRow)
    .join(ClipRow, ClipRow.id == PairRow.clip_id)
    .join(VideoRow, VideoRow.id == ClipRow.video_id)
    .where(PairRow.id.in_(_p("ids", expanding=True)))
)
_LINKS = (
    sa.select(PairObject.pair_id, PairObject.change, PairObject.object_id)
    .where(PairObject.pair_id.in_(_p("ids", expanding=True)))
    .order_by(PairObject.position)
)
_OBJECTS = (
    sa.select(ObjectRow.id, ObjectRow.fid, ObjectRow.head, ObjectVersion.category)
    .join(ObjectVersion, is_head(ObjectVersion.object_id, ObjectVersion.change, ObjectRow))
    .where(ObjectRow.clip_id == _p("clip"), ~ObjectVersion.deleted)
    .order_by(ObjectRow.fid, ObjectRow.head, ObjectRow.id)
)
_MASKS = (
    sa.select(
        MaskVersion.object_id,
        MaskVersion.frame,
        MaskVersion.change,
        MaskVersion.source,
        MaskVersion.score,
        Rle.height,
        Rle.width,
        Rle.counts,
    )
    .join(
        MaskHead,
        sa.and_(
            MaskHead.object_id == MaskVersion.object_id,
            MaskHead.frame == MaskVersion.frame,
            MaskHead.change == MaskVersion.change,
        ),
    )
    .join(Rle, Rle.id == MaskVersion.rle_id)
    # twice: a planner without statistics would read the versions of every clip for the second
    .where(
        MaskHead.object_id.in_(_p("ids", expanding=True)),
        MaskVersion.object_id.in_(_p("ids", expanding=True)),
    )
    .order_by(MaskVersion.object_id, MaskVersion.frame)
)


def sessions(db: Session) -> list[SessionInfo]:
    query = (
        sa.select(WorkSession.id, Annotator.name, WorkSession.started)
        .join(Annotator, Annotator.id == WorkSession.annotator_id)
        .order_by(WorkSession.started.desc())
    )
    return [SessionInfo(*row) for row in db.execute(query)]


def video_info(row: VideoRow) -> VideoInfo:
    return VideoInfo(
        id=row.id,
        sha256=row.sha256,
        path=Path(row.path),
        frame_count=row.frame_count,
        pts_hash=row.pts_hash,
        size=(row.height, row.width),
        rotation=row.rotation,
        decoder=row.decoder,
        has_audio=row.has_audio,
        source=row.source,
        licence=row.licence,
    )


def videos(db: Session, which: Any) -> list[VideoInfo]:
    return [video_info(row) for row in db.scalars(sa.select(VideoRow).where(which).order_by(VideoRow.added))]


def clip_info(row: ClipRow, video: VideoRow) -> ClipInfo:
    seconds = None if row.seconds is None else tuple(row.seconds)
    return ClipInfo(row.id, video_info(video), row.first, row.last, row.label, seconds)


def clips(db: Session, *, limit: int, offset: int) -> list[ClipLine]:
    query = (
        sa.select(ClipRow, VideoRow, ChangeRow.at)
        .join(VideoRow, VideoRow.id == ClipRow.video_id)
        .outerjoin(ChangeRow, ChangeRow.seq == ClipRow.head)
        .order_by(ClipRow.head.desc(), ClipRow.added.desc())
        .limit(limit)
        .offset(offset)
    )
    rows = db.execute(query).all()
    standing = (
        sa.select(PairRow.clip_id, sa.func.count())
        .where(PairRow.clip_id.in_([clip.id for clip, _, _ in rows]), ~PairRow.deleted)
        .group_by(PairRow.clip_id)
    )
    counts = {id: count for id, count in db.execute(standing)}
    return [ClipLine(clip_info(clip, video), counts.get(clip.id, 0), at) for clip, video, at in rows]


def pairs(
    db: Session, which: PairFilter, *, limit: int | None = None, after: PairLine | None = None
) -> list[PairLine]:
    """First which pairs, from one walk along one index; then what there is to say about them."""
    query = sa.select(PairRow.id).where(~PairRow.deleted).order_by(PairRow.head.desc(), PairRow.id)
    if which.clip:
        query = query.where(PairRow.clip_id == which.clip)
    if which.session:
        query = query.where(PairRow.session_id == which.session)
    if which.status:
        query = query.where(PairRow.status == which.status)
    if which.annotator:
        id = db.scalar(sa.select(Annotator.id).where(Annotator.name == which.annotator))
        query = query.where(PairRow.annotator_id == id)
    if which.since:
        since = which.since if which.since.tzinfo else which.since.replace(tzinfo=UTC)
        # not min(seq): that would be looked for along seq, from the oldest change on
        first = db.scalar(
            sa.select(ChangeRow.seq).where(ChangeRow.at >= since).order_by(ChangeRow.at).limit(1)
        )
        if first is None:
            return []
        query = query.where(PairRow.head >= first)
    if which.pairs is not None:
        query = query.where(PairRow.id.in_(which.pairs))
    if which.text:
        query = _with_text(db, query, which.text)
    if after is not None:
        head = after.pair.version
        query = query.where(
            sa.or_(PairRow.head < head, sa.and_(PairRow.head == head, PairRow.id > after.pair.id)),
            PairRow.head <= head,
        )
    return lines(db, list(db.scalars(query.limit(limit))))


def _with_text(db: Session, query: Any, text: str) -> Any:
    """A word that few expressions have is looked up from them; one that many have is met soon on the walk."""
    has = ExpressionRow.folded.contains(text.casefold(), autoescape=True)
    found = list(db.scalars(sa.select(ExpressionRow.id).where(has).limit(AT_ONCE + 1)))
    if len(found) <= AT_ONCE:
        return query.where(PairRow.expression_id.in_(found))
    return query.join(ExpressionRow, ExpressionRow.id == PairRow.expression_id).where(has)


def lines(db: Session, ids: Sequence[UUID]) -> list[PairLine]:
    """These pairs, in this order; those that are deleted or not there are left out."""
    found: dict[UUID, PairLine] = {}
    for start in range(0, len(ids), AT_ONCE):
        rows = db.execute(_LINES, {"ids": ids[start : start + AT_ONCE]}).all()
        links = _links(db, [(row.PairVersion.pair_id, row.PairVersion.change) for row in rows])
        for row in rows:
            line = PairLine(_pair_work(row, links), clip_info(row.ClipRow, row.VideoRow))
            found[line.pair.id] = line
    return [found[id] for id in ids if id in found]


def clip(db: Session, id: UUID) -> ClipInfo:
    return clip_info(*_clip(db, id))


def _clip(db: Session, id: UUID) -> Any:
    found = db.execute(_CLIP, {"clip": id}).one_or_none()
    if found is None:
        raise StoreError(f"The store has no clip {id}.")
    return found


def clip_work(db: Session, clip: UUID) -> ClipWork:
    found = _clip(db, clip)
    info = clip_info(*found)
    rows = db.execute(_PAIRS_OF_CLIP, {"clip": clip}).all()
    links = _links(db, [(row.PairVersion.pair_id, row.PairVersion.change) for row in rows])
    return ClipWork(
        clip=info,
        objects=tuple(_objects(db, clip, info.video.size)),
        pairs=tuple(_pair_work(row, links) for row in rows),
        version=found[0].head,
    )


def pairs_of_object(db: Session, object_id: UUID) -> list[str]:
    """Expressions (or "" for none yet) of the pairs that stand and name the object."""
    query = (
        sa.select(sa.func.coalesce(ExpressionRow.text, ""))
        .select_from(PairObject)
        .join(PairRow, sa.and_(PairRow.id == PairObject.pair_id, PairRow.head == PairObject.change))
        .outerjoin(ExpressionRow, ExpressionRow.id == PairRow.expression_id)
        .where(PairObject.object_id == object_id, ~PairRow.deleted)
    )
    return list(db.scalars(query))


def prompts(db: Session, clip: UUID) -> list[PromptInfo]:
    query = (
        sa.select(PromptRow, Annotator.name, ChangeRow.session_id)
        .join(ObjectRow, ObjectRow.id == PromptRow.object_id)
        .join(ChangeRow, ChangeRow.seq == PromptRow.change)
        .join(WorkSession, WorkSession.id == ChangeRow.session_id)
        .join(Annotator, Annotator.id == WorkSession.annotator_id)
        .where(ObjectRow.clip_id == clip)
        .order_by(PromptRow.change, PromptRow.position)
    )
    return [
        PromptInfo(Prompt(row.object_id, row.frame, row.kind, row.said, row.at), row.change, name, session)
        for row, name, session in db.execute(query)
    ]


def spent(db: Session, pairs: Iterable[UUID]) -> dict[UUID, Spent]:
    ids = sorted(set(pairs))
    found: dict[UUID, Spent] = {}
    sums = (sa.func.sum(EffortRow.seconds), sa.func.sum(EffortRow.clicks), sa.func.sum(EffortRow.strokes))
    query = sa.select(EffortRow.pair_id, *sums).group_by(EffortRow.pair_id)
    for start in range(0, len(ids), AT_ONCE):
        rows = db.execute(query.where(EffortRow.pair_id.in_(ids[start : start + AT_ONCE])))
        found |= {id: Spent(float(s), int(clicks), int(strokes)) for id, s, clicks, strokes in rows}
    return found


def _objects(db: Session, clip: UUID, size: tuple[int, int]) -> list[ObjectWork]:
    rows = db.execute(_OBJECTS, {"clip": clip}).all()
    masks: dict[UUID, list[Any]] = defaultdict(list)
    for row in db.execute(_MASKS, {"ids": [thing.id for thing in rows]}):
        masks[row.object_id].append(row)
    return [
        ObjectWork(
            id=thing.id,
            fid=thing.fid,
            category=thing.category,
            track=Track(size, {m.frame: Mask((m.height, m.width), m.counts) for m in masks[thing.id]}),
            sources={m.frame: m.source for m in masks[thing.id]},
            scores={m.frame: m.score for m in masks[thing.id]},
            version=max([thing.head, *(m.change for m in masks[thing.id])]),
        )
        for thing in rows
    ]


def _pair_work(row: Any, links: dict[UUID, list[UUID]]) -> PairWork:
    now: PairVersion = row.PairVersion
    return PairWork(
        id=now.pair_id,
        expression=row.text,
        objects=tuple(links[now.pair_id]),
        status=now.status,
        split=now.split,
        label=now.label,
        annotator=row.name,
        session=row.session_id,
        at=row.at,
        version=now.change,
        created=row.created,
        cues=None if now.cues is None else tuple(now.cues),
        null_kind=now.null_kind,
        comment=now.comment,
        prelabel=row.act == PRELABEL,
    )


def _links(db: Session, heads: Sequence[tuple[UUID, int]]) -> dict[UUID, list[UUID]]:
    """pair -> its objects, in order."""
    wanted = dict(heads)
    links: dict[UUID, list[UUID]] = defaultdict(list)
    ids = list(wanted)
    for start in range(0, len(ids), AT_ONCE):
        for row in db.execute(_LINKS, {"ids": ids[start : start + AT_ONCE]}):
            if row.change == wanted[row.pair_id]:
                links[row.pair_id].append(row.object_id)
    return links
