"""Weigh: every part of what was read against every candidate, softly; what cannot be checked is said so."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from core.expressions import Head, Part, Thing
from core.systems.cue import places, relate
from core.systems.cue.candidate import Candidate, Sight
from core.systems.cue.colours import fits
from core.systems.cue.kinds import fits_family, fits_head
from core.systems.cue.listen import Hearing
from core.systems.cue.match import Match, match
from core.systems.cue.names import REFUSED, affinity

LEAST = 0.02
MOST_ANCHORS, RIVAL = 3, 0.5  # who another thing may be: so many, each fitting so well beside the best
ALIKE = 0.5  # fit from which a candidate counts as one of the same kind
GROUP = 0.5  # what several things at once are worth where one is meant
HELD = 0.7  # how much it weighs that what somebody plays is seen with them
SOMEBODY = Head("person", "person")
SURE = 0.25  # `goes` above which a candidate is taken to sound
TELLS, UNTIED = 0.5, 0.05  # `telling` above which all things `tied` by less than this make no sound
STILL = ("machine", "furniture")  # of these nothing need be seen to move when they sound
NOBODY = "nothing that is seen moves as the sound comes and goes"
KNOWN = 0.3  # of the doubt whether it sounds goes when the sound that is named is heard as well


@dataclass(frozen=True)
class Check:
    """One part of the sentence on one candidate. score 0 to 1, or None: nothing seen or heard can tell."""

    words: str
    kind: str
    score: float | None
    why: str


@dataclass(frozen=True)
class Weighed:
    """A candidate, how well it fits a thing that was read (0 to 1), and why."""

    candidate: Candidate
    score: float
    checks: tuple[Check, ...]

    @property
    def weakest(self) -> Check | None:
        told = [c for c in self.checks if c.score is not None]
        return min(told, key=lambda c: c.score or 0.0) if told else None


@dataclass(eq=False)
class Scene:
    """All that was seen and heard, as one sentence is weighed against it.

    spotted: nouns that were looked for by name, with the surest score, 0 to 1.
    """

    sight: Sight
    hearing: Hearing
    candidates: list[Candidate]
    matches: dict[int, Match] = field(default_factory=dict)
    anchors: dict[tuple[Thing, int], relate.Anchors] = field(default_factory=dict)
    groups: dict[int, bool] = field(default_factory=dict)
    spotted: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for one in self.candidates:
            self.add(one)

    def add(self, one: Candidate) -> None:
        if one.id not in self.matches:
            self.matches[one.id] = match(one, self.hearing)
        if one not in self.candidates:
            self.candidates.append(one)
            self.anchors.clear()
            self.groups.clear()

    @property
    def telling(self) -> float:
        """0 to 1: how much the sound comes and goes (10 to 18 dB), so that a motion can go with it or not."""
        swing = float(np.ptp(np.percentile(self.hearing.outline(self.sight.moments), (5, 95))))
        return float(np.clip((swing - 0.25) / 0.2, 0, 1))

    def tied(self, one: Candidate) -> float:
        """0 to 1: it, or a part of it, goes with the sound: a thing sounds when a part of it does."""
        parts = [c for c in self.candidates if c.id == one.id or _inside(c, one)]
        return max(0.0, *(self.matches[c.id].goes * (1.0 if c.id == one.id else 0.9) for c in parts))

    @property
    def unmatched(self) -> bool:
        """The sound comes and goes, enough was seen to tell, and nothing that was seen goes with it."""
        if self.telling < TELLS or not any(found.told for found in self.matches.values()):
            return False
        return all(self.tied(one) < UNTIED for one in self.candidates)

    def is_group(self, one: Candidate) -> bool:
        if one.id not in self.groups:
            self.groups[one.id] = relate.is_group(one, self.candidates)
        return self.groups[one.id]

    def motion(self, one: Candidate) -> float:
        """0 to 1, 1 for the candidate that moves most."""
        most = max((c.motion for c in self.candidates), default=0.0)
        return one.motion / most if most > 0.05 else 0.5


def weigh(thing: Thing, scene: Scene, depth: int = 0) -> list[Weighed]:
    """The candidates, best fit first. The worth of a candidate by itself is what it starts with."""
    found = []
    for one in scene.candidates:
        checks = [check for check in _checks(thing, one, scene, depth) if check]
        score = started(one)
        if not thing.head.plural and scene.is_group(one):
            score *= GROUP
        for check in checks:
            if check.score is not None:
                score *= max(check.score, LEAST)
        found.append(Weighed(one, score, tuple(checks)))
    return sorted(found, key=lambda w: -w.score)


def seen_fit(thing: Thing, parts: Sequence[Part], one: Candidate, scene: Scene) -> float:
    """0 to 1: how well one fits by what can be seen of it alone: worth, kind, and these parts."""
    score = started(one)
    if not thing.head.generic and (fit := fits_head(thing.head, one)) is not None:
        score *= max(fit, LEAST)
    for part in parts:
        check = _check(part, one, scene, thing.head.family, 1, others=())
        if check and check.score is not None:
            score *= max(check.score, LEAST)
    return score


def started(one: Candidate) -> float:
    """0 to 1: what a candidate begins with, before anything is asked of it."""
    return float(np.clip(one.worth / 1.2, 0.05, 1) ** 0.7)


def _checks(thing: Thing, one: Candidate, scene: Scene, depth: int) -> list[Check | None]:
    head = thing.head
    checks: list[Check | None] = []
    if not head.generic:
        fit, why = fits_head(head, one), ""
        if scene.spotted.get(head.name) == 0:
            fit, why = REFUSED, f"{_a(head.name)} is found nowhere in the picture"
        checks.append(Check(head.name, "head", fit, why or f"looks {_how(fit)} like {_a(head.name)}"))
    for part in thing.parts:
        check = _check(part, one, scene, head.family, depth)
        if check and part.negated and check.score is not None:
            check = replace(check, score=1 - check.score, why=f"not: {check.why}")
        named, why = affinity(thing, part, scene.hearing.names)
        if check and check.score is not None and named == 1 and scene.tied(one) > SURE:
            check = replace(check, score=check.score + KNOWN * (1 - check.score))
        checks.append(check)
        if named is not None:
            checks.append(Check(part.words, "sound", named, why))
    return checks


def _check(
    part: Part,
    one: Candidate,
    scene: Scene,
    family: str,
    depth: int,
    others: Sequence[Candidate] | None = None,
) -> Check | None:
    if others is None:
        others = [c for c in scene.candidates if c.id != one.id and _apart(c, one)]
    score: float | None
    why = ""
    if part.kind == "sound":
        score, why = sounds(part, one, scene, family, depth)
    elif part.kind == "time":
        score, why = timed(part, one, scene, depth)
    elif part.kind == "colour":
        score = min(1.0, fits(one.colours, part.value) / 0.4)
        why = f"{100 * one.colours.get(part.value, 0):.0f} % of it is {part.value}"
    elif part.kind == "size":
        score, why = sized(part, one, others)
    elif part.kind == "place":
        score, why = placed(part, one, others, scene, depth, family)
    elif part.kind == "has":
        score, why = has(part, one)
    elif part.kind in ("does", "by") or part.value == "of":
        score, why = deed(part, one, scene, depth, family)
    else:
        score, why = None, "this look cannot be checked without names"
    return Check(part.words, part.kind, None if score is None else float(np.clip(score, 0, 1)), why)


def sounds(part: Part, one: Candidate, scene: Scene, family: str, depth: int) -> tuple[float | None, str]:
    """Whether it makes the sound that is spoken of.

    Who speaks, sings or barks moves with the voice, and an instrument is played at its onsets; of an engine
    nothing may be seen to move.
    """
    expected = part.value in ("sing", "speak", "laugh", "cry", "call", "shout") or family == "instrument"
    hearing, found = scene.hearing, scene.matches[one.id]
    silent = part.value == "silent"
    if not hearing.heard:
        return (1.0, "nothing is heard") if silent else (0.0, "nothing is heard")
    tied = scene.tied(one)
    if not silent and family not in STILL and scene.unmatched:
        return REFUSED, NOBODY
    if silent:
        return 1 - 0.9 * tied - 0.05 * scene.motion(
            one
        ), f"its motion goes with the sound by {found.goes:.2f}"
    base = (0.4 + 0.6 * scene.motion(one)) * 0.45
    if scene.telling > 0 and found.told:
        base *= 1 - (0.75 if expected else 0.25) * scene.telling
    score = (base + (1 - base) * tied**1.5) * found.there
    if tied > SURE:
        why = (
            f"its motion goes with the sound (r = {found.agreement:.2f}, {found.chance:.1f} sd above chance)"
        )
    elif scene.telling > 0 and found.told:
        why = (
            f"its motion does not go with the sound (r = {found.agreement:.2f}, by chance {found.usual:.2f})"
        )
    else:
        why = "the sound is too even, or it is seen too briefly, to tell by its motion"
    rank = ranked(part, one, scene, depth)
    if rank is not None:
        score *= rank
    return float(score), why


def ranked(part: Part, one: Candidate, scene: Scene, depth: int) -> float | None:
    """For "loudest", "slower rhythm" ...: its place among the candidates that sound."""
    if part.value not in ("loud", "quiet", "long", "short", "fast", "slow"):
        return None
    sounding = [c for c in scene.candidates if scene.tied(c) >= SURE and _apart(c, one)]
    if one not in sounding:
        sounding.append(one)
    if len(sounding) < 2 and not part.of:
        return 1.0
    values = {c.id: _measured(part.value, c, scene) for c in scene.candidates}
    lower = part.value in ("quiet", "short", "slow")
    if part.degree == "more" and part.of:
        beats = relate.expected(
            one,
            resolve(part.of[0], scene, depth),
            lambda other: float(
                values[one.id] < values[other.id] if lower else values[one.id] > values[other.id]
            ),
        )
        return None if beats is None else 0.3 + 0.7 * beats
    values = {c.id: values[c.id] for c in sounding}
    mine = values[one.id]
    beaten = float(np.mean([(mine < v) if lower else (mine > v) for i, v in values.items() if i != one.id]))
    ties = float(np.mean([mine == v for i, v in values.items() if i != one.id]))
    return float(0.3 + 0.7 * min(1.0, beaten + 0.7 * ties))


def _measured(value: str, one: Candidate, scene: Scene) -> float:
    """Loudness, length or rhythm of the onsets at which it moved."""
    times = np.array(scene.matches[one.id].active)
    if not len(times):
        return 0.0
    if value in ("loud", "quiet"):
        level = scene.hearing.level
        at = [level[int(t * 100) : int(t * 100) + 20].max(initial=-100.0) for t in times]
        return round(float(np.mean(at)))
    if value in ("long", "short"):
        own = [e for e in scene.hearing.events if any(e.start - 0.2 <= t <= e.end for t in times)]
        return round(sum(e.end - e.start for e in own), 1)
    return round(float(len(times) / max(np.ptp(times), 0.5)), 1)


def timed(part: Part, one: Candidate, scene: Scene, depth: int) -> tuple[float | None, str]:
    """First or last to sound, before or after another, all the time."""
    if part.value in ("always", "appears", "leaves", "grows"):
        there = float(one.present.mean())
        return (
            (0.3 + 0.7 * there, f"it is there {100 * there:.0f} % of the time")
            if part.value == "always"
            else (None, "")
        )
    if scene.unmatched:
        return REFUSED, NOBODY
    sounding = [
        c for c in scene.candidates if scene.matches[c.id].active and scene.tied(c) > 0 and _apart(c, one)
    ]
    mine = scene.matches[one.id].active
    if not mine:
        return 0.25, "it moves at no onset"
    if part.value in ("before", "after"):
        if not part.of:
            return None, ""
        theirs = {other.id: scene.matches[other.id].active for other, _ in resolve(part.of[0], scene, depth)}

        def ordered(other: Candidate) -> float | None:
            if not theirs[other.id]:
                return None
            good = mine[0] < theirs[other.id][0] if part.value == "before" else mine[0] > theirs[other.id][0]
            return 1.0 if good else 0.2

        score = relate.expected(one, resolve(part.of[0], scene, depth), ordered)
        if score is None:
            return None, f"when {part.of[0].head.name} sounds is not known"
        begins = next((times[0] for times in theirs.values() if times), 0.0)
        return score, f"it begins at {mine[0]:.1f} s, the {part.of[0].head.name} at {begins:.1f} s"
    times = [scene.matches[c.id].active for c in sounding if c.id != one.id]
    if not times:
        return 1.0, "nothing else sounds"
    if part.value == "first":
        return (
            1.0 if all(mine[0] <= t[0] for t in times) else 0.25
        ), f"it first moves with the sound at {mine[0]:.1f} s"
    return (
        1.0 if all(mine[-1] >= t[-1] for t in times) else 0.25
    ), f"it last moves with the sound at {mine[-1]:.1f} s"


def sized(part: Part, one: Candidate, others: Sequence[Candidate]) -> tuple[float | None, str]:
    high = (one.box[3] - one.box[1]) if part.value in ("long", "short") else one.area
    rest = [(c.box[3] - c.box[1]) if part.value in ("long", "short") else c.area for c in others]
    if not rest:
        return None, ""
    beaten = float(np.mean([high > r for r in rest]))
    score = beaten if part.value in ("big", "long") else 1 - beaten
    return 0.3 + 0.7 * score, f"it covers {100 * one.area:.0f} % of the picture"


def placed(
    part: Part, one: Candidate, others: Sequence[Candidate], scene: Scene, depth: int, family: str
) -> tuple[float | None, str]:
    where = f"its middle is at {100 * one.centre[0]:.0f} % from the left, {100 * one.centre[1]:.0f} % from the top"
    if not part.of:
        alike = [c for c in others if (fits_family(family, c) or 1.0) >= ALIKE]
        if (score := relate.in_order(part.degree, part.value, one, alike)) is not None:
            return score, where
        return places.absolute(part.value, part.degree, one, others), where
    found = [resolve(thing, scene, depth) for thing in part.of]
    if not all(found):
        return None, f"the {part.of[0].head.name} was not found"
    score = relate.expected_of_all(one, found, lambda named: places.relative(part.value, one, named))
    return score, f"{where}; the {part.of[0].head.name} is candidate {found[0][0][0].id}"


def has(part: Part, one: Candidate) -> tuple[float | None, str]:
    """Clothes and hair by their colours; what has none named cannot be checked."""
    colours = [(thing, p) for thing in part.of for p in thing.all("colour")]
    if not colours:
        return None, "cannot be checked without names"
    shares = [
        min(1.0, fits(one.colours, p.value) / (0.25 if t.head.family == "worn" else 0.1)) for t, p in colours
    ]
    named = ", ".join(f"{100 * one.colours.get(p.value, 0):.0f} % {p.value}" for _, p in colours)
    return float(np.mean(shares)), f"of it are {named}"


def deed(part: Part, one: Candidate, scene: Scene, depth: int, family: str) -> tuple[float | None, str]:
    """What it does (to something), or what is done to it (by somebody)."""
    if part.value in ("move", "drive") and part.kind == "does":
        return 0.2 + 0.8 * scene.motion(one), f"it moves by {one.motion:.2f}"
    if part.value == "stay":
        return 1 - 0.8 * scene.motion(one), f"it moves by {one.motion:.2f}"
    if part.of and (part.kind == "by" or part.value == "of"):
        people = resolve(part.of[0], scene, depth)
        if not people:
            return None, f"the {part.of[0].head.name} was not found"
        score = relate.expected(one, people, lambda person: relate.with_whom(one, person), relate.HOLDER)
        return score, f"it is with the {part.of[0].head.name} (candidate {people[0][0].id})"
    if part.value in ("play", "hold") and part.kind == "does":
        who = None if family == "person" else fits_head(SOMEBODY, one)  # else its noun has told it
        things = resolve(part.of[0], scene, depth) if part.of else ()
        held = relate.expected(one, things, lambda thing: relate.with_whom(thing, one), within=True)
        if held is None:
            return who, "somebody who plays or holds something is a person"
        score = (1.0 if who is None else who) * (1 - HELD + HELD * held)
        return score, f"what may be {_a(part.of[0].head.name)} is {_how(held)} with it"
    return None, "cannot be checked without names"


def resolve(thing: Thing, scene: Scene, depth: int) -> relate.Anchors:
    """Which candidates another thing of the sentence may be, by its own description; () when none fits."""
    if depth > 2 or thing.head.name == "it":
        return ()
    if (thing, depth) not in scene.anchors:
        fitting = [w for w in weigh(thing, scene, depth + 1) if w.score > 0.05][:MOST_ANCHORS]
        fitting = [w for w in fitting if w.score >= RIVAL * fitting[0].score]
        total = sum(w.score**2 for w in fitting)
        scene.anchors[thing, depth] = tuple((w.candidate, w.score**2 / total) for w in fitting)
    return scene.anchors[thing, depth]


def _inside(a: Candidate, b: Candidate) -> bool:
    return bool((a.masks & b.masks).sum() > 0.7 * a.masks.sum() > 0)


def overlap(a: Candidate, b: Candidate) -> float:
    """Share of the smaller one that lies in the other."""
    return float((a.masks & b.masks).sum() / max(min(a.masks.sum(), b.masks.sum()), 1))


def _apart(a: Candidate, b: Candidate) -> bool:
    return overlap(a, b) < 0.5


def _a(name: str) -> str:
    return ("an " if name[0] in "aeiou" else "a ") + name.replace("-", " ")


def _how(fit: float | None) -> str:
    if fit is None:
        return "as much as anything"
    return "well" if fit > 0.7 else "somewhat" if fit > 0.4 else "hardly"
