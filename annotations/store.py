"""The store: everything that annotators make. What a method has returned is on disk."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Self
from uuid import UUID, uuid4

import sqlalchemy as sa

from annotations import history, leases, places, prelabels, reading, review, states
from annotations.again import done_again
from annotations.database import Database
from annotations.edit import MAX_NAME, Edit, clean, replayed
from annotations.records import (
    Agreement,
    ChangeInfo,
    ClipInfo,
    ClipLine,
    ClipWork,
    Differences,
    Lease,
    ObjectEdit,
    PairEdit,
    PairFilter,
    PairLine,
    Prompt,
    PromptInfo,
    ReviewInfo,
    Saved,
    SessionInfo,
    Spent,
    StoreError,
    VideoInfo,
)
from annotations.schema import (
    Annotator,
    ClipRow,
    ObjectRow,
    ObjectVersion,
    PairRow,
    PairVersion,
    VideoRow,
    WorkSession,
)
from core.masks import Mask, Track
from core.media import Video


@done_again
class Store:
    """A database of annotations; may be used from any thread, and from several processes at once.

    Every method raises StoreError (one sentence for people) when the database or its input is not usable;
    nothing of a failed save stays. A connection that was lost is waited for. Saving methods take `change`, an id made by the client: the same id sent
    again changes nothing and answers as the first time. `based_on` is `ClipWork.version` as loaded (kept
    until it is loaded again): when another session changed the same mask or pair since, the save raises
    ConflictError.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    @classmethod
    def open(cls, url: str | None = None) -> Self:
        """The store at a SQLAlchemy URL (SQLite, PostgreSQL); None = `refavs.db` in `core.paths.data_dir()`.

        Makes the tables, or brings those of an older version up to date (after a backup copy).
        """
        return cls(Database(url))

    def close(self) -> None:
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # who

    def start_session(self, annotator: str, *, id: UUID | None = None) -> SessionInfo:
        """Begin a session of the annotator of that name (made when new); a known `id` goes on."""
        name = clean(annotator, "annotator's name", MAX_NAME).strip()
        with self.database.writing() as db:
            row = db.get(WorkSession, id) if id else None
            who = db.scalars(sa.select(Annotator).where(Annotator.name == name)).one_or_none()
            if row is not None:
                if who is None or row.annotator_id != who.id:
                    raise StoreError(f"The session {id} is not one of {name!r}; begin a new one.")
                return SessionInfo(row.id, name, row.started)
            now = datetime.now(UTC)
            if who is None:
                who = Annotator(id=uuid4(), name=name, created=now)
                db.add(who)
                db.flush()
            row = WorkSession(id=id or uuid4(), annotator_id=who.id, started=now, finished=None)
            db.add(row)
            return SessionInfo(row.id, name, now)

    def finish_session(self, session: UUID) -> None:
        with self.database.writing() as db:
            row = db.get(WorkSession, session)
            if row is not None and row.finished is None:
                row.finished = datetime.now(UTC)

    def sessions(self) -> list[SessionInfo]:
        """Newest first."""
        with self.database.reading() as db:
            return reading.sessions(db)

    # what is worked on

    def add_video(self, video: Video, *, source: str | None = None, licence: str | None = None) -> VideoInfo:
        """The stored video of these frames: found by sha256, PTS and size, or made; its path is updated.

        The same file read to other frames (another decoder version) is another video. source: its public id.
        """
        with self.database.writing() as db:
            return places.add_video(db, video, source=source, licence=licence)

    def videos(self, sha256: str) -> list[VideoInfo]:
        """The stored videos of a file: usually one, several when decoders disagreed about its frames."""
        with self.database.reading() as db:
            return reading.videos(db, VideoRow.sha256 == sha256)

    def videos_of(self, source: str) -> list[VideoInfo]:
        """The stored videos of a public id; several when it was fetched more than once."""
        with self.database.reading() as db:
            return reading.videos(db, VideoRow.source == source)

    def move_videos(self, old: Path, new: Path) -> int:
        """The folder `old` of videos is at `new` now, as after a move to another computer; how many lie there."""
        with self.database.writing() as db:
            return places.move_videos(db, old, new)

    def add_clip(
        self,
        video: UUID,
        first: int,
        last: int,
        *,
        label: str = "",
        seconds: Sequence[int] | None = None,
    ) -> ClipInfo:
        """The clip of these frames (inclusive), found or made. label, seconds: given by an import only."""
        with self.database.writing() as db:
            return places.add_clip(db, video, first, last, label=label, seconds=seconds)

    # what stands

    def clips(self, *, limit: int = 100, offset: int = 0) -> list[ClipLine]:
        """Clips with the number of their pairs, last worked on first."""
        with self.database.reading() as db:
            return reading.clips(db, limit=limit, offset=offset)

    def pairs(
        self,
        which: PairFilter | None = None,
        *,
        limit: int | None = 100,
        after: PairLine | None = None,
    ) -> list[PairLine]:
        """Pairs that are not deleted, newest first. after: the last line of the page above."""
        with self.database.reading() as db:
            return reading.pairs(db, which or PairFilter(), limit=limit, after=after)

    def newest(self) -> int:
        """The version of the newest change of any clip, 0 = none yet: while it stays, nothing was changed."""
        with self.database.reading() as db:
            return db.scalar(sa.select(sa.func.max(ClipRow.head))) or 0

    def pair(self, pair: UUID) -> PairLine | None:
        """One pair that is not deleted."""
        with self.database.reading() as db:
            found = reading.lines(db, [pair])
            return found[0] if found else None

    def version(self, clip: UUID) -> int:
        """`ClipWork.version` of what stands on the clip now."""
        with self.database.reading() as db:
            return db.scalar(sa.select(ClipRow.head).where(ClipRow.id == clip)) or 0

    def load_clip_work(self, clip: UUID) -> ClipWork:
        """Objects with their tracks, and pairs, that stand on a clip (what was deleted is left out)."""
        with self.database.reading() as db:
            return reading.clip_work(db, clip)

    def prompts(self, clip: UUID) -> list[PromptInfo]:
        """What was asked and drawn on a clip, oldest first, whatever became of it."""
        with self.database.reading() as db:
            return reading.prompts(db, clip)

    def spent(self, pairs: Iterable[UUID]) -> dict[UUID, Spent]:
        """What everybody spent on each of these pairs; without those of which nobody said."""
        with self.database.reading() as db:
            return reading.spent(db, pairs)

    # saving

    def save_pair(
        self,
        session: UUID,
        clip: UUID,
        pair: UUID,
        *,
        expression: str | None,
        objects: Sequence[ObjectEdit] = (),
        status: str = "draft",
        split: str | None = None,
        cues: Sequence[str] | None = None,
        null_kind: str | None = None,
        change: UUID | None = None,
        based_on: int | None = None,
    ) -> Saved:
        """Store a pair with its objects and their masks, as one change.

        pair: made by the client (uuid4), kept for the pair's life. expression None = not written yet, or
        status `cannot-describe`. objects: () = a null expression, several = plural; an ObjectEdit with an id
        alone links a stored object. split, cues, null_kind: see PairEdit.
        """
        wanted = PairEdit(
            pair,
            expression,
            tuple(each.id for each in objects),
            status,
            split,
            cues=None if cues is None else tuple(cues),
            null_kind=null_kind,
        )
        return self.save_work(
            session, clip, objects, [wanted], act="save pair", change=change, based_on=based_on
        )

    def save_work(
        self,
        session: UUID,
        clip: UUID,
        objects: Sequence[ObjectEdit],
        pairs: Sequence[PairEdit],
        *,
        act: str,
        change: UUID | None = None,
        based_on: int | None = None,
        prompts: Sequence[Prompt] = (),
    ) -> Saved:
        """Store objects with their masks, and pairs of them, as one change. act: what was done, in words.

        prompts: what was asked of the segmenter on the way, for the log; of these or of stored objects.
        """
        with self.database.writing() as db:
            if done := replayed(db, change):
                return done
            edit = Edit(db, session=session, clip=clip, act=act, change=change, based_on=based_on)
            for each in objects:
                edit.object(each)
            for pair in pairs:
                edit.pair(pair)
            edit.prompts(prompts)
            return edit.saved()

    def save_masks(
        self,
        session: UUID,
        clip: UUID,
        object: UUID,
        masks: Mapping[int, Mask | None],
        *,
        act: str,
        source: str | Mapping[int, str],
        scores: Mapping[int, float] | None = None,
        category: str | None = None,
        change: UUID | None = None,
        based_on: int | None = None,
    ) -> Saved:
        """Store masks of one object (made when new): one change, one undo. act: "click", "propagate" ..."""
        wanted = ObjectEdit(object, category, masks, source, scores or {})
        return self.save_work(session, clip, [wanted], [], act=act, change=change, based_on=based_on)

    def save_prelabel(
        self, session: UUID, clip: UUID, asked: prelabels.Asked, objects: Sequence[ObjectEdit]
    ) -> Saved:
        """Store what a system answered, as drafts: its objects, and the pair where there was a sentence.

        session: one of `asked.annotator`. What was asked before is stored already, and nothing changes. Whoever
        saves the pair as it is takes it over.
        """
        with self.database.writing() as db:
            return prelabels.save(db, session, clip, asked, objects)

    def prelabels(self, annotator: str) -> set[UUID]:
        """Ids of the changes that hold a system's answers; see `prelabels.Asked`."""
        with self.database.reading() as db:
            return prelabels.changes(db, annotator)

    def delete_pair(self, session: UUID, pair: UUID, *, change: UUID | None = None) -> Saved:
        """Take a pair off its clip; its objects stay. `undo` brings it back."""
        with self.database.writing() as db:
            if done := replayed(db, change):
                return done
            row = db.get(PairRow, pair)
            if row is None:
                raise StoreError(f"The store has no pair {pair}.")
            edit = Edit(db, session=session, clip=row.clip_id, act="delete pair", change=change)
            now = db.get_one(PairVersion, (row.id, row.head))
            if not now.deleted:
                edit.set_pair(row.id, row.head, now, deleted=True)
            return edit.saved()

    def delete_object(self, session: UUID, object: UUID, *, change: UUID | None = None) -> Saved:
        """Take an object off its clip. `undo` brings it back. Refused while a pair needs it."""
        with self.database.writing() as db:
            if done := replayed(db, change):
                return done
            row = db.get(ObjectRow, object)
            if row is None:
                raise StoreError(f"The store has no object {object}.")
            if needed := reading.pairs_of_object(db, object):
                raise StoreError(
                    f"Expressions refer to this object ({len(needed)}, such as {needed[0]!r}); delete them."
                )
            edit = Edit(db, session=session, clip=row.clip_id, act="delete object", change=change)
            now = db.get_one(ObjectVersion, (row.id, row.head))
            if not now.deleted:
                edit.set_object(row.id, row.head, now.category, deleted=True)
            return edit.saved()

    # stages

    def submit_pair(self, session: UUID, pair: UUID, *, change: UUID | None = None) -> Saved:
        """Hand one's pair to review. StoreError: what its sentence does not pass, such as a null without a
        reason; see `core.expressions.checks`.
        """
        with self.database.writing() as db:
            return replayed(db, change) or review.submit(db, session, pair, change)

    def judge_pair(
        self,
        session: UUID,
        pair: UUID,
        *,
        accept: bool,
        comment: str | None = None,
        change: UUID | None = None,
    ) -> Saved:
        """Accept a submitted pair, or return it to its author; never one's own. It stays its author's."""
        with self.database.writing() as db:
            if done := replayed(db, change):
                return done
            row = db.get(PairRow, pair)
            if row is None or row.deleted:
                raise StoreError(f"The store has no pair {pair}.")
            if row.status != "submitted":
                raise StoreError(f"Only a submitted pair is judged; this one is {row.status}.")
            act = "accept pair" if accept else "return pair"
            edit = Edit(db, session=session, clip=row.clip_id, act=act, change=change)
            if edit.annotator == row.annotator_id:
                raise StoreError("You wrote this pair yourself; somebody else has to judge it.")
            now = db.get_one(PairVersion, (row.id, row.head))
            edit.judge_pair(row.id, row, now, "accepted" if accept else "returned", comment)
            return edit.saved()

    def find_back(
        self,
        session: UUID,
        pair: UUID,
        track: Track | None,
        *,
        comment: str | None = None,
        id: UUID | None = None,
    ) -> ReviewInfo:
        """Store what a second person found for a pair's sentence; track None, or without a pixel = none fits.

        Both none, or a mean IoU of 0.5 over the frames both answered, accepts the pair; anything else returns
        it with the comment. An accepted pair may be looked for again. Never one's own, and once a version. id:
        made by the client; sent again, it changes nothing.
        """
        with self.database.writing() as db:
            return review.find_back(db, session, pair, track, comment, id)

    def reviews(self, pair: UUID) -> list[ReviewInfo]:
        """Every answer to a pair, oldest first; the author's is in `load_clip_work` and `track_at`."""
        with self.database.reading() as db:
            return review.of_pair(db, pair)

    def agreement(self) -> Agreement:
        """Of all reviews of pairs that stand."""
        with self.database.reading() as db:
            return review.agreement(db)

    def lease(self, annotator: str, stage: str, for_seconds: float) -> Lease | None:
        """The next unit of work, nobody else's until then; None = there is none. stage: annotate, review.

        Who holds one already gets it again, for longer. To annotate: a clip with a pair returned to them, else
        the oldest clip without a pair of a person. To review: the pair of somebody else that waits longest.
        """
        with self.database.writing() as db:
            return leases.lease(db, annotator, stage, for_seconds)

    def held(self, annotator: str, stage: str) -> Lease | None:
        """The unit of work that the person holds now; None = none. It is held no longer for being asked after."""
        with self.database.reading() as db:
            return leases.held(db, annotator, stage)

    def release(self, lease: Lease) -> bool:
        """Give a unit of work back; whether it was still held."""
        with self.database.writing() as db:
            return leases.release(db, lease)

    # going back

    def undo(self, session: UUID, clip: UUID) -> Saved | None:
        """Take back the annotator's newest change of the clip, by a new change; None = nothing left to undo.

        Raises ConflictError when somebody else has changed the same thing since.
        """
        with self.database.writing() as db:
            return history.undo(db, session, clip)

    def redo(self, session: UUID, clip: UUID) -> Saved | None:
        """Do again what `undo` took back last; None = nothing."""
        with self.database.writing() as db:
            return history.redo(db, session, clip)

    def history(self, object: UUID) -> list[ChangeInfo]:
        """The changes of one object, oldest first."""
        with self.database.reading() as db:
            return history.of_object(db, object)

    def clip_history(self, clip: UUID) -> list[ChangeInfo]:
        """The changes of a clip, oldest first, with all frames that each changed."""
        with self.database.reading() as db:
            return states.of_clip(db, clip)

    def clip_at(self, clip: UUID, version: int) -> ClipWork:
        """Everything that stood on the clip after that version, as `load_clip_work` gives what stands now."""
        with self.database.reading() as db:
            return states.clip_at(db, clip, version)

    def compare(self, clip: UUID, before: int, after: int) -> Differences:
        """What the clip's state after one version and that after another do not share."""
        with self.database.reading() as db:
            return states.compare(states.clip_at(db, clip, before), states.clip_at(db, clip, after))

    def track_at(self, object: UUID, version: int) -> Track:
        """The object's track as it stood after that version."""
        with self.database.reading() as db:
            return history.track_at(db, object, version)

    def bring_back(self, session: UUID, object: UUID, version: int, *, change: UUID | None = None) -> Saved:
        """Make the track of an earlier version stand again, by a new change."""
        with self.database.writing() as db:
            if done := replayed(db, change):
                return done
            return history.bring_back(db, session, object, version, change)

    def bring_back_clip(
        self, session: UUID, clip: UUID, version: int, *, change: UUID | None = None
    ) -> Saved:
        """Make all that stood on a clip after that version stand again, by one new change; undo takes it back.

        A pair that changes by it is a draft again; one that is the same stays as it was judged.
        """
        with self.database.writing() as db:
            return replayed(db, change) or states.bring_back(db, session, clip, version, change)
