import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from app.guard import BODY_LIMIT, LOOPBACK, Guard

OURS = "http://127.0.0.1:7860"


def client(**options):
    async def echo(request: Request):
        return PlainTextResponse(str(len(await request.body())))

    async def framed(request: Request):
        return PlainTextResponse("x", headers={"Content-Security-Policy": "default-src 'none'; sandbox"})

    routes = [
        Route("/", echo, methods=["GET", "POST"]),
        Route("/gradio_api/upload", echo, methods=["POST"]),
        Route("/own", framed),
    ]
    values = {"hosts": LOOPBACK, "upload_limit": BODY_LIMIT + 2**20, **options}
    return TestClient(Starlette(routes=routes, middleware=[Middleware(Guard, **values)]), base_url=OURS)


def test_every_answer_says_what_may_be_loaded_and_who_may_frame_it():
    headers = client().get("/").headers
    policy = [part.strip() for part in headers["content-security-policy"].split(";")]
    assert "default-src 'self'" in policy
    assert "script-src 'self' 'unsafe-inline' 'unsafe-eval'" in policy
    assert "media-src 'self' blob: data:" in policy
    assert "img-src 'self' blob: data:" in policy
    assert "frame-ancestors 'self'" in policy
    assert headers["x-content-type-options"] == "nosniff"


def test_space_may_be_framed_by_the_hub():
    policy = client(space=True).get("/").headers["content-security-policy"]
    assert policy.endswith("frame-ancestors 'self' https://huggingface.co https://*.hf.space")


def test_stricter_policy_of_a_route_stays():
    assert client().get("/own").headers["content-security-policy"] == "default-src 'none'; sandbox"


@pytest.mark.parametrize("headers", [{"origin": "https://evil.example"}, {"origin": "null"}])
def test_another_site_cannot_write(headers):
    assert client().post("/", headers=headers, content="x").status_code == 403


def test_form_of_another_site_without_origin_cannot_write():
    assert client().post("/", headers={"sec-fetch-site": "cross-site"}, content="x").status_code == 403


def test_page_itself_and_programs_can_write():
    assert client().post("/", headers={"origin": OURS}, content="abc").text == "3"
    assert client().post("/", content="abc").text == "3"


def test_page_behind_a_proxy_can_write():
    headers = {"origin": "https://lab.example", "x-forwarded-host": "lab.example"}
    assert client(hosts=None).post("/", headers=headers, content="abc").text == "3"


def test_foreign_name_of_this_computer_is_refused():
    assert client().get("/", headers={"host": "evil.example:7860"}).status_code == 403
    assert client().get("/", headers={"host": "localhost:7860"}).status_code == 200
    assert client(hosts=None).get("/", headers={"host": "lab.example"}).status_code == 200


def test_oversized_body_is_refused_whether_it_says_its_length_or_not():
    whole = b"x" * (BODY_LIMIT + 1)
    assert client().post("/", content=whole).status_code == 413
    assert client().post("/", content=iter([whole[:-1], b"x"])).status_code == 413
    assert client().post("/", content=iter([whole[:-1]])).text == str(BODY_LIMIT)


def test_upload_may_be_larger_up_to_its_own_limit():
    assert client().post("/gradio_api/upload", content=b"x" * (BODY_LIMIT + 1)).status_code == 200
    assert client().post("/gradio_api/upload", content=b"x" * (BODY_LIMIT + 2**21 + 1)).status_code == 413
