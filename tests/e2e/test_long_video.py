"""Ten minutes of 1080p: open at once, worked on while the rest is read, in a tab that stays small.

pytest -n 0 -m slow -s tests/e2e/test_long_video.py        prints the times and the memory
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from conftest import ROOT, Server
from studio_page import StudioPage

MINUTES = 10
PART = 4  # seconds that are encoded; the file is made of copies
RATE = 25
TAB = 400  # MB that the tab may take

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


def rss(pid: int) -> float:
    """MB of memory that a process holds."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1000


def test_ten_minutes_are_open_at_once_and_the_tab_stays_small(film, browser, tmp_path):
    frames = MINUTES * 60 * RATE
    told = subprocess.run(
        [sys.executable, "-c", OPENING, str(film), str(frames)], cwd=ROOT, capture_output=True, text=True
    )
    assert told.returncode == 0, told.stderr
    print(told.stdout.strip())

    server = Server(tmp_path, str(film))
    server.start()
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    try:
        page = StudioPage(context.new_page(), f"{server.url}/?tab=annotate&clip=sample:band.mp4")
        page.ready()
        begun = time.perf_counter()
        page.js("void app.source.open('start')")
        page.wait("app.model.desk.source === 'start' && (app.clock.ready || !app.clock.still.hidden)")
        print(f"first frame on the page after {time.perf_counter() - begun:.2f} s")
        page.ready()
        assert page.js("app.clock.pts.length") == frames

        # Work while the rest is read.
        page.seek(frames // 2)
        page.drag(0.1, 0.3, 0.6, 0.7)
        page.wait("app.model.objects.length === 1 && app.lanes.peaks && app.lanes.strip", timeout=300_000)
        print(f"thumbnails and waveform after {time.perf_counter() - begun:.1f} s")

        # Play and jump about.
        page.do("play")
        page.page.wait_for_timeout(20_000)
        page.do("play")
        for index in range(0, frames, frames // 40):
            page.seek(index)
        heap = page.page.evaluate("performance.memory.usedJSHeapSize / 1e6")
        processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
        tab = max(rss(int(process["id"])) for process in processes if process["type"] == "renderer")
        print(f"tab: {heap:.0f} MB of objects, {tab:.0f} MB in all")
        assert tab < TAB

        page.write("The red box.")
        page.save()
        page.do("export")
        page.part("download").wait_for(timeout=600_000)
        print(f"export, after every frame was decoded once: {time.perf_counter() - begun:.1f} s")
        assert list((tmp_path / "cache" / "confirmed").iterdir())
        assert "1 pair" in page.page.locator("[data-part=export-row]").inner_text()
        assert not page.problems
    finally:
        context.close()
        server.stop()
