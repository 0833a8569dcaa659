"""A stand-in for the Hugging Face hub on loopback: accounts, one dataset repository, commits."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Hub:
    """tokens: of accounts, by token. status: what every write is answered with. files: what was committed, by path."""

    url: str = ""
    tokens: dict[str, str] = field(
        default_factory=lambda: {"hf_space": "me", "hf_ann": "ann", "hf_bob": "bob"}
    )
    status: int = 200
    files: dict[str, bytes] = field(default_factory=dict)
    commits: list[list[str]] = field(default_factory=list)


@contextmanager
def hub() -> Iterator[Hub]:
    here = Hub()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def answer(self, status: int, content: object) -> None:
            data = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        @property
        def person(self) -> str | None:
            return here.tokens.get((self.headers.get("authorization") or "").removeprefix("Bearer "))

        def do_GET(self) -> None:
            if self.person is None:
                return self.answer(401, {"error": "Invalid credentials"})
            if self.path.startswith("/api/whoami"):
                return self.answer(200, {"name": self.person, "type": "user"})
            self.answer(404, {"error": "Not found"})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            if self.person is None:
                return self.answer(401, {"error": "Invalid credentials"})
            if here.status != 200:
                return self.answer(here.status, {"error": "Forbidden"})
            if self.path == "/api/repos/create":
                told = json.loads(body)
                name = f"{told.get('organization') or self.person}/{told['name']}"
                return self.answer(200, {"url": f"{here.url}/datasets/{name}", "name": name})
            if "/preupload/" in self.path:
                files = json.loads(body)["files"]
                modes = [{"path": f["path"], "uploadMode": "regular", "shouldIgnore": False} for f in files]
                return self.answer(200, {"files": modes})
            if "/commit/" in self.path:
                lines = [json.loads(line) for line in body.decode().splitlines()]
                added = [line["value"] for line in lines if line["key"] == "file"]
                here.files |= {each["path"]: base64.b64decode(each["content"]) for each in added}
                here.commits.append([each["path"] for each in added])
                repo = self.path.removeprefix("/api/").partition("/commit/")[0]
                oid = f"{len(here.commits):040d}"
                return self.answer(
                    200,
                    {
                        "success": True,
                        "commitOid": oid,
                        "commitUrl": f"{here.url}/{repo}/commit/{oid}",
                        "hookOutput": "",
                    },
                )
            self.answer(404, {"error": f"Not found: {self.path}"})

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    here.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield here
    finally:
        server.shutdown()
        server.server_close()
