"""A long file is worked on before all of it was decoded; what leaves the program waits until it was."""

from concurrent.futures import Future

import makers
import pytest

from core import media
from core.errors import MediaError
from core.media import confirmed, table, video


@pytest.fixture
def long_video(tmp_path, monkeypatch):
    """A video whose table was read off its packets."""
    monkeypatch.setattr(table, "DECODED_WHOLE", 0)
    monkeypatch.setattr(confirmed, "_begun", {})
    monkeypatch.setattr(confirmed, "_found", {})
    monkeypatch.setattr(video, "_opened", type(video._opened)())
    found = media.open(makers.make_clip(tmp_path / "a.mp4", frames=80, options=makers.B_FRAMES))
    assert not found.table.decoded
    return found


def test_frames_that_are_where_the_packets_say_are_confirmed_and_remembered(long_video, monkeypatch):
    media.confirm(long_video)
    monkeypatch.setattr(confirmed, "_begun", {})
    monkeypatch.setattr(confirmed, "_check", None)
    assert media.confirming(long_video).done()


def test_how_many_frames_were_decoded_is_told_while_it_goes_on(long_video, monkeypatch):
    done = Future()
    monkeypatch.setattr(confirmed, "_begun", {long_video.sha256: done})
    shares = [media.confirmed_share(long_video)]
    confirmed._check(long_video)
    shares.append(media.confirmed_share(long_video))
    done.set_result(None)
    assert [*shares, media.confirmed_share(long_video)] == [0, 0.999, 1]
    assert confirmed._found[long_video.sha256] == 80


def test_nothing_is_left_of_a_video_that_was_decoded_to_be_opened_or_confirmed_before(
    long_video, monkeypatch
):
    assert media.confirmed_share(long_video) == 0
    media.confirm(long_video)
    monkeypatch.setattr(confirmed, "_begun", {})
    assert media.confirmed_share(long_video) == 1


def test_frames_that_are_elsewhere_are_told_with_the_second(long_video):
    long_video.table.ticks[60:] += 1
    with pytest.raises(MediaError, match=r"80 frames .* from 2 s on"):
        media.confirm(long_video)


def test_a_video_that_was_decoded_to_be_opened_needs_nothing_more(tmp_path, monkeypatch):
    monkeypatch.setattr(confirmed, "_check", None)
    found = media.open(makers.make_clip(tmp_path / "short.mp4", frames=10))
    assert found.table.decoded
    media.confirm(found)


def test_packets_that_an_edit_list_drops_are_no_frames_of_a_long_file(tmp_path, monkeypatch):
    path = makers.make_clip(tmp_path / "a.mp4", frames=80, options=makers.B_FRAMES)
    makers.trim_by_edit_list(path, 0.2)
    exact = media.open(path)
    monkeypatch.setattr(table, "DECODED_WHOLE", 0)
    monkeypatch.setattr(table, "_by_decoding", None)
    _, long = table.scan(path)
    assert long.seconds.tolist() == exact.pts.tolist()
