"""Where a candidate is: in the picture, and beside another. Every answer is 0 to 1."""

from collections.abc import Sequence

import numpy as np

from core.systems.cue.candidate import Candidate

SOFT = 0.1  # share of the picture over which "left of" turns from no to yes


def absolute(value: str, degree: str, one: Candidate, others: Sequence[Candidate]) -> float | None:
    """How well "on the left", "in the middle" ... says where it is; None for what a picture cannot tell.

    "on the left" is where it stands in the picture, and whether it stands left of the others; "far left" is
    the latter above all.
    """
    x, y = one.centre
    near = 0.6 * one.box[3] + 0.4 * min(1.0, one.area / 0.2)  # what is near stands low and is large
    reach = {
        "left": 1 - x,
        "right": x,
        "above": 1 - y,
        "below": y,
        "front": near,
        "behind": 1 - near,
    }.get(value)
    if value == "middle":
        return float(np.clip(1 - abs(x - 0.5) / 0.3, 0.02, 1))
    if reach is None:
        return None
    inside = float(np.clip((reach - 0.35) / 0.25, 0.02, 1))
    if not others:
        return inside

    def of(other: Candidate) -> float:
        ox, oy = other.centre
        onear = 0.6 * other.box[3] + 0.4 * min(1.0, other.area / 0.2)
        return {
            "left": 1 - ox,
            "right": ox,
            "above": 1 - oy,
            "below": oy,
            "front": onear,
            "behind": 1 - onear,
        }[value]

    rank = float(np.mean([_more(reach, of(other)) for other in others]))
    weight = 0.8 if degree == "most" else 0.3
    return float(np.clip((1 - weight) * inside + weight * rank, 0.02, 1))


def relative(value: str, one: Candidate, others: Sequence[Candidate]) -> float | None:
    """How well "left of", "under", "near" ... says where `one` is beside `others` (one, or two for "between")."""
    if not others or any(other.id == one.id for other in others):
        return 0.05
    other = others[0]
    (x, y), (ox, oy) = one.centre, other.centre
    gap = distance(one, other)
    if value == "left":
        return _more(ox, x)
    if value == "right":
        return _more(x, ox)
    if value in ("above", "on"):
        return _more(oy, y) * (0.4 + 0.6 * np.exp(-gap / 0.15))
    if value == "below":
        return _more(y, oy) * (0.4 + 0.6 * np.exp(-gap / 0.15))
    if value == "front":  # nearer to the camera: its foot is lower, and it is before the other
        return (0.3 + 0.7 * _more(one.box[3] + 0.05, other.box[3])) * np.exp(-gap / 0.2)
    if value == "behind":
        return (0.3 + 0.7 * _more(other.box[3] + 0.05, one.box[3])) * np.exp(-gap / 0.2)
    if value == "between" and len(others) > 1:
        low, high = sorted((ox, others[1].centre[0]))
        return _more(x, low) * _more(high, x)
    if value in ("near", "between", "in", "middle"):
        return float(np.exp(-gap / 0.2))
    if value == "far":
        return float(1 - np.exp(-gap / 0.2))
    return None


def distance(one: Candidate, other: Candidate) -> float:
    """Between their boxes, in shares of the picture's diagonal; 0 when they touch."""
    a, b = one.box, other.box
    dx = max(a[0] - b[2], b[0] - a[2], 0.0)
    dy = max(a[1] - b[3], b[1] - a[3], 0.0)
    return float(np.hypot(dx, dy) / np.sqrt(2))


def _more(a: float, b: float) -> float:
    return float(1 / (1 + np.exp(-4 * (a - b) / SOFT)))
