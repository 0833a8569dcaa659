"""What distinguishes two things of one category, in the words that sentences use."""

from dataclasses import dataclass

import numpy as np

from core.datasets.world.drawn.colours import HAIR


@dataclass(frozen=True, slots=True)
class Look:
    """colour: of the thing, or of a person's clothes. The rest: of people. seed: everything unnamed."""

    colour: str
    seed: int = 0
    hair: str = ""  # "long", "short", "curly", "bald"
    hair_colour: str = ""
    glasses: bool = False
    hat: bool = False


def person_look(category: str, colours: tuple[str, ...], rng: np.random.Generator) -> Look:
    """A person of `category` (man, woman, boy, girl, baby) dressed in one of `colours`."""
    styles = {"man": ("short", "short", "long", "curly", "bald"), "woman": ("long", "long", "curly", "short")}
    hair = styles | {"boy": ("short", "curly"), "girl": ("long", "curly"), "baby": ("bald",)}
    tones = [tone for tone in HAIR if tone != "gray" or category in ("man", "woman")]
    return Look(
        colour=str(rng.choice(colours)),
        seed=int(rng.integers(1 << 30)),
        hair=str(rng.choice(hair[category])),
        hair_colour=str(rng.choice(tones)),
        glasses=bool(category != "baby" and rng.random() < 0.25),
        hat=bool(category != "baby" and rng.random() < 0.2),
    )
