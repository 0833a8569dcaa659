"""Starting the server, and starting it anew under an open page."""

import os
import signal
import socket
import subprocess
import sys

import makers
import pytest
from conftest import ROOT, Server


def launch(*arguments, home):
    environment = {
        **os.environ,
        "REFAVS_DATA_DIR": str(home / "data"),
        "REFAVS_CACHE_DIR": str(home / "cache"),
    }
    command = [sys.executable, "launch.py", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)


def test_taken_port_is_told_in_one_line(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = launch("--port", taken.getsockname()[1], home=tmp_path)
    assert done.returncode == 2
    assert "expected a free port" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("name", ["missing.mp4", "text.mp4"])
def test_clip_that_cannot_be_opened_is_told_in_one_line(tmp_path, name):
    (tmp_path / "text.mp4").write_text("no video")
    done = launch(tmp_path / name, home=tmp_path)
    assert done.returncode == 2
    assert name in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_database_that_cannot_be_opened_is_told_in_one_line(tmp_path):
    done = launch("--db", "nonsense://x", home=tmp_path)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1


def test_killed_server_comes_back_under_the_open_page_with_what_was_saved(new_page, tmp_path):
    clip = makers.make_clip(tmp_path / "named at the start.mp4", frames=20)
    server = Server(tmp_path, str(clip), "--db", f"sqlite:///{tmp_path}/own.db")
    server.start()
    try:
        page = new_page(server.url)
        page.ready()
        assert page.part("name").inner_text() == clip.name
        page.click(0.4, 0.85)
        page.write("The ball.")
        page.save()
        page.click(0.6, 0.85)
        assert page.part("saved-state").inner_text() == "draft"
        drawn = page.cells(1)

        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait()
        page.do("undo")
        page.page.locator(".notice.error").first.wait_for()
        server.start()

        page.js("app.acts.undo()")
        page.wait("app.model.pairs.length === 1 && app.model.undo === null && app.clock.ready")
        assert any("started anew" in notice for notice in page.notices)
        assert page.part("expression").input_value() == "The ball."
        assert page.cells(1) == drawn
        assert page.part("saved-state").inner_text() == "draft"
        page.click(0.5, 0.85)
        assert (tmp_path / "own.db").is_file()
        assert not (tmp_path / "data" / "refavs.db").exists()
    finally:
        server.stop()
