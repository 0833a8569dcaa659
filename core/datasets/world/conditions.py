"""Conditions: what a sentence claims of an object, as functions of its facts. Margins are those of
truth.py.
"""

from collections.abc import Callable, Iterable

from core.datasets.world.truth import FASTER, LONGER, LOUDER, SOONER, Fact, Truth

Holds = Callable[[Fact], bool]
ASIDE = 0.07  # share of the width by which one thing must be left of another
ACROSS = 0.13  # share of the width within which one thing stands before another


def sounds(fact: Fact) -> bool:
    return fact.sounds


def sings(fact: Fact) -> bool:
    return fact.voice.startswith("singing")


def is_person(fact: Fact) -> bool:
    return fact.family == "person"


def both(*conditions: Holds) -> Holds:
    return lambda fact: all(one(fact) for one in conditions)


def category(name: str) -> Holds:
    return lambda fact: fact.category == name


def family(name: str) -> Holds:
    return lambda fact: fact.family == name


def voice(*names: str) -> Holds:
    return lambda fact: fact.voice in names


def among(facts: Iterable[Fact]) -> Holds:
    numbers = {fact.number for fact in facts}
    return lambda fact: fact.number in numbers


def looks(word: str, value: str | None = None) -> Holds:
    """Its look has the word, with the value when one is given."""
    return lambda fact: word in fact.look and value in (None, fact.look[word])


def most(truth: Truth, value: Callable[[Fact], float], by: float, of: Holds, *, times: bool = False) -> Holds:
    """The one whose value exceeds that of all others of its kind by a clear step (or factor)."""
    rivals = [fact for fact in truth.facts if of(fact)]

    def holds(fact: Fact) -> bool:
        others = [value(rival) for rival in rivals if rival.number != fact.number]
        return of(fact) and all(value(fact) >= (v * by if times else v + by) for v in others)

    return holds


def left_of(ref: Fact) -> Holds:
    """Left of `ref`, clearly on the whole and somewhat on every frame where both are seen."""
    return lambda fact: _aside(fact, ref) > 0


def right_of(ref: Fact) -> Holds:
    return lambda fact: _aside(ref, fact) > 0


def _aside(left: Fact, right: Fact) -> float:
    gaps = [b - a for a, b in zip(left.xs, right.xs, strict=True) if a >= 0 and b >= 0]
    if left.number == right.number or not gaps or min(gaps) < ASIDE / 2 or right.x - left.x < ASIDE:
        return 0.0
    return min(gaps)


def leftmost(group: Iterable[Fact]) -> Holds:
    """Of the group, the one left of all others."""
    all_of = tuple(group)
    return lambda fact: fact in all_of and all(left_of(f)(fact) for f in all_of if f.number != fact.number)


def rightmost(group: Iterable[Fact]) -> Holds:
    all_of = tuple(group)
    return lambda fact: fact in all_of and all(right_of(f)(fact) for f in all_of if f.number != fact.number)


def before(ref: Fact) -> Holds:
    """Nearer than `ref`, and across it."""
    return lambda fact: fact.number != ref.number and fact.depth > ref.depth and abs(fact.x - ref.x) < ACROSS


def behind(ref: Fact) -> Holds:
    return lambda fact: fact.number != ref.number and fact.depth < ref.depth and abs(fact.x - ref.x) < ACROSS


def near(ref: Fact, facts: Iterable[Fact]) -> Holds:
    """The nearest to `ref` of those given, and any other that is about as near."""
    far = {
        f.number: ((f.x - ref.x) ** 2 + (f.y - ref.y) ** 2) ** 0.5 for f in facts if f.number != ref.number
    }
    reach = min(min(far.values(), default=0.0) * 1.5, 0.45)
    return lambda fact: far.get(fact.number, 9.0) <= reach


def louder(ref: Fact) -> Holds:
    """By the ear's weighting and without it."""
    return lambda fact: fact.sounds and fact.level >= ref.level + LOUDER and fact.power >= ref.power + LOUDER


def lower(ref: Fact) -> Holds:
    return lambda fact: fact.sounds and louder(fact)(ref)


def longer(ref: Fact) -> Holds:
    return lambda fact: fact.sounds and fact.duration >= ref.duration + LONGER


def shorter(ref: Fact) -> Holds:
    return lambda fact: fact.sounds and fact.duration <= ref.duration - LONGER


def faster(ref: Fact) -> Holds:
    return lambda fact: fact.sounds and fact.rate >= ref.rate * FASTER


def slower(ref: Fact) -> Holds:
    return lambda fact: fact.sounds and fact.rate <= ref.rate / FASTER


def after(ref: Fact) -> Holds:
    return lambda fact: fact.sounds and fact.start >= ref.start + SOONER


def sooner(ref: Fact) -> Holds:
    return lambda fact: fact.sounds and fact.start <= ref.start - SOONER


def played_by(truth: Truth, person: Holds) -> Holds:
    """An instrument that a person of this condition plays, and that sounds."""
    return lambda fact: fact.played_by is not None and fact.sounds and person(truth[fact.played_by])


def plays(truth: Truth, instrument: Holds) -> Holds:
    """A person who plays (or holds) an instrument of this condition."""
    return lambda fact: fact.plays is not None and instrument(truth[fact.plays])


def held_by(truth: Truth, person: Holds) -> Holds:
    return lambda fact: fact.held and fact.played_by is not None and person(truth[fact.played_by])


def goes(way: int) -> Holds:
    return lambda fact: fact.goes == way
