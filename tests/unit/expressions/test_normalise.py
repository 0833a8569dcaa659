"""How a sentence is written before it is kept."""

import pytest

from core.errors import RefavsError
from core.expressions import normalise


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("  The   dog\n that barks ", "The dog that barks."),
        ("The dog..", "The dog."),
        ("The man’s “guitar”", 'The man\'s "guitar".'),
        ("Which dog barks?", "Which dog barks?"),
        ("cats < dogs > mice", "cats < dogs > mice."),
        ("Caf\u0065\u0301", "Caf\u00e9."),
    ],
)
def test_spaces_quotes_and_the_full_stop_are_made_alike(written, kept):
    assert normalise(written) == kept
    assert normalise(kept) == kept


@pytest.mark.parametrize("empty", [None, "", "  ", ".", "\u200b"])
def test_nothing_stays_nothing(empty):
    assert normalise(empty) is None


def test_five_thousand_characters_are_the_most():
    assert normalise("a" * 5_000) is not None
    with pytest.raises(RefavsError, match=r"5,000 characters; this one has 5,001"):
        normalise("a" * 5_001)


@pytest.mark.parametrize(
    "markup", ["<b>dog</b>", "a dog <img src=x onerror=alert(1)>", "</div>", "x<!DOCTYPE html>"]
)
def test_markup_is_refused(markup):
    with pytest.raises(RefavsError, match="plain words"):
        normalise(markup)
