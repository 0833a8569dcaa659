"""refavs bench player: from click to painted mask, and frames dropped under masks, in a real browser."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

CLICKS = 60
PLAYS = 1  # of the clip, each way
FRAMES = 6  # clicked with the real segmenter
WARM = 6  # clicks on each of them after the first
OBJECTS = 3

# A click as the hand makes it, until the frame after the mask is on the canvas: milliseconds.
CLICK = """
async ([x, y, fresh]) => {
    const app = document.querySelector("[data-part=root]").__refavs;
    const screen = app.part("screen");
    const box = screen.getBoundingClientRect();
    const at = { clientX: box.left + x * box.width, clientY: box.top + y * box.height, button: 0, bubbles: true,
        pointerId: 1, pointerType: "mouse" };
    screen.setPointerCapture = () => {};
    if (fresh) app.acts.newObject();
    const painted = new Promise((done) => {
        const draw = app.overlay.draw;
        const before = fresh ? null : app.model.cell(app.model.active, app.clock.index);
        app.overlay.draw = function (index) {
            draw.call(this, index);
            const now = app.model.cell(app.model.active, index);
            if (!app.stage.newObject && now && now !== before && (!fresh || now[2]?.clicks.length === 1)) {
                delete app.overlay.draw;
                requestAnimationFrame(() => done(performance.now()));
            }
        };
    });
    const begun = performance.now();
    screen.dispatchEvent(new PointerEvent("pointerdown", at));
    screen.dispatchEvent(new PointerEvent("pointerup", at));
    const end = await painted;
    while (app.stage.pending.length) await new Promise((next) => setTimeout(next, 5));
    return end - begun;
}
"""
# The least a page can do: ask the same server for a small file, and paint as many pixels.
BARE_CLICK = """
async (address) => {
    const canvas = document.querySelector("canvas");
    const context = canvas.getContext("2d");
    const begun = performance.now();
    await (await fetch(address, { cache: "no-store" })).text();
    context.putImageData(new ImageData(canvas.width / 4, canvas.height / 4), 0, 0);
    return new Promise((done) => requestAnimationFrame(() => done(performance.now() - begun)));
}
"""
PLAY = """
async () => {
    const video = document.querySelector("video");
    video.muted = true;
    const before = video.getVideoPlaybackQuality();
    const start = { dropped: before.droppedVideoFrames, total: before.totalVideoFrames };
    video.currentTime = 0;
    await video.play();
    await new Promise((done) => { video.onended = done; });
    const after = video.getVideoPlaybackQuality();
    return [after.droppedVideoFrames - start.dropped, after.totalVideoFrames - start.total];
}
"""


def register(bench: typer.Typer) -> None:
    bench.command("player")(player)


def player(
    clip: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Video to measure with (default: the first sample).")
    ] = None,
    segmenter: Annotated[bool, typer.Option(help="Measure clicks with the real segmenter too.")] = True,
) -> None:
    """Chromium, beside a reference page in the same run. A click is timed until the frame after it is painted."""
    import json
    import sys
    import tempfile

    from app.cli.bench_common import machine
    from app.cli.bench_player_server import chromium, running

    with tempfile.TemporaryDirectory(prefix="refavs-bench-") as folder, chromium() as browser:
        home = Path(folder)
        print("clicks and playback without the model …", file=sys.stderr)
        with running(home, "disc", clip) as address:
            result = _without_model(browser, address)
        print(json.dumps(result), file=sys.stderr)  # a run that is cut off later was not for nothing
        if segmenter:
            print("clicks with the model …", file=sys.stderr)
            with running(home, "auto", clip) as address:
                result |= _with_model(browser, address)
    reference = result.pop("reference")
    for key, value in result.items():
        beside = f"   (reference page: {reference[key]})" if key in reference else ""
        print(f"{key:24} {value}{beside}")
    print(machine())
    print(json.dumps({**result, "reference": reference}))


def _open(browser: Any, address: str) -> Any:
    from app.cli.bench_player_server import APP, PATIENCE

    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.goto(f"{address}/?tab=annotate")
    ready = f"() => {{ const app = {APP}; return app && app.model.desk && app.clock.ready; }}"
    page.wait_for_function(ready, timeout=1000 * PATIENCE)
    page.wait_for_timeout(1500)  # thumbnails and sound are read in the background
    return page


def _seek(page: Any, index: int) -> None:
    from app.cli.bench_player_server import APP

    page.evaluate(f"(i) => {APP}.clock.seek(i)", index)
    page.wait_for_function(f"(i) => {APP}.clock.index === i && {APP}.clock.wanted === null", arg=index)


def _without_model(browser: Any, address: str) -> dict[str, Any]:
    import random

    from app.cli.bench_player_server import APP

    page = _open(browser, address)
    traffic = _Traffic(page)
    chance = random.Random(3)
    page.evaluate(CLICK, [0.3, 0.5, True])
    times = []
    for n in range(-WARM, CLICKS):  # the first ones warm the server up
        if n == 0:
            traffic.sent = traffic.received = 0
        place = [chance.uniform(0.2, 0.8), chance.uniform(0.2, 0.8), False]
        times.append(page.evaluate(CLICK, place))
        with traffic.pause():
            page.evaluate(f"() => {APP}.net.ask('undo')")
    times = times[WARM:]
    sent, received = traffic.per(CLICKS)
    for k in range(1, OBJECTS):
        page.evaluate(CLICK, [0.3 + 0.2 * k, 0.5, True])
    kept = page.evaluate(f"() => {APP}.model.objects.map((object) => object.id)")
    dropped: dict[str, list[list[int]]] = {"with": [], "without": [], "bare": []}
    bare = _bare_page(browser, page)
    bare_times = [bare.evaluate(BARE_CLICK, "rle.js") for _ in range(CLICKS)]
    for object in kept:
        page.evaluate(f"(id) => {APP}.net.ask('object', {{ object: id, fits: true }})", object)
        page.evaluate(
            f"(id) => {{ const app = {APP}; app.model.choose(id); return app.acts.propagate('both'); }}",
            object,
        )
    for _ in range(PLAYS):
        dropped["bare"].append(bare.evaluate(PLAY))
        dropped["without"].append(_hidden(page, True))
        dropped["with"].append(_hidden(page, False))
    shares = {
        name: round(100 * sum(d for d, _ in rounds) / max(sum(n for _, n in rounds), 1), 2)
        for name, rounds in dropped.items()
    }
    page.close()
    bare.close()
    return {
        "click_ms_median": _share(times, 0.5),
        "click_ms_p95": _share(times, 0.95),
        "clicks": CLICKS,
        "click_bytes_sent": sent,
        "click_bytes_received": received,
        "overlays": len(kept),
        "dropped_share": shares["with"],
        "dropped_share_no_masks": shares["without"],
        "reference": {
            "click_ms_median": _share(bare_times, 0.5),
            "click_ms_p95": _share(bare_times, 0.95),
            "dropped_share": shares["bare"],
        },
    }


def _hidden(page: Any, hidden: bool) -> list[int]:
    """[dropped, shown] frames of the clip played once."""
    from app.cli.bench_player_server import APP

    page.evaluate(f"(value) => {APP}.acts.show('hide', value)", hidden)
    played: list[int] = page.evaluate(PLAY)
    return played


def _with_model(browser: Any, address: str) -> dict[str, Any]:
    from app.cli.bench_player_server import APP

    page = _open(browser, address)
    last = page.evaluate(f"() => {APP}.clock.last")
    cold: list[float] = []
    warm: list[float] = []
    for k in range(FRAMES):
        _seek(page, k * last // FRAMES + 1)
        for n in range(WARM + 1):
            time = page.evaluate(CLICK, [0.4 + 0.03 * n, 0.55, n == 0])
            (warm if n else cold).append(time)
    page.close()
    return {
        "model_click_ms_warm": _share(warm, 0.5),
        "model_click_ms_warm_p95": _share(warm, 0.95),
        "model_click_ms_cold": _share(cold, 0.5),
    }


def _bare_page(browser: Any, page: Any) -> Any:
    """A page of the same server with nothing but the same video and a canvas."""
    from app.player.modules import VERSION

    source = page.evaluate("() => document.querySelector('video').currentSrc")
    address = source.split("/gradio_api/")[0]
    bare = browser.new_page(viewport={"width": 1280, "height": 720})
    bare.goto(f"{address}/gradio_api/refavs/js/{VERSION}/rle.js")
    bare.evaluate(
        """(source) => {
            const video = document.createElement("video");
            Object.assign(video, { src: source, muted: true, width: 800 });
            const canvas = document.createElement("canvas");
            Object.assign(canvas, { width: 640, height: 360 });
            document.body.replaceChildren(video, canvas);
            return new Promise((done) => { video.oncanplay = done; });
        }""",
        source,
    )
    return bare


class _Traffic:
    """What a page sends and receives, in bytes of the bodies."""

    def __init__(self, page: Any) -> None:
        self.sent = self.received = 0
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.dataReceived", self._arrived)
        page.on("request", self._asked)

    def _arrived(self, event: dict[str, Any]) -> None:
        self.received += event["dataLength"]

    def _asked(self, request: Any) -> None:
        self.sent += len(request.post_data or "")

    @contextmanager
    def pause(self) -> Iterator[None]:
        before = self.sent, self.received
        yield
        self.sent, self.received = before

    def per(self, count: int) -> tuple[int, int]:
        return round(self.sent / count), round(self.received / count)


def _share(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1)
