"""Answer and reflect: the best that fits every part, or nothing."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from core.expressions import Head, Part, Reading, Thing
from core.systems.cue.weigh import NOBODY, Scene, Weighed, overlap, weigh

NOTHING = 0.1  # a best score under this is no answer
FAILED = 0.12  # a part of the sentence that scores less is not true of the candidate
NEARLY = 0.8  # of the best score: what its whole must reach to be taken instead
STEEP, EVEN = 1.76, 2.49  # of the curve from a lead to the share of right answers
ALSO = 0.7  # of the best score: what a plural takes as well
EVERYTHING = Thing(Head("object", "object"), (Part("sound", "any", "everything that sounds", (0, 0)),))


@dataclass(frozen=True)
class Choice:
    """What one thing of the sentence is. ranked: all candidates, best first. chosen: () = nothing fits.

    refused: (candidate, why not), those that were better but failed a part. why: for people.
    """

    thing: Thing
    ranked: tuple[Weighed, ...]
    chosen: tuple[Weighed, ...]
    refused: tuple[tuple[int, str], ...]
    why: str


def things_meant(reading: Reading | None) -> tuple[Thing, ...]:
    """What is looked for; everything that sounds when no sentence is given."""
    return (EVERYTHING,) if reading is None else reading.things


def choose(thing: Thing, scene: Scene) -> Choice:
    """The best candidate whose every part holds; several for a plural and for everything that sounds."""
    ranked = tuple(weigh(thing, scene))
    refused: list[tuple[int, str]] = []
    fitting: list[Weighed] = []
    for one in ranked:
        failed = next((c for c in one.checks if c.score is not None and c.score < FAILED), None)
        if one.score < NOTHING or failed:
            weakest = failed or one.weakest
            refused.append(
                (
                    one.candidate.id,
                    f'"{weakest.words}": {weakest.why}' if weakest else "it hardly looks like a thing",
                )
            )
            continue
        fitting.append(one)
    if not fitting:
        return Choice(thing, ranked, (), tuple(refused), _nothing(scene, refused))
    several = thing.head.plural or thing is EVERYTHING
    chosen = [_whole(fitting)]
    for one in fitting if several else ():
        sounds = thing is not EVERYTHING or scene.tied(one.candidate) >= 0.5
        if (
            sounds
            and one.score >= ALSO * fitting[0].score
            and all(overlap(one.candidate, c.candidate) < 0.3 for c in chosen)
        ):
            chosen.append(one)
    before = ranked.index(chosen[0])
    return Choice(thing, ranked, tuple(chosen), tuple(refused[:before]), _because(chosen[0]))


def _whole(fitting: Sequence[Weighed]) -> Weighed:
    """The best; or what it is a part of, when that fits nearly as well: people speak of whole things."""
    best = fitting[0]
    for one in fitting[1:]:
        larger = one.candidate.area > best.candidate.area
        if larger and one.score >= NEARLY * best.score and overlap(best.candidate, one.candidate) > 0.8:
            return one
    return best


def confidence(choice: Choice) -> float:
    """0 to 1: how often an answer that is so far ahead of the next, and of nothing, is right."""
    best = choice.chosen[0]
    rest = [
        w.score
        for w in choice.ranked
        if overlap(w.candidate, best.candidate) < 0.5 and w not in choice.chosen
    ]
    return calibrated(best.score / (best.score + 0.5 * max(rest, default=0.0) + NOTHING))


def calibrated(lead: float) -> float:
    """0 to 1: the share of right answers (IoU of at least 0.5) among those with this lead, 0 to 1.

    A logistic curve through 73 answers on 16 clips of the world.
    """
    lead = min(max(lead, 1e-3), 1 - 1e-3)
    return 1 / (1 + math.exp(-(STEEP * math.log(lead / (1 - lead)) - EVEN)))


def _because(one: Weighed) -> str:
    told = [
        f"{c.why}" for c in sorted(one.checks, key=lambda c: -(c.score or 0)) if c.score is not None and c.why
    ]
    return "; ".join(dict.fromkeys(told)) or "it looks most like a thing of its own"


def _nothing(scene: Scene, refused: Sequence[tuple[int, str]]) -> str:
    hearing = scene.hearing
    if hearing.kind in ("none", "silent") and any("nothing is heard" in why for _, why in refused):
        return "the clip has no sound" if hearing.kind == "none" else "nothing can be heard in the clip"
    if hearing.kind == "noise" and any("nothing is heard" in why for _, why in refused):
        return "only an even hiss is heard, that no thing makes"
    if refused and all(why.endswith(NOBODY) for _, why in refused):
        return f"{NOBODY}: what sounds may be off the picture"
    if not refused:
        return "nothing was seen that could be meant"
    return "of the best candidate this does not hold: " + refused[0][1]
