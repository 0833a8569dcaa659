"""Look again: what the sentence says of look and place may point to a region that no candidate shows."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from core.expressions import Part, Thing
from core.systems.cue.candidate import Candidate
from core.systems.cue.look import Looked
from core.systems.cue.propose import SAME, Proposal, iou
from core.systems.cue.weigh import Scene, seen_fit

MOST = 2
CLEARLY = 1.3  # times as well a region must fit as the best candidate does


def look_again(thing: Thing, scene: Scene, looked: Looked) -> list[Candidate]:
    """Further candidates, at most two, for what is said of colour, size and place; [] when nothing is."""
    parts = [part for part in _seen(thing) if not part.negated]
    if not parts:
        return []
    best = max((seen_fit(thing, parts, one, scene) for one in scene.candidates), default=0.0)
    rated = []
    for proposal in looked.pool:
        glance = _glance(proposal, looked)
        rated.append((seen_fit(thing, parts, glance, scene), proposal))
    rated.sort(key=lambda item: -item[0])
    number = max((c.id for c in scene.candidates), default=0)
    found: list[Candidate] = []
    for fit, proposal in rated:
        if fit < CLEARLY * best or fit < 0.05 or len(found) == MOST:
            break
        known = [*scene.candidates, *found]
        if all(iou(proposal.mask, one.masks[proposal.key]) < SAME for one in known):
            found.append(looked.follow(proposal, number + len(found) + 1))
    return found


def _seen(thing: Thing) -> Iterator[Part]:
    for part in thing.parts:
        plain = part.kind in ("colour", "place", "size") and not part.of
        dressed = part.kind == "has" and any(other.all("colour") for other in part.of)
        if plain or dressed:
            yield part


def _glance(proposal: Proposal, looked: Looked) -> Candidate:
    """The proposal as a candidate of a clip of one frame."""
    sight, only = looked.sight, slice(proposal.key, proposal.key + 1)
    frame = replace(
        sight, pictures=sight.pictures[only], figure=sight.figure[only], moving=sight.moving[only]
    )
    return Candidate(0, proposal.mask[None], proposal.worth, proposal.source, np.zeros((0, 9)), frame)
