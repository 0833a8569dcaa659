"""What the page is told of a video while its frames are decoded in the background."""

from concurrent.futures import Future

import makers
import pytest

from app.media_routes import Links
from app.playback import Playback, decoding
from core import media
from core.errors import MediaError


@pytest.fixture
def clip(tmp_path):
    return media.open(makers.make_clip(tmp_path / "a.mp4", frames=4)).clip()


def test_who_waits_is_told_how_far_it_is_until_nothing_is_left(clip, monkeypatch):
    done = Future()
    shares = iter((0.2, 0.7))
    monkeypatch.setattr(media, "confirming", lambda video: done)
    monkeypatch.setattr(media, "confirmed_share", lambda video: next(shares))
    told = []
    for share in decoding(clip):
        told.append(share)
        if share == 0.7:
            done.set_exception(MediaError("not as its packets say"))
    assert told == [0.2, 0.7]


def test_page_is_told_how_much_of_the_video_was_decoded(clip, monkeypatch):
    assert Playback(Links()).state(clip)["checked"] == 1
    monkeypatch.setattr(media, "confirmed_share", lambda video: 0.4)
    assert Playback(Links()).state(clip)["checked"] == 0.4
