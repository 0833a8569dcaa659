"""Sentences about what sounds: alone, against others, over time."""

from collections.abc import Callable, Iterator

import numpy as np

from core.datasets.world import conditions as c
from core.datasets.world.conditions import Holds
from core.datasets.world.truth import FASTER, LONGER, LOUDER, SOONER, Fact, Truth

Offer = tuple[str, Holds]
Form = Callable[[Truth, np.random.Generator], Iterator[Offer]]


def noun(fact: Fact) -> str:
    return fact.category.replace("-", " ")


def article(words: str) -> str:
    return f"an {words}" if words[0] in "aeiou" else f"a {words}"


def only(truth: Truth, fact: Fact) -> bool:
    """Whether its category names just this one."""
    return sum(f.category == fact.category for f in truth.facts) == 1


def sounding(truth: Truth) -> list[Fact]:
    return [f for f in truth.facts if f.sounds]


def _several(truth: Truth) -> bool:
    """Several things sound, and nothing from outside that a superlative could mean."""
    return len(sounding(truth)) > 1 and not truth.off_levels


def loudest(truth: Truth, rng: np.random.Generator) -> Iterator[Offer]:
    loud = sounding(truth)
    outside = max(truth.off_levels, default=-200.0)

    def top(fact: Fact) -> bool:
        return (
            fact.sounds
            and fact.level >= outside + 2 * LOUDER
            and all(c.louder(f)(fact) for f in loud if f.number != fact.number)
        )

    yield f"The object making {rng.choice(['the', 'the', 'the', 'the', 'a'])} loudest sound.", top


def lowest(truth: Truth, rng: np.random.Generator) -> Iterator[Offer]:
    if _several(truth):
        words = rng.choice(["the lowest sound", "the lowest sound", "a lowest sound", "the lowest volume"])
        loud = sounding(truth)
        yield (
            f"The object making {words}.",
            lambda fact: fact.sounds and all(c.lower(f)(fact) for f in loud if f.number != fact.number),
        )


def first(truth: Truth, rng: np.random.Generator) -> Iterator[Offer]:
    if not truth.off_levels:
        words = rng.choice(["The first object to make a sound.", "The object that makes a sound first."])
        yield str(words), c.most(truth, lambda f: -f.start, SOONER, c.sounds)


def last(truth: Truth, rng: np.random.Generator) -> Iterator[Offer]:
    if _several(truth):
        late = c.most(truth, lambda f: f.start, SOONER, c.sounds)
        end = max(f.end for f in sounding(truth))
        yield "The last object to make a sound.", lambda f: late(f) and f.end >= end - SOONER


def keeps(truth: Truth, rng: np.random.Generator) -> Iterator[Offer]:
    def whole(f: Fact) -> bool:
        return f.sounds and f.stretches == 1 and f.start <= 0.5 and f.end >= truth.seconds - 0.7

    if not truth.off_levels:
        yield "The object that keeps making sound at all times.", whole


def continuous(truth: Truth, rng: np.random.Generator) -> Iterator[Offer]:
    def steady(f: Fact) -> bool:
        return f.sounds and f.stretches == 1 and f.duration >= 0.75 * truth.seconds

    if _several(truth):
        yield f"The object making {rng.choice(['a', 'the'])} continuous sound.", steady
        broken = f"The object making {rng.choice(['an', 'the'])} intermittent sound."
        yield broken, lambda f: f.sounds and f.stretches > 1


def durations(truth: Truth, rng: np.random.Generator) -> Iterator[Offer]:
    if _several(truth):
        long = c.most(truth, lambda f: f.duration, LONGER, c.sounds)
        short = c.most(truth, lambda f: -f.duration, LONGER, c.sounds)
        yield "The object making the longest sound duration.", long
        yield "The object making the shortest sound duration.", short


def rhythms(truth: Truth, rng: np.random.Generator) -> Iterator[Offer]:
    if _several(truth) and all(f.rate > 0 for f in sounding(truth)):
        quick = rng.choice(["making the fastest rhythm", "making a sound with a faster rhythm"])
        calm = rng.choice(["making the slowest rhythm", "making a sound with a lower rhythm"])
        yield f"The object {quick}.", c.most(truth, lambda f: f.rate, FASTER, c.sounds, times=True)
        slow = c.most(truth, lambda f: 1 / max(f.rate, 1e-6), FASTER, c.sounds, times=True)
        yield f"The object {calm}.", slow


