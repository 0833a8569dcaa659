"""The studio in a window of its own."""

import ctypes
import json
import os
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from conftest import ROOT

# A stand-in for pywebview: a person who opens the page, draws, and closes the window at once.
WINDOW = """
import json, urllib.request
settings = {}
def create_window(title, url, **options):
    global address
    address = url
def start(**options):
    config = json.load(urllib.request.urlopen(address + "config"))
    player = next(c["id"] for c in config["components"] if c["props"].get("elem_id") == "studio")
    def ask(**data):
        body = {"session_hash": "w", "component_id": player, "fn_name": "ask", "data": data}
        request = urllib.request.Request(address + "gradio_api/component_server/", json.dumps(body).encode())
        request.add_header("Content-Type", "application/json")
        return json.load(urllib.request.urlopen(request))
    token = ask(do="open", source="sample:band.mp4")["token"]
    assert ask(do="sentence", token=token, expression="The one not saved yet.")["ok"]
    print(json.dumps({"address": address}))
"""


def environment_of(home):
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, (str(home), os.environ.get("PYTHONPATH")))),
        "REFAVS_DATA_DIR": str(home / "data"),
        "REFAVS_CACHE_DIR": str(home / "cache"),
        "BROWSER": f"{sys.executable} {home / 'browser.py'} %s",
        "PYWEBVIEW_GUI": "gtk",
    }


def run(home, *arguments):
    command = [sys.executable, "launch.py", "--desktop", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environment_of(home), capture_output=True, text=True, timeout=240
    )


def close_window(display, name):
    """What the cross of a window's frame does: ask it to close itself."""
    find = ["xdotool", "search", "--onlyvisible", "--name", name]
    found = subprocess.run(find, env={**os.environ, "DISPLAY": display}, capture_output=True, text=True)
    x = ctypes.CDLL("libX11.so.6")
    x.XOpenDisplay.restype = ctypes.c_void_p
    screen = ctypes.c_void_p(x.XOpenDisplay(display.encode()))
    atoms = [x.XInternAtom(screen, word, 0) for word in (b"WM_PROTOCOLS", b"WM_DELETE_WINDOW")]
    for window in map(int, found.stdout.split()):
        # XClientMessageEvent: type, serial, sent, display, window, message, format, data
        event = struct.pack("iLiPLLi4xlllll", 33, 0, 1, 0, window, atoms[0], 32, atoms[1], 0, 0, 0, 0)
        x.XSendEvent(screen, ctypes.c_ulong(window), 0, 0, event.ljust(192, b"\0"))
    x.XCloseDisplay(screen)


@pytest.fixture
def display():
    """A screen of its own, without anybody before it."""
    if not shutil.which("Xvfb") or not shutil.which("xdotool"):
        pytest.skip("needs Xvfb and xdotool: apt-get install xvfb xdotool")
    command = ["Xvfb", "-displayfd", "1", "-screen", "0", "1400x900x24", "-nolisten", "tcp"]
    screen = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    yield f":{screen.stdout.readline().strip()}"
    screen.terminate()
    screen.wait(10)


@pytest.mark.slow
def test_closing_the_window_ends_the_server_and_keeps_what_was_not_saved(tmp_path):
    (tmp_path / "webview.py").write_text(WINDOW)
    done = run(tmp_path)
    assert done.returncode == 0, done.stderr
    address = json.loads(done.stdout.strip().splitlines()[-1])["address"]
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(address, timeout=5)
    with sqlite3.connect(tmp_path / "data" / "drafts.sqlite") as drafts:
        assert drafts.execute("SELECT expression FROM desk").fetchall() == [("The one not saved yet.",)]


@pytest.mark.slow
def test_without_a_way_to_draw_a_window_the_browser_shows_the_page(tmp_path):
    (tmp_path / "webview.py").write_text("raise ImportError")
    # The browser that is opened ends the server, as Ctrl+C would.
    (tmp_path / "browser.py").write_text("import os, signal; os.kill(os.getppid(), signal.SIGTERM)")
    done = run(tmp_path)
    assert done.returncode == 0, done.stderr
    assert 'pip install "refavs-studio[desktop]"' in done.stderr
    assert "opens in the browser: http://127.0.0.1:" in done.stderr


@pytest.mark.slow
def test_what_keeps_the_server_from_starting_is_told_in_one_line(tmp_path):
    done = run(tmp_path, str(tmp_path / "missing.mp4"))
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.slow
def test_window_shows_the_page_and_closing_it_ends_the_server(tmp_path, display):
    """With pywebview itself and whichever toolkit it finds. REFAVS_SHOTS: a folder for the screenshot."""
    pytest.importorskip("webview", reason='needs pip install "refavs-studio[desktop]", and Qt or GTK for it')
    from PIL import ImageGrab

    environment = {
        **environment_of(tmp_path),
        "DISPLAY": display,
        "QTWEBENGINE_CHROMIUM_FLAGS": "--no-sandbox --disable-gpu",  # tests may run as root
    }
    log = (tmp_path / "log").open("w")
    studio = subprocess.Popen(
        [sys.executable, "launch.py", "--desktop"], cwd=ROOT, env=environment, stdout=log, stderr=log
    )
    try:
        begun = time.monotonic()
        while True:  # until pictures of the clip are on the screen
            assert studio.poll() is None, (tmp_path / "log").read_text()
            assert time.monotonic() - begun < 150, (tmp_path / "log").read_text()
            time.sleep(1)
            shot = ImageGrab.grab(xdisplay=display)
            if len(set(shot.resize((350, 225)).getdata())) > 5000:
                break
        if shots := os.environ.get("REFAVS_SHOTS"):
            shot.save(Path(shots) / "desktop.png")
        close_window(display, "RefAVS Studio")
        assert studio.wait(60) == 0
    finally:
        if studio.poll() is None:
            studio.send_signal(signal.SIGTERM)
            studio.wait(30)
    assert "Traceback" not in (tmp_path / "log").read_text()
