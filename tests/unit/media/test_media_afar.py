"""Clips from folders, s3:// and https://: fetched once, kept within a size, and never from a private address."""

import http.server
import os
import threading
from functools import partial

import pytest
from makers import make_clip

from core import media, paths
from core.errors import MediaError
from core.media import afar


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return make_clip(tmp_path_factory.mktemp("clips") / "a clip.mp4", frames=10)


class Server:
    """Serves a folder; `asked` lists what was fetched whole. /to?URL leads on to URL."""

    def __init__(self, folder, host="127.0.0.1"):
        self.asked, self.broken, self.code, self.refusal = [], 0, 503, None
        outer = self

        class Handler(http.server.SimpleHTTPRequestHandler):
            def do_GET(self):
                if self.path.startswith("/to?"):
                    self.send_response(302)
                    self.send_header("Location", self.path[4:])
                    self.end_headers()
                    return
                outer.asked.append(self.path)
                if outer.refusal:
                    status, text = outer.refusal
                    self.send_response(status)
                    self.send_header("Content-Type", "application/xml")
                    self.send_header("Content-Length", str(len(text)))
                    self.end_headers()
                    if self.command == "GET":
                        self.wfile.write(text)
                    return
                if outer.broken:
                    outer.broken -= 1
                    self.send_error(outer.code)
                    return
                super().do_GET()

            do_HEAD = do_GET

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer((host, 0), partial(Handler, directory=str(folder)))
        self.url = f"http://{host}:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()


@pytest.fixture
def server(clip):
    started = Server(clip.parent)
    yield started
    started.server.shutdown()
    started.server.server_close()


@pytest.fixture
def patient(monkeypatch):
    monkeypatch.setattr(afar, "WAITS", (0.0, 0.0))


def test_a_folder_stands_for_its_videos_and_folders_of_frames(tmp_path, clip):
    (tmp_path / "set" / "inner").mkdir(parents=True)
    for name in ("b.mp4", "inner/a.MKV", ".hidden.mp4", "notes.txt"):
        (tmp_path / "set" / name).write_bytes(b"")
    (tmp_path / "set" / "frames of it" / "frames").mkdir(parents=True)
    (tmp_path / "set" / "frames of it" / "frames" / "0.jpg").write_bytes(b"")
    found = [path.removeprefix(f"{tmp_path}/set/") for path in afar.sources(str(tmp_path / "set"))]
    assert found == ["b.mp4", "frames of it", "inner/a.MKV"]
    assert afar.sources(str(clip)) == [str(clip)]
    assert afar.sources(str(tmp_path / "set" / "frames of it")) == [str(tmp_path / "set" / "frames of it")]
    with pytest.raises(MediaError, match="There is no 'nowhere'"):
        afar.sources("nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(MediaError, match="There is no video in"):
        afar.sources(str(tmp_path / "empty"))


def test_a_link_is_fetched_once_and_again_when_the_file_there_changed(tmp_path, server, clip):
    url = f"{server.url}/a%20clip.mp4"
    first = afar.local(url)
    assert (first.name, len(media.open(first))) == ("a clip.mp4", 10)
    got = len(server.asked)
    assert afar.local(url) == first
    assert len(server.asked) - got < got  # looked at, not fetched
    os.utime(clip, (1, 10**9))
    assert afar.local(url) != first


def test_a_server_that_fails_for_a_moment_is_asked_again(server, patient):
    server.broken = 2
    assert afar.fetch(f"{server.url}/a%20clip.mp4").is_file()
    server.broken = 100
    with pytest.raises(MediaError, match=r"cannot be fetched .*503"):
        afar.fetch(f"{server.url}/a%20clip.mp4?secret=1")
    server.broken = 0
    with pytest.raises(MediaError, match=r"There is nothing at .*nowhere\.mp4'"):
        afar.fetch(f"{server.url}/nowhere.mp4?secret=1")


def test_a_server_that_wants_other_credentials_is_told_at_once(server):
    server.broken, server.code = 100, 401
    with pytest.raises(MediaError, match="may not be read with the credentials that are here"):
        afar.fetch(f"{server.url}/a%20clip.mp4?secret=1")
    assert len(server.asked) <= 2


def test_what_was_used_longest_ago_makes_room(tmp_path, server, clip, monkeypatch):
    monkeypatch.setenv("REFAVS_CACHE_GB", str(2.5 * clip.stat().st_size / 1e9))
    monkeypatch.setattr(afar, "SPARED", 1)
    paths = [afar.fetch(f"{server.url}/a%20clip.mp4?{k}") for k in range(2)]
    os.utime(paths[0], (2, 2))
    os.utime(paths[1], (1, 1))
    afar.fetch(f"{server.url}/a%20clip.mp4?0")
    third = afar.fetch(f"{server.url}/a%20clip.mp4?2")
    assert [path.exists() for path in (*paths, third)] == [True, False, True]


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700:4700::1111", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::10.0.0.1", False),
        ("2002:7f00:1::", False),
        ("localhost", False),
    ],
)
def test_only_addresses_of_the_internet_are_public(address, public):
    assert afar.is_public(address) is public


