"""One change while it is written: versions and heads, inside the caller's transaction.

Plain statements on tables, not mapped objects: a save costs a third of the time.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from annotations import statements
from annotations.records import (
    CUES,
    NULL_KINDS,
    PRELABEL,
    PROMPTS,
    SOURCES,
    STATUSES,
    ConflictError,
    ObjectEdit,
    PairEdit,
    Prompt,
    Saved,
    Spent,
    StoreError,
)
from annotations.schema import Base
from core.masks import Mask

MAX_EXPRESSION = 1000  # characters
MAX_NAME = 100
CARRIED = ("split", "label", "cues", "null_kind", "comment")  # of a pair, from version to version

MaskValue = tuple[bytes | None, str, float]  # rle id, source, score

_tables = Base.metadata.tables
_change, _clip, _object, _pair = (_tables[name] for name in ("change", "clip", "object", "pair"))
_pair_object, _mask_head, _rle = _tables["pair_object"], _tables["mask_head"], _tables["rle"]


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
        self.connection = db.connection()
        self.session, self.clip, self.based_on = session, clip, based_on
        found = self._one(statements.CLIP, clip=clip, session=session)
        if found is None:
            raise StoreError(f"The store has no clip {clip}; open its video first.")
        if found.annotator is None:
            raise StoreError(f"The store has no session {session}; sign in again.")
        self.annotator = found.annotator
        self.first, self.last, self.size = found.first, found.last, (found.height, found.width)
        self.seq = (found.newest or 0) + 1
        self.id, self.at, self.rows = change or uuid4(), datetime.now(UTC), 0
        values = {"id": self.id, "seq": self.seq, "act": act, "session_id": session, "clip_id": clip}
        values |= {"at": self.at, "parent": found.head or None, "undoes": undoes, "rows": 0}
        self._put("change", values)
        self.connection.execute(sa.update(_clip).where(_clip.c.id == clip).values(head=self.seq))

    def saved(self) -> Saved:
        """The end of the change."""
        done = sa.update(_change).where(_change.c.seq == self.seq).values(rows=self.rows)
        self.connection.execute(done)
        return Saved(self.id, self.seq, self.at, self.rows)

    def object(self, edit: ObjectEdit) -> None:
        """Make or alter one object and its masks."""
        category = None if edit.category is None else clean(edit.category, "category", MAX_NAME)
        now = self._one(statements.OBJECT, id=edit.id)
        if now is not None and now.clip_id != self.clip:
            raise StoreError(f"The object {edit.id} belongs to another clip; make a new one here.")
        if now is None:
            top = self._one(statements.TOP_FID, clip=self.clip).top
            fid = edit.fid if edit.fid is not None else (0 if top is None else top + 1)
            self._put("object", {"id": edit.id, "clip_id": self.clip, "fid": fid, "head": self.seq})
            self._object_version(edit.id, category, deleted=False, replaces=None)
        else:
            wanted = now.category if category is None else category
            if now.deleted or wanted != now.category:
                self._free(now.head, f"object {now.fid}")
                self.set_object(edit.id, now.head, wanted, deleted=False)
        self.masks(edit)

    def set_object(self, id: UUID, head: int, category: str | None, *, deleted: bool) -> None:
        """A new version of an object that is there. head: the version that it replaces."""
        self._open(object=id)
        self._object_version(id, category, deleted=deleted, replaces=head)
        self.connection.execute(sa.update(_object).where(_object.c.id == id).values(head=self.seq))

    def _object_version(self, id: UUID, category: str | None, *, deleted: bool, replaces: int | None) -> None:
        values = {"object_id": id, "change": self.seq, "category": category, "deleted": deleted}
        self._put("object_version", values | {"replaces": replaces})
        self.rows += 1

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
        now = self.mask_heads(object_id, wanted) if wanted else {}
        rows: list[dict[str, Any]] = []
        for frame, (key, source, score) in sorted(wanted.items()):
            before = now.get(frame)
            if (before is None and key is None) or (before and before[1:] == (key, source, score)):
                continue
            if before:
                self._free(before[0], f"the mask on frame {frame}")
            row = {"object_id": object_id, "frame": frame, "change": self.seq, "rle_id": key}
            row |= {"source": source, "score": score, "replaces": before[0] if before else None}
            rows.append(row)
        if not rows:
            return
        self._open(object=object_id)
        needed = {row["rle_id"] for row in rows}
        put_pixels(self.connection, {key: mask for key, mask in (rles or {}).items() if key in needed})
        self._put("mask_version", *rows)
        head = _insert(self.connection)(_mask_head)
        head = head.on_conflict_do_update(
            index_elements=["object_id", "frame"], set_={"change": head.excluded.change}
        )
        heads = [{"object_id": object_id, "frame": row["frame"], "change": self.seq} for row in rows]
        self.connection.execute(head, heads)
        self.rows += len(rows)

    def mask_heads(
        self, object_id: UUID, frames: Iterable[int]
    ) -> dict[int, tuple[int, bytes | None, str, float]]:
        """frame -> (change, rle id, source, score) of the versions that count."""
        frames = list(frames)
        if len(frames) <= statements.AT_ONCE:
            rows = self.connection.execute(statements.SOME_MASKS, {"id": object_id, "frames": frames})
        else:
            rows = self.connection.execute(statements.MASKS, {"id": object_id})
        return {row.frame: (row.change, row.rle_id, row.source, row.score) for row in rows}

    def prompts(self, prompts: Sequence[Prompt]) -> None:
        """The log of what was asked; its objects are there already."""
        if not prompts:
            return
        named = {prompt.object for prompt in prompts}
        query = {"clip": self.clip, "ids": sorted(named)}
        known = {row.id for row in self.connection.execute(statements.OBJECTS, query)}
        rows = []
        for position, prompt in enumerate(prompts):
            if prompt.kind not in PROMPTS:
                raise StoreError(f"A prompt is one of {', '.join(PROMPTS)}; got {prompt.kind!r}.")
            if prompt.object not in known or not self.first <= prompt.frame <= self.last:
                where = f"object {prompt.object}, frame {prompt.frame}"
                raise StoreError(f"The log names {where}, which its clip does not have.")
            row = {"change": self.seq, "position": position, "object_id": prompt.object, "at": prompt.at}
            rows.append(row | {"frame": prompt.frame, "kind": prompt.kind, "said": dict(prompt.said)})
        self._put("prompt", *rows)

    def pair(self, edit: PairEdit) -> None:
        """Make or alter one pair; its objects are there already."""
        self._pair(edit)
        if edit.spent is not None and edit.spent != Spent():
            self._put("effort", {"pair_id": edit.id, "change": self.seq} | asdict(edit.spent))

    def _pair(self, edit: PairEdit) -> None:
        if edit.status not in STATUSES:
            raise StoreError(f"A pair's status is one of {', '.join(STATUSES)}; got {edit.status!r}.")
        text = None if edit.expression is None else clean(edit.expression, "expression", MAX_EXPRESSION)
        self._check_objects(edit)
        now = self._one(statements.PAIR, id=edit.id)
        values = _carried_on(edit, now, same=now is not None and text == now.text)
        if now is None:
            said = self._expression(text)
            row = {"id": edit.id, "clip_id": self.clip, "created": self.seq}
            self._put("pair", row | self._counts(edit.status, said, deleted=False))
            self._pair_version(edit, said, values, replaces=None)
            return
        if now.clip_id != self.clip:
            raise StoreError(f"The pair {edit.id} belongs to another clip; make a new one here.")
        same = text == now.text
        if (
            same
            and (now.status, carried(now), now.deleted) == (edit.status, values, False)
            and list(edit.objects) == self.objects_of(edit.id, now.head)
            and not self._takes_over(now.head)
        ):
            return
        self._open(pair=edit.id)
        self._free(now.head, "this pair")
        said = now.expression_id if same else self._expression(text)
        self._pair_version(edit, said, values, replaces=now.head)

    def _takes_over(self, head: int) -> bool:
        """A system's draft becomes that of whoever saves it as it is."""
        made = self._one(statements.OWNER, seq=head)
        return bool(made.act == PRELABEL and made.session_id != self.session)

    def set_pair(self, id: UUID, head: int, like: Any, *, deleted: bool, status: str | None = None) -> None:
        """A new version of a pair that is there, as `like` (a version of it) was. head: what it replaces.

        status: in place of its own, unless it is one that cannot be described.
        """
        self._open(pair=id)
        stands = status if status and like.status != "cannot-describe" else like.status
        edit = PairEdit(id, None, tuple(self.objects_of(id, like.change)), stands)
        self._pair_version(edit, like.expression_id, carried(like), deleted=deleted, replaces=head)

    def judge_pair(self, id: UUID, row: Any, like: Any, status: str, comment: str | None) -> None:
        """A version of a pair that differs by its status and the comment alone; it stays its author's."""
        edit = PairEdit(id, None, tuple(self.objects_of(id, like.change)), status)
        author = {"session_id": row.session_id, "annotator_id": row.annotator_id}
        values = carried(like) | {"comment": comment}
        self._pair_version(edit, like.expression_id, values, replaces=row.head)
        self.connection.execute(sa.update(_pair).where(_pair.c.id == id).values(author))

    def objects_of(self, pair: UUID, change: int) -> list[UUID]:
        rows = self.connection.execute(statements.PAIR_OBJECTS, {"id": pair, "change": change})
        return [row.object_id for row in rows]

    def _check_objects(self, edit: PairEdit) -> None:
        if not edit.objects:
            return
        if len(set(edit.objects)) != len(edit.objects):
            raise StoreError("A pair names each of its objects once.")
        rows = self.connection.execute(statements.THERE, {"clip": self.clip, "ids": list(edit.objects)})
        if missing := set(edit.objects) - {row.id for row in rows}:
            raise StoreError(
                f"The pair {edit.id} names an object that its clip does not have: {missing.pop()}."
            )

    def _expression(self, text: str | None) -> UUID | None:
        if text is None:
            return None
        id = uuid4()
        self._put("expression", {"id": id, "text": text, "folded": text.casefold(), "change": self.seq})
        return id

    def _pair_version(
        self,
        edit: PairEdit,
        said: UUID | None,
        kept: dict[str, Any],
        *,
        replaces: int | None,
        deleted: bool = False,
    ) -> None:
        values = {"pair_id": edit.id, "change": self.seq, "expression_id": said, "status": edit.status}
        values |= kept | {"deleted": deleted, "replaces": replaces}
        self._put("pair_version", values)
        if edit.objects:
            own = {"pair_id": edit.id, "change": self.seq}
            links = [own | {"object_id": id, "position": n} for n, id in enumerate(edit.objects)]
            self._put("pair_object", *links)
        if replaces is not None:
            now = self._counts(edit.status, said, deleted=deleted)
            self.connection.execute(sa.update(_pair).where(_pair.c.id == edit.id).values(now))
        self.rows += 1

    def _counts(self, status: str, said: UUID | None, *, deleted: bool) -> dict[str, Any]:
        """What the pair's row repeats of the version that counts."""
        who = {"session_id": self.session, "annotator_id": self.annotator}
        return {"head": self.seq, "status": status, "expression_id": said, "deleted": deleted} | who

    def _free(self, head: int, what: str) -> None:
        """Nobody else may have changed it since the client loaded it."""
        if self.based_on is None or head <= self.based_on:
            return
        if self._one(statements.OWNER, seq=head).session_id != self.session:
            raise ConflictError(
                f"Somebody else changed {what} since you opened it; yours was not saved: "
                "load theirs, or save yours over it.",
                theirs=head,
            )

    def _open(self, *, object: UUID | None = None, pair: UUID | None = None) -> None:
        """What an annotator submitted is read-only to that annotator until it is returned."""
        where = {"clip": self.clip, "annotator": self.annotator}
        if pair is not None:
            locked = self.connection.execute(statements.SUBMITTED.where(_pair.c.id == pair), where).first()
        else:
            of = statements.SUBMITTED_OBJECTS.where(_pair_object.c.object_id == object)
            locked = self.connection.execute(of, where).first()
        if locked is not None:
            raise StoreError(
                f"You submitted {locked.text or 'this pair'!r}, and it waits for its review; "
                "it can be changed again when it is returned. It was not saved."
            )

    def _one(self, query: sa.Select[Any], **values: Any) -> Any:
        return self.connection.execute(query, values).one_or_none()

    def _put(self, table: str, *rows: dict[str, Any]) -> None:
        self.connection.execute(statements.INSERTS[table], list(rows))


