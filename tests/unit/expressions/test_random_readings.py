"""What random real sentences say, beside readings written before the reader was looked at."""

import csv

import pytest
from gold_readings import SEALED, WORK

from core.expressions import read

# the readings' words for what the reader calls otherwise
SAME = {"low": "quiet", "tall": "big", "park": "stay"}


@pytest.fixture(scope="session")
def sentences(shared) -> list[str]:
    with open(shared / "ref-avs" / "metadata.csv", newline="", encoding="utf-8") as file:
        return [row["exp"] for row in csv.DictReader(file)]


def parsed(notation: str) -> tuple:
    """(noun, its parts in any order) of one thing; what is said of a hand of a man is said of the man."""
    thing, rest = _thing(notation)
    assert not rest, notation
    return thing


def _thing(text: str) -> tuple[tuple, str]:
    end = next((i for i, c in enumerate(text) if c in "[](),"), len(text))
    noun, text, parts = text[:end].strip(), text[end:], []
    if text.startswith("["):
        while text[0] != "]":
            part, text = _part(text[1:])
            parts.append(part)
        text = text[1:]
    for name, of in parts:
        if name == "of":  # hand[place=left, of(man[...])] = man[has(hand[place=left]), ...]
            body = (noun, tuple(p for p in parts if p[0] != "of"))
            return (of[0][0], tuple(sorted((("has", (body,)), *of[0][1]), key=str))), text
    return (noun, tuple(sorted(parts, key=str))), text


def _part(text: str) -> tuple[tuple, str]:
    end = next(i for i, c in enumerate(text) if c in "](,")
    name, text, of = text[:end].strip(), text[end:], []
    kind, _, value = name.partition("=")
    value, colon, degree = value.partition(":")
    name = f"{kind}={SAME.get(value, value)}{colon}{degree}" if value else kind
    if text.startswith("("):
        while text[0] != ")":
            thing, text = _thing(text[1:])
            of.append(thing)
        text = text[1:]
    return (name, tuple(of)), text


def wrongly_read(readings: dict[int, str], sentences: list[str]) -> dict[int, tuple[str, str]]:
    wrong = {}
    for row, right in readings.items():
        found = str(read(sentences[row]))
        if "&" in found or parsed(found or "-") != parsed(right):
            wrong[row] = (right, found)
    return wrong


def test_ninety_five_of_a_hundred_random_sentences_are_read_right_in_every_part(sentences):
    wrong = wrongly_read(WORK, sentences)
    assert len(WORK) == 150
    assert len(wrong) <= 0.05 * len(WORK), wrong


def test_so_are_ninety_five_of_a_hundred_of_the_sealed_half(sentences):
    wrong = wrongly_read(SEALED, sentences)
    assert len(SEALED) == 150
    assert len(wrong) <= 0.05 * len(SEALED), wrong


def test_the_order_of_parts_and_the_owner_of_a_hand_do_not_matter_to_the_comparison():
    assert parsed("a[b=c, d(e[f=g:most])]") == parsed("a[d(e[f=g:most]), b=c]")
    assert parsed("a[by=play(hand[place=left, of(man[x=y])])]") == parsed(
        "a[by=play(man[has(hand[place=left]), x=y])]"
    )
    assert parsed("a[b=c(d)]") != parsed("a[b=c(e)]")
