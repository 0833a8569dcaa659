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


def test_killed_server_comes_back_under_the_open_page_with_what_was_saved_drawn_and_undone(
    new_page, tmp_path
):
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
        page.part("screen").focus()
        for key in ("End", "Shift+a"):
            page.page.keyboard.press(key)
            page.wait("app.clock.index === app.clock.last && app.clock.wanted === null")
        page.wait("app.model.cells.get(1).size === 2")
        sent = ('"sentence"', "The one that is not saved")  # when the typing rests
        with page.page.expect_response(lambda a: all(part in (a.request.post_data or "") for part in sent)):
            page.write(sent[1])
        assert page.part("saved-state").inner_text() == "draft"
        drawn, token = page.cells(1), page.js("app.net.token")

        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait()
        page.do("undo")
        page.page.locator(".notice.error").first.wait_for()
        server.start()

        page.js("app.acts.undo()")
        page.page.locator(".notice", has_text="your work is here again").wait_for()
        page.wait("app.model.pairs.length === 1 && app.clock.ready && app.model.cells.get(1)?.size === 2")
        assert page.js("app.net.token") == token
        assert page.part("expression").input_value() == "The one that is not saved"
        assert page.cells(1) == drawn
        assert page.part("saved-state").inner_text() == "draft"
        page.seek(10)
        page.click(0.5, 0.85)
        assert sorted(page.cells(1)) == [0, 10, 19]

        # Undo and redo reach back over it, and over the save.
        page.part("screen").focus()
        for key, acts in [
            ("Control+z", "click,click,absent from here"),
            ("Control+z", "click,click"),
            ("Control+z", "click"),
            ("Control+Shift+z", "click,click"),
            ("Control+Shift+z", "click,click,absent from here"),
        ]:
            page.page.keyboard.press(key)
            left = acts.split(",")
            page.wait(
                f"app.model.undo === {left[-1]!r} && app.model.cells.get(1).size === {1 + (len(left) > 2)}"
            )
        assert page.cells(1) == drawn
        assert (tmp_path / "own.db").is_file()
        assert not (tmp_path / "data" / "refavs.db").exists()
    finally:
        server.stop()
