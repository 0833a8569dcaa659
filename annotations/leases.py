"""Who works on what: a unit of work is lent to one person for a while, then it is free again."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from annotations.records import PRELABEL, STAGES, Lease, StoreError
from annotations.schema import Annotator, ChangeRow, ClipRow, LeaseRow, PairRow


def lease(db: Session, annotator: str, stage: str, for_seconds: float) -> Lease | None:
    if stage not in STAGES:
        raise StoreError(f"Work is handed out for {' or '.join(STAGES)}; got {stage!r}.")
    if not for_seconds > 0:
        raise StoreError(f"A lease lasts some seconds; got {for_seconds}.")
    who = _id(db, annotator)
    now = datetime.now(UTC)
    db.execute(sa.delete(LeaseRow).where(LeaseRow.until <= now))
    row = db.scalars(sa.select(LeaseRow).where(LeaseRow.stage == stage, LeaseRow.annotator_id == who)).first()
    if row is not None and not _is_work(db, row):
        db.delete(row)
        db.flush()
        row = None
    if row is None:
        unit = _to_annotate(db, who) if stage == "annotate" else _to_review(db, who)
        if unit is None:
            return None
        row = LeaseRow(stage=stage, unit=unit, annotator_id=who)
        db.add(row)
    row.until = now + timedelta(seconds=for_seconds)
    return Lease(annotator, stage, row.unit, row.until)


def held(db: Session, annotator: str, stage: str) -> Lease | None:
    """What the person holds now, no longer for it; None = nothing."""
    mine = sa.select(LeaseRow).join(Annotator, Annotator.id == LeaseRow.annotator_id)
    row = db.scalars(
        mine.where(LeaseRow.stage == stage, Annotator.name == annotator, LeaseRow.until > datetime.now(UTC))
    ).first()
    return Lease(annotator, stage, row.unit, row.until) if row and _is_work(db, row) else None


def release(db: Session, held: Lease) -> bool:
    """Whether it was still held."""
    row = db.get(LeaseRow, (held.stage, held.unit))
    if row is None or row.annotator_id != _id(db, held.annotator):
        return False
    db.delete(row)
    return True


def _id(db: Session, annotator: str) -> UUID:
    who = db.scalar(sa.select(Annotator.id).where(Annotator.name == annotator))
    if who is None:
        raise StoreError(f"The store has no annotator {annotator!r}; sign in first.")
    return who


def _is_work(db: Session, row: LeaseRow) -> bool:
    """A pair that was judged or taken away meanwhile is none."""
    if row.stage == "annotate":
        return True
    pair = db.get(PairRow, row.unit)
    return pair is not None and not pair.deleted and pair.status == "submitted"


def _free(stage: str, unit: Any) -> Any:
    return ~sa.exists().where(LeaseRow.stage == stage, LeaseRow.unit == unit)


def _to_annotate(db: Session, who: UUID) -> UUID | None:
    """A clip with a pair that was returned to them; else the oldest clip without a pair of a person."""
    returned = (
        sa.select(PairRow.clip_id)
        .where(PairRow.status == "returned", PairRow.annotator_id == who, ~PairRow.deleted)
        .where(_free("annotate", PairRow.clip_id))
        .order_by(PairRow.head)
    )
    if (clip := db.scalars(returned).first()) is not None:
        return clip
    by_a_person = sa.exists().where(
        PairRow.clip_id == ClipRow.id,
        ~PairRow.deleted,
        ChangeRow.seq == PairRow.head,
        ChangeRow.act != PRELABEL,
    )
    empty = (
        sa.select(ClipRow.id)
        .where(~by_a_person)
        .where(_free("annotate", ClipRow.id))
        .order_by(ClipRow.added, ClipRow.id)
    )
    return db.scalars(empty).first()


def _to_review(db: Session, who: UUID) -> UUID | None:
    """The pair of somebody else that waits longest."""
    waiting = (
        sa.select(PairRow.id)
        .where(PairRow.status == "submitted", PairRow.annotator_id != who, ~PairRow.deleted)
        .where(_free("review", PairRow.id))
        .order_by(PairRow.head)
    )
    return db.scalars(waiting).first()