def replayed(db: Session, id: UUID | None) -> Saved | None:
    """What was answered when this change was saved, if it was."""
    row = db.connection().execute(statements.REPLAYED, {"id": id}).one_or_none() if id else None
    return None if row is None else Saved(row.id, row.seq, row.at, row.rows)


def carried(version: Any) -> dict[str, Any]:
    """What a pair's version hands on to the next one, beside its sentence, objects and status."""
    return {name: getattr(version, name) for name in CARRIED}


def _carried_on(edit: PairEdit, now: Any, *, same: bool) -> dict[str, Any]:
    """The values that an edit leaves, checked. same: the sentence stays as it is."""
    if edit.null_kind is not None and edit.null_kind not in NULL_KINDS:
        raise StoreError(
            f"Nothing fits because it is one of {', '.join(NULL_KINDS)}; got {edit.null_kind!r}."
        )
    if edit.null_kind is not None and edit.objects:
        raise StoreError("Only a null expression says why nothing fits; this one refers to an object.")
    if wrong := set(edit.cues or ()) - set(CUES):
        raise StoreError(f"A sentence leans on {', '.join(CUES)}; got {wrong.pop()!r}.")
    values = dict.fromkeys(CARRIED) if now is None else carried(now)
    values |= {name: given for name in ("split", "label", "null_kind") if (given := getattr(edit, name))}
    if edit.objects:
        values["null_kind"] = None
    if edit.cues is not None:
        values["cues"] = [cue for cue in CUES if cue in edit.cues]
    elif not same:
        values["cues"] = None
    return values


def put_pixels(connection: Connection, rles: Mapping[bytes, Mask]) -> None:
    """Store masks by their id; those that are there already stay."""
    pixels = [
        {"id": key, "height": mask.size[0], "width": mask.size[1], "counts": mask.counts}
        for key, mask in rles.items()
    ]
    if pixels:
        connection.execute(_insert(connection)(_rle).on_conflict_do_nothing(), pixels)


def _insert(connection: Connection) -> Any:
    return postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert


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
