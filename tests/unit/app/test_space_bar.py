"""The line above the page on a Space, and who has signed in there."""

import base64
import hashlib
import json
import re
import time

import gradio as gr
import itsdangerous
import pytest
from gradio import oauth, routes
from starlette.applications import Starlette
from starlette.testclient import TestClient

from annotations.store import Store
from app import space_bar, watch
from app.durable import NOTHING_MOUNTED, Durable, _ago
from app.page import build
from app.player import modules
from core import registry

SECRET = "of the test"
pytest.importorskip("authlib", reason="needs the extra [space]")


@pytest.fixture
def space(monkeypatch, tmp_path, clip, desk):
    """A Space where people sign in with their hub accounts, and nothing durable is mounted."""
    monkeypatch.setenv("SYSTEM", "spaces")
    monkeypatch.setenv("SPACE_ID", "me/refavs")
    monkeypatch.setenv("OAUTH_CLIENT_ID", "id")
    monkeypatch.setattr(registry, "segmenter", lambda name="auto": desk._segmenter())
    values = {"OAUTH_CLIENT_ID": "id", "OAUTH_CLIENT_SECRET": SECRET, "OAUTH_SCOPES": "openid profile"}
    for name, value in {**values, "OPENID_PROVIDER_URL": "http://127.0.0.1:9"}.items():
        monkeypatch.setattr(oauth, name, value)
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    durable = Durable(None, store=tmp_path / "refavs.db", drafts=tmp_path / "drafts.sqlite", data=tmp_path)
    with Store.open(f"sqlite:///{tmp_path / 'refavs.db'}") as store:
        page, extra = build(
            inbox=inbox,
            start=clip.video.path,
            store=store,
            head=lambda: space_bar.bar(durable, None),
            sign_in=space_bar.signs_in(),
        )
        app = routes.App.create_app(page, app_kwargs={"routes": extra})
        yield TestClient(app, base_url="https://me-refavs.hf.space"), page


def signed(name, seconds=3600):
    """The cookie that the server gives to whom the hub sent back."""
    told = {"expires_at": time.time() + seconds, "userinfo": {"preferred_username": name}}
    data = base64.b64encode(json.dumps({"oauth_info": told}).encode())
    key = hashlib.sha256(f"{SECRET}-v4".encode()).hexdigest()
    return {"session": itsdangerous.TimestampSigner(key).sign(data).decode()}


def ask(space, who, **request):
    client, page = space
    player = next(id for id, block in page.blocks.items() if getattr(block, "elem_id", "") == "studio")
    body = {"session_hash": "x", "component_id": player, "fn_name": "ask", "data": request}
    client.cookies = who or {}
    answer = client.post("/gradio_api/component_server/", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_who_has_not_signed_in_draws_and_cannot_save_until_they_have(space):
    token = ask(space, None, do="hello")["token"]
    assert ask(space, None, do="prompt", token=token, seen=0, index=2, click=[0.5, 0.5, True])["ok"]
    refused = ask(space, None, do="save", token=token, seen=0, expression="The square.")
    assert refused["ok"] is False
    assert "Sign in first" in refused["error"]
    late = ask(space, signed("ann", seconds=-1), do="save", token=token, seen=0, expression="The square.")
    assert "Sign in first" in late["error"]  # the sign-in has expired

    again = ask(space, signed("ann"), do="hello", token=token)
    assert again["token"] == token
    assert len(again["desk"]["objects"]) == 1
    assert ask(space, signed("ann"), do="save", token=token, seen=0, expression="The square.")["ok"]
    assert ask(space, signed("ann"), do="pairs")["pairs"][0]["annotator"] == "ann"
    assert ask(space, signed("bob"), do="save", token=token, seen=0, expression="Mine.")["error"] == "gone"


# T23
def test_page_says_that_nothing_durable_is_mounted_and_offers_to_sign_in(space):
    _, page = space
    shown = [block for block in page.blocks.values() if getattr(block, "elem_id", "") == "space-line"]
    assert NOTHING_MOUNTED.split(":")[0] in shown[0].value
    assert any(isinstance(block, gr.LoginButton) for block in page.blocks.values())


def test_what_stands_above_the_page_has_words_in_chinese(space):
    said = json.loads(modules.WORDS["zh_said"])
    _, page = space
    (button,) = (block for block in page.blocks.values() if isinstance(block, gr.LoginButton))
    assert {button.value, button.logout_value.format("{}")} <= said.keys()
    shapes = [re.compile(re.escape(text).replace(r"\{\}", ".+")) for text in said]
    for words in (NOTHING_MOUNTED, "No snapshot yet.", f"Last snapshot {_ago(400)}.", _ago(0), _ago(60)):
        assert any(shape.fullmatch(words) for shape in shapes), words


def test_line_gives_the_age_and_what_stands_in_the_way_as_text(tmp_path):
    durable = Durable(tmp_path, store=None, drafts=tmp_path / "drafts.sqlite", data=tmp_path)
    assert space_bar.line(durable, None) == "<p>No snapshot yet.</p>"
    durable.trouble = "<b>full</b>"
    assert "&lt;b&gt;full" in space_bar.line(durable, None)


def test_health_gives_the_age_of_the_last_snapshot(tmp_path):
    durable = Durable(tmp_path, store=None, drafts=tmp_path / "drafts.sqlite", data=tmp_path)
    with Store.open(f"sqlite:///{tmp_path / 'refavs.db'}") as store:
        client = TestClient(Starlette(routes=watch.routes(store, durable.age)))
        assert client.get("/gradio_api/refavs/health").json() == {
            "status": "ok",
            "snapshot_age_seconds": None,
        }
        assert durable.save()
        assert client.get("/gradio_api/refavs/health").json()["snapshot_age_seconds"] == 0
