"""Sentences as token numbers and vectors."""

import pytest
import torch

from core.errors import RefavsError
from core.systems.blocks.words import PAD, UNKNOWN, WordEncoder, Words

SENTENCES = ["The sounding guitar.", "The man on the left.", "The dog that barks first."]


@pytest.fixture(scope="module")
def words():
    return Words.learn(SENTENCES * 3, 200)


def test_a_sentence_ends_in_padding_and_a_long_one_is_cut(words):
    numbers = words.numbers(["The man.", "the man " * 20], 8)
    assert numbers.shape == (2, 8)
    assert (numbers[0] == PAD).sum() > 0
    assert (numbers[1] != PAD).all()


def test_case_does_not_matter_and_words_that_were_never_seen_are_still_told_apart(words):
    upper, lower, tuba, flute = words.numbers(["THE DOG", "the dog", "the tuba", "the flute"], 12)
    assert torch.equal(upper, lower)
    assert not torch.equal(tuba, flute)
    assert UNKNOWN not in torch.cat([tuba, flute])


@pytest.mark.parametrize("sentence", ["", "   ", "吉他"])
def test_a_sentence_of_which_nothing_can_be_read_is_refused(words, sentence):
    with pytest.raises(RefavsError, match="English"):
        words.numbers([sentence], 8)


def test_a_saved_vocabulary_reads_the_same(words, tmp_path):
    words.save(tmp_path)
    assert torch.equal(Words.load(tmp_path).numbers(SENTENCES, 9), words.numbers(SENTENCES, 9))
    with pytest.raises(RefavsError, match="tokenizer"):
        Words.load(tmp_path / "none")


def test_padding_changes_no_word(words):
    torch.manual_seed(0)
    encoder = WordEncoder(len(words), 16, 12).eval()
    short, long = words.numbers(["the man"], 4), words.numbers(["the man"], 12)
    count = int((short != PAD).sum())
    torch.testing.assert_close(encoder(short)[:, :count], encoder(long)[:, :count])
