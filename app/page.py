"""The Gradio page: one widget, its queued event, and the functions that it calls."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from annotations.store import Store
from app.api import Api, endpoints
from app.media_routes import Links
from app.people import SAVING, SIGN_IN, Owners, acting, person_of
from app.player.player import FAILED, Player, gradio_words
from app.studio import Studio
from app.tabs.around import Tabs

TITLE = "RefAVS Studio"
CSS = """
.gradio-container .main, .gradio-container .html-container { padding: 0 !important; }
.gradio-container .main { max-width: none !important; }
footer { display: none !important; }
body { margin: 0; background: #f3f5f8; }
body.dark { background: #101318; }
"""


def build(
    *,
    inbox: Path,
    start: Path | None,
    store: Store,
    head: Callable[[], None] | None = None,
    sign_in: bool = False,
) -> tuple[gr.Blocks, list[Any]]:
    """The page and the routes that its links lead to.

    head: makes what stands above the player. sign_in: who has not signed in may look and draw, but not save.
    """
    links = Links()
    studio = Studio(inbox=inbox, start=start, store=store, links=links)
    tabs = Tabs(
        store=store, library=studio.library, links=links, exports=studio.exports, finder=studio.finder
    )
    owners = Owners()

    def ask(request: Any, http: gr.Request) -> dict[str, Any]:
        person = person_of(http)
        if sign_in and person is None and isinstance(request, dict) and request.get("do") in SAVING:
            return {**{key: request.get(key) for key in ("token", "call")}, "ok": False, "error": SIGN_IN}
        with acting(person):
            if tabs.knows(request):
                return tabs.ask(request, person)
            answer = studio.ask(owners.only_own(request, person))
        if answer.get("desk"):
            owners.given(answer.get("token"), person)
        return answer

    def work(event: gr.EventData, http: gr.Request) -> Iterator[dict[str, Any]]:
        yield from studio.work(owners.only_own(event._data, person_of(http)))

    i18n = gradio_words()
    with gr.Blocks(title=TITLE, fill_width=True, analytics_enabled=False) as page:
        if head:
            head()
        player = Player(server_functions=[ask], elem_id="studio", value=str(i18n(FAILED)))
        hidden: Any = {"show_progress": "hidden", "api_visibility": "private", "trigger_mode": "multiple"}
        player.work(work, None, player, concurrency_id="long", concurrency_limit=2, **hidden)
        api = Api(store=store, library=studio.library, exports=studio.exports, sign_in=sign_in)
        endpoints(api)
    page.queue(max_size=64)
    return page, [*links.routes()]


def launch_settings() -> dict[str, Any]:
    """What belongs to the look of the page."""
    return {"css": CSS, "theme": gr.themes.Base(), "i18n": gradio_words()}
