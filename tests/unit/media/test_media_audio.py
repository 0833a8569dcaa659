"""Sound: in time with the picture, at any rate, in any shape, and only the part that is asked for."""

import makers
import numpy as np
import pytest

import core.media as media
from core.errors import MediaError

RATE = 16000


def starts(samples: np.ndarray, rate: int = RATE) -> list[float]:
    """Seconds at which a beep starts after at least 50 ms of quiet."""
    loud = np.flatnonzero(np.abs(samples) > 0.15)
    begins = loud[np.flatnonzero(np.diff(loud, prepend=-rate) > 0.05 * rate)]
    return (begins / rate).tolist()


def noise(seconds: float, rate: int = 48000) -> np.ndarray:
    """Band-limited noise: no two moments of it are alike."""
    raw = np.random.default_rng(0).normal(size=round(seconds * rate) + 14)
    kernel = np.hanning(17)[1:-1]
    return (0.4 * np.convolve(raw, kernel / kernel.sum(), "valid")).astype(np.float32)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("a.mp4", {}),
        ("b.mp4", dict(options=makers.B_FRAMES, start=0.5, sound_start=0.5)),
        ("c.mkv", dict(rate=makers.RATES["29.97"])),
        ("d.mpg", dict(codec="mpeg1video", options={"bf": "2"})),
        ("e.webm", dict(codec="libvpx-vp9", options=makers.QUICK_VP9)),
    ],
)
def test_flash_and_beep_fall_on_the_same_frame(tmp_path, name, settings):
    at = [0.0, 0.8, 1.6]
    clip = media.open(makers.flash_and_beep(tmp_path / name, at, **settings)).clip()
    white = np.array([makers.read_flash(frame) for frame in clip.frames()])
    flashes = clip.times[np.flatnonzero(np.diff(white.astype(int), prepend=0) == 1)]
    beeps = starts(clip.audio(RATE))
    assert len(beeps) == len(flashes) == 3
    assert flashes == pytest.approx(beeps, abs=1 / clip.video.rate)


def test_sound_that_starts_later_is_preceded_by_silence(tmp_path):
    sound = makers.beeps(1.0, [0.2])
    for name in ("a.mp4", "a.mkv"):
        path = makers.make_clip(tmp_path / name, frames=50, start=0.5, sound=sound, sound_start=0.9)
        samples = media.open(path).clip().audio(RATE)
        assert starts(samples) == pytest.approx([0.6], abs=0.01)
        assert np.abs(samples[: round(0.35 * RATE)]).max() < 0.01


def test_sound_before_the_first_frame_is_left_out(tmp_path):
    path = makers.make_clip(tmp_path / "a.mp4", frames=50, start=0.5, sound=makers.beeps(2.4, [0.1, 1.0]))
    assert starts(media.open(path).clip().audio(RATE)) == pytest.approx([0.5], abs=0.01)


def test_shorter_sound_ends_in_silence_and_longer_sound_with_the_last_frame(tmp_path):
    short = media.open(makers.make_clip(tmp_path / "a.mp4", frames=50, sound=makers.tone(0.8))).clip()
    samples = short.audio(RATE)
    assert len(samples) == 2 * RATE
    assert np.abs(samples[: round(0.7 * RATE)]).max() > 0.2
    assert np.abs(samples[round(0.9 * RATE) :]).max() == 0
    long = media.open(makers.make_clip(tmp_path / "b.mp4", frames=50, sound=makers.tone(3.0))).clip()
    assert len(long.audio(RATE)) == 2 * RATE


def test_without_a_sound_track_there_is_none(tmp_path):
    assert media.open(makers.make_clip(tmp_path / "a.mp4")).clip().audio(RATE) is None


