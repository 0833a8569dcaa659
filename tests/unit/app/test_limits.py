"""How much programs may ask."""

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from app import limits
from app.limits import WAITING, Rate, Waiting, caller, upload_mb
from app.player.player import template
from core.errors import RefavsError


def test_too_many_calls_of_one_caller_are_told_how_long_to_wait_and_others_go_on(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(limits.time, "monotonic", lambda: now[0])
    rate = Rate(calls=3, seconds=60)
    for _ in range(3):
        rate.take("ann")
    now[0] += 10
    with pytest.raises(RefavsError, match=r"At most 3 calls in 60 seconds .* wait 50 seconds"):
        rate.take("ann")
    rate.take("bob")
    now[0] += 51
    rate.take("ann")


def client(count):
    async def echo(request: Request):
        return PlainTextResponse((await request.body()).decode())

    routes = [Route("/gradio_api/{rest:path}", echo, methods=["POST"])]
    stack = [Middleware(Waiting, endpoints=frozenset({7}), waiting=lambda: count)]
    return TestClient(Starlette(routes=routes, middleware=stack))


def test_calls_of_programs_that_would_wait_behind_too_many_are_refused_and_pages_are_not():
    full, free = client(WAITING), client(WAITING - 1)
    for path, body in [("call/refer", {"data": []}), ("queue/join", {"fn_index": 7})]:
        answer = full.post(f"/gradio_api/{path}", json=body)
        assert answer.status_code == 429
        assert "try again in a minute" in answer.json()["detail"]
        assert answer.headers["retry-after"] == "60"
        assert free.post(f"/gradio_api/{path}", json=body).status_code == 200
    assert full.post("/gradio_api/queue/join", json={"fn_index": 0}).json() == {"fn_index": 0}
    assert full.post("/gradio_api/queue/join", content=b"no json").text == "no json"
    assert full.post("/gradio_api/component_server/", json={"fn_index": 7}).status_code == 200


def test_caller_is_the_address_and_on_a_space_the_one_its_proxy_names(monkeypatch):
    headers = [(b"x-forwarded-for", b"203.0.113.9, 10.0.0.1")]
    request = Request({"type": "http", "headers": headers, "client": ("198.51.100.1", 5)})
    assert caller(request) == "198.51.100.1"
    monkeypatch.setenv("SPACE_ID", "me/refavs")
    assert caller(request) == "203.0.113.9"


# T43
def test_how_much_may_be_uploaded_is_set_in_one_place_and_stated_on_the_page(monkeypatch):
    assert upload_mb() == 500
    monkeypatch.setenv("REFAVS_UPLOAD_MB", "1200")
    assert upload_mb() == 1200
    assert 'data-upload="1200"' in template()
    for wrong in ("0", "-1", "a lot"):
        monkeypatch.setenv("REFAVS_UPLOAD_MB", wrong)
        with pytest.raises(RefavsError, match="expected a whole number of MB"):
            upload_mb()
