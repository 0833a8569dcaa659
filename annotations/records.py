"""What goes into the store and comes out of it: plain data, no database rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from core.errors import RefavsError
from core.masks import Mask, Track

SOURCES = ("system", "click", "brush", "propagated", "imported")
STATUSES = ("draft", "submitted", "accepted", "returned", "cannot-describe")
CUES = ("sound", "look", "place", "time")
NULL_KINDS = ("silent", "off-screen", "absent")
STAGES = ("annotate", "review")
PRELABEL = "prelabel"  # the act of a change that holds a system's own answer
PROMPTS = ("click", "box", "brush", "eraser", "absent", "propagate", "undo", "redo")


class StoreError(RefavsError):
    """The database cannot be opened, or cannot take what it was given."""


class UnreachableError(StoreError):
    """The database did not answer, or went away in the middle; it may be there again in a moment.

    in_doubt: it went away while the end of a save was written, which stands or does not.
    """

    def __init__(self, message: str, *, in_doubt: bool = False) -> None:
        super().__init__(message)
        self.in_doubt = in_doubt


class ConflictError(StoreError):
    """Somebody else changed the same thing since it was loaded; nothing was written.

    theirs: version (see `Saved.version`) of the change that stands in the way.
    """

    def __init__(self, message: str, *, theirs: int) -> None:
        super().__init__(message)
        self.theirs = theirs


@dataclass(frozen=True, slots=True)
class SessionInfo:
    id: UUID
    annotator: str
    started: datetime


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """size: (H, W) upright. pts_hash: see `annotations.identity`. source: public id, if known."""

    id: UUID
    sha256: str
    path: Path
    frame_count: int
    pts_hash: str
    size: tuple[int, int]
    rotation: int
    decoder: str
    has_audio: bool
    source: str | None = None
    licence: str | None = None


@dataclass(frozen=True, slots=True)
class ClipInfo:
    """first, last: inclusive frame indices of the video.

    label, seconds: of a clip from a benchmark, the name of its folder and the ten frames that it stands on.
    """

    id: UUID
    video: VideoInfo
    first: int
    last: int
    label: str = ""
    seconds: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Prompt:
    """What was asked of the segmenter, or drawn, on the way to a change. kind: of PROMPTS.

    said, in pixels of the upright picture: click {x, y, positive}; box {box: [x0, y0, x1, y1]}; brush and
    eraser {counts} of the stroke's run lengths; absent {last}, propagate {first, last}: frames; undo and redo
    {act}, what was taken back or done again.
    """

    object: UUID
    frame: int
    kind: str
    said: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class PromptInfo:
    """A line of the prompt log. version: of the change that was saved with it, in that session."""

    prompt: Prompt
    version: int
    annotator: str
    session: UUID


@dataclass(frozen=True, slots=True)
class Spent:
    """What work cost. seconds: of work; clicks: clicks and boxes; strokes: of brush, eraser and polygon."""

    seconds: float = 0.0
    clicks: int = 0
    strokes: int = 0


@dataclass(frozen=True)
class ObjectEdit:
    """What to store of one object; what is not given stays as it is.

    id: made by the client (uuid4), kept for the object's life. category: None = keep. masks: frame index of
    the video -> mask; an empty mask says absent, None takes the frame's answer away. source: one of SOURCES,
    for all masks or by frame. scores: by frame, 1.0 where missing. fid: given by an import only; else the
    next free one.
    """

    id: UUID
    category: str | None = None
    masks: Mapping[int, Mask | None] = field(default_factory=dict)
    source: str | Mapping[int, str] = "click"
    scores: Mapping[int, float] = field(default_factory=dict)
    fid: int | None = None


@dataclass(frozen=True)
class PairEdit:
    """What a pair is to be. id: made by the client (uuid4), kept for the pair's life.

    expression None = not written yet, or status `cannot-describe`. objects: () = null, several = plural.
    split, label and null_kind None = keep; cues None = keep while the sentence stays. cues: of CUES, what it
    leans on. null_kind: of NULL_KINDS, why a null expression fits nothing. spent: on it since its last save.
    """

    id: UUID
    expression: str | None
    objects: tuple[UUID, ...] = ()
    status: str = "draft"
    split: str | None = None
    label: str | None = None
    cues: tuple[str, ...] | None = None
    null_kind: str | None = None
    spent: Spent | None = None


@dataclass(frozen=True)
class ObjectWork:
    """An object as it stands. version: of the newest change that touched it, for `based_on`."""

    id: UUID
    fid: int
    category: str | None
    track: Track
    sources: Mapping[int, str]
    scores: Mapping[int, float]
    version: int


@dataclass(frozen=True, slots=True)
class PairWork:
    """A pair as it stands. objects: () = null expression, several = plural.

    annotator, session, at and version are of the change that made it so; created: version that made the pair.
    cues: None = nobody said. null_kind: why a null expression fits nothing. comment: the last reviewer's.
    prelabel: it is a system's answer that no person has saved.
    """

    id: UUID
    expression: str | None
    objects: tuple[UUID, ...]
    status: str
    split: str | None
    label: str | None
    annotator: str
    session: UUID
    at: datetime
    version: int
    created: int
    cues: tuple[str, ...] | None = None
    null_kind: str | None = None
    comment: str | None = None
    prelabel: bool = False

    @property
    def is_null(self) -> bool:
        return not self.objects

    @property
    def is_plural(self) -> bool:
        return len(self.objects) > 1


@dataclass(frozen=True)
class ClipWork:
    """Everything that stands on one clip. version: of its newest change, 0 = none yet."""

    clip: ClipInfo
    objects: tuple[ObjectWork, ...]
    pairs: tuple[PairWork, ...]
    version: int


@dataclass(frozen=True, slots=True)
class PairLine:
    """A line of a list of pairs."""

    pair: PairWork
    clip: ClipInfo


@dataclass(frozen=True, slots=True)
class ClipLine:
    """A line of a list of clips. at: when the newest change was saved; None = nothing yet."""

    clip: ClipInfo
    pairs: int
    at: datetime | None


@dataclass(frozen=True, slots=True)
class PairFilter:
    """Which pairs; None = any. text: a part of the expression, in any case. since: saved then or later."""

    session: UUID | None = None
    annotator: str | None = None
    status: str | None = None
    since: datetime | None = None
    clip: UUID | None = None
    text: str | None = None
    pairs: tuple[UUID, ...] | None = None


@dataclass(frozen=True, slots=True)
class Saved:
    """A change that is on disk. change: its id. version: its number in the order of all changes.

    rows: how many versions it wrote (0 = everything was stored like this already).
    """

    change: UUID
    version: int
    at: datetime
    rows: int


@dataclass(frozen=True, slots=True)
class ChangeInfo:
    """A line of a history. indices: the object's frames that it changed. undoes: the version it took back."""

    id: UUID
    version: int
    act: str
    annotator: str
    session: UUID
    at: datetime
    indices: tuple[int, ...]
    undoes: int | None


