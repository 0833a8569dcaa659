"""What the page is told of a step: the times and the candidates that its evidence names."""

import numpy as np
import pytest

from app import work
from app.sound import outline
from app.work import _step
from core.systems.protocol import Referral, Step


def test_times_and_spans_of_what_was_heard_are_told():
    evidence = {"times": [0.5, 2], "events": [{"start": 0.5, "end": 0.9, "dbfs": -20.0}]}
    step = _step(Step("listen", "Heard one sound.", evidence))
    assert (step["times"], step["spans"], step["speaks_of"]) == ([0.5, 2.0], [[0.5, 0.9]], [])


def test_looking_tells_its_candidates_and_not_the_times_it_looked_at():
    one = {"id": 4, "box": [0.1, 0.2, 0.3, 0.4], "present": [0.0, 1.0], "worth": 0.5}
    step = _step(Step("look", "Saw one thing.", {"times": [0.0, 1.0], "candidates": [one]}))
    assert step["times"] == []
    assert step["candidates"] == [{"id": 4, "box": [0.1, 0.2, 0.3, 0.4], "present": [0.0, 1.0]}]
    assert step["speaks_of"] == [4]


@pytest.mark.parametrize(
    ("kind", "evidence", "expected"),
    [
        ("answer", {"objects": [3, 1]}, [3, 1]),
        ("match", {"matches": {"2": {"goes": 0.1}, "5": {"goes": 0.7}}, "times": [1.0]}, [5]),
        ("match", {"matches": {"2": {"goes": 0.1}}}, []),
        ("reflect", {"checks": [{"object": 3}], "refused": [{"candidate": 7, "why": "x"}]}, [3, 7]),
    ],
)
def test_step_speaks_of_the_candidates_of_its_evidence(kind, evidence, expected):
    assert _step(Step(kind, "Words.", evidence))["speaks_of"] == expected


def test_timeline_of_the_sound_has_its_beginnings_and_how_loud_it_is(tmp_path):
    import makers

    from core import media

    sound = makers.beeps(3, (0.5, 1.5), length=0.2, hertz=600)
    clip = media.open(makers.make_clip(tmp_path / "beeps.mp4", frames=75, sound=sound)).clip()
    told = outline(clip)
    assert told["onsets"] == pytest.approx([0.5, 1.5], abs=0.04)
    loud = np.array(told["loud"])
    at = np.arange(len(loud)) / len(loud) * 3
    assert loud[(at > 0.55) & (at < 0.65)].min() > loud[(at > 1.0) & (at < 1.4)].max()
    assert len(told["peaks"]) == 1600


def test_clip_without_sound_has_an_empty_timeline_of_sound(clip):
    assert outline(clip) == {"peaks": [], "loud": [], "onsets": []}


def test_spectrogram_is_strong_where_and_when_the_tone_is(tmp_path):
    import makers

    from app.sound import BANDS, COLUMNS, HIGHEST, spectrogram
    from core import media

    sound = makers.beeps(3, (1.0,), length=0.5, hertz=1000)
    clip = media.open(makers.make_clip(tmp_path / "tone.mp4", frames=75, sound=sound)).clip()
    picture = spectrogram(clip)
    assert picture.shape == (BANDS, COLUMNS)
    mel = lambda hertz: np.log10(1 + hertz / 700)  # noqa: E731
    row = BANDS - 1 - round(mel(1000) / mel(HIGHEST) * (BANDS + 1) - 1)
    beep, rest = picture[:, COLUMNS * 11 // 30 : COLUMNS * 14 // 30], picture[:, COLUMNS * 18 // 30 :]
    assert abs(int(beep.mean(axis=1).argmax()) - row) <= 1
    assert beep[row].min() > 200
    assert rest[row].max() < 100


def test_spectrogram_without_sound_is_empty(clip):
    from app.sound import spectrogram

    assert not spectrogram(clip).any()


def test_verdict_ranks_what_was_chosen_before_the_rest_and_leaves_out_what_was_refused():
    evidence = {"objects": [5], "scores": [{"2": 0.9, "5": 0.7, "3": 0.2, "8": 0.6}]}
    refused = Step("reflect", "So.", {"refused": [{"candidate": 2, "why": "silent"}]}, 1.0)
    found = Referral((), (), None, (Step("answer", "Chose 5.", evidence, 0.9), refused))
    assert work._verdict(found)["ranked"] == [[5, 0.7], [8, 0.6], [3, 0.2]]
    nothing = Step("answer", "Nothing.", evidence | {"objects": []}, 0.9)
    assert work._verdict(Referral((), (), None, (nothing,)))["ranked"][0] == [None, 1.0]
    assert work._verdict(Referral((), (), None, ()))["ranked"] == []
