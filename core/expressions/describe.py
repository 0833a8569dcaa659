"""What describes a thing by itself: adjectives, what it wears, how it sounds."""

from core.expressions import lexicon as lex
from core.expressions.tape import FAR, Tape
from core.expressions.thing import Head, Kind, Part, Thing
from core.expressions.words import degree, noun, verb

_PITCHED = {"tone", "pitch", "voice", "tune"}
_RHYTHM = {"rhythm", "tempo", "beat"}
_SIDES = {
    "left",
    "right",
    "middle",
    "leftmost",
    "rightmost",
    "front",
    "back",
    "nearest",
    "closest",
    "farthest",
}
_ADJECTIVES: tuple[tuple[Kind, str], ...] = (
    ("colour", "COLOURS"),
    ("size", "SIZES"),
    ("look", "LOOKS"),
    ("sound", "LOUDNESS"),
)


class Describing(Tape):
    """Rules for words that need no other noun."""

    def before_noun(self) -> list[Part]:
        start, word = self.i, self.peek()
        follows = self.peek(1)
        if word in ("first", "last") and follows:
            self.i += 1
            return [self.part("time", word, start)]
        if word in FAR and degree(follows, "PLACES") and not (word == "far" and follows == "far"):
            self.i += 2
            return [self.part("place", lex.PLACES[follows], start, "most")] if follows in lex.PLACES else []
        if word in _SIDES and follows and follows != "of":
            if verb(follows) and not noun(follows):
                return []
            self.i += 1
            return [
                self.part("place", lex.PLACES[word], start, "most" if word.endswith(("most", "est")) else "")
            ]
        if (thing := self.garment()) and self.is_noun(0, "person", "animal"):  # "the long hair man"
            return [self.part("has", "", start, "", thing)]
        self.i = start
        if adjective := self.adjective(start):
            return [adjective]
        return self.verb_before_noun(start)

    def adjective_here(self) -> bool:
        return any(degree(self.peek(), table) for _, table in _ADJECTIVES[:3])

    def verb_before_noun(self, start: int) -> list[Part]:
        this = verb(self.peek())
        if not this or this[1] == "base":
            return []
        if this[0] == "wear":  # "the wearing a pink dress girl"
            self.i += 1
            garment = self.garment() or self.bare_colours()
            if garment and (noun(self.peek()) or self.peek() in lex.DETERMINERS | lex.CONJUNCTIONS):
                return [self.part("has", "", start, "", garment)]
            self.i = start
            return []
        ahead = 1
        while (
            self.peek(ahead) in lex.CONJUNCTIONS | lex.DETERMINERS
            or self.describes(ahead)
            or (verb(self.peek(ahead)) or "")[1:] == ("ing",)
        ):
            ahead += 1
        if not noun(self.peek(ahead)):
            return []
        self.i += 1
        return [self.deed(this[0], start)]

    def adjective(self, start: int) -> Part | None:
        """A colour, a size, a look, or a loudness that belongs to a thing ("loudest object")."""
        how = ""
        while self.peek() in ("more", "most", "very", "less") and self.peek(1):
            how = how or {"more": "more", "most": "most"}.get(self.peek(), "")
            self.i += 1
        word = self.peek()
        this = noun(word)
        if this and this.family != "other" and word not in lex.COLOURS:
            self.i = start
            return None
        # "higher" and "lowest" of a thing are places; of a sound they are read in sound_phrase
        for kind, table in _ADJECTIVES:
            if table == "LOUDNESS" and (place := degree(word, "PLACES")) and place[0] in ("above", "below"):
                self.i += 1
                return self.part("place", place[0], start, place[1] or how or "most")
            if found := degree(word, table):
                self.i += 1
                if kind == "colour":  # "coffee colored"
                    self.skip({"colored", "coloured"})
                return self.part(kind, found[0], start, found[1] or how)
        self.i = start
        return None

    def garment(self) -> Thing | None:
        """A worn thing with its adjectives only, so that the noun behind it stays free."""
        start, parts = self.i, []
        self.skip(lex.DETERMINERS)
        while found := self.adjective(self.i):
            parts.append(found)
        if self.is_noun(1, "worn"):  # "school uniform"
            self.i += 1
        this = noun(self.peek())
        if not this or this.family not in ("worn", "body"):
            self.i = start
            return None
        self.i += 1
        return Thing(this, tuple(parts))

    def bare_colours(self) -> Thing | None:
        """As in "the wearing grey and sounding man": clothes by their colours alone."""
        parts = []
        while degree(self.peek(), "COLOURS") and (found := self.adjective(self.i)):
            parts.append(found)
        return Thing(Head("clothes", "worn"), tuple(parts)) if parts else None

    def deed(self, meaning: str, start: int, *of: Thing | None, negated: bool = False) -> Part:
        """What a thing does: to sound, or anything else."""
        if meaning == "sound":
            return self.part("sound", "any", start, negated=negated)
        if meaning in lex.VOCAL:
            return self.part("sound", meaning, start, "", *of, negated=negated)
        if meaning == "appear":
            return self.part("time", "appears", start, negated=negated)
        if meaning == "leave":
            return self.part("time", "leaves", start, negated=negated)
        if meaning == "wear" or (meaning == "have" and any(of)):
            return self.part("has", "", start, "", *of, negated=negated)
        return self.part("does", meaning, start, "", *of, negated=negated)

    def sound_phrase(self, start: int | None = None, negated: bool = False) -> list[Part]:
        """As in "a faster rhythm", "the longest sound duration", "no sound"; [] when it is none."""
        begin = self.i
        start = begin if start is None else start
        found: list[tuple[str, str]] = []
        how = ""
        while word := self.peek():
            if word in lex.NEGATIONS:
                negated = True
            elif word in ("most", "more"):
                how = word
            elif (adjective := degree(word, "LOUDNESS")) and not noun(word):
                found.append((adjective[0], adjective[1] or how))
            elif word not in lex.DETERMINERS:
                break
            self.i += 1
        word = self.peek()
        if word in lex.SPOKEN_NOUNS:
            self.i += 1
            return [self.part("sound", lex.SPOKEN_NOUNS[word], start, negated=negated)]
        nouns = set()
        while (word := self.peek()).removesuffix("s") in lex.SOUND_NOUNS or word in lex.SOUND_NOUNS:
            nouns.add(word.removesuffix("s"))
            self.i += 1
        if not nouns:
            self.i = begin
            return []
        if not found:
            return [self.part("sound", "any", start, negated=negated)]
        return [
            self.part("sound", _of_noun(value, nouns), start, how, negated=negated) for value, how in found
        ]

    def sound_subject(self, start: int) -> list[Part]:
        """As in "(the object) rhythm is faster", "volume is louder"."""
        nouns = set()
        while self.peek() in lex.SOUND_NOUNS:
            nouns.add(self.peek())
            self.i += 1
        if not nouns:
            return []
        self.skip(lex.BE)
        if not (found := degree(self.peek(), "LOUDNESS")):
            return [self.part("sound", "any", start)]
        self.i += 1
        return [self.part("sound", _of_noun(found[0], nouns), start, found[1])]

    def adverb(self) -> list[Part]:
        start, word = self.i, self.peek()
        if word in ("first", "last"):
            self.i += 1
            return [self.part("time", word, start)]
        sized = (
            (found := degree(word, "LOUDNESS")) and found[0] in ("loud", "quiet") and degree(word, "SIZES")
        )
        if (
            not sized
            and (found := degree(word.removesuffix("ly"), "LOUDNESS"))
            and (word.endswith("ly") or found[1] or found[0] == "silent")
        ):
            self.i += 1
            return [self.part("sound", found[0], start, found[1])]
        adjective = self.adjective(start)  # "is bigger than"
        return [adjective] if adjective else []


def _of_noun(value: str, nouns: set[str]) -> str:
    """A low rhythm is slow, a low voice is low."""
    if nouns & _RHYTHM:
        return {"quiet": "slow", "loud": "fast", "short": "fast", "long": "slow"}.get(value, value)
    if nouns & _PITCHED:
        return {"quiet": "low", "loud": "high"}.get(value, value)
    return value
