"""Sentences that speak of one thing by another, on drawn scenes with known answers."""

from dataclasses import replace

import pytest
from staged import answered, scene

from core.datasets.world.drawn.looks import Look
from core.datasets.world.script import Actor, Key, Note, Script
from core.expressions import read
from core.systems.cue.answer import calibrated, choose
from core.systems.cue.weigh import Scene

SUNG = tuple(Note(t, 0.5, p) for t, p in ((0.3, 60), (1.4, 62), (2.1, 64), (3.3, 60), (4.0, 65), (5.1, 62)))


def here(x: float, y: float = 0.9, scale: float = 1.1) -> tuple[Key, ...]:
    return (Key(0, x, y, scale),)


def two_men(singer: int) -> Scene:
    """From the left: couch 0, man in blue 1, dog 2, man in green 3, couch 4; one of the men sings."""
    actors = [
        Actor(0, "couch", Look("red", 4), here(0.1, 0.93, 0.6)),
        Actor(1, "man", Look("blue", 1, "short", "brown"), here(0.34)),
        Actor(2, "dog", Look("white", 5), here(0.54, 0.93, 0.9)),
        Actor(3, "man", Look("green", 3, "short", "black"), here(0.72)),
        Actor(4, "couch", Look("red", 6), here(0.92, 0.93, 0.6)),
    ]
    man = actors[singer]
    actors[singer] = Actor(man.number, man.cast, man.look, man.path, "singing", SUNG, -20)
    return scene(Script(5, 6.0, "living-room", tuple(actors)))


@pytest.fixture(scope="module")
def left_sings() -> Scene:
    return two_men(1)


@pytest.fixture(scope="module")
def right_sings() -> Scene:
    return two_men(3)


@pytest.fixture(scope="module")
def players() -> Scene:
    """A man in blue 0 with a guitar 1, a man in red 2 with a violin 3, a dog 4 far right."""
    actors = (
        Actor(0, "man", Look("blue", 21, "short", "brown"), here(0.2), plays=1, depth=0.5),
        Actor(1, "guitar", Look("white", 3), here(0.2), depth=0.6),
        Actor(2, "man", Look("red", 8, "short", "black"), here(0.55), plays=3, depth=0.5),
        Actor(3, "violin", Look("black", 5), here(0.55), depth=0.6),
        Actor(4, "dog", Look("white", 5), here(0.88, 0.93, 0.9)),
    )
    return scene(Script(7, 4.0, "studio", actors), quiet=True)


def test_the_anchor_is_found_by_its_own_description(left_sings, right_sings):
    assert answered(left_sings, "The couch to the left of the man singing.") == [0]
    assert answered(left_sings, "The white object to the right of the man singing.") == [2]
    assert answered(right_sings, "The object to the right of the man singing.") == [4]
    assert answered(right_sings, "The man to the left of the man singing.") == [1]


def test_an_anchor_may_have_an_anchor_of_its_own(left_sings):
    assert answered(left_sings, "The object on the left of the man in blue.") == [0]
    assert answered(left_sings, "The object on the right of the man on the right of the dog.") == [4]


def test_between_two_things_is_neither_of_them(left_sings):
    assert answered(left_sings, "The object between the man in blue and the man in green.") == [2]


def test_the_second_from_the_left_is_counted_among_things_alike(left_sings):
    assert answered(left_sings, "The second object from the left.") == [1]
    assert answered(left_sings, "The second object from the right.") == [3]


def test_what_is_held_or_played_is_with_its_holder_and_not_the_holder(players):
    assert answered(players, "The object held by the man in blue.") == [1]
    assert answered(players, "The object being played by the man in red.") == [3]
    assert answered(players, "The instrument the man in red is playing.") == [3]
    assert answered(players, "The object held by the man on the left.") == [1]
    assert answered(players, "The guitar of the man in blue.") == [1]


def test_who_holds_is_a_person_with_the_thing(players):
    assert answered(players, "The man playing the black violin.") == [2]
    assert answered(players, "The man holding the white guitar.") == [0]


def test_nothing_stands_beside_itself(players):
    assert 0 not in answered(players, "The object near the man in blue.")
    assert 2 not in answered(players, "The object near the man in red.")


def with_both(players: Scene, first: int, second: int) -> Scene:
    """The scene with one more candidate 9 (actor 8): the pixels of two of its things."""
    a, b = (next(c for c in players.candidates if c.id == n + 1) for n in (first, second))
    joined = replace(a, id=9, masks=a.masks | b.masks, worth=1.5)
    return Scene(players.sight, players.hearing, [*players.candidates, joined])


def test_two_men_apart_are_not_one_man(players):
    seen = with_both(players, 0, 2)
    assert 8 not in answered(seen, "The man playing the violin.")
    assert 8 not in answered(seen, "The man on the left.")


def test_a_man_seen_together_with_what_he_holds_is_not_what_he_holds(players):
    seen = with_both(players, 0, 1)
    assert answered(seen, "The object held by the man in blue.") == [1]


def test_of_two_men_the_one_seen_with_a_thing_in_his_hands_plays(players):
    alone = Scene(players.sight, players.hearing, [c for c in players.candidates if c.id != 2])
    assert answered(alone, "The man playing the drum.") == [2]


@pytest.mark.parametrize(("lead", "right"), [(0.0, 0.0), (0.56, 0.11), (0.65, 0.2), (0.83, 0.57), (1.0, 1.0)])
def test_confidence_is_the_share_of_answers_that_are_right_on_the_world(lead, right):
    assert calibrated(lead) == pytest.approx(right, abs=0.02)


def test_a_sound_that_nothing_goes_with_is_nobody_s_and_the_reason_is_told(left_sings):
    away = replace(left_sings, matches={}, anchors={}, groups={}, candidates=list(left_sings.candidates))
    for one, found in away.matches.items():
        away.matches[one] = replace(found, goes=0.0, told=True)
    assert away.unmatched
    (thing,) = read("The man singing.").things
    choice = choose(thing, away)
    assert choice.chosen == ()
    assert "moves as the sound comes and goes" in choice.why
    assert answered(away, "The man on the left.") == [1]
