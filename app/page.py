"""The Gradio page: one widget, its two queued events, and the functions that it calls."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from annotations.store import Store
from app.media_routes import Links
from app.player.player import Player
from app.studio import Studio

TITLE = "RefAVS Studio"
CSS = """
.gradio-container .main, .gradio-container .html-container { padding: 0 !important; }
.gradio-container .main { max-width: none !important; }
footer { display: none !important; }
body { margin: 0; background: #f3f5f8; }
body.dark { background: #101318; }
"""


def build(*, inbox: Path, start: Path | None, store: Store) -> tuple[gr.Blocks, Links]:
    """The page and the links that its routes answer."""
    links = Links()
    studio = Studio(inbox=inbox, start=start, store=store, links=links)

    def ask(request: Any) -> dict[str, Any]:
        return studio.ask(request)

    def prompt(event: gr.EventData) -> dict[str, Any]:
        return studio.prompt(event._data)

    def work(event: gr.EventData) -> Iterator[dict[str, Any]]:
        yield from studio.work(event._data)

    with gr.Blocks(title=TITLE, fill_width=True, analytics_enabled=False) as page:
        player = Player(server_functions=[ask], elem_id="studio")
        hidden: Any = {"show_progress": "hidden", "api_visibility": "private", "trigger_mode": "multiple"}
        player.prompt(prompt, None, player, concurrency_id="click", concurrency_limit=4, **hidden)
        player.work(work, None, player, concurrency_id="long", concurrency_limit=2, **hidden)
    page.queue(max_size=64)
    return page, links


def launch_settings() -> dict[str, Any]:
    """What belongs to the look of the page."""
    return {"css": CSS, "theme": gr.themes.Base()}
