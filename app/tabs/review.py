"""Review: what waits for a person, what came back to them, and how often people agree."""

from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import UUID

from annotations.records import ClipWork, PairFilter, PairLine, Share, StoreError
from annotations.store import Store
from app.finding import HELD, KEY, Finder, outcome
from app.library import Library
from app.media_routes import Links
from app.people import author
from app.tabs.pictures import pair_picture, telling
from core.errors import RefavsError
from core.masks import Track, union

Answer = dict[str, Any]
COUNTED = 200  # pairs of a status that are counted; more are "200+"
SHOWN = 12  # of those that came back
LISTED = 5  # of drafts and of what waits
MOST = 500  # drafts that are submitted at once

NOTHING_WAITS = "Nothing waits for you now."
OTHERS_LOOK = "Others are looking at all that waits; come back in a while."


class Review:
    def __init__(self, store: Store, library: Library, links: Links, finder: Finder) -> None:
        self.store, self.library, self.links, self.finder = store, library, links, finder

    def waiting(self, request: Answer, person: str | None) -> Answer:
        """How many pairs wait for the person to look for them, and how many came back to them."""
        return {
            "waiting": self._count(self._of_others()),
            "returned": self._count(self._mine("returned", COUNTED)),
        }

    def work(self, request: Answer, person: str | None) -> Answer:
        """The person's own work: what came back, drafts, what waits; and what waits for them."""
        returned, drafts = self._mine("returned", COUNTED), self._mine("draft", COUNTED)
        submitted = self._mine("submitted", COUNTED)
        return {
            "person": author(),
            "alone": person is None,
            "minutes": round(HELD / 60),
            "waiting": self._count(self._of_others()),
            "returned": [self._returned(line) for line in returned[:SHOWN]],
            "returned_count": self._count(returned),
            "drafts": [self._line(line) for line in drafts[:LISTED]],
            "drafts_count": self._count(drafts),
            "submitted": [self._line(line) for line in submitted[:LISTED]],
            "submitted_count": self._count(submitted),
        }

    def next(self, request: Answer, person: str | None) -> Answer:
        """What the page opens to look for the next pair."""
        held = self.finder.lend()
        if held is None:
            raise RefavsError(OTHERS_LOOK if self._of_others() else NOTHING_WAITS)
        return {"source": f"{KEY}{held.unit}", "until": held.until.isoformat()}

    def submit_drafts(self, request: Answer, person: str | None) -> Answer:
        """Hand in every draft of the person: how many were taken, and why the others were not."""
        done, refused = 0, []
        session = self.finder.session()
        for line in self._mine("draft", MOST):
            try:
                self.store.submit_pair(session, line.pair.id)
                done += 1
            except StoreError as error:
                refused.append({**self._line(line), "reason": str(error)})
        return {"submitted": done, "refused": refused}

    def agreement(self, request: Answer, person: str | None) -> Answer:
        """How often second people found what was meant."""
        found = self.store.agreement()
        names = sorted(set(found.by_author) | set(found.by_reviewer))
        return {
            "total": _share(found.total),
            "alpha": found.alpha,
            "people": [[n, _told(found.by_author, n), _told(found.by_reviewer, n)] for n in names],
            "cues": [[cue, _share(share)] for cue, share in found.by_cue.items()],
        }

    def _mine(self, status: str, limit: int) -> list[PairLine]:
        return self.store.pairs(PairFilter(annotator=author(), status=status), limit=limit + 1)

    def _of_others(self) -> list[PairLine]:
        me = author()
        lines = self.store.pairs(PairFilter(status="submitted"), limit=2 * COUNTED)
        return [line for line in lines if line.pair.annotator != me]

    def _count(self, lines: list[PairLine]) -> str:
        return f"{COUNTED}+" if len(lines) > COUNTED else str(len(lines))

    def _line(self, line: PairLine) -> Answer:
        video = line.clip.video
        source = self.library.of_file(video.path, video.sha256)
        return {
            "id": str(line.pair.id),
            "expression": line.pair.expression or "",
            "at": line.pair.at.isoformat(),
            "clip": source.key if source else None,
            "name": source.name if source else video.path.name,
        }

    def _returned(self, line: PairLine) -> Answer:
        """With both answers on one frame: the author's first, the second person's second."""
        pair, clip = line.pair, line.clip
        shown = self._line(line)
        review = next(reversed(self.store.reviews(pair.id)), None)
        if review is None:  # returned by word alone
            return {**shown, "comment": pair.comment, "review": None, "frame": None, "picture": None}
        tracks = [_meant(self.store.load_clip_work(clip.id), pair.objects, clip.video.size)]
        tracks.append(review.track or Track(clip.video.size, {}))
        told = outcome(review, pair)
        frame = told["frame"]
        if frame is None:
            frame = telling(tracks, clip.first, clip.last)
        only = [Track(t.size, {i: m for i, m in t.masks.items() if i == frame}) for t in tracks]
        drawn = partial(pair_picture, clip.video.path, frame, only)
        picture = self.links.picture(f"review {review.id}", drawn) if shown["clip"] else None
        return {**shown, "comment": pair.comment, "review": told, "frame": frame, "picture": picture}


def _meant(work: ClipWork, objects: tuple[UUID, ...], size: tuple[int, int]) -> Track:
    """What the author meant, as one track."""
    frames: dict[int, list[Any]] = {}
    for thing in work.objects:
        for index, mask in thing.track.masks.items() if thing.id in objects else ():
            frames.setdefault(index, []).append(mask)
    return Track(size, {index: union(masks) for index, masks in frames.items()})


def _share(share: Share) -> list[int]:
    """[agreed, of]"""
    return [share.agreed, share.reviews]


def _told(shares: Mapping[str, Share], name: str) -> list[int]:
    return _share(shares[name]) if name in shares else [0, 0]
