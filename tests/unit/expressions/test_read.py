"""What a sentence is understood to say."""

import csv

import pytest
from hand_read import READINGS
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import RefavsError
from core.expressions import Reading, cues, read


@pytest.fixture(scope="session")
def sentences(shared) -> list[str]:
    with open(shared / "ref-avs" / "metadata.csv", newline="", encoding="utf-8") as file:
        return [row["exp"] for row in csv.DictReader(file)]


def test_every_real_sentence_is_read_without_an_error(sentences):
    readings = {text: read(text) for text in set(sentences)}
    assert len(sentences) == 15_487
    assert all(isinstance(r, Reading) for r in readings.values())


def test_hardly_a_real_sentence_has_words_that_were_not_understood(sentences):
    unread = [text for text in sentences if read(text).unread and text != "NO."]
    assert len(unread) < 0.01 * len(sentences)


def test_readings_written_by_hand_agree(sentences):
    wrong = {
        row: str(read(sentences[row]))
        for row, right in READINGS.items()
        if str(read(sentences[row])) != right
    }
    assert len(wrong) <= 0.05 * len(READINGS), wrong


def test_the_cues_of_readings_written_by_hand_agree(sentences):
    def of_notation(right: str) -> set[str]:
        found = {"sound"} if "sound=" in right or "=play" in right else set()
        found |= {"place"} if "place=" in right else set()
        found |= {"time"} if "time=" in right or "sound=long" in right else set()
        looks = (
            "colour=",
            "size=",
            "look=",
            "has(",
            "does=hold",
            "does=sit",
            "does=stand",
            "does=move",
            "does=lie",
        )
        found |= {"look"} if any(k in right for k in (*looks, "does=cut", "by=hold", "by=sit")) else set()
        return found or {"look"}

    wrong = [row for row, right in READINGS.items() if cues(read(sentences[row])) != of_notation(right)]
    assert not wrong


@pytest.mark.parametrize(
    ("text", "reading", "leans_on"),
    [
        ("The thing that makes a noise", "object[sound=any]", {"sound"}),
        ("The dog that is barking.", "dog[sound=call]", {"sound"}),
        (
            "The orange furry thing in the middle",
            "object[colour=orange, look=furry, place=middle]",
            {"look", "place"},
        ),
        ("the man in pink on the left", "man[has(clothes[colour=pink]), place=left]", {"look", "place"}),
        ("The loudest object", "object[sound=loud:most]", {"sound"}),
        ("The object making the lowest valume", "object[sound=quiet:most]", {"sound"}),
        ("The object whose rhythm is faster than the drum", None, {"sound"}),
        ("the item with a slower rhythm than the harp", "object[sound=slow:more(harp)]", {"sound"}),
        ("The last instrument to sound", "instrument[time=last, sound=any]", {"sound", "time"}),
        ("The cat that keeps meowing at all times", None, {"sound", "time"}),
        ("The man who is not singing", "man[!sound=sing]", {"sound"}),
        ("the person that didn't make any sound", "person[!sound=any]", {"sound"}),
        ("The silent thing", "object[sound=silent]", {"sound"}),
        ("The guitar between the boy and the lamp", "guitar[place=between(boy, lamp)]", {"place"}),
        (
            "The flute to the left of the singing woman",
            "flute[place=left(woman[sound=sing])]",
            {"sound", "place"},
        ),
        ("The trumpet held by the tall man in a red hat", None, {"look"}),
        ("The smallest bell", "bell[size=small:most]", {"look"}),
        ("A drummer", None, {"sound"}),
        ("harp", "harp", {"look"}),
        ("The woman without glasses", "woman[!has(glasses)]", {"look"}),
        ("Where is the dog that barks?", "dog[sound=call]", {"sound"}),
        ("the car leaving the street", None, {"time"}),
        ("The object making a sound by singing.", "object[sound=sing]", {"sound"}),
        ("The man talking to the woman", "man[sound=speak(woman)]", {"sound"}),
        ("The girl looking at the cat", "girl[does=look(cat)]", {"look"}),
        ("The chair with a cat on it", "chair[has(cat[place=on(it)])]", {"look"}),
        ("The flute is playing by a boy", "flute[by=play(boy)]", {"sound"}),
        ("The boy by the window", "boy[place=near(window)]", {"place"}),
        ("The wearing red and sounding boy", "boy[has(clothes[colour=red]), sound=any]", {"look", "sound"}),
        ("the harp the boy in white is playing", "harp[by=play(boy[has(clothes[colour=white])])]", None),
        ("What is the tall girl holding?", "object[by=hold(girl[size=big])]", {"look"}),
        ("Which flute is the louder one?", "flute[sound=loud:more]", {"sound"}),
        ("The singing woman's harp", "harp[look=of(woman[sound=sing])]", None),
        ("The bell held in the girl's left hand", "bell[by=hold(girl[has(hand[place=left])])]", None),
        ("the boy wearing a cap on the left", "boy[has(cap), place=left]", {"look", "place"}),
        ("the boy without a cap holding a flute", "boy[!has(cap), does=hold(flute)]", {"look"}),
        ("The second boy from the right", "boy[place=right:second]", {"place"}),
        ("The boy who is not on the left", "boy[!place=left]", {"place"}),
        ("the boy playing flute, not the one singing", "boy[does=play(flute), !sound=sing]", {"sound"}),
        ("the bell louder than the harp but quieter than the drum", None, {"sound"}),
        (
            "The object to the left of the man singing and playing the harp",
            "object[place=left(man[sound=sing, does=play(harp)])]",
            {"sound", "place"},
        ),
        ("The long hair boy in a hat", "boy[has(hair[size=long]), has(hat)]", {"look"}),
        ("the dog barking after the woman stops singing", None, {"sound", "time"}),
    ],
)
def test_a_sentence_is_read_into_its_parts(text, reading, leans_on):
    found = read(text)
    assert leans_on is None or cues(found) == leans_on
    assert reading is None or str(found) == reading


