"""The tables. Work is append-only: rows that hold work name their change and are never altered.

An identity row (object, pair) says that a thing exists; its `*_version` rows say what it was after each
change; `head` names the change whose version counts. Undo writes new versions. `change.seq` is the order of
all changes.
"""

import uuid
from datetime import UTC, datetime
from typing import Annotated, Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy import DateTime as SqlDateTime
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

HEAD = "0004"  # the newest file in migrations/versions


Seq = Annotated[int, mapped_column(BigInteger)]


class Moment(TypeDecorator[datetime]):
    """A moment in UTC; SQLite keeps no zone."""

    impl = SqlDateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={  # so that a later migration can name what it alters
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 (SQLAlchemy reads it from the class)
        str: Text,
        uuid.UUID: Uuid,
        datetime: Moment,
        list[int]: JSON,
        list[str]: JSON,
        dict[str, Any]: JSON,
    }


class Annotator(Base):
    __tablename__ = "annotator"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    created: Mapped[datetime]


class WorkSession(Base):
    __tablename__ = "session"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    annotator_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("annotator.id"), index=True)
    started: Mapped[datetime]
    finished: Mapped[datetime | None]


class VideoRow(Base):
    """A source as the decoder saw it. `path` is where it was last seen and may be updated."""

    __tablename__ = "video"
    __table_args__ = (UniqueConstraint("sha256", "pts_hash", "height", "width"),)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    path: Mapped[str]
    frame_count: Mapped[int]
    pts_hash: Mapped[str] = mapped_column(String(64))
    height: Mapped[int]
    width: Mapped[int]
    rotation: Mapped[int]
    decoder: Mapped[str]
    has_audio: Mapped[bool]
    source: Mapped[str | None]
    licence: Mapped[str | None]
    added: Mapped[datetime]


class ClipRow(Base):
    """head: its newest change, 0 = none. label, seconds: where it was imported from, and its ten frames."""

    __tablename__ = "clip"
    __table_args__ = (UniqueConstraint("video_id", "first", "last", "label"),)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    video_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("video.id"))
    first: Mapped[int]
    last: Mapped[int]
    label: Mapped[str] = mapped_column(default="")
    seconds: Mapped[list[int] | None]
    head: Mapped[Seq] = mapped_column(index=True)
    added: Mapped[datetime]


class ChangeRow(Base):
    """parent: the clip's change before this one. undoes: the change whose versions this one takes back.

    rows: how many versions it wrote.
    """

    __tablename__ = "change"
    __table_args__ = (Index(None, "clip_id", "seq"),)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    seq: Mapped[Seq] = mapped_column(unique=True)
    act: Mapped[str]
    session_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("session.id"), index=True)
    clip_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clip.id"))
    at: Mapped[datetime] = mapped_column(index=True)
    parent: Mapped[Seq | None] = mapped_column(ForeignKey("change.seq"))
    undoes: Mapped[Seq | None] = mapped_column(ForeignKey("change.seq"))
    rows: Mapped[int]


class ObjectRow(Base):
    __tablename__ = "object"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    clip_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clip.id"), index=True)
    fid: Mapped[int]
    head: Mapped[Seq] = mapped_column(ForeignKey("change.seq"))


class ObjectVersion(Base):
    __tablename__ = "object_version"
    object_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("object.id"), primary_key=True)
    change: Mapped[Seq] = mapped_column(ForeignKey("change.seq"), primary_key=True, index=True)
    category: Mapped[str | None]
    deleted: Mapped[bool]
    replaces: Mapped[Seq | None]


class Rle(Base):
    """A mask's pixels, stored once when equal. id: BLAKE2b (16 bytes) of size and counts."""

    __tablename__ = "rle"
    id: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    height: Mapped[int]
    width: Mapped[int]
    counts: Mapped[str]


class MaskVersion(Base):
    """One object's mask on one frame after one change.

    rle None: not answered (an answer was undone); an absent object has an rle with no pixel.
    replaces: the change whose version counted before.
    """

    __tablename__ = "mask_version"
    object_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("object.id"), primary_key=True)
    frame: Mapped[int] = mapped_column(primary_key=True)
    change: Mapped[Seq] = mapped_column(ForeignKey("change.seq"), primary_key=True, index=True)
    rle_id: Mapped[bytes | None] = mapped_column(ForeignKey("rle.id"))
    source: Mapped[str]
    score: Mapped[float]
    replaces: Mapped[Seq | None]


class MaskHead(Base):
    """Which version counts for (object, frame)."""

    __tablename__ = "mask_head"
    __table_args__ = (
        ForeignKeyConstraint(
            ["object_id", "frame", "change"],
            ["mask_version.object_id", "mask_version.frame", "mask_version.change"],
        ),
    )
    object_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    frame: Mapped[int] = mapped_column(primary_key=True)
    change: Mapped[Seq]


