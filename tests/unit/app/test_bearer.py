"""Tokens of scripts: whose they are, until when, and what a request with one is taken for."""

from datetime import timedelta
from types import SimpleNamespace

import fake_hub
import huggingface_hub.constants
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from app import people
from app.bearer import HUB_TOKEN, Bearer, HubPeople
from app.people import PERSON, People, person_of
from core.errors import RefavsError


@pytest.fixture
def known(tmp_path, monkeypatch):
    monkeypatch.setattr(people, "COST", {"n": 2, "r": 1, "p": 1})
    found = People(tmp_path / "people.json")
    found.add("ann", "correct horse")
    return found


def client(**options):
    """Gradio with a login, as far as it matters here: who it takes a request for."""

    async def who(request: Request):
        app = request.app
        cookie = app.tokens.get(request.cookies.get(f"access-token-unsecure-{app.cookie_id}"))
        return PlainTextResponse(f"{person_of(request)} {cookie}")

    app = Starlette(routes=[Route("/", who)], middleware=[Middleware(Bearer, **options)])
    app.auth, app.tokens, app.cookie_id = (lambda *_: False), {}, "id"
    return TestClient(app)


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def test_token_is_its_owners_and_the_file_has_its_hash_alone(known):
    token = known.give_token("ann", days=1)
    assert known.of_token(token) == "ann"
    assert People(known.file).of_token(token) == "ann"
    assert token.removeprefix("refavs_") not in known.file.read_text()
    with pytest.raises(RefavsError, match="not known here"):
        known.of_token(token + "x")


def test_token_ends_with_its_days_with_a_new_password_and_when_it_is_taken_back(known, monkeypatch):
    token = known.give_token("ann", days=2)
    assert known.drop_tokens("ann") == 1
    with pytest.raises(RefavsError, match="not known"):
        known.of_token(token)
    token = known.give_token("ann", days=2)
    known.add("ann", "battery staple")
    with pytest.raises(RefavsError, match="not known"):
        known.of_token(token)
    monkeypatch.setattr(people, "timedelta", lambda days: -timedelta(days=days))
    token = known.give_token("ann", days=2)
    with pytest.raises(RefavsError, match=r"expired on .* refavs user token ann"):
        known.of_token(token)


@pytest.mark.parametrize("days", [0, -1, 10_000])
def test_token_for_nobody_or_for_no_time_is_refused(known, days):
    with pytest.raises(RefavsError, match="1 to 3660 days"):
        known.give_token("ann", days=days)
    with pytest.raises(RefavsError, match="no person 'bob'"):
        known.give_token("bob", days=1)


def test_request_with_a_token_is_its_owners_as_if_signed_in(known):
    token = known.give_token("ann", days=1)
    caller = client(owner=known.of_token)
    assert caller.get("/", headers=bearer(token)).text == "ann ann"
    assert caller.get("/").text == "None None"


def test_wrong_token_is_told_and_another_kind_is_none_of_our_business(known):
    caller = client(owner=known.of_token)
    answer = caller.get("/", headers=bearer("refavs_wrong"))
    assert answer.status_code == 401
    assert "refavs user token" in answer.text
    assert caller.get("/", headers=bearer("of-a-proxy")).text == "None None"
    assert caller.get("/", headers={"Authorization": "Basic YTpi"}).text == "None None"


def test_hub_tokens_are_the_hubs_accounts_and_an_expired_one_is_told(monkeypatch):
    with fake_hub.hub() as hub:
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", hub.url)
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
        owner = HubPeople()
        caller = client(prefix=HUB_TOKEN, owner=owner)
        assert caller.get("/", headers={"X-HF-Authorization": "Bearer hf_ann"}).text.startswith("ann")
        del hub.tokens["hf_ann"]
        assert caller.get("/", headers=bearer("hf_ann")).text.startswith("ann")  # it was asked a moment ago
        answer = caller.get("/", headers=bearer("hf_old"))
        assert answer.status_code == 401
        assert "expired" in answer.text
    answer = caller.get("/", headers=bearer("hf_bob"))
    assert answer.status_code == 503
    assert "cannot be asked" in answer.text


def test_session_that_the_server_signed_names_the_person_until_it_expires():
    def request(**told):
        return Request(
            {"type": "http", "headers": [], "session": {"oauth_info": told}, "app": SimpleNamespace()}
        )

    assert person_of(request(expires_at=4e9, userinfo={"preferred_username": "ann"})) == "ann"
    assert person_of(request(expires_at=1.0, userinfo={"preferred_username": "ann"})) is None
    assert person_of(request(expires_at=4e9, userinfo={})) is None
    assert (
        person_of(Request({"type": "http", "headers": [], PERSON: "bob", "app": SimpleNamespace()})) == "bob"
    )
