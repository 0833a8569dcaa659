"""What is said of a sentence while it is written."""

import pytest

from core.expressions.checks import Candidate, Said, check


def kinds(checked, level=None):
    return [remark.kind for remark in checked.remarks if level in (None, remark.level)]


def test_a_good_sentence_is_normalised_tagged_and_let_through():
    checked = check("  The  “red” car on the left that is the first to make a loud sound ", objects=["a"])
    assert checked.text == 'The "red" car on the left that is the first to make a loud sound.'
    assert checked.cues == ("sound", "look", "place", "time")
    assert checked.fit
    assert kinds(checked, "refuse") == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "empty"),
        (" .\n", "empty"),
        ("NO.", "says-nothing"),
        ("none", "says-nothing"),
        ("Dog.", "one-word"),
        ("word " * 26, "too-long"),
        ("x" * 6000, "unreadable"),
        ("The <b>dog</b> that barks.", "unreadable"),
    ],
)
def test_what_is_no_sentence_is_refused(text, kind):
    checked = check(text, objects=["a"])
    assert kind in kinds(checked, "refuse")
    assert not checked.fit


def test_twenty_five_words_pass_and_one_word_with_a_cue_passes():
    long = "The man on the left of the woman with the red guitar and the white hat who sings a song and who"
    assert len(long.split()) == 22
    assert "too-long" not in kinds(check(f"{long} plays it loudly.", objects=["a"]))
    assert "too-long" in kinds(check(f"{long} plays it very loudly.", objects=["a"]))
    assert "one-word" not in kinds(check("Loudest.", objects=["a"]))


def test_the_same_sentence_on_the_same_object_is_refused_whatever_its_case():
    others = [Said("the LOUDEST  dog", ("a",))]
    checked = check("The loudest dog.", objects=["a"], others=others)
    assert kinds(checked, "refuse") == ["said-already"]


def test_the_same_sentence_on_another_object_is_refused_but_not_for_a_plural_pair():
    others = [Said("The dog that barks.", ("b",))]
    assert kinds(check("The dog that barks.", objects=["a"], others=others), "refuse") == ["true-of-two"]
    assert check("The dog that barks.", objects=["a", "b"], others=others).fit


def test_a_rival_that_fits_almost_as_well_is_warned_of_but_not_for_a_plural_pair():
    close = [Candidate("a", 0.9, "the left dog"), Candidate("b", 0.8, "the right dog")]
    far = [Candidate("a", 0.9), Candidate("b", 0.3)]
    other = [Candidate("b", 0.9, "the right dog"), Candidate("a", 0.2)]
    text = "The dog that barks."
    assert "true-of-two" in kinds(check(text, objects=["a"], candidates=close), "warn")
    assert "the right dog" in check(text, objects=["a"], candidates=close).remarks[0].words
    assert kinds(check(text, objects=["a"], candidates=far), "warn") == []
    assert "finds-another" in kinds(check(text, objects=["a"], candidates=other), "warn")
    assert kinds(check(text, objects=["a", "b"], candidates=close), "warn") == []


def test_naming_the_category_is_shown_and_refuses_nothing():
    checked = check("The hair dryers on the table.", objects=["a"], categories=["hair-dryer"])
    assert "names-category" in kinds(checked, "note")
    assert checked.fit
    assert "names-category" not in kinds(
        check("The category on the table.", objects=["a"], categories=["cat"])
    )


def test_a_null_sentence_says_why_nothing_fits():
    assert kinds(check("The tuba that plays.", in_clip=["dog"]), "refuse") == ["no-reason"]
    assert check("The tuba that plays.", in_clip=["dog"], null_kind="absent").fit
    assert not check("The tuba that plays.", null_kind="because").fit


def test_a_null_sentence_must_be_wrong_for_every_object():
    said = [Said("The barking dog.", ("a",))]
    assert kinds(check("The barking dog.", others=said, null_kind="silent"), "refuse") == ["null-is-true"]
    assert kinds(check("The dog.", in_clip=["Dog"], null_kind="silent"), "refuse") == ["null-is-true"]
    assert check("The dog that sings.", in_clip=["dog"], null_kind="silent").fit
    finds = [Candidate("a", 0.7, "the white dog")]
    assert kinds(check("The tuba.", null_kind="absent", candidates=finds), "warn") == ["null-is-true"]
    nothing = [Candidate(None, 0.7)]
    assert kinds(check("The tuba.", null_kind="absent", candidates=nothing), "warn") == []


def test_a_sentence_that_is_null_here_cannot_fit_something_too():
    said = [Said("The barking dog.")]
    assert kinds(check("The barking dog.", objects=["a"], others=said), "refuse") == ["true-of-two"]
    assert kinds(check("The barking dog.", others=said, null_kind="silent"), "refuse") == ["said-already"]


def test_the_published_defects_are_found(shared):
    from core.datasets.refavs import Dataset

    rows = Dataset(shared / "ref-avs").rows
    unsaid = [row for row in rows if row.exp == "NO."]
    assert len(unsaid) == 103
    assert all(kinds(check(row.exp, objects=[row.fid]), "refuse") == ["says-nothing"] for row in unsaid)
    some = [row for row in rows if row.exp != "NO."][::20]
    fit = [check(row.exp, objects=[row.fid]).fit for row in some]
    assert sum(fit) > 0.97 * len(some)
