"""Loudness, onsets and outlines of known sounds."""

import makers
import numpy as np
import pytest

from core.media.sound import loudness, onsets, peaks


@pytest.mark.parametrize("rate", [8000, 16000, 44100])
def test_onsets_of_beeps_are_found_within_30_ms(rate):
    at = [0.5, 1.13, 1.9, 2.75, 4.01]
    found = onsets(makers.beeps(5.0, at, rate=rate), rate)
    assert found == pytest.approx(at, abs=0.03)


def test_onsets_stand_out_of_noise():
    at = [0.5, 1.5, 2.2, 3.6]
    sound = makers.beeps(5.0, at, rate=16000) + np.random.default_rng(0).normal(0, 0.02, 80000)
    assert onsets(sound, 16000) == pytest.approx(at, abs=0.03)


def test_a_new_note_is_an_onset_without_a_pause():
    notes = [makers.tone(1.0, hertz=hertz, rate=16000) for hertz in (330, 494, 392)]
    found = onsets(np.concatenate(notes), 16000)
    assert any(abs(t - 1) < 0.03 for t in found)
    assert any(abs(t - 2) < 0.03 for t in found)


def test_silence_a_steady_tone_and_nothing_have_no_onsets():
    assert len(onsets(np.zeros(32000), 16000)) == 0
    steady = makers.tone(3.0, rate=16000)
    assert all(t < 0.03 for t in onsets(steady, 16000))
    assert len(onsets(np.zeros(0), 16000)) == 0


@pytest.mark.parametrize("rate", [8000, 11025, 48000])
def test_loudness_is_rms_in_dbfs_every_10_ms(rate):
    sound = np.concatenate([makers.tone(1.0, rate=rate, level=1.0), np.zeros(rate)])
    values = loudness(sound, rate)
    assert len(values) == 200
    assert values[:99].mean() == pytest.approx(-3.01, abs=0.1)
    assert values[101:].tolist() == [-100.0] * 99
    assert len(loudness(np.zeros(0), rate)) == 0


def test_peaks_are_the_lowest_and_highest_of_each_part():
    sound = np.array([0, 1, -2, 3, 4, -5], dtype=np.float32)
    assert peaks(sound, 3).tolist() == [[0, 1], [-2, 3], [-5, 4]]
    assert peaks(sound, 12).shape == (12, 2)
    assert peaks(np.zeros(0), 4).tolist() == [[0, 0]] * 4
