"""Look: the candidates of a clip, from figure and ground, motion, regions and the segmenter."""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field

import cv2
import numpy as np

from core.media import Clip
from core.segment.protocol import Segmenter
from core.segment.slot import compute_slot
from core.systems.cue.candidate import Candidate, Sight
from core.systems.cue.follow import Follower
from core.systems.cue.propose import SAME, Proposal, iou, keys, propose, small_clip
from core.systems.cue.see import see

MOST_CANDIDATES = 6
POOL = 60  # proposals of a frame that are kept for a second look
VIEWS = 3  # frames on which a candidate is looked at for its name
PART = 0.6  # worth of what is only a part of a figure: people speak of whole things

Name = Callable[[list[tuple[np.ndarray, np.ndarray]]], dict[str, float]]  # see core.systems.blocks.namer


@dataclass(eq=False)
class Looked:
    """What looking at a clip gave: candidates best first, and proposals that a sentence may point to later."""

    sight: Sight
    candidates: tuple[Candidate, ...]
    pool: tuple[Proposal, ...] = field(repr=False)
    follower: Follower = field(repr=False)
    name: Name = field(repr=False)

    def follow(self, proposal: Proposal, number: int) -> Candidate:
        """A proposal of the pool as one more candidate."""
        with compute_slot():
            masks, energy = self.follower.follow(proposal.key, proposal.mask)
        names = named(self.name, masks, self.sight)
        return Candidate(number, masks, proposal.worth, proposal.source, energy, self.sight, names)


def look(
    clip: Clip, things: Callable[[np.ndarray], np.ndarray], name: Name, segmenter: Segmenter | None
) -> Generator[float, None, Looked]:
    """Look at the clip; yields the share that is done. things: as `see` takes it."""
    seeing = see(clip, things)
    while True:
        try:
            share = next(seeing)
        except StopIteration as end:
            sight, moved = end.value
            break
        yield 0.5 * share
    follower = Follower(sight, moved)
    chosen = keys(sight)
    small = small_clip(clip, sight.indices, sight.fine)
    tracks: list[tuple[Proposal, float, np.ndarray, np.ndarray]] = []
    pool: list[Proposal] = []
    for n, key in enumerate(chosen):
        yield 0.5 + 0.5 * n / len(chosen)
        proposals = propose(sight, key, small, segmenter)
        pool += proposals[:POOL]
        fresh = 0
        for proposal in proposals:
            again = next((i for i, t in enumerate(tracks) if iou(t[2][key], proposal.mask) >= SAME), None)
            if again is not None:  # seen again: that speaks for it
                first, worth, masks, energy = tracks[again]
                tracks[again] = (first, worth + 0.25 * proposal.worth, masks, energy)
            elif fresh < MOST_CANDIDATES:
                fresh += 1
                with compute_slot():
                    tracks.append((proposal, proposal.worth, *follower.follow(key, proposal.mask)))
                yield 0.5 + 0.5 * (n + fresh / MOST_CANDIDATES) / len(chosen)
    return Looked(sight, _ranked(tracks, sight, name), tuple(pool), follower, name)


def named(name: Name, masks: np.ndarray, sight: Sight) -> dict[str, float]:
    """The chance of each name for what the masks, bool [T, h, w], show, seen where it is largest; {} = unseen."""
    size = masks.sum(axis=(1, 2))
    best = [int(t) for t in np.argsort(-size, kind="stable")[:VIEWS] if size[t]]
    views = []
    for t in best:
        picture = sight.fine[t]
        wide = cv2.resize(masks[t].astype(np.uint8), picture.shape[1::-1], interpolation=cv2.INTER_NEAREST)
        views.append((picture, wide > 0))
    with compute_slot():
        return name(views) if views else {}


def _ranked(
    tracks: list[tuple[Proposal, float, np.ndarray, np.ndarray]], sight: Sight, name: Name
) -> tuple[Candidate, ...]:
    """At most six different tracks: what lasts before what passes, wholes before parts."""
    weighed = []
    for first, worth, masks, energy in tracks:
        lasting = float(masks.any(axis=(1, 2)).mean())
        part = first.source != "figure" and any(
            other.source == "figure" and _is_part(masks, theirs) for other, _, theirs, _ in tracks
        )
        weighed.append((worth * (0.4 + 0.6 * lasting) * (PART if part else 1), first.source, masks, energy))
    kept: list[tuple[float, str, np.ndarray, np.ndarray]] = []
    for item in sorted(weighed, key=lambda w: -w[0]):
        if all(iou(item[2], other[2]) < SAME for other in kept):
            kept.append(item)
    return tuple(
        Candidate(i + 1, masks, float(worth), source, energy, sight, named(name, masks, sight))
        for i, (worth, source, masks, energy) in enumerate(kept[:MOST_CANDIDATES])
    )


def _is_part(a: np.ndarray, b: np.ndarray) -> bool:
    """Nearly all of `a` lies in `b`, which is clearly larger."""
    return bool((a & b).sum() > 0.8 * a.sum() and a.sum() < 0.7 * b.sum())
