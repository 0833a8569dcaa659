"""Other sound in place of a clip's own."""

import numpy as np
import pytest

from core.errors import RefavsError
from core.evaluation.sounds import Donor, groups, parse_audio, replaced


class Silent:
    """A clip of two seconds, as far as sound goes."""

    duration = 2.0

    def __init__(self, level=None):
        self.level = level

    def with_audio(self, samples, rate):
        return samples, rate

    def audio(self, rate):
        return None if self.level is None else np.full(2 * rate, self.level, dtype=np.float32)


def donor(name, level, *categories):
    return Donor(name, categories, lambda: Silent(level))


def test_normal_sound_is_the_clip_itself():
    clip = Silent()
    assert replaced(clip, parse_audio("normal"), "a", [], "k") is clip


def test_mute_is_silence_of_the_clips_length():
    samples, rate = replaced(Silent(), parse_audio("mute"), "a", [], "k")
    assert len(samples) == 2 * rate
    assert not samples.any()


@pytest.mark.parametrize("level", [0, 10, 40])
def test_noise_has_the_level_that_was_asked_for_and_is_white(level):
    samples, _ = replaced(Silent(), parse_audio(f"noise:{level}"), "a", [], "k")
    assert 20 * np.log10(np.sqrt(np.mean(samples.astype(float) ** 2))) == pytest.approx(-level, abs=0.01)
    power = np.abs(np.fft.rfft(samples))[1:] ** 2
    assert power[: len(power) // 2].mean() == pytest.approx(power[len(power) // 2 :].mean(), rel=0.1)


def test_noise_is_the_same_for_the_same_row_and_other_for_another():
    first, again, other = (replaced(Silent(), parse_audio("noise:10"), "a", [], k)[0] for k in "kkj")
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("words", ["loud", "noise", "noise:", "noise:-3", "noise:x", ""])
def test_other_words_are_refused(words):
    with pytest.raises(RefavsError, match="normal, mute, offscreen or noise:DB"):
        parse_audio(words)


def test_off_screen_sound_comes_from_a_distant_group_then_another_category_then_another_clip():
    near, far = donor("near", 0.1, "piano"), donor("far", 0.2, "dog")
    own = donor("own", 0.3, "violin")
    audio = parse_audio("offscreen")
    assert replaced(Silent(), audio, "own", [own, near, far], "k")[0][0] == np.float32(0.2)
    assert replaced(Silent(), audio, "own", [own, near], "k")[0][0] == np.float32(0.1)
    twin = donor("twin", 0.4, "violin")
    assert replaced(Silent(), audio, "own", [own, twin], "k")[0][0] == np.float32(0.4)
    assert replaced(Silent(), audio, "own", [own, twin, near], "k")[0][0] == np.float32(0.1)


def test_a_clip_without_sound_is_no_donor_and_a_lone_clip_has_none():
    own, dumb = donor("own", 0.3, "violin"), donor("dumb", None, "dog")
    with pytest.raises(RefavsError, match="no second clip with sound"):
        replaced(Silent(), parse_audio("offscreen"), "own", [own, dumb], "k")
    with pytest.raises(RefavsError, match="no second clip with sound"):
        replaced(Silent(), parse_audio("offscreen"), "own", [own], "k")


def test_names_of_all_layouts_fall_into_their_groups():
    assert groups(["playing_violin", "guitar"]) == {"music"}
    assert groups(["dog_barking", "mynah_bird_singing", "lions_roaring", "horse_clip-clop"]) == {"animal"}
    assert groups(["female_singing", "baby_laughter", "male_speech", "woman"]) == {"human"}
    assert groups(["chainsawing_trees", "emergency-car", "race_car"]) == {"device"}
