"""Forms of sentences, each with the condition under which it is true of an object, and its share.

A form looks at the truth of a clip and offers (sentence, condition) pairs; `expressions` keeps those that are
true of exactly one object. Wording and shares follow the sentences of Ref-AVS.
"""

from collections.abc import Iterator

import numpy as np

from core.datasets.world import conditions as c
from core.datasets.world import forms_sound as sound
from core.datasets.world.conditions import Holds
from core.datasets.world.forms_sound import Form, Offer, article, noun, only
from core.datasets.world.truth import Fact, Truth

BIGGER = 1.6  # factor between two areas


def people_words(
    truth: Truth, person: Fact, rivals: list[Fact], rng: np.random.Generator
) -> Iterator[tuple[str, str, Holds]]:
    """Ways to speak of a person among others: (kind of words, words, condition on persons)."""
    for name, same in ((noun(person), c.category(person.category)), ("person", c.is_person)):
        yield "bare", f"the {name}", same
        group = [f for f in rivals if same(f)]
        if len(group) > 1:
            for side, holds in (("left", c.leftmost(group)), ("right", c.rightmost(group))):
                where = rng.choice([f"on the {side}", f"on the {side}", f"on the far {side}"])
                yield "place", f"the {name} {where}", holds
            if len(group) == 3:
                middle = sorted(group, key=lambda f: f.x)[1]
                yield "place", f"the {name} in the middle", c.among([middle])
        for words, look in _person_looks(person, rng):
            yield "look", f"the {name} {words}", c.both(same, look)


def _person_looks(person: Fact, rng: np.random.Generator) -> Iterator[tuple[str, Holds]]:
    if "clothes" in person.look:
        colour = person.look["clothes"]
        words = str(rng.choice([f"in {colour}", f"wearing {colour} clothes"]))
        yield words, c.looks("clothes", colour)
    if "glasses" in person.look:
        yield str(rng.choice(["with glasses", "wearing glasses"])), c.looks("glasses")
    if "hat" in person.look:
        yield str(rng.choice(["with a hat", "wearing a hat"])), c.looks("hat")
    if person.look.get("hair") in ("long", "curly"):
        hair = person.look["hair"]
        yield f"with {hair} hair", c.looks("hair", hair)


def _played(kind: str) -> Form:
    """Instruments by their player, who is named alone, by the place or by the look."""

    def form(truth: Truth, rng: np.random.Generator) -> Iterator[Offer]:
        players = [truth[f.played_by] for f in truth.facts if f.played_by is not None]
        for person in players:
            for found, words, is_one in people_words(truth, person, players, rng):
                if found != kind:
                    continue
                if kind == "bare" and rng.random() < 0.3:
                    words = words.replace("the ", "a ")
                holds = c.played_by(truth, is_one)
                yield f"The object making a sound by being played by {words}.", holds
                if rng.random() < 0.25:
                    yield f"The object being played by {words}.", holds

    return form


def held(truth: Truth, rng: np.random.Generator) -> Iterator[Offer]:
    for thing in truth.facts:
        if thing.played_by is None or not thing.held:
            continue
        player = truth[thing.played_by].category
        being = rng.choice(["held by", "being held by"])
        by_whom = c.held_by(truth, c.category(player))
        yield f"The object {being} {rng.choice(['the', 'a'])} {player}.", by_whom
        carries = c.plays(truth, c.both(lambda f: f.held, c.category(thing.category)))
        yield f"The object holding {article(noun(thing))}.", carries
        yield f"The {player} holding {article(noun(thing))}.", c.both(carries, c.category(player))


def looks(truth: Truth, rng: np.random.Generator) -> Iterator[Offer]:
    people = [f for f in truth.facts if f.family == "person"]
    for fact in truth.facts:
        if fact.family == "person":
            for kind, words, is_one in people_words(truth, fact, people, rng):
                if kind == "look":
                    yield f"T{words[1:]}.", is_one
            yield "The object wearing glasses.", c.looks("glasses")
            continue
        colour = fact.look.get("colour")
        if colour is None:
            continue
        has = c.looks("colour", colour)
        yield f"The {colour} {noun(fact)}.", c.both(has, c.category(fact.category))
        if fact.family in ("vehicle", "device"):
            words = rng.choice([f"having {article(colour)} exterior", f"with {article(colour)} body"])
            yield f"The object {words}.", has
        if fact.family == "animal":
            yield f"The object with {colour} fur.", c.both(has, c.family("animal"))


def places(truth: Truth, rng: np.random.Generator) -> Iterator[Offer]:
    for name in dict.fromkeys(f.category for f in truth.facts):
        same = c.category(name)
        words = name.replace("-", " ")
        alike = [f for f in truth.facts if same(f)]
        if len(alike) > 1:
            yield f"The {words} on the left.", c.leftmost(alike)
            yield f"The {words} on the right.", c.rightmost(alike)
            yield f"The biggest {words}.", c.most(truth, lambda f: f.size, BIGGER, same, times=True)
            small = c.most(truth, lambda f: 1 / max(f.size, 1e-6), BIGGER, same, times=True)
            yield f"The smallest {words}.", small
        for ref in truth.facts:
            if ref.category != name and only(truth, ref) and ref.visible:
                yield f"The {words} on the left of the {noun(ref)}.", c.both(same, c.left_of(ref))
                yield f"The {words} on the right of the {noun(ref)}.", c.both(same, c.right_of(ref))
                yield f"The object behind the {noun(ref)}.", c.behind(ref)
                yield f"The object in front of the {noun(ref)}.", c.before(ref)


def categories(truth: Truth, rng: np.random.Generator) -> Iterator[Offer]:
    for fact in truth.facts:
        same = c.category(fact.category)
        yield f"The {noun(fact)}.", same
        if all(fact.shown):
            yield f"The {noun(fact)} appearing through the entire video.", same
        if fact.goes and fact.family != "instrument":
            yield f"The object moving to the {'left' if fact.goes < 0 else 'right'}.", c.goes(fact.goes)


FORMS: dict[str, tuple[Form, float, bool]] = {
    # form, share of the sentences aimed at (%), whether the target must be seen to sound
    "beside": (sound.beside, 20.0, True),
    "played": (_played("bare"), 10.0, True),
    "played at": (_played("place"), 18.0, True),
    "played, look": (_played("look"), 12.0, True),
    "loudest": (sound.loudest, 5.5, True),
    "compared": (sound.compared, 6.0, True),
    "deeds": (sound.deeds, 6.0, True),
    "first": (sound.first, 4.2, True),
    "looks": (looks, 3.0, False),
    "places": (places, 4.0, False),
    "held": (held, 5.0, False),
    "category sounds": (sound.category_sounds, 2.0, True),
    "playing": (sound.playing, 3.5, False),
    "keeps": (sound.keeps, 4.5, True),
    "sounding": (sound.sounds_at_all, 3.5, True),
    "durations": (sound.durations, 4.0, True),
    "rhythms": (sound.rhythms, 3.0, True),
    "lowest": (sound.lowest, 2.0, True),
    "last": (sound.last, 3.0, True),
    "categories": (categories, 1.0, False),
    "trends": (sound.trends, 1.5, True),
    "continuous": (sound.continuous, 1.2, True),
    "silent": (sound.silent, 1.2, False),
}
NULLS = (
    "The first object to make a sound.",
    "The last object to make a sound.",
    "The object making a continuous sound.",
    "The object making the loudest sound.",
    "The object making the lowest sound.",
    "The object making a sound with a lower rhythm.",
    "The object making a sound with a faster rhythm.",
    "The sounding object.",
)
