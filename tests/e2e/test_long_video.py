"""Ten minutes of 1080p: open at once, worked on while the rest is read, in a tab that stays small.

pytest -n 0 -m slow -s tests/e2e/test_long_video.py        prints the times and the memory

"The tab stays under 400 MB" is said of what Chromium's own task manager shows for a tab, its private memory
footprint: on Linux the anonymous resident pages of the tab's process and what of them is swapped out. Not in it are
pages of Chromium's own program file, which all its processes share and which any page has, and memory shared with
the process that composes the picture. All resident memory is printed beside it, and both for a bare page that plays
the same file and for an empty page of Gradio.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from conftest import ROOT, Server
from playwright.sync_api import Browser, Page, ViewportSize
from studio_page import StudioPage

MINUTES = 10
PART = 4  # seconds that are encoded; the file is made of copies
RATE = 25
FRAMES = MINUTES * 60 * RATE
TAB = 400  # MB that the tab may take
PLAYED = 20_000  # ms
JUMPS = range(0, FRAMES, FRAMES // 40)
PATIENCE = 240_000  # ms, on a busy machine
VIEWPORT = ViewportSize(width=1280, height=720)

OPENING = """
import sys, time
from core import media
begun, worked = time.perf_counter(), time.process_time()
video = media.open(sys.argv[1])
opened = time.perf_counter()
video.clip().frame(0)
assert len(video) == int(sys.argv[2]) and not video.table.decoded
now, worked = time.perf_counter(), time.process_time() - worked
print(f"{opened - begun:.2f} s to the times of all frames, {now - begun:.2f} s to the first one; {worked:.2f} s of CPU")
"""

DECODING = """
import os, sys, time
from core import media
video = media.open(sys.argv[1])
begun = time.perf_counter()
media.confirm(video)
now, worked = time.perf_counter(), os.times().children_user + os.times().children_system
print(f"every frame decoded once, without a page: {now - begun:.1f} s, {worked:.1f} s of CPU")
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1200),
]  # an export waits until every frame was decoded once


def encoded(path: Path) -> Path:
    """PART seconds with B-frames and a beep a second; about 7 Mbit a second."""
    grain = np.random.default_rng(1).integers(0, 256, (68, 120, 3), dtype=np.uint8)
    ground = cv2.resize(grain, (2200, 1240), interpolation=cv2.INTER_CUBIC)
    with av.open(str(path), "w") as out:
        settings = {"preset": "ultrafast", "bf": "2", "g": "50", "crf": "18"}
        video = out.add_stream("libx264", rate=RATE, options=settings)
        video.width, video.height, video.pix_fmt = 1920, 1080, "yuv420p"
        audio = out.add_stream("aac", rate=48000, layout="stereo")
        for i in range(PART * RATE):
            turn = 2 * np.pi * i / (PART * RATE)
            x, y = int(40 + 40 * np.sin(turn)), int(40 + 40 * np.cos(turn))
            picture = ground[y : y + 1080, x : x + 1920].copy()
            picture[400:700, 200 + 8 * i : 500 + 8 * i] = (200, 30, 30)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = i, Fraction(1, RATE)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        t = np.arange(PART * 48000) / 48000
        sound = np.repeat((0.3 * np.sin(2 * np.pi * 440 * t) * (t % 1 < 0.3))[None], 2, 0).astype(np.float32)
        for at in range(0, sound.shape[1], 1024):
            piece = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(sound[:, at : at + 1024]), format="fltp", layout="stereo"
            )
            piece.sample_rate, piece.pts, piece.time_base = 48000, at, Fraction(1, 48000)
            out.mux(audio.encode(piece))
        out.mux(audio.encode(None))
    return path


