"""The form of a chain of thought."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.systems.aurora.chain import (
    CUES,
    NOTHING,
    SEG,
    WAIT,
    Chain,
    ChainError,
    answer,
    read,
    read_answer,
    same,
    write,
)

RIGHT = Chain(
    ("dog", "emergency-car"), ("emergency-car", "dog"), "dog", (), ("sound", "place"), "emergency-car"
)
NAMES = st.sampled_from(["dog", "emergency-car", "vacuum-cleaner", "pair-of-pots-and-pans", "the-the"])


@given(
    seen=st.lists(NAMES, max_size=6).map(tuple),
    heard=st.lists(NAMES, max_size=3).map(tuple),
    unseen=st.lists(NAMES, max_size=2).map(tuple),
    cues=st.lists(st.sampled_from(CUES), max_size=4, unique=True).map(tuple),
    target=st.none() | NAMES,
)
@settings(max_examples=60, deadline=None)
def test_every_chain_that_is_written_is_read_as_it_was(seen, heard, unseen, cues, target):
    chain = Chain(seen, heard, heard[0] if len(heard) > 1 else None, unseen, cues, target)
    assert read(write(chain)) == chain
    assert same(read_answer(write(chain)), target)


def test_a_chain_is_four_sentences_and_a_sign():
    assert write(RIGHT) == (
        "From left to right the picture shows dog, emergency-car. The sound has emergency-car, dog; the loudest is dog. "
        "The sentence leans on sound and place. The target is the emergency-car. [SEG]"
    )
    assert answer(None) == f"{NOTHING} {SEG}"


@pytest.mark.parametrize("name", ["emergency-car", "Emergency car", "emergency  CAR", "emergency_car"])
def test_names_of_many_words_are_one_name_whatever_joins_them(name):
    assert read_answer(f"The target is the {name}. {SEG}") == "emergency-car"
    assert same(name, "emergency-car")
    assert not same(name, "emergency")
    assert not same(name, None)


def test_behind_a_reconsideration_the_last_answer_counts():
    wrong = write(RIGHT).replace("The target is the emergency-car. [SEG]", "The target is the dog.")
    assert read(f"{wrong} {WAIT} {write(RIGHT)}") == RIGHT
    assert read_answer(f"{wrong} {WAIT} {NOTHING} {SEG}") is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "one \\[SEG\\], at the end"),
        (write(RIGHT).replace(SEG, ""), "one \\[SEG\\], at the end"),
        (write(RIGHT) + " And so on.", "one \\[SEG\\], at the end"),
        (write(RIGHT) + f" {SEG}", "one \\[SEG\\], at the end"),
        (answer("dog"), "four sentences"),
        (write(RIGHT).replace("The sound has", "I hear"), "what the sound has"),
        (write(RIGHT).replace("and place", "and smell"), "found 'smell'"),
        (write(RIGHT).replace("The target is", "It may be"), "The target is X"),
        (" ".join([write(RIGHT)[:-6], WAIT, write(RIGHT)[:-6], WAIT, write(RIGHT)]), "at most one"),
        (f"Hm. {WAIT} {write(RIGHT)}", "four sentences"),
    ],
)
def test_a_wrong_form_is_told_in_words(text, words):
    with pytest.raises(ChainError, match=words):
        read(text)


def test_a_text_without_an_answer_has_none():
    with pytest.raises(ChainError, match="found none"):
        read_answer(f"The picture is nice. {SEG}")
