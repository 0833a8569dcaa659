"""A folder of frames and a wav is a video of one frame a second."""

import wave

import makers
import numpy as np
import pytest
from PIL import Image

import core.media as media
from core.errors import MediaError


def test_a_folder_opens_as_one_frame_a_second_with_its_sound(tmp_path):
    sound = makers.beeps(12.0, [3.0, 11.5], rate=16000)
    video = media.open(makers.make_folder(tmp_path / "v_0_10000", frames=12, sound=sound))
    clip = video.clip()
    assert video.pts.tolist() == list(range(12))
    assert video.size == makers.SIZE
    assert clip.duration == 12
    assert [makers.read_barcode(frame) for frame in clip.frames()] == list(range(12))  # 10.jpg after 9.jpg
    assert makers.read_barcode(clip.frame(11)) == 11
    assert clip.audio(16000) == pytest.approx(sound, abs=1e-3)
    assert video.clip(3, 3).audio(16000) == pytest.approx(sound[48000:64000], abs=1e-3)
    assert not media.playable(video)


def test_frames_may_lie_in_the_folder_itself_and_sound_may_be_missing(tmp_path):
    for i in range(3):
        Image.fromarray(makers.barcode(i)).save(tmp_path / f"0000{i}.png")
    video = media.open(tmp_path)
    assert len(video) == 3
    assert video.clip().audio(16000) is None
    assert np.array_equal(video.clip().frame(2), makers.barcode(2))


def test_shorter_sound_is_padded(tmp_path):
    video = media.open(makers.make_folder(tmp_path / "v", frames=3, sound=makers.tone(1.5, rate=16000)))
    samples = video.clip().audio(16000)
    assert len(samples) == 48000
    assert np.abs(samples[25000:]).max() == 0


@pytest.mark.parametrize("channels", [1, 2, 3, 6, 8, 10])
def test_any_number_of_channels_is_heard(tmp_path, channels):
    folder = makers.make_folder(tmp_path / "v", frames=2)
    tone = (makers.tone(2.0, rate=16000, level=0.5) * 32767).astype("<i2")
    with wave.open(str(folder / "audio.wav"), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(np.repeat(tone, channels).tobytes())
    assert np.abs(media.open(folder).clip().audio(16000)).max() == pytest.approx(0.5, abs=0.01)


def test_the_identity_follows_from_frames_and_sound(tmp_path):
    a = media.open(makers.make_folder(tmp_path / "a", frames=3, sound=makers.tone(3, rate=16000)))
    b = media.open(makers.make_folder(tmp_path / "b", frames=3, sound=makers.tone(3, rate=16000)))
    c = media.open(makers.make_folder(tmp_path / "c", frames=3))
    assert a.sha256 == b.sha256 != c.sha256


def test_frames_of_different_sizes_are_refused(tmp_path):
    folder = makers.make_folder(tmp_path / "v", frames=3)
    Image.fromarray(makers.barcode(1, (48, 64))).save(folder / "frames" / "1.jpg")
    with pytest.raises(MediaError, match="differ in size"):
        media.open(folder)
