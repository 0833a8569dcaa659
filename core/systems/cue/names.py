"""Names of sounds: what the tagger hears, and whether it is what the sentence speaks of."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from core.expressions import Part, Thing
from core.expressions.lexicon import NOUNS

# samples float32 [n] mono and their rate -> names, the chance of each in each second, float32 [S, C], and the
# names that real sounds may be trusted to get
Ears = Callable[[np.ndarray, int], tuple[tuple[str, ...], np.ndarray, tuple[str, ...]]]

SURE = 0.7  # a name is told from this probability on, which tones of no known thing hardly reach
APART = 1.0  # seconds between two stretches of one name that are told as two
SILENCE = "silence"
UNHEARD = 0.05  # a name that can be trusted and is in no second as probable as this is not heard
ABSENT = 0.02  # any other name that is in no second as probable as this is not heard ...
OTHER = 0.7  # ... when what is heard is another thing of its kind: as probable as this in some second
MOSTLY = 0.85  # ... or as this on average
REFUSED = 0.05  # what is left of a candidate when the sound that is named is not heard
# What the sound of a thing can be called, where that is not its own name alone.
HEADS = {
    "baby": {"baby", "speech", "singing"},
    "chicken": {"rooster"},
    "piano": {"piano", "keyboard"},
    "keyboard": {"piano", "keyboard"},
    "car": {"car", "emergency-car", "horn", "motorcycle", "truck"},
    "truck": {"car", "truck", "horn", "motorcycle"},
    "emergency-car": {"emergency-car", "horn"},
    "guitar": {"guitar", "ukulele"},
    "ukulele": {"guitar", "ukulele"},
}
DEEDS = {
    "bark": {"dog"},
    "crow": {"rooster"},
    "tick": {"clock"},
    "meow": {"cat"},
    "quack": {"duck"},
    "roar": {"lion"},
    "cry": {"baby", "speech", "singing"},
}
FAMILIES = {name: family for family, nouns in NOUNS.items() for name in nouns}


@dataclass(frozen=True)
class Named:
    """A name that is heard from `start` to `end` (seconds of the clip); chance 0 to 1, its highest there."""

    name: str
    chance: float
    start: float
    end: float

    def __str__(self) -> str:
        return f"{self.name} {self.chance:.2f} at {self.start:.1f}-{self.end:.1f} s"


@dataclass(frozen=True)
class Names:
    """What the sounds of a clip are called.

    heard: surest first. most: the highest probability of each name in any second; mean: over the seconds that
    are not silent. Both are empty where nothing was listened to. trusted: names learnt from real sounds.
    """

    heard: tuple[Named, ...]
    most: dict[str, float]
    mean: dict[str, float]
    trusted: tuple[str, ...] = ()


NO_NAMES = Names((), {}, {})


def shipped_ears(samples: np.ndarray, rate: int) -> tuple[tuple[str, ...], np.ndarray, tuple[str, ...]]:
    """The tagger that ships; see `Ears`."""
    tagger = _tagger()
    return tagger.config.categories, tagger.hear(samples, rate)[1], tagger.config.recorded


def name_sounds(
    samples: np.ndarray, rate: int, events: Sequence[tuple[float, float]], ears: Ears = shipped_ears
) -> Names:
    """The names of what sounds within the events (start, end in seconds). samples: float32 [n], mono."""
    names, chances, trusted = ears(samples, rate)
    if not len(chances) or not events:
        return NO_NAMES
    quiet = names.index(SILENCE)
    sounding = chances[chances[:, quiet] <= 0.5]
    mean = (sounding if len(sounding) else chances).mean(0)
    known = [(k, name) for k, name in enumerate(names) if k != quiet]
    heard = [one for k, name in known for one in _stretches(name, chances[:, k], events)]
    return Names(
        tuple(sorted(heard, key=lambda one: (-one.chance, one.start))),
        {name: float(chances[:, k].max()) for k, name in known},
        {name: float(mean[k]) for k, name in known},
        tuple(trusted),
    )


def meant(thing: Thing, part: Part, names: Names) -> set[str]:
    """What the sound that the part speaks of can be called; empty where no known sound is named."""
    if part.kind != "sound" or part.negated or part.value == "silent":
        return set()
    for deed, called in DEEDS.items():
        if re.search(rf"\b{deed}", part.words.lower()):
            return called
    return HEADS.get(thing.head.name, {thing.head.name}) & names.mean.keys()


def affinity(thing: Thing, part: Part, names: Names) -> tuple[float | None, str]:
    """(how well what is heard fits what is named, why): 1 heard, 0.05 clearly not, None where that cannot be
    said.

    A name that no real sound may be trusted to get is not heard only when another clearly is in its place.
    """
    wanted = meant(thing, part, names)
    if not wanted or not names.mean:
        return None, ""
    best = max(wanted, key=lambda name: names.most.get(name, 0.0))
    chance = names.most.get(best, 0.0)
    if chance >= SURE:
        return 1.0, f"heard: {best} {chance:.2f}"
    name = next((n for n in (thing.head.name, *sorted(wanted)) if n in wanted), best)
    if chance < UNHEARD and not wanted.isdisjoint(names.trusted):
        return REFUSED, f"no {name} is heard ({chance:.2f})"
    others = names.mean.keys() - wanted
    if chance < ABSENT and others:
        alike = [other for other in others if _kind(other) == _kind(best)]
        near = max(alike, key=lambda other: names.most[other], default=best)
        most = max(others, key=lambda other: names.mean[other])
        if near != best and names.most[near] >= OTHER:
            return REFUSED, f"no {name} is heard ({chance:.2f}), but {near} ({names.most[near]:.2f})"
        if names.mean[most] >= MOSTLY:
            return REFUSED, f"no {name} is heard ({chance:.2f}), but {most} ({names.mean[most]:.2f})"
    return None, ""


def _kind(name: str) -> str:
    """animal, instrument, machine ...; things of one kind are taken for each other."""
    return FAMILIES.get(name, name)


def _stretches(name: str, chances: np.ndarray, events: Sequence[tuple[float, float]]) -> Iterator[Named]:
    """Where it is heard: its seconds, cut to the events in them."""
    now: Named | None = None
    for second in np.flatnonzero(chances >= SURE).tolist():
        inside = [(max(a, second), min(b, second + 1)) for a, b in events if a < second + 1 and b > second]
        if not inside:
            continue
        one = Named(name, float(chances[second]), inside[0][0], inside[-1][1])
        if now and one.start - now.end <= APART:
            now = Named(name, max(now.chance, one.chance), now.start, one.end)
            continue
        if now:
            yield now
        now = one
    if now:
        yield now


@cache
def _tagger():
    from core.systems.blocks.tagger import Tagger

    return Tagger.from_pretrained()
