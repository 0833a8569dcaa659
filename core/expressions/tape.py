"""The tape a sentence is read from: tokens, a place on it, and what the word there can be."""

from dataclasses import replace

from core.expressions import lexicon as lex
from core.expressions.thing import Degree, Family, Head, Kind, Part, Thing
from core.expressions.words import Token, degree, noun, verb

OBJECT = Head("object", "object")
IT = Thing(Head("it", "object"))  # the thing that the sentence named before
FAR = {"far", "most", "very", "extreme"}
PREPOSITION_WORDS = {"on", "in", "at", "to", "from", "with", "near", "of"}
_GLUE = PREPOSITION_WORDS | {
    "by",
    "than",
    "before",
    "after",
    "did",
    "do",
    "does",
    "all-the-time",
    "over-time",
}
_AMONG = {"first", "last", "more", "most", "far"}


class Tape:
    """Tokens and a place; `unread` collects the words no rule takes."""

    def __init__(self, text: str, words: list[Token]) -> None:
        self.text, self.words, self.i = text, words, 0
        self.unread: list[str] = []

    def peek(self, ahead: int = 0) -> str:
        i = self.i + ahead
        return self.words[i].word if i < len(self.words) else ""

    def skip(self, *groups: set[str]) -> None:
        while self.peek() and any(self.peek() in group for group in groups):
            self.i += 1

    def part(
        self, kind: Kind, value: str, start: int, how: str = "", *of: Thing | None, negated: bool = False
    ) -> Part:
        """A part whose words run from token `start` to the place; a thing that is None was not said."""
        at = (self.words[start].at[0], self.words[max(start, self.i - 1)].at[1])
        steps: dict[str, Degree] = {"more": "more", "most": "most", "second": "second", "third": "third"}
        said = tuple(thing for thing in of if thing)
        return Part(kind, value, self.text[slice(*at)], at, steps.get(how, ""), negated, said)

    def widened(self, part: Part, at: tuple[int, int]) -> Part:
        """The part with its words from the first to the last character of both."""
        at = (min(part.at[0], at[0]), max(part.at[1], at[1]))
        return replace(part, at=at, words=self.text[slice(*at)])

    def settled(self, parts: list[Part]) -> tuple[Part, ...]:
        """What is said twice, once: "keeps ... at all times", "a sound by singing"."""
        told: list[Part] = []
        for part in parts:
            same = next((p for p in told if replace(p, at=part.at, words=part.words) == part), None)
            if same is None:
                told.append(part)
            else:
                told[told.index(same)] = self.widened(same, part.at)
        bare = next((p for p in told if (p.kind, p.value, p.negated) == ("sound", "any", False)), None)
        how = next((p for p in told if p.kind == "sound" and p.value not in ("any", "silent")), None)
        if bare and how and not how.negated:
            told[told.index(how)] = self.widened(how, bare.at)
            told.remove(bare)
        return tuple(told)

    def describes(self, ahead: int = 0) -> bool:
        """An adjective, or what may stand among adjectives."""
        word = self.peek(ahead)
        tables = ("COLOURS", "SIZES", "LOOKS", "LOUDNESS", "PLACES")
        return word in _AMONG or word in lex.PRONOUNS or any(degree(word, t) for t in tables)

    def is_noun(self, ahead: int, *families: Family) -> bool:
        """A known noun stands there, of one of the families when any is given."""
        this = noun(self.peek(ahead))
        return this is not None and (not families or this.family in families)

    def noun_comes(self, ahead: int) -> bool:
        """A known noun stands there, adjectives before it or not."""
        while self.describes(ahead) and not noun(self.peek(ahead)):
            ahead += 1
        return self.is_noun(ahead)

    def could_be_noun(self, ahead: int = 0) -> bool:
        """A word that no rule needs may be a noun nobody listed."""
        word = self.peek(ahead)
        taken = (
            lex.PREPOSITIONS,
            lex.CONJUNCTIONS,
            lex.DETERMINERS,
            lex.NEGATIONS,
            lex.RELATIVES,
            lex.BE,
            lex.SKIPPED,
            lex.SOUND_NOUNS,
        )
        return word.isalpha() and not any(word in t for t in taken) and word not in _GLUE and not verb(word)

    def verb(self, ahead: int = 0) -> tuple[str, str] | None:
        """As words.verb; a word that is plainly a verb by its ending means itself."""
        word = self.peek(ahead)
        if not (found := verb(word)) and not noun(word) and len(word) > 5 and not self.describes(ahead):
            if word.endswith("ing") and word not in lex.SKIPPED:
                return word, "ing"
            if word.endswith("ed") and self.peek(ahead + 1) in ("by", "and"):
                return word, "ed"
        return found
