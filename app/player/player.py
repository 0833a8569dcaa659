"""The widget as a Gradio component. Its template reads no property, so Gradio never draws it anew."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

import gradio as gr

from app.limits import upload_mb
from app.player.modules import CSS, VERSION, WORDS

HERE = files("app.player")
FAILED = "load.failed"  # key of what is shown when nothing of the page's own words arrives
# Gradio's languages that each table is for; it knows no others of their kind, and speaks English then.
LOCALES = {"en": "en", "zh-CN": "zh", "zh-TW": "zh"}
# The names of the events must stand here in quotes: Gradio reads them from this text.
ON_LOAD = """
const events = ["work"];
const main = new URL("gradio_api/refavs/js/VERSION/main.js", document.baseURI);
import(main).then(
    ({ mount }) => mount({ element, trigger, watch, props, server, events }),
    (error) => {
        element.textContent = props.value;  // no answer has come yet
        console.error(error);
    },
);
""".replace("VERSION", VERSION)


@cache
def gradio_words() -> gr.I18n:
    """The words of the page's tables that Gradio says, in the browser's language."""
    tables = {name: json.loads(WORDS[name]) for name in set(LOCALES.values())}
    return gr.I18n(**{locale: {FAILED: tables[name][FAILED]} for locale, name in LOCALES.items()})


def template() -> str:
    """The page's HTML, which says how much may be uploaded."""
    return HERE.joinpath("player.html").read_text("utf-8").replace("UPLOAD_MB", str(upload_mb()))


class Player(gr.HTML):
    """Stage, lanes, sentence, objects, saved pairs. `value` carries answers of queued events."""

    def __init__(self, value: Any = None, **kwargs: Any) -> None:
        kwargs.setdefault("html_template", template())
        kwargs.setdefault("css_template", CSS)
        kwargs.setdefault("js_on_load", ON_LOAD)
        kwargs.setdefault("apply_default_css", False)
        super().__init__(value, **kwargs)

    def preprocess(self, payload: Any) -> None:
        """What the browser says of `value` is never read."""
        return None

    def postprocess(self, value: Any) -> Any:
        return value