@dataclass(frozen=True)
class ObjectDifference:
    """before, after: None = not there. frames: those whose masks differ, with their IoU; None = one side has no
    answer there.
    """

    id: UUID
    before: ObjectWork | None
    after: ObjectWork | None
    frames: Mapping[int, float | None]


@dataclass(frozen=True, slots=True)
class PairDifference:
    """before, after: None = not there."""

    id: UUID
    before: PairWork | None
    after: PairWork | None


@dataclass(frozen=True)
class Differences:
    """Of two states of a clip: what is not the same."""

    objects: tuple[ObjectDifference, ...]
    pairs: tuple[PairDifference, ...]


@dataclass(frozen=True)
class ReviewInfo:
    """What a second person found for a pair's sentence. version: of the pair, as its author left it.

    track: None = they answered none. answer: "none", ids of objects of the clip, or "other". iou: mean with
    the author's over the frames both answered; None where one side is none.
    """

    id: UUID
    pair: UUID
    version: int
    annotator: str
    track: Track | None
    answer: str
    iou: float | None
    agrees: bool
    comment: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Share:
    reviews: int
    agreed: int

    @property
    def percent(self) -> float:
        return 100 * self.agreed / self.reviews if self.reviews else 0.0


@dataclass(frozen=True)
class Agreement:
    """How often second people found what was meant: by who wrote it, who looked for it, and cue.

    alpha: Krippendorff's, of author and reviewers over the pairs (nominal: which object); None = undefined.
    """

    total: Share
    by_author: Mapping[str, Share]
    by_reviewer: Mapping[str, Share]
    by_cue: Mapping[str, Share]
    alpha: float | None


@dataclass(frozen=True, slots=True)
class Lease:
    """A unit of work that one annotator holds. unit: a clip (annotate) or a pair (review)."""

    annotator: str
    stage: str
    unit: UUID
    until: datetime


@dataclass(frozen=True)
class ReleaseInfo:
    """A frozen export. sha256: of its SHA256SUMS. sheet: its datasheet. versions: of each pair in it."""

    name: str
    at: datetime
    layout: str
    sha256: str
    sheet: Mapping[str, Any]
    versions: Mapping[UUID, int]
