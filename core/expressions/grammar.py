"""The grammar: a noun with what stands before and after it, each part with the words it came from.

A recursive descent over tokens. What follows a noun belongs to the nearest noun that can take
it; after "and" it belongs to the noun that already has a part of that sort.
"""

from dataclasses import replace

from core.expressions import lexicon as lex
from core.expressions.relate import Relating
from core.expressions.tape import OBJECT, PREPOSITION_WORDS
from core.expressions.thing import Head, Part, Thing
from core.expressions.words import noun, verb

_ALIVE = ("person", "animal", "object")


class Parser(Relating):
    """Reads one sentence."""

    def sentence(self) -> tuple[Thing, ...]:
        things: list[Thing] = []
        while self.i < len(self.words):
            before = self.i
            self.skip(lex.CONJUNCTIONS, lex.RELATIVES, lex.BE)  # "which", "is there"
            thing = self.noun_phrase(0)
            if thing and (asked := self.acted_on(thing)) and before < self.i and self.asks_what():
                thing = Thing(OBJECT, (asked,))  # "what is the man playing?"
            if thing and things and thing.parts and thing.head.generic and not self.listed(before):
                things[-1] = Thing(things[-1].head, (*things[-1].parts, *thing.parts))  # "is the louder one"
            elif thing and (thing.parts or not thing.head.generic or not things):
                if things and things[0].head.generic and not things[0].parts:  # "the object being a vehicle"
                    things.pop(0)
                things.append(thing)
            if self.i == before:
                self.unread.append(self.peek())
                self.i += 1
        return tuple(things)

    def listed(self, before: int) -> bool:
        """The thing that begins there is one more of a list, not the same again."""
        return self.words[before].word in lex.CONJUNCTIONS | lex.NEGATIONS

    def asks_what(self) -> bool:
        return self.words[0].word in ("what", "which")

    def noun_phrase(self, depth: int) -> Thing | None:
        start = self.i
        parts: list[Part] = []
        if self.peek() in lex.PRONOUNS and not noun(self.peek(1)):
            self.i += 1
            return None
        while word := self.peek():
            if word in lex.DETERMINERS | lex.PRONOUNS or (word == "of" and self.i > start):
                self.i += 1
            elif word in lex.SOUND_NOUNS and self.peek(1) == "of":  # "the voice of the woman"
                self.i += 2
            elif word in lex.NEGATIONS and (this := verb(self.peek(1))) and this[0] == "sound":
                self.i += 2
                parts.append(self.part("sound", "any", self.i - 2, negated=True))  # "the not sounding object"
            elif noun(word) and self.peek(1) == lex.OWNS:
                parts = [self.owner(parts)]
            elif self.noun_comes(1) and not noun(word) and self.could_be_noun() and not self.describes():
                self.unread.append(word)  # "the birthday cake", "a somber black shirt"
                self.i += 1
            elif found := self.before_noun():
                parts += found
            elif (
                self.peek() == "and"
                and parts
                and parts[-1].kind in ("colour", "size", "look", "sound", "has")
            ):
                self.i += 1  # "white and gray fur": go on only when another adjective follows
                if not (found := self.before_noun()):
                    self.i -= 1
                    break
                parts += found
            else:
                break
        head = self.head(parts)
        if head is None:
            if not parts and not (depth == 0 and self.after_noun_here()):
                self.i = start
                return None
            if depth:  # "the man IN PINK on the left": what follows is the man's
                return Thing(OBJECT, tuple(parts))
            head = OBJECT
        if head.family == "body" and parts and parts[0].value == "of" and parts[0].of:
            whole = parts[0].of[0]
            body = replace(parts[0], kind="has", value="", of=(Thing(head, tuple(parts[1:])),))
            return Thing(whole.head, (body, *whole.parts))
        if head.family == "body" and self.peek() == "of":
            return self._whole_of(head, parts, depth)
        self.after_noun(head, parts, depth)
        return Thing(head, self.settled(parts))

    def owner(self, parts: list[Part]) -> Part:
        """As in "the singing woman's guitar": what stood before is said of the woman."""
        start = self.i
        who = Thing(noun(self.peek()) or OBJECT, tuple(parts))
        self.i += 2
        return self.part("look", "of", start, "", who)

    def _whole_of(self, head: Head, parts: list[Part], depth: int) -> Thing:
        """As in "the left hand of the man" is the man, by his left hand."""
        start = self.i
        self.i += 1
        whole = self.noun_phrase(depth + 1)
        if whole is None:
            return Thing(head, tuple(parts))
        body = self.part("has", "", start, "", Thing(head, tuple(parts)))
        return Thing(whole.head, (body, *whole.parts))

    def head(self, parts: list[Part]) -> Head | None:
        found: list[Head] = []
        start = self.i
        while (this := noun(self.peek())) and not (found and found[-1].generic and verb(self.peek())):
            found.append(this)
            self.i += 1
        tail = self.peek()
        if found and self.could_be_noun() and not self.describes() and not tail.endswith(("ing", "ed", "ly")):
            self.unread.append(self.peek())  # "the tree trunk"
            self.i += 1
        word = self.words[start].word if start < len(self.words) else ""
        if not found:
            if not self.could_be_noun():
                return None
            self.i += 1
            self.unread.append(word)
            return Head(word, "other", known=False)
        last = found[-1]
        if len(found) > 1 and last.name == "person" and found[-2].family == "instrument":
            parts.append(self.part("does", "play", start, "", Thing(found[-2])))
        if word in lex.PLAYERS:
            parts.append(self.part("does", "play", start, "", Thing(noun(lex.PLAYERS[word]) or OBJECT)))
        if word in lex.SINGERS:
            parts.append(self.part("sound", lex.SINGERS[word], start))
        return last

    def after_noun_here(self) -> bool:
        """Something that can follow a noun stands here, though no noun came before it."""
        word = self.peek()
        return bool(
            verb(word)
            or word in lex.PREPOSITIONS
            or word in lex.SOUND_NOUNS
            or word in ("on", "in", "at", "with")
        )

    def after_noun(self, head: Head, parts: list[Part], depth: int) -> None:
        own = len(parts)
        negated = False
        while word := self.peek():
            start = self.i
            if word in ("and", "while", "but", "or", "then", "&"):
                if not self.joined(head, parts, own, depth):
                    return
            elif word in ("not", "except") and self.peek(1) in lex.DETERMINERS:
                if depth:
                    return
                parts += self.but_not(depth)
            elif word in lex.NEGATIONS and word != "without":
                self.i += 1
                negated = True
                continue
            elif word == "whose":
                self.i += 1
                if of := self.noun_phrase(depth + 1):
                    parts.append(self.part("has", "", start, "", of))
            elif word in ("all-the-time", "over-time", "in-the-video"):
                self.i += 1
                self.duration(parts, start, word)
            elif (
                word in lex.RELATIVES
                or word in lex.BE
                or word in lex.SKIPPED
                or word in ("did", "does", "do")
            ):
                self.i += 1
                continue
            elif word == "than":
                self.than(parts, depth)
            elif head.family != "worn" and (clause := self.clause(depth)):
                parts.append(clause)
            elif found := (
                self.sound_subject(start)
                or self.relation(head, parts, depth, negated)
                or self.verb_phrase(head, depth, negated)
                or self.adverb()
            ):
                parts += found
            elif self.i == start:
                return
            negated = False
            if self.i == start:
                return

    def but_not(self, depth: int) -> list[Part]:
        """As in "not the one singing": its parts, denied; of "except the drum" nothing is understood."""
        start = self.i
        self.i += 1
        of = self.noun_phrase(depth + 1)
        if of and of.head.generic and of.parts:
            return [replace(p, negated=not p.negated) for p in of.parts]
        self.unread += [w.word for w in self.words[start : self.i]]
        return []

    def joined(self, head: Head, parts: list[Part], own: int, depth: int) -> bool:
        """After "and": True when what follows belongs here (and the "and" is eaten)."""
        ahead = 1
        while self.peek(ahead) in lex.BE | lex.RELATIVES | lex.CONJUNCTIONS | {"did", "not"}:
            ahead += 1
        word, mine = self.peek(ahead), parts[own:]
        if not word:
            self.i += ahead
            return True
        this = self.verb(ahead)
        if self.peek(ahead + 1) == "than":  # "but quieter than the drum"
            here = depth == 0
        elif word in lex.PREPOSITIONS or word in PREPOSITION_WORDS:
            here = depth == 0 or any(p.kind == "place" for p in mine)
        elif this and (this[1] != "base" or not noun(word)) and not (noun(self.peek(ahead + 1)) and not mine):
            here = depth == 0 or (
                head.family in _ALIVE and any(p.kind in ("has", "does", "by", "sound") for p in mine)
            )
        else:
            return self.another(parts, own, depth)
        if here:
            self.i += 1
        return here
