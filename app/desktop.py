"""The studio in a window of its own: the server runs beside it, and ends when the window is closed."""

import logging
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import webbrowser
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

TITLE = "RefAVS Studio"
SIZE = (1360, 860)
PATIENCE = 120.0  # seconds until the server answers
LAST = 0.5  # seconds in which what the page sends while it closes arrives
ENDING = 20.0  # seconds that the server has to end
GTK = (  # Qt's own engine, as pip installs it, cannot play H.264
    "A window that plays videos needs GTK: apt install python3-gi gir1.2-webkit2-4.1 gstreamer1.0-libav, and an "
    "environment that sees them (python3 -m venv --system-site-packages)."
)


def show(launch: Sequence[str], *, host: str, port: int) -> int:
    """Serve with the command `launch`, show the page at host:port until its window is closed; the exit status.

    Without pywebview, or where it finds no way to draw a window that plays videos, the browser shows the page until
    the server is ended with Ctrl+C. The environment's PYWEBVIEW_GUI has a window drawn all the same.
    """
    for told in (signal.SIGTERM, signal.SIGINT):
        signal.signal(told, _interrupt)
    server = subprocess.Popen([*launch, "--host", host, "--port", str(port)])
    try:
        address = f"http://{host}:{port}/"
        if not _up(server, address):
            return server.wait()
        if refused := _window(address):
            print(f"{refused} The page opens in the browser: {address}", file=sys.stderr)
            webbrowser.open(address)
            return server.wait()
        time.sleep(LAST)
        return 0
    except KeyboardInterrupt:
        return 0
    finally:
        _end(server)


def free_port(host: str) -> int:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def _window(address: str) -> str | None:
    """Show the page until the window is closed; why not, if it cannot be shown."""
    try:
        import webview  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        return 'A window of its own needs pywebview: pip install "refavs-studio[desktop]".'
    if sys.platform == "linux" and find_spec("gi") is None and "PYWEBVIEW_GUI" not in os.environ:
        return GTK
    # It tries one toolkit after the other, and prints a traceback for each that is not there.
    logging.getLogger("pywebview").setLevel(logging.CRITICAL)
    try:
        webview.settings["ALLOW_DOWNLOADS"] = True  # of an export
        webview.create_window(TITLE, address, width=SIZE[0], height=SIZE[1], min_size=(390, 600))
        webview.start(private_mode=False)  # the language, the keys and unsent work are kept
    except Exception as error:  # of whichever toolkit it tried
        return f"pywebview could not open a window ({' '.join(str(error).split())})."
    return None


def _up(server: "subprocess.Popen[bytes]", address: str) -> bool:
    """Whether the page is served; False when the server has ended, and has said why."""
    begun = time.monotonic()
    while server.poll() is None and time.monotonic() - begun < PATIENCE:
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return True
        except OSError:
            time.sleep(0.1)
    return False


def _end(server: "subprocess.Popen[bytes]") -> None:
    """What was drawn is on disk with each act; a server that is told to end saves the rest."""
    if server.poll() is None:
        server.terminate()
        try:
            server.wait(ENDING)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _interrupt(*_: Any) -> None:
    """An exception would not come through the toolkit's own loop: an open window is closed instead."""
    windows = list(getattr(sys.modules.get("webview"), "windows", ()))
    for window in windows:
        window.destroy()
    if not windows:
        raise KeyboardInterrupt
