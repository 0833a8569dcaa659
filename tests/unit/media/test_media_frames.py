"""Frame identity: index, picture and time belong together, in any order and in any file."""

import os
import signal
import time
from fractions import Fraction

import makers
import numpy as np
import pytest

import core.media as media
from core.errors import MediaError
from core.media import reader, table
from core.media.video import FileSource
from core.media.video import _opened as opened

KINDS = {
    "plain.mp4": dict(options=makers.PLAIN),
    "b-frames.mp4": dict(options=makers.B_FRAMES),
    "long-gop.mp4": dict(options=makers.LONG_GOP),
    "open-gop.mp4": dict(options=makers.OPEN_GOP),
    "open-gop.mkv": dict(options=makers.OPEN_GOP),
    "rolling.mp4": dict(options=makers.ROLLING),
    "late.mp4": dict(options=makers.B_FRAMES, start=0.5),
    "open-gop.ts": dict(options=makers.OPEN_GOP, start=1.4),
    "mpeg1.mpg": dict(codec="mpeg1video", options={"bf": "2", "g": "10"}),
    "mpeg4.avi": dict(codec="mpeg4", options={"bf": "2"}),
    "b-frames.avi": dict(options=makers.B_FRAMES),
    "hidden-frames.webm": dict(codec="libvpx", options=makers.HIDDEN_FRAMES),
    "vp9.webm": dict(codec="libvpx-vp9", options=makers.QUICK_VP9),
    "odd.mkv": dict(codec="mpeg4", options={}, size=(97, 131)),
}


def codes(frames) -> list[int]:
    return [makers.read_barcode(frame) for frame in frames]


