"""Expressions: what a sentence says, as data, and the checks it must pass."""

from core.expressions.normalise import MAX_CHARACTERS, normalise
from core.expressions.read import MAX_WORDS, read
from core.expressions.thing import Cue, Head, Part, Reading, Thing, cues

__all__ = [
    "MAX_CHARACTERS",
    "MAX_WORDS",
    "Cue",
    "Head",
    "Part",
    "Reading",
    "Thing",
    "cues",
    "normalise",
    "read",
]
