"""What somebody may try who can reach the server: plain requests, no browser."""

import http.cookiejar
import json
import re
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request

import makers
import pytest
from conftest import ROOT


class Caller:
    """One person's program, with cookies."""

    def __init__(self, url):
        self.url = url
        self.opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        )

    def call(self, path, body=None, **headers):
        """Status, headers, text."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data)
        request.add_header("Content-Type", "application/json")
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        try:
            with self.opener.open(request, timeout=60) as answer:
                return answer.status, answer.headers, answer.read().decode("utf-8", "replace")
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read().decode("utf-8", "replace")

    def player(self):
        """Id of the widget."""
        config = json.loads(self.call("/config")[2])
        return next(c["id"] for c in config["components"] if c["props"].get("elem_id") == "studio")

    def ask(self, do, **values):
        body = {
            "session_hash": "anybody",
            "component_id": self.player(),
            "fn_name": "ask",
            "data": {"do": do, **values},
        }
        status, _, text = self.call("/gradio_api/component_server/", body)
        assert status == 200, text
        return json.loads(text)

    def sign_in(self, name, password):
        form = urllib.parse.urlencode({"username": name, "password": password}).encode()
        request = urllib.request.Request(self.url + "/login", form)
        try:
            return self.opener.open(request, timeout=60).status
        except urllib.error.HTTPError as error:
            return error.code


@pytest.fixture(scope="module")
def caller(server):
    return Caller(server.url)


def test_page_and_api_say_what_may_be_loaded(caller):
    for path in ("/", "/config", "/gradio_api/info"):
        _, headers, _ = caller.call(path)
        assert "frame-ancestors 'self'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json"])
def test_descriptions_of_the_server_are_off(caller, path):
    assert caller.call(path)[0] == 404


@pytest.mark.parametrize("path", ["{data}/refavs.db", "/etc/passwd", "../../etc/passwd", "launch.py"])
def test_files_of_the_computer_are_not_served(caller, server, path):
    wanted = path.format(data=server.home / "data")
    status, _, _ = caller.call(f"/gradio_api/file={urllib.parse.quote(wanted)}")
    assert status in (403, 404)


def test_uploads_are_taken_from_the_inbox_alone(caller, server):
    for path in (server.home / "data" / "refavs.db", "/etc/passwd", "../../../../etc/passwd", ""):
        answer = caller.ask("take", path=str(path), name="x.mp4")
        assert answer["ok"] is False
        assert "did not arrive" in answer["error"]


@pytest.mark.parametrize("key", ["../../refavs", "sample:../../launch.py", "%2e%2e/x", "start/../x"])
def test_clip_keys_lead_to_no_other_file(caller, key):
    assert caller.ask("open", source=key)["ok"] is False


def test_media_link_that_was_changed_or_has_expired_is_refused(caller):
    link = "/" + caller.ask("open", source="sample:band.mp4")["desk"]["media"]["video"]
    assert caller.call(link, Range="bytes=0-99")[0] == 206
    *start, key, expires, signature = link.split("/")
    past = "/".join([*start, key, "1000000000", signature])
    other = "/".join([*start, key[:-1] + ("0" if key[-1] != "0" else "1"), expires, signature])
    later = "/".join([*start, key, str(int(expires) + 1), signature])
    for changed in (past, other, later):
        status, _, text = caller.call(changed)
        assert status == 403
        assert "expired" in text


def test_another_site_cannot_save(caller):
    token = caller.ask("open", source="sample:band.mp4")["token"]
    body = {
        "session_hash": "x",
        "component_id": caller.player(),
        "fn_name": "ask",
        "data": {"do": "save", "token": token, "expression": "Planted."},
    }
    status, _, _ = caller.call("/gradio_api/component_server/", body, Origin="https://evil.example")
    assert status == 403
    assert caller.ask("missed", token=token, seen=0)["messages"] in ([], None)


@pytest.mark.parametrize(
    "data",
    [None, [], "save", {"do": "_open"}, {"do": "__class__"}, {"do": {"a": 1}}, {"do": "save", "token": 5}],
)
def test_functions_called_directly_answer_in_words(caller, data):
    body = {"session_hash": "x", "component_id": caller.player(), "fn_name": "ask", "data": data}
    status, _, text = caller.call("/gradio_api/component_server/", body)
    assert status == 200
    answer = json.loads(text)
    assert answer["ok"] is False
    assert "Traceback" not in answer["error"]


def test_methods_of_the_widget_that_are_no_functions_of_the_page_cannot_be_called(caller):
    for name in ("preprocess", "postprocess", "__init__"):
        body = {"session_hash": "x", "component_id": caller.player(), "fn_name": name, "data": 1}
        assert caller.call("/gradio_api/component_server/", body)[0] == 404


def test_nothing_is_told_before_signing_in(guarded):
    stranger = Caller(guarded.url)
    config = stranger.call("/config")
    assert config[0] == 401 or "auth_required" in config[2]
    body = {"session_hash": "x", "component_id": 1, "fn_name": "ask", "data": {"do": "hello"}}
    assert stranger.call("/gradio_api/component_server/", body)[0] == 401
    assert stranger.call("/gradio_api/queue/join", {"fn_index": 0, "data": [], "session_hash": "x"})[0] == 401
    for path in ("call/v2/pairs", "call/pairs", "run/pairs"):
        assert stranger.call(f"/gradio_api/{path}", {"data": []})[0] == 401
    assert stranger.call("/gradio_api/upload", b"x")[0] == 401
    assert stranger.sign_in("ann", "wrong") == 400


@pytest.fixture(scope="module")
def token(guarded):
    """One of bob's."""
    command = [sys.executable, "-c", "from app.cli import main; main()", "user", "token", "bob"]
    file = str(guarded.home / "people.json")
    made = subprocess.run([*command, "--auth", file], cwd=ROOT, capture_output=True, text=True, check=True)
    return made.stdout.strip()


