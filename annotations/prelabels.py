"""What systems answered before a person looked: drafts of their own, each stored once whatever is repeated.

The id of the change is made from what was asked, so a second save of the same answer is a replay of the first.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID, uuid5

import sqlalchemy as sa
from sqlalchemy.orm import Session

from annotations.edit import Edit, replayed
from annotations.identity import pts_hash
from annotations.records import PRELABEL, ObjectEdit, PairEdit, Saved
from annotations.schema import Annotator, ChangeRow, ObjectRow, ObjectVersion, WorkSession
from core.masks import Track
from core.media import Clip

_SPACE = UUID("5f0a7a52-6a0e-5d0b-9c2b-9b0f0c3a7e11")


@dataclass(frozen=True)
class Asked:
    """What makes an answer one and the same. expression: as it is stored; None = everything that sounds.

    weights: sha256 of all that the system stands on, 64 hex digits.
    """

    clip: str
    expression: str | None
    system: str
    weights: str

    @property
    def change(self) -> UUID:
        return self._id("change")

    @property
    def pair(self) -> UUID:
        return self._id("pair")

    @property
    def annotator(self) -> str:
        """The name under which the system's drafts stand."""
        return annotator(self.system, self.weights)

    def object(self, track: Track, category: str | None) -> UUID:
        """The same for every sentence that the system answers with the same track."""
        digest = hashlib.sha256()
        for frame, mask in sorted(track.masks.items()):
            digest.update(f"{frame} {mask.size} {mask.counts}\n".encode())
        return replace(self, expression=f"{category} {digest.hexdigest()}")._id("object")

    def _id(self, kind: str) -> UUID:
        parts = (kind, self.clip, "null" if self.expression is None else "=" + self.expression)
        return uuid5(_SPACE, "\n".join((*parts, self.system, self.weights)))


def clip_hash(clip: Clip) -> str:
    """sha256 of what a clip is: the file, the frames that it was read to, the first and the last of them."""
    video = clip.video
    about = (video.sha256, pts_hash(video.pts), *video.size, clip.first, clip.last)
    return hashlib.sha256(" ".join(map(str, about)).encode()).hexdigest()


def annotator(system: str, weights: str) -> str:
    return f"{system} {weights[:12]}"


def save(db: Session, session: UUID, clip: UUID, asked: Asked, objects: Sequence[ObjectEdit]) -> Saved:
    """Objects that are there stay as somebody left them; one that was deleted is made anew."""
    if done := replayed(db, asked.change):
        return done
    edit = Edit(db, session=session, clip=clip, act=PRELABEL, change=asked.change)
    linked: dict[UUID, None] = {}
    for number, each in enumerate(objects):
        row = db.get(ObjectRow, each.id)
        if row is not None and db.get_one(ObjectVersion, (row.id, row.head)).deleted:
            each, row = replace(each, id=uuid5(asked.change, str(number))), None
        if row is None:
            edit.object(each)
        linked[each.id] = None
    if asked.expression is not None:
        edit.pair(PairEdit(asked.pair, asked.expression, tuple(linked)))
    return edit.saved()


def changes(db: Session, annotator: str) -> set[UUID]:
    query = sa.select(ChangeRow.id).join(WorkSession).join(Annotator)
    return set(db.scalars(query.where(Annotator.name == annotator, ChangeRow.act == PRELABEL)))
