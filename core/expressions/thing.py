"""What a sentence was understood to say, as data: a thing, what is said of it, and the words that said so."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["sound", "time", "place", "colour", "size", "look", "has", "does", "by"]
Degree = Literal["", "more", "most", "second", "third"]
Family = Literal["object", "person", "animal", "instrument", "machine", "furniture", "worn", "body", "other"]
Cue = Literal["sound", "look", "place", "time"]


@dataclass(frozen=True, slots=True)
class Head:
    """The noun. name: its plain form ("woman", "hair-dryer"); "object" when the sentence names nothing.

    known: the noun is in the word list, so its family is sure.
    """

    name: str
    family: Family
    plural: bool = False
    known: bool = True

    @property
    def generic(self) -> bool:
        return self.name == "object"


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that is said.

    kind and value: "place" "left", "sound" "loud", "colour" "red", "has" "" (of: what), "does" "hold"
    (of: what), "by" "play" (of: by whom). degree: "more" (than `of`), "most", "second" (from the left). of: the other things of a
    relation or comparison.
    words: as they stand in the sentence, from character `at[0]` to `at[1]`.
    """

    kind: Kind
    value: str
    words: str
    at: tuple[int, int]
    degree: Degree = ""
    negated: bool = False
    of: tuple["Thing", ...] = ()

    def __str__(self) -> str:
        name = (
            "!" * self.negated
            + self.kind
            + f"={self.value}" * bool(self.value)
            + f":{self.degree}" * bool(self.degree)
        )
        return name + f"({', '.join(map(str, self.of))})" * bool(self.of)


@dataclass(frozen=True, slots=True)
class Thing:
    """A noun and all that is said of it."""

    head: Head
    parts: tuple[Part, ...] = ()

    def all(self, *kinds: Kind) -> tuple[Part, ...]:
        """Its own parts of these kinds."""
        return tuple(p for p in self.parts if p.kind in kinds)

    def deep(self) -> Iterator[Part]:
        """Its parts and the parts of every thing they mention."""
        for part in self.parts:
            yield part
            for other in part.of:
                yield from other.deep()

    def __str__(self) -> str:
        return (
            self.head.name
            + "+" * self.head.plural
            + f"[{', '.join(map(str, self.parts))}]" * bool(self.parts)
        )


@dataclass(frozen=True, slots=True)
class Reading:
    """A sentence, read.

    text: the normalised sentence. things: what it refers to, usually one; () when nothing was understood.
    spelled: (word as written, word as read) where a slip was mended. unread: words that were not understood.
    note: why nothing could be read, for people; "" otherwise.
    """

    text: str
    things: tuple[Thing, ...]
    spelled: tuple[tuple[str, str], ...] = ()
    unread: tuple[str, ...] = ()
    note: str = ""

    def __str__(self) -> str:
        return " & ".join(map(str, self.things))


_TIMED = {"long", "short", "continuous", "intermittent"}
_HEARD_DEEDS = {"play"}


def cues(reading: Reading) -> set[Cue]:
    """What the sentence leans on: sound, look, place, time; a noun alone leans on the look."""
    found: set[Cue] = set()
    for part in (p for thing in reading.things for p in thing.deep()):
        if part.of and part.of[0].head.name == "it":  # "with a dog on it" says no more than "with a dog"
            continue
        if part.kind == "sound":
            found |= {"sound", "time"} if part.value in _TIMED else {"sound"}
        elif part.kind in ("place", "time"):
            found.add(part.kind)  # type: ignore[arg-type]
        elif part.kind in ("does", "by") and part.value in _HEARD_DEEDS:
            found.add("sound")
        else:
            found.add("look")
    if not found and any(not thing.head.generic for thing in reading.things):
        found.add("look")
    return found
