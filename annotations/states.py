"""A clip as it stood after any change: looked at, compared with another state, brought back."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from annotations import reading
from annotations.edit import Edit, MaskValue, carried
from annotations.history import JUDGEMENTS, changes
from annotations.records import (
    ChangeInfo,
    ClipWork,
    Differences,
    ObjectDifference,
    ObjectWork,
    PairDifference,
    PairWork,
    Saved,
)
from annotations.schema import (
    Annotator,
    ChangeRow,
    ExpressionRow,
    MaskHead,
    MaskVersion,
    ObjectRow,
    ObjectVersion,
    PairObject,
    PairRow,
    PairVersion,
    Rle,
    WorkSession,
)
from core.masks import Mask, Track, iou

T = TypeVar("T", PairWork, ObjectWork)


def of_clip(db: Session, clip: UUID) -> list[ChangeInfo]:
    """The changes of a clip, oldest first; of judgements too."""
    frames: dict[int, set[int]] = defaultdict(set)
    query = sa.select(MaskVersion.change, MaskVersion.frame).join(
        ObjectRow, ObjectRow.id == MaskVersion.object_id
    )
    for change, frame in db.execute(query.where(ObjectRow.clip_id == clip)):
        frames[change].add(frame)
    return changes(db, ChangeRow.clip_id == clip, {change: sorted(of) for change, of in frames.items()})


def clip_at(db: Session, clip: UUID, version: int) -> ClipWork:
    """What stood on the clip after that version."""
    info = reading.clip(db, clip)
    return ClipWork(
        clip=info,
        objects=tuple(_objects(db, clip, version, info.video.size)),
        pairs=tuple(_pairs(db, clip, version)),
        version=max((change.version for change in of_clip(db, clip) if change.version <= version), default=0),
    )


def compare(before: ClipWork, after: ClipWork) -> Differences:
    """What is not the same in two states of one clip."""
    pairs, things = _both(before.pairs, after.pairs), _both(before.objects, after.objects)
    found = []
    for id, (old, new) in things.items():
        frames = _frames(old.track.masks if old else {}, new.track.masks if new else {})
        if frames or old is None or new is None or old.category != new.category:
            found.append(ObjectDifference(id, old, new, frames))
    said = [
        PairDifference(id, old, new)
        for id, (old, new) in pairs.items()
        if old is None or new is None or _content(old) != _content(new)
    ]
    return Differences(tuple(found), tuple(said))


def bring_back(db: Session, session: UUID, clip: UUID, version: int, change: UUID | None) -> Saved:
    """Make the state after that version stand again. A pair that changes by it is a draft again: what somebody
    judged was another one.
    """
    edit = Edit(db, session=session, clip=clip, act="bring back", change=change)
    rows = db.scalars(sa.select(ObjectRow).where(ObjectRow.clip_id == clip)).all()
    then = {v.object_id: v for v in db.scalars(_newest_objects(clip, version))}
    for row in rows:
        old = then.get(row.id)
        if old is not None and not old.deleted:
            now = db.get_one(ObjectVersion, (row.id, row.head))
            if (now.category, now.deleted) != (old.category, False):
                edit.set_object(row.id, row.head, old.category, deleted=False)
        masks = {m.frame: (m.rle_id, m.source, m.score) for m in db.scalars(_newest_masks(row.id, version))}
        frames = db.scalars(sa.select(MaskHead.frame).where(MaskHead.object_id == row.id))
        wanted: dict[int, MaskValue] = {frame: masks.get(frame, (None, "click", 0.0)) for frame in frames}
        edit.set_masks(row.id, wanted)
    said = {v.pair_id: v for v in db.scalars(_newest_pairs(clip, version))}
    for pair in db.scalars(sa.select(PairRow).where(PairRow.clip_id == clip)).all():
        head = db.get_one(PairVersion, (pair.id, pair.head))
        like = said.get(pair.id)
        gone = like is None or like.deleted
        if gone == head.deleted and (gone or _same(edit, head, like)):
            continue
        edit.set_pair(pair.id, pair.head, like or head, deleted=gone, status=None if gone else "draft")
    for row in rows:  # after the pairs that named them
        old = then.get(row.id)
        now = db.get_one(ObjectVersion, (row.id, row.head), populate_existing=True)
        if (old is None or old.deleted) and not now.deleted:
            edit.set_object(row.id, row.head, now.category, deleted=True)
    return edit.saved()


def _same(edit: Edit, now: PairVersion, then: Any) -> bool:
    """Whether two versions of a pair say the same, however they were judged."""

    def said(v: Any) -> tuple[Any, ...]:
        kept = {name: value for name, value in carried(v).items() if name != "comment"}
        unsaid = v.status == "cannot-describe"
        return v.expression_id, unsaid, tuple(kept.values()), tuple(edit.objects_of(v.pair_id, v.change))

    return said(now) == said(then)


def _both(before: Sequence[T], after: Sequence[T]) -> dict[UUID, tuple[T | None, T | None]]:
    old, new = {each.id: each for each in before}, {each.id: each for each in after}
    return {id: (old.get(id), new.get(id)) for id in old | new}


def _frames(before: Mapping[int, Mask], after: Mapping[int, Mask]) -> dict[int, float | None]:
    """Frame -> IoU, of the frames whose masks differ; None where one side has no answer."""
    found: dict[int, float | None] = {}
    for frame in sorted(before.keys() | after.keys()):
        old, new = before.get(frame), after.get(frame)
        if old != new:
            found[frame] = None if old is None or new is None else iou(old, new)
    return found


def _content(pair: PairWork) -> tuple[Any, ...]:
    return (
        pair.expression,
        pair.objects,
        pair.status,
        pair.split,
        pair.label,
        pair.cues,
        pair.null_kind,
        pair.comment,
    )


def _newest_masks(object_id: UUID, version: int) -> Any:
    later = aliased(MaskVersion)
    newest = (
        sa.select(sa.func.max(later.change))
        .where(later.object_id == object_id, later.frame == MaskVersion.frame, later.change <= version)
        .scalar_subquery()
    )
    return sa.select(MaskVersion).where(MaskVersion.object_id == object_id, MaskVersion.change == newest)


def _newest_objects(clip: UUID, version: int) -> Any:
    later = aliased(ObjectVersion)
    newest = (
        sa.select(sa.func.max(later.change))
        .where(later.object_id == ObjectVersion.object_id, later.change <= version)
        .scalar_subquery()
    )
    query = sa.select(ObjectVersion).join(ObjectRow, ObjectRow.id == ObjectVersion.object_id)
    return query.where(ObjectRow.clip_id == clip, ObjectVersion.change == newest)


def _newest_pairs(clip: UUID, version: int) -> Any:
    later = aliased(PairVersion)
    newest = (
        sa.select(sa.func.max(later.change))
        .where(later.pair_id == PairVersion.pair_id, later.change <= version)
        .scalar_subquery()
    )
    query = sa.select(PairVersion).join(PairRow, PairRow.id == PairVersion.pair_id)
    return query.where(PairRow.clip_id == clip, PairVersion.change == newest)


def _objects(db: Session, clip: UUID, version: int, size: tuple[int, int]) -> list[ObjectWork]:
    fids = {
        id: fid
        for id, fid in db.execute(sa.select(ObjectRow.id, ObjectRow.fid).where(ObjectRow.clip_id == clip))
    }
    found = []
    for then in db.scalars(_newest_objects(clip, version)).all():
        if then.deleted:
            continue
        masks = list(
            db.scalars(_newest_masks(then.object_id, version).where(MaskVersion.rle_id.is_not(None)))
        )
        pixels = {
            row.id: Mask((row.height, row.width), row.counts)
            for row in db.scalars(sa.select(Rle).where(Rle.id.in_({m.rle_id for m in masks})))
        }
        found.append(
            ObjectWork(
                id=then.object_id,
                fid=fids[then.object_id],
                category=then.category,
                track=Track(size, {m.frame: pixels[m.rle_id] for m in sorted(masks, key=lambda m: m.frame)}),
                sources={m.frame: m.source for m in masks},
                scores={m.frame: m.score for m in masks},
                version=max([then.change, *(m.change for m in masks)]),
            )
        )
    return sorted(found, key=lambda thing: (thing.fid, str(thing.id)))


def _pairs(db: Session, clip: UUID, version: int) -> list[PairWork]:
    found = []
    for then in db.scalars(_newest_pairs(clip, version)).all():
        if then.deleted:
            continue
        author = (
            sa.select(Annotator.name, WorkSession.id)
            .join(WorkSession, WorkSession.annotator_id == Annotator.id)
            .join(ChangeRow, ChangeRow.session_id == WorkSession.id)
            .join(PairVersion, PairVersion.change == ChangeRow.seq)
            .where(PairVersion.pair_id == then.pair_id, PairVersion.change <= then.change)
            .where(ChangeRow.act.not_in(JUDGEMENTS))
            .order_by(PairVersion.change.desc())
            .limit(1)
        )
        name, session = db.execute(author).one()
        things = (
            sa.select(PairObject.object_id)
            .where(PairObject.pair_id == then.pair_id, PairObject.change == then.change)
            .order_by(PairObject.position)
        )
        text = then.expression_id and db.get_one(ExpressionRow, then.expression_id).text
        at = db.scalars(sa.select(ChangeRow.at).where(ChangeRow.seq == then.change)).one()
        found.append(
            PairWork(
                id=then.pair_id,
                expression=text,
                objects=tuple(db.scalars(things)),
                status=then.status,
                split=then.split,
                label=then.label,
                annotator=name,
                session=session,
                at=at,
                version=then.change,
                created=db.get_one(PairRow, then.pair_id).created,
                cues=None if then.cues is None else tuple(then.cues),
                null_kind=then.null_kind,
                comment=then.comment,
            )
        )
    return sorted(found, key=lambda pair: (pair.created, str(pair.id)))
