"""Going back: undo, redo and bringing back are changes like any other."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from annotations.edit import Edit, MaskValue, carried
from annotations.records import ChangeInfo, ConflictError, Saved, StoreError
from annotations.schema import (
    Annotator,
    ChangeRow,
    ClipRow,
    MaskHead,
    MaskVersion,
    ObjectRow,
    ObjectVersion,
    PairObject,
    PairRow,
    PairVersion,
    Rle,
    VideoRow,
    WorkSession,
)
from annotations.statements import is_head
from core.masks import Mask, Track

JUDGEMENTS = ("accept pair", "return pair")  # acts that stand: undone, the pair would be the judge's


def undo(db: Session, session: UUID, clip: UUID) -> Saved | None:
    done, _ = _stacks(db, session, clip)
    return _revert(db, session, clip, done[-1], "undo") if done else None


def redo(db: Session, session: UUID, clip: UUID) -> Saved | None:
    _, undone = _stacks(db, session, clip)
    return _revert(db, session, clip, undone[-1], "redo") if undone else None


def _stacks(db: Session, session: UUID, clip: UUID) -> tuple[list[int], list[int]]:
    """(what undo takes back, what redo takes back), newest last: the annotator's changes of the clip, played.

    Redo takes back the undo, so it writes what the first change had written.
    """
    annotator = sa.select(WorkSession.annotator_id).where(WorkSession.id == session).scalar_subquery()
    mine = sa.select(WorkSession.id).where(WorkSession.annotator_id == annotator)
    query = sa.select(ChangeRow.seq, ChangeRow.act, ChangeRow.undoes).where(
        ChangeRow.clip_id == clip, ChangeRow.session_id.in_(mine), ChangeRow.rows > 0
    )
    done: list[int] = []
    undone: list[int] = []
    judged: set[int] = set()
    for seq, act, undoes in db.execute(query.order_by(ChangeRow.seq)):
        if act in JUDGEMENTS or undoes in judged:
            judged.add(seq)
        elif act == "undo":
            done.pop()
            undone.append(seq)
        else:
            if act == "redo":
                undone.pop()
            else:
                undone.clear()
            done.append(seq)
    return done, undone


def _revert(db: Session, session: UUID, clip: UUID, seq: int, act: str) -> Saved:
    """Write again what each version of change `seq` had replaced."""
    edit = Edit(db, session=session, clip=clip, act=act, undoes=seq)
    written: dict[UUID, dict[int, MaskVersion]] = defaultdict(dict)
    for mask in db.scalars(sa.select(MaskVersion).where(MaskVersion.change == seq)):
        written[mask.object_id][mask.frame] = mask
    for object_id, masks in written.items():
        for frame, (head, *value) in edit.mask_heads(object_id, masks).items():
            _unchanged(tuple(value), _value(masks[frame]), head)
        edit.set_masks(object_id, {f: _before(db, mask) for f, mask in masks.items()})
    for version in db.scalars(sa.select(ObjectVersion).where(ObjectVersion.change == seq)):
        thing = db.get_one(ObjectRow, version.object_id)
        now = db.get_one(ObjectVersion, (thing.id, thing.head))
        _unchanged((now.category, now.deleted), (version.category, version.deleted), thing.head)
        if version.replaces is None:
            edit.set_object(thing.id, thing.head, version.category, deleted=True)
        else:
            old = db.get_one(ObjectVersion, (thing.id, version.replaces))
            edit.set_object(thing.id, thing.head, old.category, deleted=old.deleted)
    for pair in db.scalars(sa.select(PairVersion).where(PairVersion.change == seq)):
        row = db.get_one(PairRow, pair.pair_id)
        now_said = db.get_one(PairVersion, (row.id, row.head))
        _unchanged(_said(edit, now_said), _said(edit, pair), row.head)
        last = pair if pair.replaces is None else db.get_one(PairVersion, (row.id, pair.replaces))
        edit.set_pair(row.id, row.head, last, deleted=pair.replaces is None or last.deleted)
    saved = edit.saved()
    _nothing_left_alone(db, clip)
    return saved


def _nothing_left_alone(db: Session, clip: UUID) -> None:
    """No pair that stands may name an object that is gone."""
    query = (
        sa.select(PairRow.head)
        .join(PairObject, sa.and_(PairObject.pair_id == PairRow.id, PairObject.change == PairRow.head))
        .join(ObjectRow, ObjectRow.id == PairObject.object_id)
        .join(ObjectVersion, is_head(ObjectVersion.object_id, ObjectVersion.change, ObjectRow))
        .where(PairRow.clip_id == clip, ~PairRow.deleted, ObjectVersion.deleted)
    )
    if (head := db.scalars(query).first()) is not None:
        raise ConflictError(
            "Another expression stands on an object that this would take away; nothing was undone.",
            theirs=head,
        )


def _before(db: Session, mask: MaskVersion) -> MaskValue:
    if mask.replaces is None:
        return None, mask.source, 0.0
    return _value(db.get_one(MaskVersion, (mask.object_id, mask.frame, mask.replaces)))


def _said(edit: Edit, v: PairVersion) -> tuple[Any, ...]:
    objects = tuple(edit.objects_of(v.pair_id, v.change))
    return v.expression_id, v.status, tuple(carried(v).values()), v.deleted, objects


def _value(version: MaskVersion) -> MaskValue:
    return version.rle_id, version.source, version.score


def _unchanged(now: tuple[Any, ...], written: tuple[Any, ...], head: int) -> None:
    """What counts now is what the change wrote, by itself or by a redo of it."""
    if now != written:
        raise ConflictError(
            "Somebody else has changed the same thing since; nothing was undone: load the clip again.",
            theirs=head,
        )


def of_object(db: Session, object_id: UUID) -> list[ChangeInfo]:
    frames: dict[int, list[int]] = defaultdict(list)
    query = sa.select(MaskVersion.change, MaskVersion.frame).where(MaskVersion.object_id == object_id)
    for change, frame in db.execute(query.order_by(MaskVersion.frame)):
        frames[change].append(frame)
    versions = sa.select(ObjectVersion.change).where(ObjectVersion.object_id == object_id)
    touched = sa.union(versions, sa.select(MaskVersion.change).where(MaskVersion.object_id == object_id))
    return changes(db, ChangeRow.seq.in_(touched), frames)


def changes(db: Session, which: Any, frames: Mapping[int, Sequence[int]]) -> list[ChangeInfo]:
    """Oldest first. frames: by change, what it changed."""
    query = (
        sa.select(ChangeRow, Annotator.name)
        .join(WorkSession, WorkSession.id == ChangeRow.session_id)
        .join(Annotator, Annotator.id == WorkSession.annotator_id)
        .where(which)
        .order_by(ChangeRow.seq)
    )
    return [
        ChangeInfo(
            row.id, row.seq, row.act, name, row.session_id, row.at, tuple(frames.get(row.seq, ())), row.undoes
        )
        for row, name in db.execute(query)
    ]


def track_at(db: Session, object_id: UUID, version: int) -> Track:
    size = db.execute(
        sa.select(VideoRow.height, VideoRow.width)
        .join(ClipRow, ClipRow.video_id == VideoRow.id)
        .join(ObjectRow, ObjectRow.clip_id == ClipRow.id)
        .where(ObjectRow.id == object_id)
    ).one_or_none()
    if size is None:
        raise StoreError(f"The store has no object {object_id}.")
    query = (
        sa.select(MaskVersion.frame, Rle.height, Rle.width, Rle.counts)
        .join(Rle, Rle.id == MaskVersion.rle_id)
        .where(_newest(object_id, version))
        .order_by(MaskVersion.frame)
    )
    masks = {frame: Mask((h, w), counts) for frame, h, w, counts in db.execute(query)}
    return Track((size[0], size[1]), masks)


def bring_back(db: Session, session: UUID, object_id: UUID, version: int, change: UUID | None) -> Saved:
    thing = db.get(ObjectRow, object_id)
    if thing is None:
        raise StoreError(f"The store has no object {object_id}.")
    edit = Edit(db, session=session, clip=thing.clip_id, act="bring back", change=change)
    old = {v.frame: v for v in db.scalars(sa.select(MaskVersion).where(_newest(object_id, version)))}
    frames = db.scalars(sa.select(MaskHead.frame).where(MaskHead.object_id == object_id))
    wanted: dict[int, MaskValue] = {}
    for frame in frames:
        then = old.get(frame)
        wanted[frame] = (None, "click", 0.0) if then is None else _value(then)
    edit.set_masks(object_id, wanted)
    return edit.saved()


def _newest(object_id: UUID, version: int) -> sa.ColumnElement[bool]:
    """The object's mask versions that counted after `version`."""
    later = sa.orm.aliased(MaskVersion)
    newest = (
        sa.select(sa.func.max(later.change))
        .where(later.object_id == object_id, later.frame == MaskVersion.frame, later.change <= version)
        .scalar_subquery()
    )
    return sa.and_(MaskVersion.object_id == object_id, MaskVersion.change == newest)
