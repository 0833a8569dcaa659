"""What kind of thing a candidate may be: without names only skin, size and place speak."""

from collections.abc import Mapping
from weakref import WeakKeyDictionary

import cv2
import numpy as np

from core.expressions import Head
from core.systems.cue.candidate import Candidate
from core.systems.cue.colours import is_skin
from core.systems.cue.names import FAMILIES

_FACES: WeakKeyDictionary[Candidate, float] = WeakKeyDictionary()  # asked for many times a sentence

DOUBT = 0.2  # what is left of a fit when the looks say another name: alone they refuse nothing
PEOPLE = frozenset({"person", "man", "woman", "boy", "girl", "baby"})


def face(one: Candidate) -> float:
    """0 to 1: a compact patch of skin colour with darker places in it lies in its upper part."""
    if (known := _FACES.get(one)) is not None:
        return known
    scores = []
    for t in np.flatnonzero(one.present)[:: max(1, int(one.present.sum()) // 4)]:
        mask, picture = one.masks[t], one.sight.pictures[t]
        scores.append(_face(mask, picture))
    _FACES[one] = float(np.median(scores)) if scores else 0.0
    return _FACES[one]


def faced(one: Candidate) -> float:
    """0 to 1: it has a face, which a thing that is played or held has not."""
    return float(np.clip((face(one) - 0.4) / 0.3, 0, 1))


def _face(mask: np.ndarray, picture: np.ndarray) -> float:
    x, y, w, h = cv2.boundingRect(mask.astype(np.uint8))
    inside, part = mask[y : y + h, x : x + w], picture[y : y + h, x : x + w]
    skin = (is_skin(part) & inside).astype(np.uint8)
    skin = cv2.morphologyEx(skin, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    count, _, stats, middles = cv2.connectedComponentsWithStats(skin)
    best = 0.0
    for k in range(1, count):
        left, top, wide, high, area = (int(v) for v in stats[k])
        if area < max(12, 0.01 * inside.sum()):
            continue
        upright = np.exp(-0.5 * (np.log(high / max(wide, 1) / 1.25) / 0.45) ** 2)
        full = area / max(wide * high, 1)
        upper = np.clip(1.4 - middles[k][1] / h, 0, 1)
        grey = cv2.cvtColor(part[top : top + high, left : left + wide], cv2.COLOR_RGB2GRAY).astype(float)
        dark = grey[grey < 0.6 * np.median(grey)].size / grey.size  # eyes, brows, mouth
        featured = np.clip(dark / 0.04, 0.3, 1)
        best = max(best, float(upright * np.clip(full / 0.6, 0, 1) * upper * featured))
    return best


def fits_family(family: str, one: Candidate) -> float | None:
    """0 to 1: it can be such a thing; None where nothing seen speaks for or against."""
    skin = one.skin
    if family == "person":
        bare = float(np.clip(skin / 0.12, 0, 1))
        return 0.25 + 0.45 * bare + 0.3 * face(one)
    covered = float(np.clip((skin - 0.45) / 0.35, 0, 1))  # mostly skin: a person, close up
    if family in ("instrument", "machine", "furniture"):
        return (1 - 0.9 * covered * max(face(one), 0.6)) * (1 - 0.5 * faced(one))
    if family == "animal":
        return 1 - 0.6 * covered
    return None


def fits_head(head: Head, one: Candidate) -> float | None:
    """0 to 1: it can be what the noun says; None where nothing seen speaks for or against.

    Names by looks count as much as they are sure of a family; skin and size tell the rest.
    """
    plain = fits_family(head.family, one)
    if not one.names:
        return plain
    chances = _by_family(one.names)
    sure = max(chances.values(), default=0.0)
    alike = PEOPLE if head.name in PEOPLE else {head.name}
    name = max((one.names.get(other, 0.0) for other in alike - {head.name}), default=0.0)
    own = one.names.get(head.name)
    family = chances.get(head.family, 0.0)
    if own is None and not alike & one.names.keys():
        said = family  # a name the looks are not known of
    else:
        said = max(own or 0.0, 0.6 * name, 0.3 * family)
    said = float(np.clip(said / 0.6, DOUBT, 1))
    return said if plain is None else plain * (1 - sure) + said * sure


def _by_family(names: Mapping[str, float]) -> dict[str, float]:
    """Chances summed over the names of a family."""
    out: dict[str, float] = {}
    for name, chance in names.items():
        family = FAMILIES.get(name, "other")
        out[family] = out.get(family, 0.0) + chance
    return out
