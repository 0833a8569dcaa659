"""What ties a thing to other things: places, what it has, what it does and what is done to it."""

from dataclasses import replace

from core.expressions import lexicon as lex
from core.expressions.describe import Describing
from core.expressions.tape import FAR, IT, OBJECT
from core.expressions.thing import Head, Part, Thing
from core.expressions.words import noun, verb

_SINGLE_SIDES = set(lex.PLACES) - {"upper", "lower", "high", "low"}
_LANGUAGES = {"english", "korean", "chinese"}


_DONE_TO = {"play", "hold", "drive", "touch", "eat", "cut", "wear", "sit", "make"}  # to something
_HOLDING = {"hand", "arm", "mouth", "lap", "finger"}


class Relating(Describing):
    """Rules that meet another noun; `noun_phrase` reads it."""

    def noun_phrase(self, depth: int) -> Thing | None:
        raise NotImplementedError

    def relation(self, head: Head, parts: list[Part], depth: int, negated: bool) -> list[Part]:
        start, word = self.i, self.peek()
        if word in ("before", "after"):
            self.i += 1
            of = self.noun_phrase(depth + 1) or self.sounding()
            return [self.part("time", word, start, "", of)]
        if (places := self.side(head, depth, parts, negated)) or places is None:
            return places or []
        if word == "with":
            self.i += 1
            if sound := self.sound_phrase():
                return sound
        elif word == "without":
            self.i += 1
            negated = True
        elif word == "of":
            self.i += 1
            of = self.noun_phrase(depth + 1)
            return [self.part("look", "of", start, "", of)] if of else []
        if word in ("with", "without"):
            if self.peek() == "no":
                self.i, negated = self.i + 1, True
            of = self.noun_phrase(depth + 1)
            return [self.part("has", "", start, "", of, negated=negated)]
        if word in lex.PREPOSITIONS or word in ("at", "to"):
            value = lex.PREPOSITIONS.get(word, "on")
            self.i += 1
            if self.peek() in lex.PRONOUNS and not noun(self.peek(1)):  # "with a dog on it"
                self.i += 1
                return [self.part("place", value, start, "", IT, negated=negated)]
            self.skip({"the", "left" if value == "near" and self.peek(1) == "the" else "the"})
            of = self.noun_phrase(depth + 1)
            if of is None:
                return [self.part("place", value, start)] if value not in ("on", "in", "far") else []
            if value == "in" and (clothes := _clothes(of, head)):
                return [self.part("has", "", start, "", clothes, negated=negated)]
            return [self.part("place", value, start, "", of, negated=negated)]
        return []

    def side(self, head: Head, depth: int, parts: list[Part], negated: bool) -> list[Part] | None:
        """As in "on the far left (of the man)", "to the right", "from right", "left of"; None: it is said of another thing."""
        start = self.i
        if self.peek() in ("on", "in", "at", "to", "from", "of"):
            self.i += 1
        self.skip({"the", "a", "his", "her", "its"})
        if self.peek() == "near" and self.peek(1) in lex.PLACES:
            self.i += 1
        most = ""
        while self.peek() in FAR or (most and self.peek() in ("of", "the")):
            most = "most"
            self.i += 1
        word = self.peek()
        bare = self.i == start
        if word not in _SINGLE_SIDES or (bare and self.peek(1) not in ("of", "side", "")):
            self.i = start
            return []
        self.i += 1
        first, second = lex.PLACES[word], lex.PLACES.get(self.peek())
        second = second if first in ("above", "below", "front", "behind") else None
        self.i += bool(second)  # "the bottom right corner"
        if self.peek() in ("side", "part", "corner", "position", "row"):
            self.i += 1
        if noun(self.peek()) and not bare:  # "on the left hand", "near the right leg": a noun's own side
            self.i = start
            return []
        if self.peek() == "most":
            most = "most"
            self.i += 1
        if self.words[start].word == "from" and parts and parts[0].kind == "time":
            most = "most" if parts.pop(0).value == "first" else ""  # "the first man from right"
        most = "most" if word.endswith("most") else most
        of = None
        if self.peek() == "of":
            self.i += 1
            of = self.noun_phrase(depth + 1)
            if of and of.head.name in ("picture", "video", "screen"):
                of = None
        if of is None and depth and _carried(head):  # "the man wearing glasses on the left": the man is
            self.i = start
            return None
        if self.words[start].word == "from":
            before = [w.word for w in self.words[max(0, start - 4) : start]]
            most = next((w for w in ("second", "third") if w in before), most)
        sides = [first, second] if second else [first]
        return [self.part("place", side, start, most, of, negated=negated) for side in sides]

    def verb_phrase(self, head: Head, depth: int, negated: bool) -> list[Part]:
        start, word = self.i, self.peek()
        if word == "to" and self.verb(1):
            self.i += 1
            word = self.peek()
        if word == "by":
            return self.by(head, start, depth, negated)
        this = self.verb()
        if this and this[0] == word and not verb(word):
            self.unread.append(word)
        if not this or (depth and _carried(head) and this[1] == "ing"):  # "wearing a hat holding a violin"
            self.i = start
            return []
        meaning, form = this
        if word.startswith("stop") and (self.verb(1) or "")[1:] == (
            "ing",
        ):  # "after the woman stops singing"
            self.i += 1
            return self.verb_phrase(head, depth, negated)
        passive = form == "ing" and meaning in ("hold", "play") and self.peek(1) == "by" and self.somebody(2)
        passive |= form == "ed" and (
            (self.i > 0 and self.words[self.i - 1].word in lex.BE) or self.peek(1) == "by"
        )
        passive |= (
            word == "held" and self.peek(1) in ("in", "with") and head.family not in ("person", "animal")
        )
        self.i += 1
        if meaning == "keep":
            return [self.part("time", "always", start)]
        if meaning == "make" and not passive:
            return self.sound_phrase(start, negated) or self.done(meaning, start, depth, negated)
        if form == "ed" and self.peek() in ("on", "with", "in", "against", "upon") and self.peek(1) == "by":
            self.i += 1
            passive = True
        if form != "ing" and self.peek() in ("on", "in") and self.peek(1) == "by":  # "sit on by a man"
            self.i += 1
            passive = True
        if passive and not (meaning in lex.POSTURES and self.peek() != "by"):
            return [self.done_by(meaning, start, depth, negated)]
        return self.done(meaning, start, depth, negated)

    def by(self, head: Head, start: int, depth: int, negated: bool) -> list[Part]:
        """As in "by being played by the man", "by singing", "by the man"."""
        self.i += 1
        self.skip(lex.BE, {"by", "tbeing", "only", "continuously"})
        this = self.verb()
        if this and not (this[1] == "ing" and self.is_noun(1, "person")):  # but "by standing man"
            return self.verb_phrase(head, depth, negated)
        of = self.noun_phrase(depth + 1)
        if of is None:
            return []
        if of.head.family not in ("person", "animal", "object", "body") and of.head.known:  # "by the window"
            return [self.part("place", "near", start, "", of, negated=negated)]
        return [self.part("by", "play", start, "", of, negated=negated)]

    def sounding(self) -> Thing | None:
        """As in (after) "the talking": who talks."""
        start = self.i
        self.skip(lex.DETERMINERS)
        this = self.verb()
        if this and this[1] == "ing" and (this[0] in lex.VOCAL or this[0] == "sound"):
            self.i += 1
            return Thing(OBJECT, (self.deed(this[0], start),))
        self.i = start
        return None

    def clause(self, depth: int) -> Part | None:
        """As in "the guitar (that) THE MAN IN RED IS PLAYING"."""
        start, unread = self.i, len(self.unread)
        ahead = 1 if self.peek() in lex.DETERMINERS else 0
        who = self.noun_phrase(depth + 1) if ahead and self.somebody(ahead) else None
        done = self.acted_on(who) if who else None
        if done is None:
            self.i = start
            del self.unread[unread:]
            return None
        at = (self.words[start].at[0], self.words[self.i - 1].at[1])
        return replace(done, at=at, words=self.text[slice(*at)])

    def acted_on(self, who: Thing) -> Part | None:
        """What is done by one whose last deed lacks the thing it is done to: "the man is holding"."""
        last = who.parts[-1] if who.parts else None
        if not last or last.kind != "does" or last.of or last.value not in _DONE_TO:
            return None
        return replace(last, kind="by", of=(Thing(who.head, who.parts[:-1]),))

    def somebody(self, ahead: int) -> bool:
        """The next noun is one that can do something."""
        while self.peek(ahead) in lex.DETERMINERS or self.describes(ahead) or self.verb(ahead):
            ahead += 1
        return self.is_noun(ahead, "person", "animal", "object")

    def towards(self, depth: int) -> Thing | None:
        """As in (talking) "to the man", (looking) "at the dog"; but not "to the left"."""
        ahead = 1
        while self.peek(ahead) in lex.DETERMINERS or self.peek(ahead) in FAR:
            ahead += 1
        if self.peek() not in ("to", "at", "with") or self.peek(ahead) in lex.PLACES:
            return None
        start = self.i
        self.i += 1
        if (of := self.noun_phrase(depth + 1)) is None:
            self.i = start
        return of

    def done_by(self, meaning: str, start: int, depth: int, negated: bool) -> Part:
        of = None
        if (
            self.peek() == "by"
            or (meaning == "hold" and self.peek() in ("in", "with"))
            or (meaning == "play" and self.peek() in ("a", "the"))
        ):  # "being played a man"
            self.i += self.peek() in ("by", "in", "with")
            of = self.noun_phrase(depth + 1)
        return self.part("by", meaning, start, "", of, negated=negated)

    def done(self, meaning: str, start: int, depth: int, negated: bool) -> list[Part]:
        """An active verb with what it is done to."""
        if meaning in lex.VOCAL or meaning == "sound":
            self.skip(lex.DETERMINERS, set(lex.SPOKEN_NOUNS), lex.SOUND_NOUNS, _LANGUAGES)
            self.garment()  # "clapping hands"
            talks = self.peek() == "to" or (self.peek() == "with" and meaning == "speak")
            of = self.towards(depth) if meaning in lex.VOCAL and talks else None
            return [self.deed(meaning, start, of, negated=negated)]
        if self.peek() in lex.NEGATIONS:
            self.i += 1
            negated = True
        of = None
        named = (
            noun(self.peek()) or self.peek() in lex.DETERMINERS or (verb(self.peek()) and noun(self.peek(1)))
        )
        worn = meaning == "wear" and self.peek().isalpha() and self.peek() not in lex.CONJUNCTIONS
        if (named or worn or self.adjective_here()) and meaning not in ("appear", "leave"):
            of = self.noun_phrase(depth + 1)
        elif meaning in ("look", "listen") and self.peek() != "with":
            of = self.towards(depth)
        if meaning == "make" and of and of.head.name == "movement":
            meaning, of = "move", None
        return [self.deed(meaning, start, of, negated=negated)]

    def than(self, parts: list[Part], depth: int) -> None:
        self.i += 1
        of = self.noun_phrase(depth + 1) or self.sounding()
        for k in range(len(parts) - 1, -1, -1):
            if of and parts[k].degree == "more" and not parts[k].of:
                at = (parts[k].at[0], self.words[self.i - 1].at[1])
                parts[k] = replace(parts[k], of=(of,), at=at, words=self.text[slice(*at)])
                return
        self.unread.append("than")

    def duration(self, parts: list[Part], start: int, word: str) -> None:
        if word == "over-time" and parts and parts[-1].degree == "more":
            parts.append(self.part("time", "grows", start))
        elif word != "in-the-video":
            if parts and parts[-1].kind == "time" and parts[-1].value in ("appears", "always"):
                at = parts.pop().at[0]
                start = next(i for i, w in enumerate(self.words) if w.at[0] == at)
            parts.append(self.part("time", "always", start))

    def another(self, parts: list[Part], own: int, depth: int) -> bool:
        """As in "between the man AND THE WOMAN": one more thing for the last part that speaks of things."""
        if len(parts) <= own or not parts[-1].of:
            return False
        start = self.i
        self.i += 1
        more = self.noun_phrase(depth + 1)
        if more is None:
            self.i = start
            return False
        last = parts[-1]
        at = (last.at[0], self.words[self.i - 1].at[1])
        parts[-1] = replace(last, of=(*last.of, more), at=at, words=self.text[slice(*at)])
        return True


def _carried(head: Head) -> bool:
    """Worn or grown: it stands nowhere and does nothing by itself."""
    return head.family == "worn" or head.name in ("hair", "beard", "moustache", "ponytail")


def _clothes(thing: Thing, head: Head) -> Thing | None:
    """As "in white" and "in a suit" are clothes; "in a car" is a place."""
    if thing.head.family == "worn" or (
        thing.head.family == "body"
        and (head.family in ("person", "animal") or thing.head.name not in _HOLDING)
    ):
        return thing
    if thing.head.generic and thing.parts and all(p.kind in ("colour", "look") for p in thing.parts):
        return Thing(Head("clothes", "worn"), thing.parts)
    return None
