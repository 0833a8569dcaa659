"""Health, metrics, request ids and log lines: what machines read of the server."""

import json
import logging
import re

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from annotations.records import ConflictError, StoreError, UnreachableError
from annotations.store import Store
from app import logs, watch
from app.watch import Watch, referring, saving

ROOM = "/gradio_api/refavs"


@pytest.fixture
def store():
    with Store.open() as opened:
        yield opened


@pytest.fixture
def client(store):
    def fail(request):
        logging.getLogger("refavs.app").error("It broke for %s", request.query_params.get("who"))
        raise RuntimeError

    def show(request):
        return PlainTextResponse(watch.request_id())

    own = [Route("/show", show), Route("/fail", fail)]
    app = Starlette(routes=[*watch.routes(store), *own], middleware=[Middleware(Watch)])
    return TestClient(app, raise_server_exceptions=False)


def counted(client) -> dict[str, float]:
    text = client.get(f"{ROOM}/metrics").text
    return {name: float(value) for name, value in re.findall(r"^(refavs_\S+) (\S+)$", text, re.M)}


def test_a_server_whose_store_answers_is_well(client):
    answer = client.get(f"{ROOM}/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize(
    "error", [UnreachableError("postgresql://hannelore@secret"), StoreError("/home/hannelore")]
)
def test_a_server_whose_store_does_not_answer_is_not_well_and_tells_no_place(
    client, store, monkeypatch, error
):
    def away():
        raise error

    monkeypatch.setattr(store.database, "revision", away)
    answer = client.get(f"{ROOM}/health")
    assert (answer.status_code, answer.json()["status"]) == (503, "error")
    assert "hannelore" not in answer.text


def test_requests_saves_and_referrals_are_counted_by_what_became_of_them(client):
    before = counted(client)
    client.get(f"{ROOM}/media/abc/1/def")
    with saving():
        pass
    for error in (ConflictError("Theirs.", theirs=1), UnreachableError("Away."), ValueError("Odd.")):
        with pytest.raises(type(error)), saving():
            raise error

    def work():
        with referring():
            yield

    going = work()
    next(going)
    going.close()
    now = counted(client)
    more = {name: now[name] - before.get(name, 0) for name in now}
    assert more['refavs_requests_total{kind="media",status="404"}'] == 1
    for outcome in ("stored", "conflict", "unreachable", "failed"):
        assert more[f'refavs_saves_total{{outcome="{outcome}"}}'] == 1
    assert more["refavs_save_seconds_count"] == 1
    assert more['refavs_referrals_total{outcome="cancelled"}'] == 1


def test_metrics_and_log_lines_hold_no_path_and_no_name_of_who_asked(client, caplog):
    with caplog.at_level(logging.DEBUG, "refavs.request"):
        client.get(f"{ROOM}/media/key/99/proof?person=hannelore")
        client.get("/hannelore/clip.mp4")
    text = client.get(f"{ROOM}/metrics").text
    assert "hannelore" not in text + caplog.text
    assert "proof" not in text + caplog.text


def test_a_request_has_one_id_in_its_answer_and_in_the_log(client, capsys, monkeypatch):
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    monkeypatch.setenv("REFAVS_LOG", "json")
    try:
        logs.set_up()
        errors = counted(client)["refavs_errors_total"]
        assert client.get("/show", headers={"X-Request-ID": "from-a-proxy.7"}).text == "from-a-proxy.7"
        made = client.get("/show", headers={"X-Request-ID": "no id\x01" * 20})
        assert made.text == made.headers["X-Request-ID"]
        assert re.fullmatch(r"[0-9a-f]{12}", made.text)
        client.get("/fail", params={"who": "«Ann»\n"}, headers={"X-Request-ID": "seven"})
        lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
        assert counted(client)["refavs_errors_total"] == errors + 1
    finally:
        root.handlers[:], root.level = before, level
    (broke,) = [line for line in lines if line["logger"] == "refavs.app"]
    assert (broke["request"], broke["level"], broke["message"]) == ("seven", "error", "It broke for «Ann»\n")