@pytest.mark.parametrize("name", makers.RATES)
def test_frame_i_shows_barcode_i_at_every_rate(tmp_path, name):
    rate = makers.RATES[name]
    clip = media.open(
        makers.make_clip(tmp_path / "a.mp4", frames=40, rate=rate, options=makers.B_FRAMES)
    ).clip()
    assert codes(clip.frame(i) for i in clip.indices) == list(range(40))
    assert clip.video.pts == pytest.approx([i / float(rate) for i in range(40)], abs=2e-5)
    assert clip.duration == pytest.approx(40 / float(rate), abs=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_any_order_gives_the_pixels_of_sequential_decoding(tmp_path, kind):
    clip = media.open(makers.make_clip(tmp_path / kind, frames=40, **KINDS[kind])).clip()
    sequence = list(clip.frames())
    assert codes(sequence) == list(range(40))
    order = np.random.default_rng(0).permutation(40).tolist()
    for i in [*order, *range(39, -1, -1)]:
        assert np.array_equal(clip.frame(i), sequence[i]), i


def test_open_gop_and_rolling_clips_really_have_key_frames_that_lean_on_others(tmp_path):
    for name in ("open-gop.mp4", "rolling.mp4"):
        video = media.open(makers.make_clip(tmp_path / name, frames=40, **KINDS[name]))
        assert len(video.table.keys) > 2
        assert not video.table.restarts
    assert media.open(makers.make_clip(tmp_path / "p.mp4", frames=40)).table.restarts


@pytest.mark.parametrize("name", ["vfr.mp4", "vfr.mkv"])
def test_variable_rate_has_one_time_for_each_decoded_frame_and_times_lead_back_to_it(tmp_path, name):
    steps = np.random.default_rng(1).uniform(0.005, 0.12, 50)
    times = np.concatenate([[0], np.cumsum(steps)[:-1]])
    path = makers.make_clip(tmp_path / name, frames=50, times=times, options=makers.B_FRAMES)
    video = media.open(path)
    assert len(video) == 50
    assert codes(video.clip().frames()) == list(range(50))
    assert video.pts == pytest.approx(times, abs=0.0011)
    assert [video.index_at(t) for t in video.pts] == list(range(50))
    assert [video.nearest(t) for t in video.pts] == list(range(50))


@pytest.mark.parametrize("settings", [dict(rate=Fraction(30000, 1001)), dict(rate=Fraction(24), start=0.5)])
def test_a_chosen_time_is_floored_to_the_frame_then_shown(tmp_path, settings):
    video = media.open(makers.make_clip(tmp_path / "a.mp4", frames=30, **settings))
    for t in np.arange(video.start - 0.1, video.end + 0.1, 0.007):
        begun = [i for i, pts in enumerate(video.pts) if pts <= t]
        assert video.index_at(t) == (begun[-1] if begun else 0)


def test_a_media_time_goes_to_the_nearest_frame(tmp_path):
    video = media.open(makers.make_clip(tmp_path / "a.mp4", frames=30, rate=makers.RATES["29.97"], start=0.5))
    for t in np.arange(video.start - 0.1, video.end + 0.1, 0.007):
        assert abs(video.pts[video.nearest(t)] - t) == np.abs(video.pts - t).min()
    assert [video.nearest(round(t, 3)) for t in video.pts] == list(range(30))


def test_the_first_and_the_last_frame_keep_their_index_in_a_part_of_the_video(tmp_path):
    video = media.open(makers.make_clip(tmp_path / "a.mp4", frames=30, options=makers.B_FRAMES))
    part = video.clip(7, 19)
    assert (part.indices[0], part.indices[-1], len(part)) == (7, 19, 13)
    assert codes([part.frame(7), part.frame(19)]) == [7, 19]
    assert codes(part.frames()) == list(range(7, 20))
    assert part.times[0] == 0
    assert part.times[-1] == pytest.approx(12 / 25)
    assert part.start == pytest.approx(7 / 25)
    assert part.duration == pytest.approx(13 / 25)
    assert video.clip().indices == range(30)
    for outside in (6, 20):
        with pytest.raises(MediaError, match="outside the clip"):
            part.frame(outside)
    for first, last in ((-1, 3), (5, 4), (0, 30)):
        with pytest.raises(MediaError, match="frames 0 to 29"):
            video.clip(first, last)


def test_frames_before_an_edit_list_starts_are_no_frames(tmp_path):
    path = makers.make_clip(tmp_path / "a.mp4", frames=50, options=makers.B_FRAMES)
    video = media.open(makers.trim_by_edit_list(path, 0.2))
    assert len(video) == 45
    assert codes(video.clip().frame(i) for i in (44, 0, 21)) == [49, 5, 26]
    assert video.start == pytest.approx(0)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_a_turned_video_is_upright(tmp_path, rotation):
    video = media.open(makers.make_clip(tmp_path / "a.mp4", frames=12, rotation=rotation))
    assert video.rotation == rotation
    assert video.size == makers.SIZE
    picture = video.clip().frame(5)
    assert picture.shape == (*makers.SIZE, 3)
    assert makers.read_barcode(picture) == 5
    upright = makers.barcode(5).astype(float)
    assert np.abs(picture - upright).mean() < 12  # the ramp in the strip is the right way round too


def test_non_square_pixels_stay_on_the_stored_grid_and_their_shape_is_told(tmp_path):
    wide = media.open(makers.make_clip(tmp_path / "a.mp4", aspect=Fraction(4, 3)))
    assert wide.size == makers.SIZE
    assert wide.pixel_aspect == pytest.approx(4 / 3)
    turned = media.open(makers.make_clip(tmp_path / "b.mp4", aspect=Fraction(4, 3), rotation=90))
    assert turned.pixel_aspect == pytest.approx(3 / 4)


@pytest.mark.parametrize("name", ["two.mp4", "two.mkv"])
def test_the_default_picture_stream_is_the_one_that_counts(tmp_path, name):
    video = media.open(makers.make_clip(tmp_path / name, frames=12, before=1000))
    assert codes(video.clip().frames()) == list(range(12))


def test_a_long_file_is_indexed_by_its_packets_with_the_same_table(tmp_path, monkeypatch):
    path = makers.make_clip(tmp_path / "a.mp4", frames=80, options=makers.B_FRAMES, start=0.5)
    decoded = media.open(path)
    monkeypatch.setattr(table, "DECODED_WHOLE", 0)
    monkeypatch.setattr(table, "_by_decoding", None)
    _, by_packets = table.scan(path)
    assert by_packets.seconds.tolist() == decoded.pts.tolist()
    assert by_packets.end == decoded.end
    assert by_packets.keys.tolist() == decoded.table.keys.tolist()


def test_a_long_transport_stream_is_indexed_by_its_packets_too(tmp_path, monkeypatch):
    path = makers.make_clip(tmp_path / "a.ts", frames=80, options=makers.OPEN_GOP, start=1.4)
    decoded = media.open(path)
    monkeypatch.setattr(table, "DECODED_WHOLE", 0)
    monkeypatch.setattr(table, "_by_decoding", None)
    assert table.scan(path)[1].seconds.tolist() == decoded.pts.tolist()


def test_a_jump_that_meets_other_packets_than_the_table_is_not_trusted(tmp_path, monkeypatch):
    monkeypatch.setattr(reader, "KEPT_BYTES", 0)
    clip = media.open(makers.make_clip(tmp_path / "a.mp4", frames=60, options=makers.B_FRAMES)).clip()
    clip.video.table.packets[:, 1] += 1
    ways = []
    original = reader.Reader._from_start
    monkeypatch.setattr(reader.Reader, "_from_start", lambda self: ways.append("start") or original(self))
    assert codes(clip.frame(i) for i in (50, 3)) == [50, 3]
    assert len(ways) == 2


def test_cover_art_is_not_a_video(tmp_path):
    path = makers.make_clip(tmp_path / "a.mp4", frames=12, cover=True)
    assert codes(media.open(path).clip().frames()) == list(range(12))
    with pytest.raises(MediaError, match="only sound"):
        media.open(makers.make_clip(tmp_path / "b.mp4", frames=0, cover=True, sound=makers.tone(0.5)))


@pytest.mark.parametrize("kind", ["open-gop.mp4", "cut.mp4", "edited.mp4", "hidden-frames.webm"])
def test_packets_are_not_trusted_where_they_could_mislead(tmp_path, monkeypatch, kind):
    path = makers.make_clip(tmp_path / kind, frames=80, **KINDS.get(kind, dict(options=makers.B_FRAMES)))
    if kind == "cut.mp4":
        makers.cut_off(path, 0.6)
    if kind == "edited.mp4":
        makers.trim_by_edit_list(path, 0.2)
    exact = media.open(path)
    monkeypatch.setattr(table, "DECODED_WHOLE", 0)
    _, long = table.scan(path)
    assert long.seconds.tolist() == exact.pts.tolist()


def test_many_threads_get_the_right_frames(tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    clip = media.open(makers.make_clip(tmp_path / "a.mp4", frames=60, options=makers.B_FRAMES)).clip()
    order = np.random.default_rng(0).integers(0, 60, 200).tolist()
    with ThreadPoolExecutor(8) as pool:
        assert codes(pool.map(clip.frame, order)) == order


def test_a_stream_of_frames_keeps_few_of_them(tmp_path, monkeypatch):
    monkeypatch.setattr(reader, "KEPT_BYTES", 0)
    made = []
    original = reader.Reader.__init__

    def noted(self, *args):
        original(self, *args)
        made.append(self)

    monkeypatch.setattr(reader.Reader, "__init__", noted)
    clip = media.open(makers.make_clip(tmp_path / "a.mp4", frames=60)).clip()
    frames = clip.frames()
    for _ in range(50):
        next(frames)
    assert [len(r._kept) for r in made] == [0, 4]
    frames.close()
    assert all(r._container is None for r in made)


def test_an_unchanged_file_is_read_once(tmp_path):
    path = makers.make_clip(tmp_path / "a.mp4", frames=12)
    video = media.open(path)
    assert media.open(str(path)) is video
    makers.make_clip(path, frames=13)
    assert len(media.open(path)) == 13


def test_a_video_says_what_it_is_and_what_decoded_it(tmp_path):
    import hashlib

    import av

    path = makers.make_clip(tmp_path / "a.mp4", frames=12, sound=makers.tone(0.5))
    video = media.open(path)
    assert video.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert video.codec == "h264"
    assert av.__version__ in video.decoder
    assert "libavcodec" in video.decoder
    assert video.has_audio
    assert not media.open(makers.make_clip(tmp_path / "b.mp4", frames=12)).has_audio
    with pytest.raises(ValueError, match="read-only"):
        video.pts[0] = 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
def test_a_forked_process_opens_its_own_decoder_and_leaves_those_of_before_alone(tmp_path):
    paths = [
        makers.make_clip(tmp_path / f"{n}.mp4", frames=12, options=makers.B_FRAMES)
        for n in range(reader.AWAKE + 1)
    ]
    for path in paths[1:]:
        assert codes([media.open(path).clip().frame(5)]) == [5]
    opened.clear()  # as where many videos were opened since: only what is awake still holds the first
    video = media.open(paths[0])
    if not (child := os.fork()):
        try:
            source = FileSource(video.path, video.facts, video.table)
            os._exit(0 if codes([source.frame(7)]) == [7] else 1)
        finally:
            os._exit(2)
    until = time.monotonic() + 60
    while not (ended := os.waitpid(child, os.WNOHANG))[0] and time.monotonic() < until:
        time.sleep(0.01)
    if not ended[0]:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert ended[0], "the forked process waits for ever"
    assert os.waitstatus_to_exitcode(ended[1]) == 0


def test_videos_not_looked_at_for_long_give_back_their_decoders_and_answer_as_before(tmp_path):
    clips = [
        media.open(makers.make_clip(tmp_path / f"{n}.mp4", frames=12, options=makers.B_FRAMES)).clip()
        for n in range(reader.AWAKE + 2)
    ]
    asked = [clip.video.source._reader for clip in clips]
    assert [codes([clip.frame(5)]) for clip in clips] == [[5]] * len(clips)
    assert [bool(each._kept) for each in asked] == [False, False] + [True] * reader.AWAKE
    assert [each._container is not None for each in asked] == [False, False] + [True] * reader.AWAKE
    assert codes(clips[0].frame(i) for i in (6, 2)) == [6, 2]
    assert not asked[2]._kept
