"""The cue reasoner on a drawn film whose answers are known."""

import time
from collections.abc import Iterator

import drawn
import numpy as np
import pytest

from core import media
from core.errors import RefavsError
from core.media import Clip
from core.systems import Referral, Step
from core.systems.cue.system import CueReasoner


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Clip:
    return media.open(drawn.film(tmp_path_factory.mktemp("drawn") / "two things.mp4")).clip()


@pytest.fixture(scope="module")
def reasoner() -> CueReasoner:
    return CueReasoner(segmenter="classical")


def ask(reasoner: CueReasoner, clip: Clip, expression: str | None) -> Referral:
    items = list(reasoner.refer(clip, expression))
    assert isinstance(items[-1], Referral)
    assert [item.words for item in items if isinstance(item, Step) and item.words] == [
        s.words for s in items[-1].steps
    ]
    return items[-1]


def overlap(clip: Clip, answer: Referral, thing: int) -> float:
    """Mean IoU of the answer's only object with the disc (0) or the square (1)."""
    (found,) = answer.objects
    shares = []
    for index in answer.indices:
        pixels, right = found.track.masks[index].decode(), drawn.truth(index / drawn.RATE)[thing]
        shares.append((pixels & right).sum() / (pixels | right).sum())
    return float(np.mean(shares))


def test_the_thing_that_moves_with_the_sound_is_the_one_that_sounds(reasoner, clip):
    assert overlap(clip, ask(reasoner, clip, "The object making a sound."), 0) >= 0.6


def test_another_sound_points_to_the_other_thing(reasoner, clip):
    other = clip.with_audio(drawn.sound(drawn.SQUARE_AT), drawn.SOUND_RATE)
    assert overlap(other, ask(reasoner, other, "The object making a sound."), 1) >= 0.6


def test_without_a_sentence_everything_that_sounds_is_meant(reasoner, clip):
    assert overlap(clip, ask(reasoner, clip, None), 0) >= 0.6


@pytest.mark.parametrize(
    ("expression", "thing"),
    [
        ("The red object.", 0),
        ("The blue thing on the right.", 1),
        ("The object on the left.", 0),
        ("The silent thing.", 1),
    ],
)
def test_colour_place_and_silence_choose(reasoner, clip, expression, thing):
    assert overlap(clip, ask(reasoner, clip, expression), thing) >= 0.6


def test_a_sentence_that_leans_on_sound_fits_nothing_when_nothing_is_heard(reasoner, clip):
    mute = clip.with_audio(np.zeros(1000, np.float32), 16_000)
    answer = ask(reasoner, mute, "The object making the loudest sound.")
    assert answer.objects == ()
    assert "nothing can be heard" in answer.steps[-2].words


def test_white_noise_is_no_sound_of_a_thing(reasoner, clip):
    hiss = np.random.default_rng(0).normal(0, 0.1, drawn.SECONDS * 16_000).astype(np.float32)
    answer = ask(reasoner, clip.with_audio(hiss, 16_000), "The object making a sound.")
    assert answer.objects == ()
    assert "hiss" in answer.steps[-2].words


def test_a_colour_that_is_not_there_fits_nothing(reasoner, clip):
    answer = ask(reasoner, clip, "The green object on the left.")
    assert answer.objects == ()
    assert "Nothing fits because" in answer.steps[-2].words


@pytest.mark.parametrize(("expression", "says"), [("NO.", "not understood"), ("正在发出声音的狗", "English")])
def test_what_cannot_be_read_fits_nothing_and_says_so(reasoner, clip, expression, says):
    answer = ask(reasoner, clip, expression)
    assert answer.objects == ()
    assert says in answer.steps[-1].words


def test_markup_is_refused(reasoner, clip):
    with pytest.raises(RefavsError, match="markup"):
        list(reasoner.refer(clip, "<b>the dog</b>"))


def test_the_steps_carry_evidence_that_json_can_hold(reasoner, clip):
    import json

    answer = ask(reasoner, clip, "The object making a sound.")
    assert [step.kind for step in answer.steps] == ["read", "look", "listen", "match", "answer", "reflect"]
    told = {step.kind: json.loads(json.dumps(dict(step.evidence))) for step in answer.steps}
    assert len(told["listen"]["events"]) == len(drawn.DISC_AT)
    starts = [event["start"] for event in told["listen"]["events"]]
    assert np.abs(np.array(starts) - drawn.DISC_AT).max() < 0.15
    chosen = told["answer"]["objects"][0]
    assert chosen in [candidate["id"] for candidate in told["look"]["candidates"]]


def test_a_second_sentence_does_not_look_again(reasoner, clip):
    ask(reasoner, clip, "The object making a sound.")
    kinds = [
        item for item in reasoner.refer(clip, "The red object.") if isinstance(item, Step) and not item.words
    ]
    assert kinds == []


def test_closing_cancels_before_the_work_is_done(clip):
    items: Iterator = CueReasoner(segmenter="classical").refer(clip, "The red object.")
    for item in items:
        if isinstance(item, Step) and not item.words:
            break
    begin = time.perf_counter()
    items.close()
    assert time.perf_counter() - begin < 1
    assert next(items, None) is None


def test_one_frame_is_enough_to_be_asked_about(reasoner, clip):
    answer = ask(reasoner, clip.video.clip(40, 40), "The red object.")
    assert answer.indices == (40,)
