"""Names of sounds: when they are heard, and what they say of a sentence."""

from dataclasses import replace
from types import SimpleNamespace

import drawn
import numpy as np
import pytest

from core import media
from core.expressions import read
from core.systems.cue import names
from core.systems.cue.listen import hear, listen
from core.systems.cue.names import REFUSED, Names, affinity, meant, name_sounds
from core.systems.cue.system import CueReasoner
from core.systems.cue.tell import listen_step
from core.systems.cue.weigh import Scene, weigh

CATEGORIES = ("silence", "dog", "helicopter", "rooster")


@pytest.fixture
def heard(monkeypatch):
    """Sets what the tagger gives, second by second: {name: chances}."""

    def give(seconds: int, **chances):
        table = np.full((seconds, len(CATEGORIES)), 0.01, np.float32)
        for name, values in chances.items():
            table[:, CATEGORIES.index(name)] = values
        tagger = SimpleNamespace(
            config=SimpleNamespace(categories=CATEGORIES, recorded=("rooster",)),
            hear=lambda samples, rate: (None, table),
        )
        monkeypatch.setattr(names, "_tagger", lambda: tagger)

    return give


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """A disc and a square, looked at, and the sound with which the disc moves, without names."""
    clip = media.open(drawn.film(tmp_path_factory.mktemp("named") / "two things.mp4")).clip(0, 124)
    looking = CueReasoner(segmenter="classical")._look(clip)
    try:
        while True:
            next(looking)
    except StopIteration as end:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("core.systems.cue.listen.name_sounds", lambda *about: names.NO_NAMES)
            return end.value, listen(clip)


def thing_and_part(sentence):
    thing = read(sentence).things[0]
    return thing, next((p for p in thing.parts if p.kind == "sound"), None)


def test_a_name_is_heard_within_the_events_of_its_seconds(heard):
    heard(5, dog=[0.1, 0.93, 0.1, 0.1, 0.7], silence=[0, 0, 1, 1, 0])
    found = name_sounds(np.zeros(1), 1, [(0.2, 0.5), (1.2, 1.7), (4.1, 5.0)]).heard
    assert [str(one) for one in found] == ["dog 0.93 at 1.2-1.7 s", "dog 0.70 at 4.1-5.0 s"]


def test_seconds_side_by_side_are_one_stretch(heard):
    heard(3, helicopter=[0.75, 0.8, 0.7])
    assert [str(n) for n in name_sounds(np.zeros(1), 1, [(0, 3)]).heard] == ["helicopter 0.80 at 0.0-3.0 s"]


def test_the_mean_leaves_silent_seconds_out_and_silence_is_no_name(heard):
    heard(4, dog=[0.8, 0.6, 0, 0], silence=[0, 0, 0.9, 0.9])
    found = name_sounds(np.zeros(1), 1, [(0, 2)])
    assert found.mean["dog"] == pytest.approx(0.7)
    assert found.most["dog"] == pytest.approx(0.8)
    assert "silence" not in found.mean


def test_without_events_nothing_has_a_name(heard):
    heard(2, dog=[0.9, 0.9])
    assert name_sounds(np.zeros(1), 1, []) == names.NO_NAMES


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("The sounding dog.", {"dog"}),
        ("The object making a sound by barking.", {"dog"}),
        ("The helicopter making a continuous sound.", {"helicopter"}),
        ("The cat that is meowing.", {"cat"}),
        ("The sounding piano.", {"piano", "keyboard"}),
        ("The dog on the left.", None),
        ("The silent dog.", set()),
        ("The object making a sound.", set()),
        ("The harp making the loudest sound.", set()),
    ],
)
def test_only_a_sound_that_is_named_and_known_is_meant(sentence, expected):
    thing, part = thing_and_part(sentence)
    known = dict.fromkeys(("dog", "cat", "helicopter", "piano", "keyboard"), 0.0)
    found = None if part is None else meant(thing, part, Names((), known, known))
    assert found == expected


@pytest.mark.parametrize(
    ("dog", "cat", "helicopter", "score"),
    [
        (0.9, 0.1, 0.1, 1.0),
        (0.9, 0.9, 0.9, 1.0),
        (0.01, 0.8, 0.1, REFUSED),  # another thing of its kind
        (0.01, 0.1, 0.9, REFUSED),  # something else all the time
        (0.01, 0.1, 0.8, None),
        (0.3, 0.9, 0.9, None),
    ],
)
def test_a_named_sound_counts_only_when_it_is_clear(dog, cat, helicopter, score):
    heard = {"dog": dog, "cat": cat, "helicopter": helicopter}
    got, why = affinity(*thing_and_part("The sounding dog."), Names((), heard, heard))
    assert got == score
    assert bool(why) == (score is not None)


@pytest.mark.parametrize(("rooster", "score"), [(0.04, REFUSED), (0.06, None)])
def test_a_name_that_can_be_trusted_needs_no_other_in_its_place(rooster, score):
    heard = {"rooster": rooster, "dog": 0.1}
    found = Names((), heard, heard, trusted=("rooster",))
    assert affinity(*thing_and_part("The rooster making a sound."), found)[0] == score


def test_what_was_not_listened_to_says_nothing():
    assert affinity(*thing_and_part("The sounding dog."), names.NO_NAMES) == (None, "")


def test_the_step_tells_the_names_and_when(heard):
    heard(3, dog=[0.05, 0.93, 0.05])
    samples = np.random.default_rng(0).normal(size=48000).astype(np.float32) * 0.001
    t = np.arange(8000) / 16000
    samples[17600:25600] += (0.3 * np.sin(2 * np.pi * 500 * t)).astype(np.float32)
    step = listen_step(hear(samples, 16000))
    assert "heard: dog 0.93 at 1." in step.words
    (named,) = step.evidence["names"]
    assert named["name"] == "dog"
    assert named["start"] == pytest.approx(1.1, abs=0.1)


def test_silence_is_not_sent_to_the_tagger(monkeypatch):
    monkeypatch.setattr(names, "_tagger", lambda: pytest.fail("listened to silence"))
    assert hear(np.zeros(32000, np.float32), 16000).names == names.NO_NAMES


@pytest.mark.parametrize("tied", [True, False])
def test_a_heard_name_lifts_what_moves_with_the_sound_and_another_lowers_all(tied, film):
    looked, hearing = film
    thing, _ = thing_and_part("The sounding dog.")

    def best(**chances):
        found = Names((), chances, chances)
        scene = Scene(looked.sight, replace(hearing, names=found), list(looked.candidates))
        for one in scene.candidates:
            scene.matches[one.id] = replace(scene.matches[one.id], goes=0.5 if tied else 0.0)
        return weigh(thing, scene)[0].score

    unsaid = best(dog=0.3, helicopter=0.9)
    assert (best(dog=0.9, helicopter=0.1) > unsaid) == tied
    assert best(dog=0.01, helicopter=0.9) < 0.5 * unsaid
