"""Blind find-back on a desk of its own: a second person has the clip and the sentence, marks what it means or says
that nothing fits, and is shown the author's answer only afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from annotations.records import Lease, PairLine, PairWork, ReviewInfo
from annotations.store import Store
from app.desk import Desk
from app.library import Library, Source
from app.people import author
from app.things import Cell
from core import media
from core.errors import PromptError, RefavsError
from core.masks import Mask, Track, union
from core.media import Clip, Video

STAGE = "review"
KEY = f"{STAGE}:"  # before the pair's id: what the page opens
HELD = 20 * 60.0  # seconds that a pair is lent for, from the last mark on
LONGEST = 1000  # characters of a comment

LATE = "The time for this pair is over, and somebody else may have it now; take the next one."
NOT_YOURS = "That pair is not lent to you; take the next one in Review."
NO_VIDEO = "The video of this pair is not here any more."
NOTHING_MARKED = "Nothing is marked yet; click what the sentence means, or say that nothing fits."
ANSWERED = "You have answered; take the next pair."
NOT_HERE = (
    "A review is for looking with your own eyes; finish it or give it back, then open the clip in Annotate."
)
IN_HAND = (
    "You are looking for a sentence in this clip, and its saved masks would give the answer away; "
    "finish that review or give it back (Review: Look at the next one), then open the clip."
)


@dataclass(frozen=True)
class Task:
    """What a second person is to find. until: how long it is theirs; done: what came of it, once answered."""

    pair: UUID
    expression: str
    until: datetime
    done: Mapping[str, Any] | None = None

    def told(self) -> dict[str, Any]:
        return {
            "pair": str(self.pair),
            "expression": self.expression,
            "until": self.until.isoformat(),
            "done": self.done,
        }


@dataclass(frozen=True)
class Look:
    """What a second person is given."""

    source: Source
    clip: Clip
    task: Task


class Finder:
    """One for the server; a review belongs to a session of its person, begun with the first one."""

    def __init__(self, store: Store, library: Library) -> None:
        self.store, self.library = store, library
        self._sessions: dict[str, UUID] = {}

    def session(self) -> UUID:
        """Of whoever asks."""
        who = author()
        if who not in self._sessions:
            self._sessions[who] = self.store.start_session(who).id
        return self._sessions[who]

    def lend(self) -> Lease | None:
        """The pair that the person is to look for now, theirs for a while (longer, when asked again)."""
        self.session()
        return self.store.lease(author(), STAGE, HELD)

    def open(self, key: str) -> Look:
        """What `review:PAIR` stands for. RefavsError when the pair is not lent to the person."""
        held = self.lend()
        if held is None or f"{KEY}{held.unit}" != key:
            raise RefavsError(NOT_YOURS)
        line = self.store.pair(held.unit)
        video = line.clip.video if line else None
        known = self.library.of_file(video.path, video.sha256) if video else None
        if line is None or known is None:
            self.store.release(held)
            raise RefavsError(NO_VIDEO)
        clip = media.open(known.path).clip(line.clip.first, line.clip.last)
        task = Task(held.unit, line.pair.expression or "", held.until)
        return Look(Source(key, known.name, known.path), clip, task)

    def clip_in_hand(self) -> UUID | None:
        """The clip in which whoever asks is to find something: what others answered there is not for them to see."""
        line = self._in_hand()
        return line.clip.id if line else None

    def check_open(self, video: Video) -> None:
        """RefavsError when whoever asks is to find something in the video, and would be shown the answer."""
        line = self._in_hand()
        if line and line.clip.video.sha256 == video.sha256:
            raise RefavsError(IN_HAND)

    def _in_hand(self) -> PairLine | None:
        held = self.store.held(author(), STAGE)
        return self.store.pair(held.unit) if held else None

    def keep(self, desk: Desk) -> None:
        """The person is still at it."""
        task = _task(desk)
        if task.done:
            return
        held = self.lend()
        if held is None or held.unit != task.pair:
            if held:
                self.store.release(held)
            raise RefavsError(LATE)
        desk.finding = replace(task, until=held.until)
        desk.feed.say("finding", finding=desk.finding.told())

    def leave(self, desk: Desk) -> None:
        """Give the pair back unanswered."""
        task = _task(desk)
        if not task.done:
            self.store.release(Lease(author(), STAGE, task.pair, task.until))

    def answer(self, desk: Desk, *, none: bool, comment: str, id: UUID) -> None:
        """Store what was found (none: nothing fits), then show what the author meant beside it."""
        task = _task(desk)
        track = None if none else marked(desk)
        if not none and (track is None or not track.present):
            raise PromptError(NOTHING_MARKED)
        said = " ".join(comment.split())[:LONGEST] or None
        with desk.acting:
            review = self.store.find_back(self.session(), task.pair, track, comment=said, id=id)
            line = self.store.pair(task.pair)
            if line is None:
                raise RefavsError(LATE)
            done = outcome(review, line.pair) | {"none": track is None}
            desk.finding = replace(task, done=done)
            desk.closed = ANSWERED
        desk.feed.say("finding", finding=desk.finding.told())
        desk.show_second(line.pair.annotator, self._meant(line.clip.id, line.pair))

    def _meant(self, clip: UUID, pair: PairWork) -> list[tuple[str, dict[int, Cell]]]:
        objects = self.store.load_clip_work(clip).objects
        return [(o.category or "", looked_at(o.track)) for o in objects if o.id in pair.objects]


def outcome(review: ReviewInfo, pair: PairWork) -> dict[str, Any]:
    """What the page is told of an answer: who agrees with whom, and by how much."""
    return {
        "agrees": review.agrees,
        "none": review.track is None,
        "null": pair.is_null,
        "iou": review.iou,
        "author": pair.annotator,
        "reviewer": review.annotator,
        "comment": review.comment,
        "frame": _first(review.track),
    }


def marked(desk: Desk) -> Track | None:
    """Everything that was marked, as one track; None = no frame has an answer."""
    frames: dict[int, list[Mask]] = {}
    for thing in desk.things:
        for index, cell in desk.cells(thing.id).items():
            frames.setdefault(index, []).append(cell.mask)
    masks = {index: union(each) for index, each in sorted(frames.items())}
    return Track(desk.clip.video.size, masks) if masks else None


def looked_at(track: Track) -> dict[int, Cell]:
    return {index: Cell(mask, "system") for index, mask in track.masks.items()}


def _first(track: Track | None) -> int | None:
    shown = [] if track is None else [i for i, mask in track.masks.items() if not mask.is_empty]
    return min(shown, default=None)


def _task(desk: Desk) -> Task:
    if desk.finding is None:
        raise RefavsError(NOT_YOURS)
    return desk.finding