def test_each_part_names_the_words_it_came_from():
    text = "The small guitar on the far left of the man wearing a hat."
    size, place = read(text).things[0].parts
    assert (size.words, place.words) == ("small", "on the far left of the man wearing a hat")
    assert all(text[slice(*part.at)] == part.words for part in (size, place, *place.of[0].parts))
    assert place.degree == "most"


def test_slips_of_the_pen_are_mended_and_reported():
    found = read("The obiect making a louder valume than the saxphone")
    assert str(found) == "object[sound=loud:more(saxophone)]"
    assert ("valume", "volume") in found.spelled


def test_unknown_words_are_said_not_to_be_understood():
    found = read("The blorptronic near the quibbling zzz")
    assert "blorptronic" in found.unread
    assert found.things[0].head.known is False


def test_what_is_left_out_is_said_not_to_be_understood_and_is_never_the_answer():
    found = read("The loudest object except the drum")
    assert str(found) == "object[sound=loud:most]"
    assert found.unread == ("except", "the", "drum")


def test_what_is_said_twice_counts_once_and_keeps_all_its_words():
    (sound, always) = read("The bell that keeps making sound at all times").things[0].parts
    assert (sound.kind, always.kind) in (("sound", "time"), ("time", "sound"))
    (sung,) = read("The object making a sound by singing").things[0].parts
    assert sung.words == "making a sound by singing"


@pytest.mark.parametrize("text", ["NO.", "...", "1234", "!?", "the of and"])
def test_a_sentence_that_says_nothing_has_no_things_and_a_note(text):
    found = read(text) if text != "..." else read(". x .")
    assert found.note or found.unread
    assert text == "..." or (found.things == () and found.note)


def test_chinese_is_recognised_and_answered_in_words():
    found = read("正在发出声音的狗")
    assert found.things == ()
    assert "Chinese" in found.note
    assert "English" in found.note


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("   \n", "empty"),
        ("word " * 900, "at most 200 words"),
        ("x" * 5_001, "at most 5,000 characters"),
        ("<script>alert(1)</script>", "markup"),
    ],
)
def test_what_is_no_expression_is_refused_in_one_clear_sentence(text, says):
    with pytest.raises(RefavsError, match=says):
        read(text)


_WORDS = [
    "the",
    "a",
    "man",
    "dog",
    "left",
    "of",
    "and",
    "by",
    "being",
    "played",
    "near",
    "with",
    "in",
    "not",
    "than",
    "red",
    "sounding",
    "to",
    "making",
    "sound",
    "louder",
    "first",
    "that",
    "on",
    "wearing",
    "hat",
    "between",
]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(_WORDS), max_size=30))
def test_any_order_of_known_words_is_read(words):
    text = " ".join(["object", *words])
    for part in (p for thing in read(text).things for p in thing.deep()):
        assert part.words in text


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_in_words(text):
    found, refused = None, ""
    try:
        found = read(text)
    except RefavsError as error:
        refused = str(error)
    assert refused or (found is not None and (found.things or found.note))
