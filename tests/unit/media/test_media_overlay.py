"""The overlay film: every frame of the clip, its masks and its sound."""

import makers
import numpy as np
import pytest

import core.media as media
from core.masks import Mask, Track
from core.media.overlay import blend, schedule, write_overlay


def strip_track(size: tuple[int, int], indices) -> Track:
    """An object in the left half of the strip under the barcode."""
    pixels = np.zeros(size, dtype=bool)
    pixels[size[0] * 13 // 16 :, : size[1] // 2] = True
    return Track(size, {i: Mask.encode(pixels) for i in indices} | {99: Mask.empty(size)})


@pytest.mark.parametrize("size", [(96, 128), (97, 131)])
def test_the_film_has_each_frame_once_with_masks_and_sound(tmp_path, size):
    path = makers.make_clip(
        tmp_path / "a.mkv",
        frames=40,
        size=size,
        rate=makers.RATES["23.976"],
        codec="mpeg4",
        options={},
        sound=makers.beeps(1.6, [0.5]),
    )
    clip = media.open(path).clip(5, 36)
    film = media.open(
        write_overlay(tmp_path / "out" / "film.mp4", clip, [strip_track(clip.size, range(10, 20))])
    )
    assert [makers.read_barcode(frame) for frame in film.clip().frames()] == list(clip.indices)
    assert film.pts == pytest.approx(clip.times, abs=0.0015)
    left = [
        frame[-8:-2, 4:40].mean(axis=(0, 1)) - clip.frame(i)[-8:-2, 4:40].mean(axis=(0, 1))
        for i, frame in zip(clip.indices, film.clip().frames(), strict=True)
    ]
    changed = [bool(np.abs(difference).max() > 25) for difference in left]
    assert changed == [10 <= i < 20 for i in clip.indices]
    heard = film.clip().audio(16000)
    assert len(heard) == pytest.approx(len(clip.audio(16000)), abs=24)
    assert heard[:-24] == pytest.approx(clip.audio(16000)[: len(heard) - 24], abs=0.12)
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["film.mp4"]


def test_a_clip_without_sound_gives_a_film_without_sound(tmp_path):
    clip = media.open(makers.make_clip(tmp_path / "a.mp4", frames=12)).clip()
    film = media.open(write_overlay(tmp_path / 'it\'s "it" 犬.mp4', clip, []))
    assert not film.has_audio
    assert len(film) == 12


def test_variable_rate_shows_at_each_moment_the_frame_of_that_moment(tmp_path):
    times = [0, 0.1, 0.125, 0.4, 0.42, 0.9]
    clip = media.open(makers.make_clip(tmp_path / "a.mp4", frames=6, times=times)).clip()
    rate, order = schedule(clip)
    assert rate == pytest.approx(50, abs=0.1)
    film = media.open(write_overlay(tmp_path / "film.mp4", clip, []))
    shown = [makers.read_barcode(frame) for frame in film.clip().frames()]
    assert shown == order
    assert set(shown) == set(range(6))
    for time, code in zip(film.pts + 0.5 / rate, shown, strict=True):
        assert code == clip.video.index_at(time)


def test_one_frame_makes_a_film(tmp_path):
    clip = media.open(makers.make_clip(tmp_path / "a.mp4", frames=12)).clip(4, 4)
    assert [
        makers.read_barcode(f)
        for f in media.open(write_overlay(tmp_path / "f.mp4", clip, [])).clip().frames()
    ] == [4]


def test_absent_and_unanswered_frames_are_left_as_they_are():
    picture = makers.barcode(3)
    track = strip_track(makers.SIZE, [3])
    assert np.array_equal(blend(picture, [track], 99), picture)
    assert np.array_equal(blend(picture, [track], 4), picture)
    drawn = blend(picture, [track], 3)
    assert not np.array_equal(drawn, picture)
    assert np.array_equal(drawn[: makers.SIZE[0] * 3 // 4], picture[: makers.SIZE[0] * 3 // 4])