class ExpressionRow(Base):
    """folded: the text without upper case, for a search that reads every row."""

    __tablename__ = "expression"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    text: Mapped[str]
    folded: Mapped[str]
    change: Mapped[Seq] = mapped_column(ForeignKey("change.seq"))


class PairRow(Base):
    """created: the change that made it, which gives pairs an order that edits do not alter.

    What follows `head` repeats the version that counts, so that every list is one walk along one index.
    """

    __tablename__ = "pair"
    __table_args__ = (
        Index(None, "head"),  # none on `deleted`: a planner without statistics would take it for a key
        Index(None, "annotator_id", "head"),
        Index(None, "session_id", "head"),
        Index(None, "status", "head"),
        Index(None, "clip_id", "annotator_id", "status"),
    )
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    clip_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clip.id"))
    created: Mapped[Seq] = mapped_column(ForeignKey("change.seq"))
    head: Mapped[Seq] = mapped_column(ForeignKey("change.seq"))
    expression_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("expression.id"), index=True)
    status: Mapped[str]
    deleted: Mapped[bool]
    session_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("session.id"))
    annotator_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("annotator.id"))


class PairVersion(Base):
    """expression None: not written yet, or cannot be described. label: its uid where it was imported from.

    cues: what the annotator says it leans on; None = not said. null_kind: why a null expression fits nothing.
    comment: the last reviewer's.
    """

    __tablename__ = "pair_version"
    pair_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("pair.id"), primary_key=True)
    change: Mapped[Seq] = mapped_column(ForeignKey("change.seq"), primary_key=True, index=True)
    expression_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("expression.id"))
    status: Mapped[str]
    split: Mapped[str | None]
    label: Mapped[str | None]
    deleted: Mapped[bool]
    replaces: Mapped[Seq | None]
    cues: Mapped[list[str] | None]
    null_kind: Mapped[str | None]
    comment: Mapped[str | None]


class PairObject(Base):
    """The objects of a pair's version, in order: none = null, several = plural."""

    __tablename__ = "pair_object"
    __table_args__ = (
        ForeignKeyConstraint(["pair_id", "change"], ["pair_version.pair_id", "pair_version.change"]),
    )
    pair_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    change: Mapped[Seq] = mapped_column(primary_key=True)
    object_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("object.id"), primary_key=True)
    position: Mapped[int]


class Review(Base):
    """A second person's find-back of a pair. version: of the pair, as its author left it.

    answer: what was found: "none", ids of objects of the clip, or "other". iou: None where one side is none.
    change: the judgement that it led to, None = the pair's status stood already.
    """

    __tablename__ = "review"
    __table_args__ = (UniqueConstraint("pair_id", "version", "annotator_id"),)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    pair_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("pair.id"))
    version: Mapped[Seq] = mapped_column(ForeignKey("change.seq"))
    change: Mapped[Seq | None] = mapped_column(ForeignKey("change.seq"))
    session_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("session.id"))
    annotator_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("annotator.id"), index=True)
    answer: Mapped[str]
    iou: Mapped[float | None]
    agrees: Mapped[bool]
    comment: Mapped[str | None]
    at: Mapped[datetime]


class ReviewMask(Base):
    """The reviewer's answer on one frame; a review that answered none has no row."""

    __tablename__ = "review_mask"
    review_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("review.id"), primary_key=True)
    frame: Mapped[int] = mapped_column(primary_key=True)
    rle_id: Mapped[bytes] = mapped_column(ForeignKey("rle.id"))


class LeaseRow(Base):
    """Who works on what until when. unit: a clip (stage annotate) or a pair (stage review)."""

    __tablename__ = "lease"
    stage: Mapped[str] = mapped_column(primary_key=True)
    unit: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    annotator_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("annotator.id"), index=True)
    until: Mapped[datetime]


class PromptRow(Base):
    """What was asked of the segmenter, or drawn, on the way to a change: see `records.Prompt`."""

    __tablename__ = "prompt"
    change: Mapped[Seq] = mapped_column(ForeignKey("change.seq"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    object_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("object.id"), index=True)
    frame: Mapped[int]
    kind: Mapped[str]
    said: Mapped[dict[str, Any]]
    at: Mapped[datetime]


class EffortRow(Base):
    """What a change of a pair cost the person who made it; a pair's rows add up."""

    __tablename__ = "effort"
    pair_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("pair.id"), primary_key=True)
    change: Mapped[Seq] = mapped_column(ForeignKey("change.seq"), primary_key=True)
    seconds: Mapped[float]
    clicks: Mapped[int]
    strokes: Mapped[int]


class ReleaseRow(Base):
    """A named, frozen export. sheet: its datasheet. versions: pair id -> the version that went out."""

    __tablename__ = "release"
    name: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    layout: Mapped[str]
    sha256: Mapped[str] = mapped_column(String(64))
    sheet: Mapped[dict[str, Any]]
    versions: Mapped[dict[str, Any]]
