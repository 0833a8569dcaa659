"""Sentence -> Reading."""

import unicodedata

from core.errors import RefavsError
from core.expressions.grammar import Parser
from core.expressions.normalise import normalise
from core.expressions.thing import Cue, Head, Part, Reading, Thing, cues
from core.expressions.words import tokens

__all__ = ["Cue", "Head", "Part", "Reading", "Thing", "cues", "read"]

MAX_WORDS = 200


def read(expression: str) -> Reading:
    """What the sentence says, the words each part came from, and what was not understood.

    Never fails on words: where nothing can be read, `things` is empty and `note` says why. Raises
    RefavsError for a sentence that is empty, markup, or longer than 200 words.
    """
    text = normalise(expression)
    if text is None:
        raise RefavsError(
            "An expression was expected, but it is empty. Say in one sentence which object is meant."
        )
    if len(text.split()) > MAX_WORDS:
        raise RefavsError(
            f"An expression has at most {MAX_WORDS} words; this one has {len(text.split())}. "
            "Say in one sentence which object is meant."
        )
    if script := _foreign(text):
        note = f"Expressions are read in English; this one is in {script} letters. Say it in English words."
        return Reading(text, (), unread=(text,), note=note)
    words, spelled = tokens(text)
    parser = Parser(text, words)
    things = parser.sentence()
    if all(thing.head.generic and not thing.parts for thing in things):
        things = tuple(
            t for t in things if any(w.word in ("object", "thing", "item", "entity") for w in words)
        )
    note = "" if things else "Nothing in this sentence names or describes an object that could be looked for."
    return Reading(text, things, tuple(spelled), tuple(dict.fromkeys(parser.unread)), note)


def _foreign(text: str) -> str | None:
    """Name of the script that most letters are of, when it is not Latin."""
    letters = [unicodedata.name(c, "unknown").split()[0] for c in text if c.isalpha()]
    if not letters:
        return None
    most = max(set(letters), key=letters.count)
    names = {"CJK": "Chinese", "HIRAGANA": "Japanese", "KATAKANA": "Japanese", "HANGUL": "Korean"}
    return None if most in ("LATIN", "FULLWIDTH") else names.get(most, most.capitalize())
