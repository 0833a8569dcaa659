"""Videos behind links: fetched in the background from public addresses alone, then kept as uploads are."""

import hashlib
import threading
import time

import pytest

from app import fetching
from app.fetching import Fetching
from app.library import Library
from core.errors import MediaError
from core.media import afar


@pytest.fixture
def library(tmp_path):
    (tmp_path / "inbox").mkdir()
    return Library(tmp_path / "inbox")


@pytest.fixture
def far(clip, monkeypatch):
    """Stands for the internet: what is asked for arrives in two pieces, the second when `far.on` is set."""

    class Far:
        on, asked, file = threading.Event(), [], clip.video.path

        def fetch(self, url, *, most, tell):
            self.asked.append((url, most))
            tell(0, None)
            tell(1000, 2000)
            assert self.on.wait(20)
            tell(2000, 2000)
            return self.file

    made = Far()
    made.on.clear()
    monkeypatch.setattr(afar, "fetch_public", made.fetch)
    return made


def until(true):
    end = time.monotonic() + 20
    while not (found := true()):
        assert time.monotonic() < end
        time.sleep(0.01)
    return found


def ended(fetching, name):
    """The key of the video, once it is kept."""
    return until(lambda: fetching.state(name)["source"])


def test_a_link_tells_how_far_it_is_and_is_kept_as_an_upload_of_its_name(library, far, clip):
    here = Fetching(library)
    name = here.begin(" https://example.org/a%20clip.mp4?key=1\n")
    until(lambda: here.state(name)["done"])
    assert here.state(name) == {"name": "a clip.mp4", "done": 1000, "total": 2000, "source": None}
    assert far.asked == [("https://example.org/a%20clip.mp4?key=1", 500 * 2**20)]
    far.on.set()
    source = library.source(ended(here, name))
    assert source.key == hashlib.sha256(clip.video.path.read_bytes()).hexdigest()
    assert source.name == clip.video.path.name
    assert source.path.parent == library.folder
    assert clip.video.path.is_file()  # it stays where it was fetched to
    assert list(library.inbox.iterdir()) == []


def test_a_link_that_is_cancelled_keeps_nothing(library, far):
    here = Fetching(library)
    name = here.begin("https://example.org/a.mp4")
    until(lambda: far.asked)
    here.cancel(name)
    here.cancel("no such link")
    far.on.set()
    with pytest.raises(MediaError, match="Cancelled"):
        ended(here, name)
    assert list(library.folder.iterdir()) == []


def test_a_link_that_leads_to_no_video_is_told_by_its_name_and_not_kept(library, far, tmp_path):
    far.file = tmp_path / "clip.mp4"
    far.file.write_text("no video")
    far.on.set()
    here = Fetching(library)
    with pytest.raises(MediaError, match=r"'clip\.mp4' cannot be read"):
        ended(here, here.begin("https://example.org/clip.mp4"))
    assert list(library.folder.iterdir()) == []


def test_a_link_that_takes_too_long_is_given_up(library, far, monkeypatch):
    monkeypatch.setattr(fetching, "PATIENCE", 0.0)
    here = Fetching(library)
    with pytest.raises(MediaError, match=r"'a\.mp4' did not arrive within 0 minutes; download it"):
        ended(here, here.begin("https://example.org/a.mp4"))


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ("", "no link yet"),
        (None, "no link yet"),
        ("clip.mp4", "begins with https://"),
        ("file:///etc/passwd", "begins with https://"),
        ("s3://bucket/a.mp4", "begins with https://"),
        ("http://", "and a host; got 'http://'"),
        ("http://[::1/a.mp4", "That is no link"),
        ("https://example.org:port/a.mp4", "That is no link"),
        ("https://example.org/" + "a" * 2000, "at most 2000 characters; this one has 2020"),
    ],
)
def test_what_is_no_link_is_refused_at_once(library, far, link, said):
    here = Fetching(library)
    with pytest.raises(MediaError, match=said):
        here.begin(link)
    assert far.asked == []


def test_links_wait_for_each_other_and_too_many_are_refused_until_some_have_ended(library, far, monkeypatch):
    monkeypatch.setattr(fetching, "WAITING", 5)
    here = Fetching(library)
    names = [here.begin(f"https://example.org/{k}.mp4") for k in range(5)]
    until(lambda: len(far.asked) == fetching.AT_ONCE)
    with pytest.raises(MediaError, match="try again in a minute"):
        here.begin("https://example.org/5.mp4")
    far.on.set()
    assert len({ended(here, name) for name in names}) == 1
    assert here.begin("https://example.org/5.mp4")
    monkeypatch.setattr(fetching, "REMEMBERED", -1.0)
    here.begin("https://example.org/6.mp4")
    with pytest.raises(MediaError, match="not being fetched any more"):
        here.state(names[0])
    with pytest.raises(MediaError, match="not being fetched any more"):
        here.state(["no name"])


def test_a_link_into_this_machine_is_refused_before_anything_is_sent_there(library):
    import socket

    here = Fetching(library)
    with socket.create_server(("127.0.0.1", 0)) as private:
        port = private.getsockname()[1]
        for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]"):
            with pytest.raises(MediaError, match="does not lead to a public address"):
                ended(here, here.begin(f"http://{host}:{port}/a.mp4"))
        private.setblocking(False)
        with pytest.raises(BlockingIOError):
            private.accept()