def test_the_app_reaches_no_private_address_by_number_name_or_redirect(server, patient, monkeypatch):
    port = server.server.server_port
    for url in (
        f"{server.url}/a%20clip.mp4",
        f"http://localhost:{port}/a%20clip.mp4",
        f"http://[::1]:{port}/a",
    ):
        with pytest.raises(MediaError, match="does not lead to a public address"):
            afar.fetch_public(url)
    assert server.asked == []
    for url in ("file:///etc/passwd", "s3://bucket/a.mp4", "/etc/passwd"):
        with pytest.raises(MediaError, match="begins with https://"):
            afar.fetch_public(url)
    monkeypatch.setattr(afar, "is_public", lambda address: address == "127.0.0.1")  # as if it were one
    assert afar.fetch_public(f"{server.url}/to?/a%20clip.mp4").is_file()
    asked = len(server.asked)
    with pytest.raises(MediaError, match="does not lead to a public address"):
        afar.fetch_public(f"{server.url}/to?http://127.0.0.2:{port}/a%20clip.mp4")
    assert len(server.asked) == asked
    with pytest.raises(MediaError, match="larger than 0 MB"):
        afar.fetch_public(f"{server.url}/a%20clip.mp4", most=100)


def test_the_app_is_told_how_much_came_and_what_stands_in_the_way_in_its_words(
    server, patient, monkeypatch, clip
):
    monkeypatch.setattr(afar, "is_public", lambda address: address == "127.0.0.1")  # as if it were one
    size, told = clip.stat().st_size, []
    afar.fetch_public(f"{server.url}/a%20clip.mp4", tell=lambda *how_far: told.append(how_far))
    assert told[0] == (0, None)
    assert told[-1] == (size, size)

    def stop(done, total):
        if done:
            raise MediaError("Enough.")

    with pytest.raises(MediaError, match=r"Enough\."):
        afar.fetch_public(f"{server.url}/a%20clip.mp4?again", tell=stop)
    (clip.parent / "watch.html").write_text("<h1>A page about a video</h1>")
    with pytest.raises(MediaError, match=r"watch\.html' is a web page, no video"):
        afar.fetch_public(f"{server.url}/watch.html?v=1")
    server.broken, server.code = 100, 403
    with pytest.raises(MediaError, match="is not open to everybody"):
        afar.fetch_public(f"{server.url}/a%20clip.mp4?secret")
    assert not list((paths.cache_dir() / "afar").glob("fetching-*"))


@pytest.fixture(scope="module")
def bucket(clip):
    """A bucket of an S3 server on this machine."""
    from moto.server import ThreadedMotoServer

    started = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    started.start()
    host, port = started.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("AWS_ACCESS_KEY_ID", "somebody")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        import s3fs

        system = s3fs.S3FileSystem()
        system.mkdir("clips")
        for name in ("set/b.mp4", "set/inner/a.mp4", "set/notes.txt"):
            system.put_file(str(clip), f"clips/{name}")
        yield "s3://clips"
    started.stop()


def test_a_bucket_stands_for_its_videos_which_are_fetched_once(bucket):
    found = afar.sources(f"{bucket}/set")
    assert found == ["s3://clips/set/b.mp4", "s3://clips/set/inner/a.mp4"]
    assert afar.sources(found[0]) == [found[0]]
    path = afar.local(found[0])
    assert len(media.open(path)) == 10
    stamp = path.stat().st_ino
    assert afar.local(found[0]).stat().st_ino == stamp
    for url, said in (("s3://clips/none", "There is no video in"), ("s3://nobody/x", "There is")):
        with pytest.raises(MediaError, match=said):
            afar.sources(url)
    with pytest.raises(MediaError, match="There is nothing at 's3://clips/none"):
        afar.fetch("s3://clips/none.mp4")


@pytest.mark.parametrize(
    ("status", "code"), [(403, "AccessDenied"), (403, "InvalidAccessKeyId"), (400, "ExpiredToken")]
)
def test_a_bucket_without_rights_or_with_an_expired_token_is_told_in_one_sentence(
    server, patient, monkeypatch, status, code
):
    server.refusal = status, f"<Error><Code>{code}</Code><Message>No.</Message></Error>".encode()
    for name, value in {
        "AWS_ENDPOINT_URL": server.url,
        "AWS_ACCESS_KEY_ID": "somebody",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()
    for ask in (afar.sources, afar.fetch):
        with pytest.raises(
            MediaError, match=r"'s3://clips/a\.mp4' may not be read with the credentials"
        ) as told:
            ask("s3://clips/a.mp4")
        assert "\n" not in str(told.value)
    s3fs.S3FileSystem.clear_instance_cache()


def test_an_address_of_another_kind_is_refused():
    with pytest.raises(MediaError, match="s3://, hf://, https://, http://; got 'ftp://host/a'"):
        afar.sources("ftp://me:secret@host/a")
