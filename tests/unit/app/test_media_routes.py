import re

import cv2
import makers
import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from app.media_routes import PREFIX, Links
from app.player import modules


@pytest.fixture
def links():
    return Links()


@pytest.fixture
def client(links):
    return TestClient(Starlette(routes=links.routes()))


@pytest.fixture
def link(links, tmp_path):
    path = tmp_path / "clip.mp4"
    path.write_bytes(bytes(range(256)))
    return "/" + links.file(path, "video/mp4")


def test_signed_link_gives_the_file_and_ranges_of_it(client, link):
    whole = client.get(link)
    assert whole.content == bytes(range(256))
    assert whole.headers["accept-ranges"] == "bytes"
    assert whole.headers["x-content-type-options"] == "nosniff"
    part = client.get(link, headers={"Range": "bytes=10-19"})
    assert part.status_code == 206
    assert part.content == bytes(range(10, 20))


@pytest.mark.parametrize("piece", [1, 2, 3])
def test_link_with_one_changed_sign_is_refused(client, link, piece):
    pieces = link.removeprefix(f"{PREFIX}/").split("/")
    digit = pieces[piece][-1]
    pieces[piece] = pieces[piece][:-1] + ("1" if digit == "0" else "0")
    assert client.get(f"{PREFIX}/" + "/".join(pieces)).status_code == 403


def test_link_expires(client, link, monkeypatch):
    now = __import__("time").time()
    monkeypatch.setattr("app.media_routes.time.time", lambda: now + 7 * 3600)
    assert client.get(link).status_code == 403


def test_link_of_another_server_is_refused(link):
    stranger = TestClient(Starlette(routes=Links().routes()))
    assert stranger.get(link).status_code == 403


def test_link_names_no_folder_of_the_server(link, tmp_path):
    assert tmp_path.name not in link
    assert re.fullmatch(rf"{PREFIX}/media/[0-9a-f]{{24}}/\d+/[0-9a-f]{{40}}", link)


def test_download_is_saved_under_its_name(client, links, tmp_path):
    path = tmp_path / "x.zip"
    path.write_bytes(b"zip")
    answer = client.get("/" + links.file(path, "application/zip", download="é 1.zip"))
    assert answer.headers["content-disposition"] == "attachment; filename*=utf-8''%C3%A9%201.zip"


def test_frame_comes_as_a_jpeg_and_outside_the_clip_as_a_sentence(client, links, clip):
    link = "/" + links.frames(clip)
    picture = client.get(f"{link}/3.jpg")
    assert picture.headers["content-type"] == "image/jpeg"
    assert picture.content[:2] == b"\xff\xd8"
    assert client.get(f"{link}/99.jpg").status_code == 404


def test_modules_are_served_under_their_hash_for_ever(client):
    answer = client.get(f"{PREFIX}/js/{modules.VERSION}/main.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"]
    assert client.get(f"{PREFIX}/js/{modules.VERSION}/secret.js").status_code == 404
    assert client.get(f"{PREFIX}/js/0000000000000000/main.js").status_code == 404


def test_modules_import_each_other_from_the_same_folder_and_stay_small():
    for name, text in modules.MODULES.items():
        assert len(text.splitlines()) <= 400 or name.startswith("words_"), name  # those are tables
        for imported in re.findall(r'from "([^"]+)"', text):
            assert imported.removeprefix("./") in modules.MODULES, f"{name} imports {imported}"


def test_strip_shows_the_frames_that_it_says(client, links, clip):
    from app.strip import HEIGHT, places

    answer = client.get(f"/{links.strip(clip)}")
    picture = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)
    wide = picture.shape[1] // len(clip)
    assert picture.shape[0] == HEIGHT
    assert places(clip) == list(range(12))
    tiles = [picture[:, k * wide : (k + 1) * wide, ::-1] for k in range(12)]
    assert [makers.read_barcode(tile) for tile in tiles] == list(range(12))
    assert client.get(f"/{links.strip(clip)}0").status_code == 403
