"""What a browser plays has the frames and times of the source."""

import sys
from dataclasses import replace
from fractions import Fraction

import makers
import numpy as np
import pytest

import core.media as media
from core.media import playable, player_times, proxy

TIMES = np.concatenate([[0], np.cumsum(np.random.default_rng(1).uniform(0.012, 0.1, 39))])
BEEPS = makers.beeps(1.6, [0.3, 1.1], hertz=200)
SOURCES = {
    "mpeg1.mpg": dict(codec="mpeg1video", options={"bf": "2"}, sound=BEEPS),
    "open-gop.mp4": dict(options=makers.OPEN_GOP, start=0.5, sound=BEEPS, sound_start=0.5),
    "odd.mkv": dict(codec="mpeg4", options={}, size=(97, 131), rate=makers.RATES["23.976"]),
    "variable.avi": dict(codec="mpeg4", options={}),
    "variable.mp4": dict(options=makers.OPEN_GOP, times=TIMES),
    "two.mp4": dict(before=1000, rotation=90),
    "wide.mp4": dict(aspect=Fraction(4, 3)),
    "far.ts": dict(options=makers.B_FRAMES, start=50.0, sound=BEEPS, sound_start=50.0),
    "ten-bit.mp4": dict(pixel_format="yuv420p10le", options=makers.B_FRAMES),
    "5.1.mkv": dict(codec="mpeg4", options={}, sound=makers.tone(1.6), sound_layout="5.1"),
}


@pytest.mark.parametrize("name", SOURCES)
def test_frame_i_of_the_proxy_is_frame_i_at_the_same_time(tmp_path, name):
    video = media.open(makers.make_clip(tmp_path / name, frames=40, **SOURCES[name]))
    assert not playable(video)
    shown = media.open(proxy(video, tmp_path / "proxies"))
    assert playable(shown)
    assert [makers.read_barcode(frame) for frame in shown.clip().frames()] == list(range(40))
    assert shown.pts == pytest.approx(player_times(video), abs=0.001)
    assert np.diff(player_times(video)) == pytest.approx(np.diff(video.pts), abs=1e-9)
    assert shown.duration == pytest.approx(video.duration, abs=0.001)
    assert shown.size[0] % 2 == shown.size[1] % 2 == 0
    assert shown.pixel_aspect == 1
    h, w = video.size
    assert shown.size[1] / shown.size[0] == pytest.approx(w * video.pixel_aspect / h, abs=0.03)
    assert len(shown.table.keys) >= 4
    if shown.size == video.size:
        colours = [v.clip().frame(7)[-12:].reshape(12, 8, -1, 3).mean(axis=(0, 2)) for v in (shown, video)]
        assert colours[0] == pytest.approx(colours[1], abs=8)
    if video.has_audio:
        own, heard = video.clip().audio(16000), shown.clip().audio(16000)
        assert len(own) == len(heard)
        assert np.abs(own - heard).mean() < 0.05 * np.abs(own).mean() + 0.001


def test_times_are_kept_but_for_far_clocks(tmp_path):
    near = media.open(makers.make_clip(tmp_path / "a.ts", frames=12, start=1.4))
    assert player_times(near) is near.pts
    far = media.open(makers.make_clip(tmp_path / "b.ts", frames=12, start=5000.0))
    assert player_times(far)[0] == 0
    assert playable(media.open(makers.make_clip(tmp_path / "c.mp4", frames=12, start=50.0)))


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("a.mp4", dict(sound=makers.tone(0.5))),
        ("b.mp4", dict(options=makers.B_FRAMES, start=0.5)),
        ("c.mp4", dict(rotation=90)),
        ("d.webm", dict(codec="libvpx-vp9", options=makers.QUICK_VP9, sound=makers.tone(0.5))),
        ("e.mkv", dict(sound=makers.tone(0.5), sound_codec="libmp3lame")),
        ("f.mp4", dict(aspect=Fraction(448, 447))),
    ],
)
def test_what_chromium_plays_is_left_as_it_is(tmp_path, name, settings):
    assert playable(media.open(makers.make_clip(tmp_path / name, frames=12, **settings)))


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("a.mp4", dict(sound=makers.tone(0.5), sound_codec="ac3")),
        ("b.mp4", dict(pixel_format="yuv444p")),
        ("c.mp4", dict(options=makers.ROLLING)),
        ("d.ts", {}),
    ],
)
def test_what_chromium_does_not_play_gets_a_proxy(tmp_path, name, settings):
    assert not playable(media.open(makers.make_clip(tmp_path / name, frames=30, **settings)))


def test_a_file_that_says_it_ends_before_its_last_frame_gets_a_proxy(tmp_path):
    video = media.open(makers.make_clip(tmp_path / "a.mp4", frames=30))
    assert playable(video)
    for end in (None, 1.1, float(video.pts[-1])):
        assert not playable(replace(video, facts=replace(video.facts, end=end)))


def test_a_truncated_file_gets_a_proxy(tmp_path):
    video = media.open(makers.cut_off(makers.make_clip(tmp_path / "a.mp4", frames=60), 0.6))
    assert not playable(video)
    assert len(media.open(proxy(video, tmp_path / "p"))) == len(video)


def test_a_folder_of_frames_plays_from_a_proxy(tmp_path):
    video = media.open(
        makers.make_folder(tmp_path / "v", frames=4, sound=makers.beeps(4.0, [1.0], rate=16000))
    )
    shown = media.open(proxy(video, tmp_path / "p"))
    assert [makers.read_barcode(frame) for frame in shown.clip().frames()] == [0, 1, 2, 3]
    assert shown.pts.tolist() == [0, 1, 2, 3]
    assert shown.duration == pytest.approx(4)
    assert shown.clip().audio(16000) == pytest.approx(video.clip().audio(16000), abs=0.1)


def test_a_proxy_is_made_once_and_never_half(tmp_path, monkeypatch):
    video = media.open(makers.make_clip(tmp_path / "a.avi", frames=12, options=makers.PLAIN))
    folder = tmp_path / "p"
    path = proxy(video, folder)
    stamp = path.stat().st_mtime_ns
    assert proxy(video, folder) == path
    assert path.stat().st_mtime_ns == stamp
    path.unlink()

    def broken(video, name, *rest):
        with open(name, "wb") as file:
            file.write(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(sys.modules["core.media.proxy"], "_write", broken)
    with pytest.raises(OSError, match="disk full"):
        proxy(video, folder)
    assert list(folder.iterdir()) == []


def test_a_large_picture_is_scaled_down_in_shape():
    from types import SimpleNamespace

    from core.media.proxy import shown_size

    assert shown_size(SimpleNamespace(size=(2160, 3840), pixel_aspect=1.0)) == (1080, 1920)
    assert shown_size(SimpleNamespace(size=(3840, 2160), pixel_aspect=1.0)) == (1920, 1080)
    assert shown_size(SimpleNamespace(size=(97, 131), pixel_aspect=1.0)) == (96, 132)
    assert shown_size(SimpleNamespace(size=(576, 720), pixel_aspect=16 / 15)) == (576, 768)
    assert shown_size(SimpleNamespace(size=(1, 1), pixel_aspect=1.0)) == (2, 2)