@pytest.fixture(scope="module")
def film(tmp_path_factory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("film")
    path = folder / "ten minutes.mp4"
    with av.open(str(encoded(folder / "part.mp4"))) as part, av.open(str(path), "w") as out:
        to = {stream.index: out.add_stream_from_template(stream) for stream in part.streams}
        packets = [packet for packet in part.demux() if packet.size]
        known = [(bytes(p), p.stream_index, p.pts, p.dts, p.duration, p.is_keyframe) for p in packets]
        for copy in range(MINUTES * 60 // PART):
            for data, index, pts, dts, duration, key in known:
                base = part.streams[index].time_base
                if to[index].type == "audio" and not 0 <= pts * base < PART:
                    continue
                packet = av.Packet(data)
                packet.pts, packet.dts = (int(stamp + copy * PART / base) for stamp in (pts, dts))
                packet.duration, packet.is_keyframe = duration, key
                packet.time_base, packet.stream = base, to[index]
                out.mux(packet)
    print(f"\n{path.stat().st_size / 2**20:.0f} MiB")
    yield path
    path.unlink()


@dataclass(frozen=True)
class Memory:
    """MB. private: anonymous pages, resident or swapped out. resident: also those of files and shared ones."""

    private: float
    resident: float
    heap: float  # objects of JavaScript

    def __str__(self) -> str:
        return (
            f"{self.private:.0f} MB private, {self.resident:.0f} MB resident, {self.heap:.0f} MB of objects"
        )


def memory(browser: Browser, page: Page) -> Memory:
    """Of the largest tab; the page is the only one that is open."""
    told = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    found = []
    for process in told:
        if process["type"] == "renderer":
            status = Path(f"/proc/{process['id']}/status").read_text()
            anonymous, swapped, resident = (
                int(status.split(f"{name}:")[1].split()[0]) / 1000 for name in ("RssAnon", "VmSwap", "VmRSS")
            )
            found.append((anonymous + swapped, resident))
    return Memory(*max(found), page.evaluate("performance.memory.usedJSHeapSize / 1e6"))


def bare(browser: Browser, source: str) -> Memory:
    """A page that has nothing but the video, played and sought in the same way."""
    context = browser.new_context(viewport=VIEWPORT)
    page = context.new_page()
    page.set_content(f'<video src="{source}" preload="auto" style="width: 880px"></video>')
    page.wait_for_function("document.querySelector('video').readyState > 2")
    page.evaluate("document.querySelector('video').play()")
    page.wait_for_timeout(PLAYED)
    page.evaluate("document.querySelector('video').pause()")
    for index in JUMPS:
        page.evaluate(
            """(time) => new Promise((done) => {
                const video = document.querySelector("video");
                video.onseeked = () => done();
                video.currentTime = time;
            })""",
            (index + 0.5) / RATE,
        )
    found = memory(browser, page)
    context.close()
    return found


def empty(browser: Browser) -> Memory:
    """A page of Gradio with one word on it."""
    code = "import gradio\nwith gradio.Blocks() as page: gradio.HTML('hello')\nprint(page.launch(prevent_thread_lock=True)[1], flush=True)\npage.block_thread()"
    environment = {**os.environ, "GRADIO_ANALYTICS_ENABLED": "False"}
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, env=environment, text=True
    ) as server:
        assert server.stdout is not None
        address = next(line for line in server.stdout if line.startswith("http"))
        context = browser.new_context(viewport=VIEWPORT)
        page = context.new_page()
        page.goto(address.strip())
        page.get_by_text("hello").wait_for(timeout=PATIENCE)
        page.wait_for_timeout(1500)
        found = memory(browser, page)
        context.close()
        server.terminate()
    return found


def run(code: str, *arguments: object, **environment: str) -> None:
    """In a process of its own; prints what it tells."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    told = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True
    )
    assert told.returncode == 0, told.stderr
    print(told.stdout.strip())


def test_every_frame_of_ten_minutes_is_decoded_once_without_a_page(film, tmp_path):
    run(DECODING, film, REFAVS_CACHE_DIR=str(tmp_path))
    assert len(list((tmp_path / "confirmed").iterdir())) == 1


def test_ten_minutes_are_open_at_once_and_the_tab_stays_small(film, browser, tmp_path):
    run(OPENING, film, FRAMES)

    server = Server(tmp_path, str(film))
    server.patience = 240
    server.start()
    context = browser.new_context(viewport=VIEWPORT)
    try:
        page = StudioPage(context.new_page(), f"{server.url}/?tab=annotate&clip=sample:band.mp4")
        page.wait("app && app.model.desk && app.clock.ready", timeout=PATIENCE)
        begun = time.perf_counter()
        page.js("void app.source.open('start')")
        page.wait(
            "app.model.desk.source === 'start' && (app.clock.ready || !app.clock.still.hidden)",
            timeout=PATIENCE,
        )
        print(f"first frame on the page after {time.perf_counter() - begun:.2f} s")
        page.ready()
        assert page.js("app.clock.pts.length") == FRAMES
        page.page.locator("[data-part=checked]", has_text="% checked").wait_for()

        # Work while the rest is read: ten frames, one a second, which make a window of a dataset.
        for second in range(10):
            page.seek(second * RATE)
            page.drag(0.1, 0.3, 0.6, 0.7)
        page.wait("app.model.objects.length === 1 && app.lanes.peaks && app.lanes.strip", timeout=PATIENCE)
        print(f"ten boxes, thumbnails and waveform after {time.perf_counter() - begun:.1f} s")
        assert sorted(page.cells(1)) == list(range(0, 10 * RATE, RATE))

        # Play and jump about.
        page.do("play")
        page.page.wait_for_timeout(PLAYED)
        page.do("play")
        for index in JUMPS:
            page.seek(index)
        tab = memory(browser, page.page)
        source = page.js("app.clock.video.currentSrc")

        page.write("The red box.")
        page.save()
        page.do("export")
        row = page.part("export-row")
        page.part("download").wait_for(timeout=600_000)
        print(f"export, after every frame was decoded once: {time.perf_counter() - begun:.1f} s")
        assert list((tmp_path / "cache" / "confirmed").iterdir())
        assert "· 1 pair" in row.inner_text()
        assert page.part("checked").inner_text() == ""
        assert not page.problems
        context.close()
        print(
            f"tab: {tab}\na bare page that plays it: {bare(browser, source)}\nempty page of Gradio: {empty(browser)}"
        )
        assert tab.private < TAB
    finally:
        context.close()
        server.stop()
