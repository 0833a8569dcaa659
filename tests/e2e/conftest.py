"""A server as a person starts it, and Chromium looking at it. One of each for all browser tests."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright
from studio_page import StudioPage

ROOT = Path(__file__).parents[2]
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)


class Server:
    """`python launch.py` with directories of its own."""

    def __init__(self, home: Path, *arguments: str) -> None:
        self.home, self.arguments = home, arguments
        self.environment: dict[str, str] = {}  # beside that of the tests
        self.patience = 90.0  # seconds
        self.port = _free_port()
        self.log = home / "server.log"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> float:
        """Seconds until the page is served."""
        environment = {
            **os.environ,
            "REFAVS_DATA_DIR": str(self.home / "data"),
            "REFAVS_CACHE_DIR": str(self.home / "cache"),
            "GRADIO_ANALYTICS_ENABLED": "False",
            "HF_HUB_OFFLINE": "1",
            "OMP_NUM_THREADS": "1",
            **self.environment,
        }
        begun = time.perf_counter()
        with self.log.open("ab") as log:
            command = [sys.executable, "launch.py", "--port", str(self.port), *self.arguments]
            self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        while time.perf_counter() - begun < self.patience:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended: {self.log.read_text()}")
            try:
                urllib.request.urlopen(self.url, timeout=5).read()
                return time.perf_counter() - begun
            except OSError:
                time.sleep(0.1)
        raise RuntimeError(f"the server did not answer within {self.patience:.0f} s: {self.log.read_text()}")

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


@pytest.fixture(scope="session")
def server(tmp_path_factory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("server"))
    print(f"page served after {server.start():.1f} s")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def guarded(tmp_path_factory) -> Iterator[Server]:
    """A server where ann and bob may sign in."""
    home = tmp_path_factory.mktemp("guarded")
    file = home / "people.json"
    for name in ("ann", "bob"):
        command = [sys.executable, "-c", "from app.cli import main; main()", "user", "add", name]
        subprocess.run(
            [*command, "--auth", str(file)], input=f"{name}-secret", text=True, check=True, cwd=ROOT
        )
    server = Server(home, "--auth", str(file))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = os.environ.get("REFAVS_CHROMIUM") or shutil.which("chromium")
    if path is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def new_page(server, browser, request):
    """Makes pages of people of their own; afterwards none may have had an error or asked outside."""
    contexts, pages = [], []

    def make(url: str = server.url, **options) -> StudioPage:
        contexts.append(browser.new_context(viewport={"width": 1280, "height": 720}, **options))
        pages.append(StudioPage(contexts[-1].new_page(), url))
        return pages[-1]

    yield make
    problems = [problem for page in pages for problem in page.problems]
    if shots := os.environ.get("REFAVS_SHOTS"):
        for k, page in enumerate(pages):
            page.page.screenshot(path=f"{shots}/{request.node.name}-{k}.png")
    for context in contexts:
        context.close()
    assert not problems


@pytest.fixture(scope="module")
def visited(server, browser) -> Iterator[StudioPage]:
    """One page for all tests of a file that open clips of their own; it may have no error."""
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    page = StudioPage(context.new_page(), server.url)
    page.ready()
    yield page
    context.close()
    assert not page.problems


@pytest.fixture
def studio(new_page) -> StudioPage:
    """A page with the first sample clip open and playable."""
    page = new_page()
    page.ready()
    return page


@pytest.fixture(scope="session")
def clips(tmp_path_factory) -> Path:
    """Folder for clips that the tests make."""
    return tmp_path_factory.mktemp("clips")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
