"""Relate: how a candidate stands to the other things of a sentence, each of which may be one of several."""

from collections.abc import Callable, Sequence
from itertools import product

import cv2
import numpy as np

from core.systems.cue.candidate import Candidate
from core.systems.cue.kinds import faced

Anchors = Sequence[tuple[Candidate, float]]  # who the other thing may be, with its chance; they sum to 1
SELF = 0.05  # what a thing is worth in a relation to itself
HOLDER = 0.3  # "held by": what the holder is worth where the held thing was not seen apart from them
TOUCH = 0.05  # share of the picture's diagonal over which "held by" turns from yes to no
LOOKS = 4  # frames on which the gap between two is measured


def expected(
    one: Candidate,
    found: Anchors,
    relation: Callable[[Candidate], float | None],
    own: float = SELF,
    within: bool = False,
) -> float | None:
    """0 to 1: the relation, over who the other may be; `own` to itself. None where it says nothing.

    within: the other may lie in it, as what somebody holds does.
    """
    alike = same if within else itself
    told = [(chance, own if alike(one, other) else relation(other)) for other, chance in found]
    known = [(chance, score) for chance, score in told if score is not None]
    total = sum(chance for chance, _ in known)
    return sum(chance * score for chance, score in known) / total if total else None


def expected_of_all(
    one: Candidate, found: Sequence[Anchors], relation: Callable[[Sequence[Candidate]], float | None]
) -> float | None:
    """As `expected`, of a relation to several at once ("between the man and the woman")."""
    told = []
    for pick in product(*found):
        others, chance = [other for other, _ in pick], float(np.prod([chance for _, chance in pick]))
        same = any(itself(one, other) for other in others) or len({o.id for o in others}) < len(others)
        score = SELF if same else relation(others)
        if score is not None:
            told.append((chance, score))
    total = sum(chance for chance, _ in told)
    return sum(chance * score for chance, score in told) / total if total else None


def itself(one: Candidate, other: Candidate) -> bool:
    """The same thing, or a larger one that holds it: a man with his guitar is not what the man plays."""
    shared, own, theirs = _shares(one, other)
    return same(one, other) or (own >= theirs and shared > 0.7 * theirs > 0)


def same(one: Candidate, other: Candidate) -> bool:
    shared, own, theirs = _shares(one, other)
    return one.id == other.id or shared > 0.55 * (own + theirs - shared)


def _shares(one: Candidate, other: Candidate) -> tuple[float, float, float]:
    """Pixels of both, of one and of the other, where both are present."""
    both = one.present & other.present
    a, b = one.masks[both], other.masks[both]
    return float((a & b).sum()), float(a.sum()), float(b.sum())


def is_group(one: Candidate, all_seen: Sequence[Candidate]) -> bool:
    """Two others lie in pieces of it that do not meet: several things, not one."""
    within = [c for c in all_seen if c.id != one.id and c.area < one.area and _covers(one, c)]
    return any(_in_two_pieces(one, a, b) for i, a in enumerate(within) for b in within[:i])


def _in_two_pieces(one: Candidate, a: Candidate, b: Candidate) -> bool:
    both = np.flatnonzero(one.present & a.present & b.present)
    apart = []
    for t in both[:: max(1, len(both) // LOOKS)]:
        labels = cv2.connectedComponents(one.masks[t].astype(np.uint8))[1]
        of_a, of_b = (set(np.unique(labels[c.masks[t] & one.masks[t]])) for c in (a, b))
        apart.append(bool(of_a and of_b and not of_a & of_b))
    return bool(apart) and float(np.mean(apart)) > 0.5


def _covers(one: Candidate, other: Candidate) -> bool:
    shared, _, theirs = _shares(one, other)
    return shared > 0.5 * theirs


def with_whom(one: Candidate, person: Candidate) -> float:
    """0 to 1: how well `one` is in the hands of `person`: it touches and lies before the person, not above."""
    close = float(np.exp(-gap(one, person) / TOUCH))
    x0, y0, x1, y1 = person.box
    wide = 0.15 * (y1 - y0)
    x, y = one.centre
    before = float(np.exp(-max(x0 - wide - x, x - x1 - wide, 0.0) / 0.1))
    low = 1.0 if y >= y0 + 0.2 * (y1 - y0) else 0.6
    bare = 1 - float(np.clip((one.skin - 0.4) / 0.4, 0, 1)) * 0.7
    return close * before * low * bare * (1 - 0.5 * faced(one))


def gap(one: Candidate, other: Candidate) -> float:
    """Between their pixels, in shares of the picture's diagonal, over frames that show both; 1 when none does."""
    both = np.flatnonzero(one.present & other.present)
    if not len(both):
        return 1.0
    apart = []
    for t in both[:: max(1, len(both) // LOOKS)]:
        away = cv2.distanceTransform((~other.masks[t]).astype(np.uint8), cv2.DIST_L2, 3)
        apart.append(float(away[one.masks[t]].min()))
    return float(np.mean(apart)) / float(np.hypot(*one.masks.shape[1:]))


def in_order(degree: str, value: str, one: Candidate, alike: Sequence[Candidate]) -> float | None:
    """Whether it is the second or third from the left or right among things alike, itself with them."""
    wanted = {"second": 1, "third": 2}.get(degree)
    if wanted is None or value not in ("left", "right"):
        return None
    ahead = [o for o in alike if (o.centre[0] < one.centre[0]) == (value == "left") and o.id != one.id]
    return 1.0 if len(ahead) == wanted else 0.2