def test_program_with_a_token_has_its_owners_rights_and_a_wrong_one_none(guarded, token):
    program = Caller(guarded.url)
    bearer = {"Authorization": f"Bearer {token}"}
    values = {"video": "sample:band.mp4", "expression": "The harp that nobody plays.", "null_kind": "absent"}
    status, _, text = program.call("/gradio_api/call/v2/save", values, **bearer)
    assert status == 200, text
    stream = program.call(f"/gradio_api/call/save/{json.loads(text)['event_id']}", **bearer)[2]
    assert "event: complete" in stream, stream
    assert '"author": "bob"' in stream
    status, _, text = program.call("/gradio_api/call/v2/pairs", {}, Authorization="Bearer refavs_wrong")
    assert status == 401
    assert "refavs user token" in text


def test_example_of_the_documentation_annotates_a_folder_to_its_end(guarded, token, tmp_path):
    example = re.search(r"```python\n(.*?)```", (ROOT / "docs" / "api.md").read_text(), re.DOTALL)[1]
    for name in ("one", "two", "without sentences"):
        makers.make_clip(tmp_path / f"{name}.mp4", frames=6 + len(name))
    (tmp_path / "one.txt").write_text("The square that blinks.\n\nThe dog on the left.\n")
    (tmp_path / "two.txt").write_text("The <b>square</b>.\nThe square that blinks.\n")
    command = [sys.executable, "-c", example, guarded.url, str(tmp_path), token]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    said = [line for line in done.stdout.splitlines() if ".mp4:" in line]  # the others tell how far it is
    assert [line.partition(":")[0] for line in said] == ["one.mp4"] * 2 + ["two.mp4"] * 2 + [
        "without sentences.mp4"
    ]
    assert "markup" in said[2], said
    bearer = {"Authorization": f"Bearer {token}"}
    text = Caller(guarded.url).call("/gradio_api/call/v2/pairs", {"text": "blinks"}, **bearer)[2]
    stream = Caller(guarded.url).call(f"/gradio_api/call/pairs/{json.loads(text)['event_id']}", **bearer)[2]
    pairs = json.loads(stream.strip().splitlines()[-1].removeprefix("data: "))[0]["pairs"]
    assert [(pair["annotator"], pair["status"]) for pair in pairs] == [("bob", "draft")] * 2


def test_desk_of_one_person_is_out_of_reach_of_another_and_pairs_carry_their_author(guarded):
    ann, bob = Caller(guarded.url), Caller(guarded.url)
    assert ann.sign_in("ann", "ann-secret") == 200
    assert bob.sign_in("bob", "bob-secret") == 200
    token = ann.ask("open", source="sample:band.mp4")["token"]
    saved = ann.ask("save", token=token, expression="The piano that nobody plays.")
    assert saved["ok"] is True, saved
    assert bob.ask("save", token=token, expression="Mine now.")["error"] == "gone"
    opened = bob.ask("open", source="sample:band.mp4", desks=[token])
    assert opened["token"] != token

    code = f"""
from annotations.store import Store
store = Store.open("sqlite:///{guarded.home}/data/refavs.db")
print([(line.pair.annotator, line.pair.expression) for line in store.pairs() if "piano" in line.pair.expression])
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[('ann', 'The piano that nobody plays.')]"


def test_file_of_people_without_anybody_is_told_in_one_line(tmp_path):
    done = subprocess.run(
        [sys.executable, "launch.py", "--auth", str(tmp_path / "none.json")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    assert "refavs user add" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
