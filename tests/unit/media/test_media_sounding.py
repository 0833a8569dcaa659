"""When an object sounds: where it stirs with the sound, and nothing where that could be chance."""

import av
import makers
import numpy as np
import pytest

from core import media
from core.media import sounding
from core.media.sounding import Stir

BEATS = (0.6, 1.4, 2.0, 2.9, 3.6, 4.3)
SIZE = (96, 128)
RATE = 15
LEFT, RIGHT = slice(10, 50), slice(74, 114)


def leaping(index):
    time = index / RATE
    leap = max((np.sin(np.pi * (time - b) / 0.4) for b in BEATS if b <= time <= b + 0.4), default=0.0)
    return 50 - round(25 * leap)


def thing(columns, top):
    mask = np.zeros(SIZE, bool)
    mask[top : top + 30, columns] = True
    return mask


def leaper(index):
    return thing(LEFT, leaping(index))


def drifter(index):
    return thing(RIGHT, int(index * 0.8))


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """A thing that leaps at every beat beside one that drifts in silence."""
    path = tmp_path_factory.mktemp("leaps") / "a.mp4"
    sound = makers.beeps(5.0, BEATS, length=0.2, hertz=500)
    texture = np.random.default_rng(0).integers(0, 40, (*SIZE, 3), dtype=np.uint8)
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=RATE, options={"crf": "16", "preset": "veryfast"})
        video.height, video.width, video.pix_fmt = *SIZE, "yuv420p"
        for index in range(5 * RATE):
            picture = texture + np.uint8(90)
            picture[leaper(index)] = (220, 40, 40)
            picture[drifter(index)] = (40, 120, 200)
            out.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(video.encode(None))
    return media.open(path).clip().with_audio(sound, 48000)


@pytest.fixture(scope="module")
def stir(clip):
    return Stir(clip)


def test_thing_that_leaps_with_the_beats_sounds_at_the_beats(stir):
    spans = stir.spans(leaper)
    assert [start for start, _ in spans] == pytest.approx(BEATS, abs=0.06)
    assert [end - start for start, end in spans] == pytest.approx([0.2] * len(BEATS), abs=0.08)


def test_of_a_thing_that_drifts_evenly_nothing_is_said(stir):
    assert stir.spans(drifter) == []


def test_only_while_it_is_seen(stir):
    spans = stir.spans(lambda index: None if 26 <= index < 40 else leaper(index))
    assert [start for start, _ in spans] == pytest.approx([b for b in BEATS if b != 2.0], abs=0.06)


@pytest.mark.parametrize("masks", [lambda index: None, lambda index: np.zeros(SIZE, bool)])
def test_without_masks_nothing_is_said(stir, masks):
    assert stir.spans(masks) == []


def test_without_sound_and_of_large_clips_nothing_is_read(clip, monkeypatch):
    assert Stir(clip.with_audio(np.zeros(48000, np.float32), 48000)).spans(leaper) == []
    monkeypatch.setattr(sounding, "MOST", 1e5)
    monkeypatch.setattr(type(clip), "frames", None)
    assert Stir(clip).spans(leaper) == []
