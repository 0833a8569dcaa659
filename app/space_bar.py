"""The line above the page on a Space: who is signed in, and whether what is saved outlives a restart."""

import os
from html import escape
from typing import Any

import gradio as gr
from gradio.context import Context
from gradio.utils import get_space

from app.durable import Durable
from app.shards import Shards

SECONDS = 30  # between two looks of a page
CSS = """
#space-bar { align-items: center; padding: 0 12px; gap: 12px; }
#space-bar .html-container { padding: 0 !important; }
#space-line p { margin: 2px 0; font-size: 13px; color: #44505f; }
.dark #space-line p { color: #b8c2d0; }
#space-line p.trouble { padding: 6px 10px; border-radius: 6px; background: #fdeccf; color: #5b3a00; font-size: 14px; }
.dark #space-line p.trouble { background: #4a3410; color: #ffe2b0; }
"""


def signs_in() -> bool:
    """People sign in with their hub accounts: on a Space with `hf_oauth: true`."""
    return get_space() is not None and "OAUTH_CLIENT_ID" in os.environ


def line(durable: Durable, shards: Shards | None) -> str:
    """HTML of what there is to say."""
    told = durable.status()
    troubles = [told["trouble"], shards.trouble if shards else None]
    words = [f'<p class="trouble" role="status">{escape(each)}</p>' for each in troubles if each]
    if told["durable"]:
        words.append(f"<p>{escape(told['words'])}</p>")
    return "".join(words)


def bar(durable: Durable, shards: Shards | None) -> None:
    """Inside the page's Blocks."""
    with gr.Row(elem_id="space-bar"):
        shown = gr.HTML(line(durable, shards), elem_id="space-line")
        if signs_in():
            # The page says them, and what stands beside them, in its reader's language (js/around.js).
            gr.LoginButton("Sign in with Hugging Face", "Sign out ({})", size="sm", scale=0, min_width=240)
    quiet: Any = {"show_progress": "hidden", "api_visibility": "private", "queue": False}
    page = Context.root_block
    assert isinstance(page, gr.Blocks)
    for event in (page.load, gr.Timer(SECONDS).tick):
        event(lambda: line(durable, shards), None, shown, **quiet)
