"""The studio in a window of its own."""

import json
import os
import sqlite3
import subprocess
import sys
import urllib.request

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


def run(home, *arguments):
    environment = {
        **os.environ,
        "PYTHONPATH": str(home),
        "REFAVS_DATA_DIR": str(home / "data"),
        "REFAVS_CACHE_DIR": str(home / "cache"),
        "BROWSER": f"{sys.executable} {home / 'browser.py'} %s",
    }
    command = [sys.executable, "launch.py", "--desktop", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240)


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
