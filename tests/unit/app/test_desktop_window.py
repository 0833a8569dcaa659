"""When a window of its own is drawn, and when the browser shows the page."""

import sys
from types import SimpleNamespace

import pytest

from app import desktop


@pytest.fixture
def drawn(monkeypatch):
    """Addresses of windows that were drawn, on Linux with pywebview."""
    shown = []
    webview = SimpleNamespace(
        settings={},
        create_window=lambda title, url, **options: shown.append(url),
        start=lambda **options: None,
    )
    monkeypatch.setitem(sys.modules, "webview", webview)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("PYWEBVIEW_GUI", raising=False)
    return shown


@pytest.mark.parametrize(("gtk", "asked", "windows"), [(True, None, 1), (False, None, 0), (False, "qt", 1)])
def test_window_that_could_not_play_videos_is_not_drawn_unasked(monkeypatch, drawn, gtk, asked, windows):
    monkeypatch.setattr(desktop, "find_spec", lambda name: gtk or None)
    if asked:
        monkeypatch.setenv("PYWEBVIEW_GUI", asked)
    assert desktop._window("http://here/") == (None if windows else desktop.GTK)
    assert len(drawn) == windows
