"""The server that `refavs bench player` and `refavs screenshots` look at: the real one, on a port of its own.

python -m app.cli.bench_player_server PORT disc|auto [CLIP]     disc = a segmenter that answers at once
"""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import RefavsError
from core.masks import FrameMask, Mask
from core.segment.protocol import Prediction

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
APP = "document.querySelector('[data-part=root]')?.__refavs"
PATIENCE = 120  # seconds


class Disc:
    """Answers a disc at the last click, and moves it along: what remains is the time of everything else."""

    name = "disc"

    def segment(self, clip: Any, index: int, prompts: Any, *, previous: Mask | None = None) -> Prediction:
        height, width = clip.size
        click = prompts.clicks[-1] if prompts.clicks else None
        x, y = (click.x, click.y) if click else (width / 2, height / 2)
        return Prediction(_disc((height, width), x, y), 1.0)

    def propagate(
        self, clip: Any, seeds: Mapping[int, Mapping[int, Any]], indices: Any, *, barriers: Any = ()
    ) -> Iterator[Mapping[int, FrameMask]]:
        height, width = clip.size
        starts = {key: next(iter(frames.values())).box for key, frames in seeds.items()}
        for index in indices:
            yield {
                key: FrameMask(
                    index, _disc((height, width), (box[0] + 2 * index) % width, (box[1] + box[3]) / 2)
                )
                for key, box in starts.items()
            }


def _disc(size: tuple[int, int], x: float, y: float) -> Mask:
    rows, columns = np.ogrid[0 : size[0], 0 : size[1]]
    return Mask.encode((columns + 0.5 - x) ** 2 + (rows + 0.5 - y) ** 2 <= (size[0] / 8) ** 2)


@contextmanager
def running(home: Path, segmenter: str, clip: Path | None = None) -> Iterator[str]:
    """A server with directories of its own under `home`; its address. RefavsError when it does not come up."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "REFAVS_DATA_DIR": str(home / "data"),
        "REFAVS_CACHE_DIR": str(home / "cache"),
    }
    command = [sys.executable, "-m", __name__, str(port), segmenter, *([str(clip)] if clip else [])]
    log = home / "server.log"
    with log.open("wb") as out:
        server = subprocess.Popen(command, env=environment, stdout=out, stderr=out)
    try:
        begun = time.monotonic()
        while True:
            if server.poll() is not None or time.monotonic() - begun > PATIENCE:
                words = " ".join(log.read_text("utf-8", "replace").split())[-300:]
                raise RefavsError(f"The server did not come up: {words or 'it said nothing'}")
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}", timeout=5).read()
                break
            except OSError:
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


@contextmanager
def chromium() -> Iterator[Any]:
    """A playwright browser. RefavsError when playwright or Chromium is missing."""
    import shutil

    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise RefavsError("This needs playwright, which is not installed: pip install playwright") from error
    path = os.environ.get("REFAVS_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        raise RefavsError("This needs Chromium, which is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


def main() -> None:
    from app.serve import serve
    from core import registry

    port, segmenter, *clip = sys.argv[1:]
    if segmenter == "disc":
        registry.segmenter = lambda name="auto": Disc()  # type: ignore[assignment, return-value]
    serve(clip=clip[0] if clip else None, host="127.0.0.1", port=int(port), db=None)


if __name__ == "__main__":
    main()
