"""What a system answered, on the grid and in the form that a metric takes."""

from collections.abc import Sequence

import cv2
import numpy as np

from core.errors import RefavsError
from core.masks import Mask, resize_pixels, union
from core.media import Clip
from core.systems.protocol import Found, Referral, System

SURE = 10.0  # logit of a hard mask: inside +10, outside -10


def ask(system: System, clip: Clip, expression: str | None) -> Referral:
    """The system's Referral, its steps left aside. Raises RefavsError when it ends without one."""
    answer = None
    for item in system.refer(clip, expression):
        if isinstance(item, Referral):
            answer = item
    if answer is None:
        raise RefavsError(f"The system {system.name} ended without an answer; a Referral must come last.")
    return answer


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """float32 probabilities."""
    with np.errstate(over="ignore"):  # exp of a very sure "no" is infinite, and 1 / infinity is the right 0
        return np.asarray(1 / (1 + np.exp(-logits.astype(np.float32))), dtype=np.float32)


def probabilities(referral: Referral, indices: Sequence[int], size: tuple[int, int]) -> np.ndarray:
    """float32 [len(indices), H, W], 0 to 1, on the grid `size`.

    Logits are resized bilinearly, then squashed. Hard masks are resized to the nearest pixel and count as
    logits of +10 and -10; several objects are joined, none is an empty mask.
    """
    if referral.logits is not None:
        row = {index: k for k, index in enumerate(referral.indices)}
        planes = [_resized(referral.logits[row[index]], size) for index in indices]
    else:
        planes = [np.where(_joined(referral, index, size), SURE, -SURE) for index in indices]
    return sigmoid(np.stack(planes))


def mask_at(referral: Referral, index: int, size: tuple[int, int]) -> Mask:
    """The joined objects on one frame, on the grid of `size` (the clip's); empty when absent or null."""
    masks = [mask for found in referral.objects if (mask := found.track.masks.get(index)) is not None]
    return union(masks) if masks else Mask.empty(size)


def classes(referral: Referral, index: int, size: tuple[int, int], names: Sequence[str]) -> np.ndarray:
    """uint8 [H, W] on the grid `size`: the place in `names` of the object's category, 0 where there is none.

    The surer object wins a shared pixel. An object without a category, or with another one, stays background.
    """
    painted = np.zeros(size, dtype=np.uint8)

    def score(found: Found) -> float:
        return found.score.get(index, 0.0)

    for found in sorted(referral.objects, key=score):
        name = (found.category or "").strip().lower().replace(" ", "-").replace("_", "-")
        mask = found.track.masks.get(index)
        if name in names and mask is not None:
            painted[resize_pixels(mask.decode(), size)] = names.index(name)
    return painted


def _joined(referral: Referral, index: int, size: tuple[int, int]) -> np.ndarray:
    pixels = np.zeros(size, dtype=bool)
    for found in referral.objects:
        mask = found.track.masks.get(index)
        if mask is not None:
            pixels |= resize_pixels(mask.decode(), size)
    return pixels


def _resized(logits: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    plane = logits.astype(np.float32)
    if plane.shape == size:
        return plane
    return np.asarray(cv2.resize(plane, (size[1], size[0]), interpolation=cv2.INTER_LINEAR))
