"""Driving the page as a person does, and looking at what it shows."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import numpy as np
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page

APP = "document.querySelector('[data-part=root]')?.__refavs"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
TIMEOUT = 30_000  # ms; generous, because machines that test are busy

# The barcode of tests/makers.py, read in the page from what the <video> element shows.
READ_BARCODE = """
(video) => {
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width: 128, height: 96 });
    const context = canvas.getContext("2d", { willReadFrequently: true });
    return () => {
        context.drawImage(video, 0, 0, 128, 96);
        const data = context.getImageData(0, 0, 128, 96).data;
        let value = 0;
        for (let row = 0; row < 3; row++) {
            for (let column = 0; column < 4; column++) {
                const grey = data[((row * 24 + 12) * 128 + column * 32 + 16) * 4];
                value = value * 2 + (grey > 128 ? 1 : 0);
            }
        }
        return value >> 1;
    };
}
"""


def violations(page: "StudioPage") -> str:
    """Where the page breaks WCAG 2.2 AA as far as axe can tell; "[]" = nowhere."""
    answer = Axe().run(page.page, options={"runOnly": {"type": "tag", "values": RULES}}).response
    assert len(answer["passes"]) > 5
    return json.dumps([(v["id"], [n["target"] for n in v["nodes"]]) for v in answer["violations"]])


class StudioPage:
    """One page of one person."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.origin = f"http://{urlparse(url).netloc}"
        self.problems: list[str] = []
        host = urlparse(url).netloc
        page.on("pageerror", lambda error: self.problems.append(f"page error: {error}"))
        page.on("request", lambda request: self._inside(request.url, host))
        page.goto(url if "?" in url else f"{url}/?tab=annotate")

    def _inside(self, url: str, host: str) -> None:
        if urlparse(url).scheme in ("http", "https", "ws") and urlparse(url).netloc != host:
            self.problems.append(f"external request: {url}")

    # Looking

    def js(self, expression: str, argument: Any = None) -> Any:
        """Value of an expression in which `app` is the widget's state and `x` the argument."""
        return self.page.evaluate(f"(x) => {{ const app = {APP}; return {expression}; }}", argument)

    def wait(self, condition: str, *, timeout: int = TIMEOUT) -> None:
        """Until an expression of `app` is true."""
        self.page.wait_for_function(
            f"() => {{ const app = {APP}; return !!({condition}); }}", timeout=timeout
        )

    def ready(self) -> None:
        """Until a clip is open and the <video> element has shown a frame of it."""
        self.wait("app && app.model.desk && app.clock.ready")

    def part(self, name: str) -> Locator:
        return self.page.locator(f"[data-part={name}]")

    def do(self, name: str) -> None:
        """Press the button of that act."""
        self.page.locator(f"[data-do={name}]").click()

    @property
    def index(self) -> int:
        """The frame that the page says it shows."""
        return self.js("app.clock.index")

    @property
    def notices(self) -> list[str]:
        return self.page.locator("[data-part=notices] .notice p").all_inner_texts()

    def overlay(self) -> np.ndarray:
        """uint8 [H, W, 4]: the mask canvas."""
        script = """
            const canvas = app.overlay.canvas;
            const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
            let text = "";
            for (let i = 0; i < data.length; i += 32768) {
                text += String.fromCharCode(...data.subarray(i, i + 32768));
            }
            return [canvas.height, canvas.width, btoa(text)];
        """
        import base64

        height, width, text = self.page.evaluate(f"() => {{ const app = {APP}; {script} }}")
        return np.frombuffer(base64.b64decode(text), np.uint8).reshape(height, width, 4)

    def cells(self, object_id: int) -> dict[int, list[Any]]:
        """frame index -> [run lengths, touched, prompts], as the server sent them."""
        sent = self.js("Object.fromEntries(app.model.cells.get(x) ?? [])", object_id)
        return {int(index): cell for index, cell in sent.items()}

    # Acting

    def open(self, path: Path) -> None:
        """Upload a file and wait until it plays."""
        token = self.js("app.net.token")
        self.part("file").set_input_files(path)
        self.page.wait_for_function(f"(t) => {APP}.net.token !== t", arg=token, timeout=TIMEOUT)
        self.ready()

    def seek(self, index: int) -> None:
        """Go to a frame and wait until it is shown."""
        self.js("app.clock.seek(x)", index)
        self.wait(f"app.clock.index === {index} && app.clock.wanted === null && !app.clock.video.seeking")

    def click(self, x: float, y: float, **options: Any) -> None:
        """Click at fractions of the picture and wait for the answer."""
        self.press(x, y, **options)
        self.settled()

    def press(self, x: float, y: float, **options: Any) -> None:
        box = self.part("screen").bounding_box()
        assert box
        self.part("screen").click(position={"x": x * box["width"], "y": y * box["height"]}, **options)

    def drag(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Draw a box and wait for the answer."""
        box = self.part("screen").bounding_box()
        assert box
        mouse = self.page.mouse
        mouse.move(box["x"] + x0 * box["width"], box["y"] + y0 * box["height"])
        mouse.down()
        mouse.move(box["x"] + x1 * box["width"], box["y"] + y1 * box["height"], steps=4)
        mouse.up()
        self.settled()

    def settled(self) -> None:
        """Until every click and box was answered and painted."""
        self.wait("app.stage.pending.length === 0")

    def act(self, name: str) -> None:
        """Press a button of long work and wait until it is done."""
        self.do(name)
        self.wait("app.model.job")
        self.wait("!app.model.job", timeout=4 * TIMEOUT)

    def write(self, expression: str) -> None:
        self.part("expression").fill(expression)

    def save(self) -> None:
        """Press Save and wait until the page says saved."""
        self.do("save")
        self.page.wait_for_function(
            "() => document.querySelector('[data-part=saved-state]').textContent.startsWith('saved ')",
            timeout=TIMEOUT,
        )