@pytest.mark.parametrize("rate", [8000, 96000])
def test_low_and_high_rates_keep_pitch_and_level(tmp_path, rate):
    sound = makers.tone(2.0, hertz=500, rate=rate)
    path = makers.make_clip(tmp_path / "a.mp4", frames=50, sound=sound, sound_rate=rate)
    samples = media.open(path).clip().audio(RATE)
    spectrum = np.abs(np.fft.rfft(samples[RATE // 2 : RATE // 2 + RATE]))
    assert spectrum.argmax() == 500
    assert np.abs(samples[4000:-4000]).max() == pytest.approx(0.3, abs=0.03)


def test_the_channels_of_5_1_are_averaged_without_the_bass_channel(tmp_path):
    silent, loud = np.zeros(96000, np.float32), makers.tone(2.0, hertz=500)
    surround = np.stack([loud, silent, loud, loud * 0, silent, silent])  # FL FR FC LFE BL BR
    path = makers.make_clip(tmp_path / "a.mkv", frames=50, sound=surround, sound_codec="flac")
    samples = media.open(path).clip().audio(RATE)
    assert np.abs(samples[4000:-4000]).max() == pytest.approx(0.3 * 2 / 5, abs=0.01)
    bass = np.stack([silent, silent, silent, makers.tone(2.0, hertz=60), silent, silent])
    path = makers.make_clip(tmp_path / "b.mkv", frames=50, sound=bass, sound_codec="flac")
    assert np.abs(media.open(path).clip().audio(RATE)).max() < 0.01


@pytest.mark.parametrize(
    ("name", "settings"),
    [("a.mp4", {}), ("a.mkv", dict(sound_codec="libopus")), ("b.mkv", dict(sound_codec="libmp3lame"))],
)
def test_a_part_sounds_like_the_same_part_of_the_whole(tmp_path, name, settings):
    path = makers.make_clip(tmp_path / name, frames=100, sound=noise(4.0), **settings)
    video = media.open(path)
    whole = video.clip().audio(48000)
    part = video.clip(70, 90)
    first = round((part.start - video.start) * 48000)
    samples = part.audio(48000)[100:-100]
    # Matroska stamps sound in whole milliseconds, so a part may lie one beside.
    shifts = range(-48, 49) if name.endswith("mkv") else [0]
    apart = [np.abs(samples - whole[first + 100 + s :][: len(samples)]).mean() for s in shifts]
    assert min(apart) < 0.005
    assert np.abs(samples).mean() > 0.05


def test_a_part_of_a_long_file_needs_only_the_sound_around_it(tmp_path, monkeypatch):
    from core.media import audio

    path = makers.make_clip(tmp_path / "a.mp4", frames=100, rate=makers.RATES["25"] / 10, sound=noise(40.0))
    seen = []
    original = audio._frames

    def noted(*args):
        for time, frame in original(*args):
            seen.append(time)
            yield time, frame

    monkeypatch.setattr(audio, "_frames", noted)
    media.open(path).clip(50, 60).audio(RATE)
    assert 18.5 < min(seen) < max(seen) < 25


def test_sound_of_the_whole_is_exact_to_the_sample(tmp_path):
    sound = noise(2.0)
    path = makers.make_clip(tmp_path / "a.mkv", frames=50, sound=sound, sound_codec="pcm_s16le")
    assert media.open(path).clip().audio(48000) == pytest.approx(sound, abs=1e-4)


def test_other_sound_takes_the_place_of_the_own(tmp_path):
    clip = media.open(makers.make_clip(tmp_path / "a.mp4", frames=50, sound=makers.tone(2.0))).clip(10, 34)
    mute = clip.with_audio(np.zeros(100), 8000)
    assert mute.audio(RATE).tolist() == [0.0] * RATE
    assert (mute.first, mute.last) == (10, 34)
    other = clip.with_audio(makers.beeps(3.0, [0.25], rate=44100), 44100)
    assert len(other.audio(RATE)) == RATE
    assert starts(other.audio(RATE)) == pytest.approx([0.25], abs=0.005)
    assert np.abs(clip.audio(RATE)).max() > 0.2
    with pytest.raises(MediaError, match="mono"):
        clip.with_audio(np.zeros((100, 2)), 8000)


def test_resampling_keeps_length_and_time():
    from core.media.audio import resample

    sound = makers.beeps(1.0, [0.5], rate=44100)
    out = resample(sound, 44100, 16000)
    assert len(out) == 16000
    assert starts(out) == pytest.approx([0.5], abs=0.002)
    assert resample(sound, 44100, 44100) is not sound