def trends(truth: Truth, rng: np.random.Generator) -> Iterator[Offer]:
    if not truth.off_levels:
        yield "The object volume is louder over the time.", lambda f: f.sounds and f.swell >= LOUDER
        yield "The object volume is lower over the time.", lambda f: f.sounds and f.swell <= -LOUDER
        yield "The object rhythm is faster over the time.", lambda f: f.sounds and f.hurry >= FASTER
        yield "The object rhythm is slower over the time.", lambda f: f.sounds and 0 < f.hurry <= 1 / FASTER


def sounds_at_all(truth: Truth, rng: np.random.Generator) -> Iterator[Offer]:
    words = rng.choice(["The sounding object.", "The sounding object.", "The object making a sound."])
    yield str(words), c.sounds


def silent(truth: Truth, rng: np.random.Generator) -> Iterator[Offer]:
    if sounding(truth):
        for family in ("instrument", "person", "animal"):
            quiet = c.both(c.family(family), lambda f: not f.sounds and f.plays is None)
            yield f"The {family} that didn't make any sound.", quiet


def compared(truth: Truth, rng: np.random.Generator) -> Iterator[Offer]:
    """Against another thing that sounds and whose category names just it."""
    loud = sounding(truth)
    for ref in loud:
        if not only(truth, ref):
            continue
        name = noun(ref)
        yield f"The object making louder sound than the {name}.", c.louder(ref)
        yield f"The object making lower sound than the {name}.", c.lower(ref)
        yield f"The object making longer sound duration than the {name}.", c.longer(ref)
        yield f"The object making shorter sound duration than the {name}.", c.shorter(ref)
        yield f"The object making a sound after the {name}.", c.after(ref)
        yield f"The object making a sound before the {name}.", c.sooner(ref)
        if all(f.rate > 0 for f in loud):
            yield f"The object making faster rhythm than the {name}.", c.faster(ref)
            yield f"The object making slower rhythm than the {name}.", c.slower(ref)


def beside(truth: Truth, rng: np.random.Generator) -> Iterator[Offer]:
    """The sounding object, by where it is against another thing."""
    for ref in truth.facts:
        if not only(truth, ref) or not ref.visible:
            continue
        name = f"the sounding {noun(ref)}" if ref.sounds and rng.random() < 0.3 else f"the {noun(ref)}"
        yield f"The sounding object on the left of {name}.", c.both(c.sounds, c.left_of(ref))
        yield f"The sounding object on the right of {name}.", c.both(c.sounds, c.right_of(ref))
        yield f"The sounding object near {name}.", c.near(ref, sounding(truth))
        yield f"The sounding object in front of {name}.", c.both(c.sounds, c.before(ref))
        yield f"The sounding object behind {name}.", c.both(c.sounds, c.behind(ref))


def category_sounds(truth: Truth, rng: np.random.Generator) -> Iterator[Offer]:
    for fact in sounding(truth):
        same = c.both(c.sounds, c.category(fact.category))
        yield f"The sounding {noun(fact)}.", same
        if fact.played_by is not None:
            player = truth[fact.played_by].category
            by_whom = c.both(same, c.played_by(truth, c.category(player)))
            yield f"The {noun(fact)} being played by {article(player)}.", by_whom


DEEDS = {
    "crying": ("baby",),
    "barking": ("dog",),
    "meowing": ("cat",),
    "roaring": ("lion",),
    "ringing": ("bell", "alarm"),
    "ticking": ("clock",),
    "quacking": ("duck",),
}


def deeds(truth: Truth, rng: np.random.Generator) -> Iterator[Offer]:
    """By what makes the sound: singing, speaking, barking."""
    words = rng.choice(["singing a song", "singing a song", "singing"])
    yield f"The object making a sound by {words}.", c.sings
    yield "The object making a sound by speaking.", lambda f: f.voice.startswith("speech")
    for deed, voices in DEEDS.items():
        yield f"The object making a sound by {deed}.", c.voice(*voices)
    for person in truth.facts:
        if not c.sings(person):
            continue
        yield f"The {noun(person)} singing.", c.both(c.sings, c.category(person.category))
        if person.plays is not None:
            thing = truth[person.plays]
            alike = c.both(c.sings, c.plays(truth, c.category(thing.category)))
            yield f"The object making a sound by singing and playing the {noun(thing)}.", alike


def playing(truth: Truth, rng: np.random.Generator) -> Iterator[Offer]:
    for thing in sounding(truth):
        if thing.played_by is None:
            continue
        does = c.plays(truth, c.both(c.sounds, c.category(thing.category)))
        yield f"The object making a sound by playing the {noun(thing)}.", does
        person = truth[thing.played_by].category
        yield f"The {person} playing the {noun(thing)}.", c.both(does, c.category(person))
