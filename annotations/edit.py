"""One change while it is written: versions and heads, inside the caller's transaction."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from annotations.records import SOURCES, STATUSES, ConflictError, ObjectEdit, PairEdit, Saved, StoreError
from annotations.schema import (
    ChangeRow,
    ClipRow,
    ExpressionRow,
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
from core.masks import Mask

MAX_EXPRESSION = 1000  # characters
MAX_NAME = 100
AT_ONCE = 500  # values in one IN list

MaskValue = tuple[bytes | None, str, float]  # rle id, source, score


class Edit:
    """A change of one clip. Raises StoreError for what cannot be stored, ConflictError as told by `based_on`.

    based_on: the version of the clip that the client has loaded; None = write whatever happened since.
    """

    def __init__(
        self,
        db: Session,
        *,
        session: UUID,
        clip: UUID,
        act: str,
        change: UUID | None = None,
        undoes: int | None = None,
        based_on: int | None = None,
    ) -> None:
        self.db, self.session, self.clip, self.based_on = db, session, clip, based_on
        found = db.execute(
            sa.select(ClipRow.first, ClipRow.last, VideoRow.height, VideoRow.width)
            .join(VideoRow, VideoRow.id == ClipRow.video_id)
            .where(ClipRow.id == clip)
        ).one_or_none()
        if found is None:
            raise StoreError(f"The store has no clip {clip}; open its video first.")
        if db.get(WorkSession, session) is None:
            raise StoreError(f"The store has no session {session}; sign in again.")
        self.first, self.last, *size = found
        self.size = (size[0], size[1])
        newest = sa.select(sa.func.max(ChangeRow.seq))
        self.seq = (db.scalar(newest) or 0) + 1
        parent = db.scalar(newest.where(ChangeRow.clip_id == clip))
        self.row = ChangeRow(
            id=change or uuid4(),
            seq=self.seq,
            act=act,
            session_id=session,
            clip_id=clip,
            at=datetime.now(UTC),
            parent=parent,
            undoes=undoes,
            rows=0,
        )
        db.add(self.row)
        db.flush()

    @staticmethod
    def replayed(db: Session, change: UUID | None) -> Saved | None:
        """What was answered when this change was saved, if it was."""
        row = db.get(ChangeRow, change) if change else None
        return None if row is None else Saved(row.id, row.seq, row.at, row.rows)

    def saved(self) -> Saved:
        self.db.flush()
        return Saved(self.row.id, self.row.seq, self.row.at, self.row.rows)

    def object(self, edit: ObjectEdit) -> None:
        """Make or alter one object and its masks."""
        category = None if edit.category is None else clean(edit.category, "category", MAX_NAME)
        row = self.db.get(ObjectRow, edit.id)
        if row is not None and row.clip_id != self.clip:
            raise StoreError(f"The object {edit.id} belongs to another clip; make a new one here.")
        if row is None:
            taken = sa.select(sa.func.max(ObjectRow.fid)).where(ObjectRow.clip_id == self.clip)
            top = self.db.scalar(taken)
            fid = edit.fid if edit.fid is not None else (0 if top is None else top + 1)
            self.db.add(ObjectRow(id=edit.id, clip_id=self.clip, fid=fid, head=self.seq))
            self.db.flush()
            self._object_version(edit.id, category, deleted=False, replaces=None)
        else:
            now = self.db.get_one(ObjectVersion, (row.id, row.head))
            wanted = now.category if category is None else category
            if now.deleted or wanted != now.category:
                self._free(row.head, f"object {row.fid}")
                self.set_object(row, wanted, deleted=False)
        self.masks(edit)

    def set_object(self, row: ObjectRow, category: str | None, *, deleted: bool) -> None:
        self._object_version(row.id, category, deleted=deleted, replaces=row.head)
        row.head = self.seq

    def _object_version(self, id: UUID, category: str | None, *, deleted: bool, replaces: int | None) -> None:
        values = {"category": category, "deleted": deleted, "replaces": replaces}
        self.db.add(ObjectVersion(object_id=id, change=self.seq, **values))
        self.row.rows += 1

    def masks(self, edit: ObjectEdit) -> None:
        rles: dict[bytes, Mask] = {}
        wanted: dict[int, MaskValue] = {}
        for frame, mask in edit.masks.items():
            source = edit.source if isinstance(edit.source, str) else edit.source.get(frame, "click")
            if source not in SOURCES:
                raise StoreError(f"A mask comes from one of {', '.join(SOURCES)}; got {source!r}.")
            if not self.first <= frame <= self.last:
                raise StoreError(
                    f"Object {edit.id}: frame {frame} lies outside the clip ({self.first} to {self.last})."
                )
            if mask is None:
                wanted[frame] = (None, source, 0.0)
                continue
            if mask.size != self.size:
                raise StoreError(
                    f"Object {edit.id}, frame {frame}: the mask is {mask.size[0]} x {mask.size[1]}, "
                    f"the video {self.size[0]} x {self.size[1]} pixels."
                )
            key = rle_id(mask)
            rles[key] = mask
            wanted[frame] = (key, source, float(edit.scores.get(frame, 1.0)))
        self.set_masks(edit.id, wanted, rles)

    def set_masks(
        self, object_id: UUID, wanted: Mapping[int, MaskValue], rles: Mapping[bytes, Mask] | None = None
    ) -> None:
        """Write the versions that differ from those that count; equal ones leave no trace."""
        now = self.mask_heads(object_id, wanted)
        rows = []
        for frame, (rle, source, score) in sorted(wanted.items()):
            before = now.get(frame)
            if (before is None and rle is None) or (before and before[1:] == (rle, source, score)):
                continue
            if before:
                self._free(before[0], f"the mask on frame {frame}")
            rows.append(
                {
                    "object_id": object_id,
                    "frame": frame,
                    "change": self.seq,
                    "rle_id": rle,
                    "source": source,
                    "score": score,
                    "replaces": before[0] if before else None,
                }
            )
        if not rows:
            return
        needed = {row["rle_id"] for row in rows}
        pixels = [
            {"id": key, "height": mask.size[0], "width": mask.size[1], "counts": mask.counts}
            for key, mask in (rles or {}).items()
            if key in needed
        ]
        if pixels:
            self.db.execute(self._insert(Rle).on_conflict_do_nothing(), pixels)
        self.db.execute(sa.insert(MaskVersion), rows)
        head = self._insert(MaskHead)
        head = head.on_conflict_do_update(
            index_elements=["object_id", "frame"], set_={"change": head.excluded.change}
        )
        heads = [{"object_id": object_id, "frame": row["frame"], "change": self.seq} for row in rows]
        self.db.execute(head, heads)
        self.row.rows += len(rows)

    def mask_heads(
        self, object_id: UUID, frames: Iterable[int]
    ) -> dict[int, tuple[int, bytes | None, str, float]]:
        """frame -> (change, rle id, source, score) of the versions that count."""
        query = standing_masks().where(MaskHead.object_id == object_id)
        frames = list(frames)
        if len(frames) <= AT_ONCE:
            query = query.where(MaskHead.frame.in_(frames))
        return {v.frame: (v.change, v.rle_id, v.source, v.score) for v in self.db.execute(query).scalars()}

    def pair(self, edit: PairEdit) -> None:
        """Make or alter one pair; its objects are there already."""
        id, expression, objects = edit.id, edit.expression, edit.objects
        status, split, label = edit.status, edit.split, edit.label
        if status not in STATUSES:
            raise StoreError(f"A pair's status is one of {', '.join(STATUSES)}; got {status!r}.")
        text = None if expression is None else clean(expression, "expression", MAX_EXPRESSION)
        if len(set(objects)) != len(objects):
            raise StoreError("A pair names each of its objects once.")
        there = (
            sa.select(ObjectRow.id)
            .join(ObjectVersion, is_head(ObjectVersion.object_id, ObjectVersion.change, ObjectRow))
            .where(ObjectRow.clip_id == self.clip, ~ObjectVersion.deleted, ObjectRow.id.in_(objects))
        )
        if missing := set(objects) - set(self.db.scalars(there)):
            raise StoreError(f"The pair {id} names an object that its clip does not have: {missing.pop()}.")
        row = self.db.get(PairRow, id)
        if row is None:
            self.db.add(PairRow(id=id, clip_id=self.clip, created=self.seq, head=self.seq))
            self.db.flush()
            key = self._expression(text)
            self._pair_version(id, key, status, split, label, deleted=False, objects=objects, replaces=None)
            return
        if row.clip_id != self.clip:
            raise StoreError(f"The pair {id} belongs to another clip; make a new one here.")
        now = self.db.get_one(PairVersion, (id, row.head))
        said = self.db.get(ExpressionRow, now.expression_id) if now.expression_id else None
        same_text = text == (said.text if said else None)
        split, label = split or now.split, label or now.label
        if (
            same_text
            and (now.status, now.split, now.label, now.deleted) == (status, split, label, False)
            and list(objects) == self.objects_of(id, row.head)
        ):
            return
        self._free(row.head, "this pair")
        key = now.expression_id if same_text else self._expression(text)
        self.set_pair(row, key, status, split, label, deleted=False, objects=objects)

    def set_pair(
        self,
        row: PairRow,
        expression: UUID | None,
        status: str,
        split: str | None,
        label: str | None,
        *,
        deleted: bool,
        objects: Sequence[UUID],
    ) -> None:
        self._pair_version(
            row.id, expression, status, split, label, deleted=deleted, objects=objects, replaces=row.head
        )
        row.head = self.seq

    def objects_of(self, pair: UUID, change: int) -> list[UUID]:
        query = sa.select(PairObject.object_id).where(PairObject.pair_id == pair, PairObject.change == change)
        return list(self.db.scalars(query.order_by(PairObject.position)))

    def _expression(self, text: str | None) -> UUID | None:
        if text is None:
            return None
        row = ExpressionRow(id=uuid4(), text=text, change=self.seq)
        self.db.add(row)
        self.db.flush()
        return row.id

    def _pair_version(
        self,
        id: UUID,
        expression: UUID | None,
        status: str,
        split: str | None,
        label: str | None,
        *,
        deleted: bool,
        objects: Sequence[UUID],
        replaces: int | None,
    ) -> None:
        values = {"status": status, "split": split, "label": label, "deleted": deleted}
        self.db.add(
            PairVersion(pair_id=id, change=self.seq, expression_id=expression, replaces=replaces, **values)
        )
        self.db.flush()
        for position, object_id in enumerate(objects):
            self.db.add(PairObject(pair_id=id, change=self.seq, object_id=object_id, position=position))
        self.row.rows += 1

    def _free(self, head: int, what: str) -> None:
        """Nobody else may have changed it since the client loaded it."""
        if self.based_on is None or head <= self.based_on:
            return
        other = self.db.scalars(sa.select(ChangeRow).where(ChangeRow.seq == head)).one()
        if other.session_id != self.session:
            raise ConflictError(
                f"Somebody else changed {what} since you opened it; nothing was saved: "
                "load theirs, or save yours over it.",
                theirs=head,
            )

    def _insert(self, table: Any) -> Any:
        """INSERT ... ON CONFLICT, which the two databases spell alike."""
        dialect = self.db.get_bind().dialect.name
        return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def standing_masks() -> sa.Select[MaskVersion]:
    """The mask versions that count."""
    return sa.select(MaskVersion).join(
        MaskHead,
        sa.and_(
            MaskHead.object_id == MaskVersion.object_id,
            MaskHead.frame == MaskVersion.frame,
            MaskHead.change == MaskVersion.change,
        ),
    )


def mask_value(version: MaskVersion) -> MaskValue:
    return version.rle_id, version.source, version.score


def is_head(id: Any, change: Any, row: Any) -> Any:
    """Join condition: the version that counts for an object or a pair."""
    return sa.and_(id == row.id, change == row.head)


def rle_id(mask: Mask) -> bytes:
    text = f"{mask.size[0]} {mask.size[1]} {mask.counts}"
    return hashlib.blake2b(text.encode("ascii"), digest_size=16).digest()


def clean(text: str, what: str, longest: int) -> str:
    """`text` as it is, if it can be stored. Raises StoreError when it is empty, too long or not a text."""
    if not text.strip():
        raise StoreError(f"The {what} is empty; write one.")
    if len(text) > longest:
        raise StoreError(f"The {what} has {len(text)} characters; at most {longest} fit. Shorten it.")
    if "\x00" in text or any("\ud800" <= c <= "\udfff" for c in text):
        raise StoreError(f"The {what} holds signs that are no text; type it again.")
    return text
