"""What a sentence must pass before it becomes a pair of the benchmark, said while it is written.

Each remark answers a defect that published data has: "NO." kept as text, one-word sentences, the same
sentence on two objects, null sentences that are true.
"""

import re
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from core.errors import RefavsError
from core.expressions.normalise import normalise
from core.expressions.read import read
from core.expressions.thing import Cue, Reading, cues

Level = Literal["refuse", "warn", "note"]
NullKind = Literal["silent", "off-screen", "absent"]

MAX_WORDS = 25  # what the benchmark's readers keep of a sentence
CLOSE = 0.8  # of the best candidate's score
SAYS_NOTHING = {"no", "none", "null", "n/a", "na", "nothing", "-", "?", "x"}
ORDER: tuple[Cue, ...] = ("sound", "look", "place", "time")


@dataclass(frozen=True, slots=True)
class Said:
    """Another expression of the clip. objects: keys of what it refers to; () = null."""

    text: str
    objects: tuple[Hashable, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """What a system would choose for the sentence. key: the object's, None = none of the clip's objects.

    score: 0 to 1. name: for people.
    """

    key: Hashable | None
    score: float
    name: str = ""


@dataclass(frozen=True, slots=True)
class Remark:
    """refuse: it cannot be submitted like this; warn: look again; note: worth knowing. words: for people."""

    kind: str
    level: Level
    words: str


@dataclass(frozen=True, slots=True)
class Checked:
    """text: normalised ("" when nothing is left). cues: suggested tags. remarks: worst first."""

    text: str
    cues: tuple[Cue, ...]
    remarks: tuple[Remark, ...]

    @property
    def fit(self) -> bool:
        """Nothing refuses it."""
        return all(remark.level != "refuse" for remark in self.remarks)


def check(
    expression: str,
    *,
    objects: Sequence[Hashable] = (),
    categories: Collection[str] = (),
    others: Sequence[Said] = (),
    in_clip: Collection[str] = (),
    candidates: Sequence[Candidate] = (),
    null_kind: str | None = None,
) -> Checked:
    """Check one sentence of a clip; never fails on what a person typed.

    objects: keys of what it refers to: () = null, several = plural. categories: of these objects; in_clip: of
    all the clip's objects. others: the clip's other expressions. candidates: a system's choices, best first
    (empty = not asked). null_kind: why a null expression fits nothing.
    """
    try:
        text = normalise(expression)
        reading = read(text) if text else None
    except RefavsError as error:
        return Checked("", (), (Remark("unreadable", "refuse", str(error)),))
    if text is None or reading is None:
        return Checked("", (), (Remark("empty", "refuse", "There is no sentence yet; write one."),))
    if _plain(text) in SAYS_NOTHING:
        words = "This is no sentence: when the object cannot be described, mark the pair as such."
        return Checked(text, (), (Remark("says-nothing", "refuse", words),))
    found = _form(text, reading)
    found += _same(text, objects, others)
    if not objects:
        found += _null(reading, null_kind, in_clip, candidates)
    elif len(objects) == 1:
        found += _rival(objects[0], candidates)
    found += _leak(text, categories)
    levels = get_args(Level)
    found.sort(key=lambda remark: levels.index(remark.level))
    tags = cues(reading)
    return Checked(text, tuple(cue for cue in ORDER if cue in tags), tuple(found))


def _form(text: str, reading: Reading) -> list[Remark]:
    found = []
    words = text.split()
    if len(words) > MAX_WORDS:
        said = f"It has {len(words)} words, at most {MAX_WORDS} are kept; shorten it."
        found.append(Remark("too-long", "refuse", said))
    if len(words) == 1 and not any(thing.parts for thing in reading.things):
        said = "One word does not tell one object from another; add how it sounds, looks, where or when."
        found.append(Remark("one-word", "refuse", said))
    if reading.note:
        found.append(Remark("not-understood", "warn", reading.note))
    elif reading.unread:
        said = f"Not understood: {', '.join(map(repr, reading.unread))}; a reader may not either."
        found.append(Remark("not-understood", "note", said))
    for written, meant in reading.spelled:
        found.append(Remark("spelling", "warn", f"{written!r} was read as {meant!r}; is that meant?"))
    return found


def _same(text: str, objects: Sequence[Hashable], others: Sequence[Said]) -> list[Remark]:
    mine = frozenset(objects)
    for other in others:
        if _plain(other.text) != _plain(text):
            continue
        if frozenset(other.objects) == mine:
            said = "null already" if not mine else "for this object already"
            return [Remark("said-already", "refuse", f"The sentence is there {said}; say it otherwise.")]
        if not other.objects:
            said = "The same sentence is a null expression of this clip; it cannot fit something too."
            return [Remark("true-of-two", "refuse", said)]
        if not mine:
            said = "The same sentence refers to an object of this clip; it cannot be null too."
            return [Remark("null-is-true", "refuse", said)]
        if len(mine) == 1:
            said = "The same sentence refers to another object of this clip; say what sets this one apart."
            return [Remark("true-of-two", "refuse", said)]
    return []


def _rival(mine: Hashable, candidates: Sequence[Candidate]) -> list[Remark]:
    """A system that finds another thing, or two alike, shows a sentence that is true of two objects."""
    if not candidates:
        return []
    best = candidates[0]
    if best.key != mine:
        said = f"A system would choose {best.name or 'something else'} for it; is it exact enough?"
        return [Remark("finds-another", "warn", said)]
    for other in candidates[1:]:
        if other.key != mine and other.score >= CLOSE * best.score > 0:
            said = f"It fits {other.name or 'a second thing'} almost as well; say what sets this one apart."
            return [Remark("true-of-two", "warn", said)]
    return []


def _null(
    reading: Reading, kind: str | None, in_clip: Collection[str], candidates: Sequence[Candidate]
) -> list[Remark]:
    found = []
    kinds = get_args(NullKind)
    if kind not in kinds:
        said = f"Say why nothing fits: {', '.join(kinds[:-1])} or {kinds[-1]}."
        found.append(Remark("no-reason", "refuse", said))
    heads = {thing.head.name for thing in reading.things if not thing.parts}
    if true := sorted(heads & {category.lower() for category in in_clip}):
        said = f"There is an object of the kind {true[0]!r} in this clip, so the sentence fits it."
        found.append(Remark("null-is-true", "refuse", said))
    if candidates and candidates[0].key is not None:
        said = f"A system would choose {candidates[0].name or 'an object'}; does nothing really fit?"
        found.append(Remark("null-is-true", "warn", said))
    return found


def _leak(text: str, categories: Collection[str]) -> list[Remark]:
    """Four of five published sentences do not name what they refer to; who names it should know it."""
    for category in categories:
        name = re.sub(r"[-_\s]+", r"[-_\\s]+", re.escape(category).replace(r"\-", "-").replace(r"\ ", " "))
        if name and re.search(rf"\b{name}(s|es)?\b", text, re.IGNORECASE):
            return [Remark("names-category", "note", f"It names the category, {category!r}.")]
    return []


def _plain(text: str) -> str:
    """Two sentences that differ only in case, spaces or the stop at the end are the same."""
    return " ".join(text.casefold().split()).strip(" .!?\"'")
