"""The two texts: what the scene shows, and what in it sounds.

Source: SSP (arXiv 2601.08133), which asks a multimodal language model (MiniCPM-o 2.6) "describe the location and
characteristics of each object in the video", then which of these nouns are likely to produce sound. Here the map
of things and the names of looks answer the first, the names of sounds the second.
"""

from collections.abc import Sequence
from functools import cached_property

import cv2
import numpy as np

from core.segment.nano.things import Things
from core.systems.blocks.namer import Namer
from core.systems.blocks.words import Words

THING = 0.5  # chance from which a place belongs to a thing
SMALLEST = 0.004  # share of the picture that a thing covers at least
MOST = 5  # things that are told
HEARD = 0.3  # chance from which something is said to sound
NOTHING = "nothing"
SIDES, SIZES = ("left", "middle", "right"), ("small", "large")


class Describer:
    """Says what a picture shows."""

    @cached_property
    def _things(self) -> Things:
        return Things()

    @cached_property
    def _name(self) -> Namer:
        return Namer()

    def __call__(self, picture: np.ndarray) -> str:
        """uint8 [H, W, 3] -> "large dog left, small car right": the largest things first, at most five."""
        chance = self._things(picture)
        _, numbers, stats, centres = cv2.connectedComponentsWithStats((chance > THING).astype(np.uint8))
        shares = stats[:, cv2.CC_STAT_AREA] / chance.size
        order = [k for k in np.argsort(-shares) if k > 0 and shares[k] >= SMALLEST][:MOST]
        told = []
        for k in order:
            names = self._name([(picture, numbers == k)])
            side = SIDES[min(int(3 * centres[k][0] / picture.shape[1]), 2)]
            told.append(f"{SIZES[int(shares[k] > 0.1)]} {max(names, key=names.__getitem__)} {side}")
        return ", ".join(told) or NOTHING


def sounding(chances: np.ndarray, names: Sequence[str]) -> list[str]:
    """float32 [T, C] of the tagger -> for each second "dog, guitar", the surest first; "nothing" where it is quiet."""
    told = []
    for second in chances:
        order = [k for k in np.argsort(-second) if second[k] >= HEARD and names[k] != "silence"]
        told.append(", ".join(names[k] for k in order) or NOTHING)
    return told


def vocabulary(looks: Sequence[str], sounds: Sequence[str]) -> Words:
    """Every word that the two texts can hold."""
    return Words.learn([*looks, *sounds, *SIDES, *SIZES, f"{NOTHING},"], size=900)
