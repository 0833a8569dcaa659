"""The frame that the page names is the frame that the browser shows: played, sought and clicked."""

import io
from fractions import Fraction
from itertools import pairwise

import makers
import numpy as np
import pytest
from PIL import Image
from studio_page import APP, READ_BARCODE

from app.player.modules import VERSION

FRAMES = 48
CLIPS = {
    "23.976 fps": {"rate": makers.RATES["23.976"]},
    "25 fps with B-frames": {"options": makers.B_FRAMES},
    "29.97 fps, open GOP": {"rate": makers.RATES["29.97"], "options": makers.OPEN_GOP},
    "59.94 fps": {"rate": makers.RATES["59.94"], "options": makers.B_FRAMES},
    "variable rate": {
        "times": np.cumsum([0.02 + 0.013 * (i % 5) + 0.09 * (i % 11 == 3) for i in range(FRAMES)])
    },
    "first frame at half a second": {"start": 0.5},
    "turned by 90": {"rotation": 90},
    "turned by 180": {"rotation": 180},
    "turned by 270": {"rotation": 270},
    "wide pixels, by a copy": {"aspect": Fraction(4, 3)},
    "MPEG-4 part 2, by a copy": {"codec": "mpeg4", "options": {}},
}

WATCH = f"""
() => {{
    const app = {APP};
    const read = ({READ_BARCODE})(app.clock.video);
    window.seen = [];
    const look = () => window.seen.push([app.clock.index, read(), app.overlay.painted]);
    app.clock.removeEventListener("frame", window.look);
    window.look = look;
    app.clock.addEventListener("frame", look);
}}
"""


@pytest.fixture
def opened(visited, clips):
    """Makes a barcoded clip and opens it."""

    def make(**settings):
        path = clips / f"{abs(hash(str(sorted(settings.items()))))}.mp4"
        sound = makers.tone(FRAMES / 25)
        visited.open(makers.make_clip(path, frames=FRAMES, sound=sound, **settings))
        return visited

    return make


@pytest.mark.parametrize("settings", CLIPS.values(), ids=CLIPS.keys())
def test_page_names_the_frame_that_is_shown(opened, settings):
    page = opened(**settings)
    assert page.js("app.clock.pts.length") == FRAMES
    page.page.evaluate(WATCH)

    page.do("play")
    page.wait("app.clock.index >= app.clock.last - 1 || app.clock.video.ended")
    page.js("app.clock.video.pause()")
    played = page.page.evaluate("window.seen")
    assert all(painted == index for index, _, painted in played)
    assert sum(index == barcode for index, barcode, _ in played) >= 0.7 * len(played)
    # A busy machine calls back when the next frame is up already; the next call comes with that one.
    for (index, barcode, _), (following, _, _) in pairwise(played):
        assert index == barcode or index < barcode <= following

    for index in (0, FRAMES - 1, 7, 8, 6, 31):
        page.seek(index)
        shown = page.page.evaluate(f"() => ({READ_BARCODE})({APP}.clock.video)()")
        assert shown == index


@pytest.mark.parametrize(
    "name",
    [
        "29.97 fps, open GOP",
        "variable rate",
        "first frame at half a second",
        "turned by 90",
        "wide pixels, by a copy",
    ],
)
def test_click_reaches_the_frame_and_the_pixel_that_were_clicked(opened, name):
    page = opened(**CLIPS[name])
    for index in (1, 19, 40):
        page.seek(index)
        shown = page.page.evaluate(f"() => ({READ_BARCODE})({APP}.clock.video)()")
        if page.js("app.model.objects.length"):
            page.do("new-object")
        page.press(0.37, 0.62)
        page.settled()
        cell = page.cells(page.js("app.model.active"))
        assert list(cell) == [shown] == [index]
        x, y, positive = cell[index][2]["clicks"][0]
        assert (x, y, positive) == (pytest.approx(0.37, abs=0.01), pytest.approx(0.62, abs=0.01), True)

        frames = page.js("app.clock.frames")
        answer = page.page.request.get(f"{page.origin}/{frames}/{index}.jpg")
        picture = np.asarray(Image.open(io.BytesIO(answer.body())))
        assert makers.read_barcode(picture) == index


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("rate", makers.RATES)
def test_click_on_every_frame_reaches_that_frame(opened, rate):
    page = opened(rate=makers.RATES[rate], options=makers.B_FRAMES)
    read = f"() => ({READ_BARCODE})({APP}.clock.video)()"
    for index in range(FRAMES):
        page.seek(index)
        page.click(0.2 + 0.6 * index / FRAMES, 0.9)
        assert page.page.evaluate(read) == index
    asked = {index: cell[2]["clicks"] for index, cell in page.cells(page.js("app.model.active")).items()}
    assert sorted(asked) == list(range(FRAMES))
    for index, ((x, _, _),) in asked.items():
        assert x == pytest.approx(0.2 + 0.6 * index / FRAMES, abs=0.01)


def test_frame_at_a_time_is_the_last_one_that_has_begun(studio):
    """Every 7 ms against brute force, on times of a variable rate that do not begin at 0."""
    pts = 0.5 + np.cumsum([0.02 + 0.013 * (i % 5) + 0.09 * (i % 11 == 3) for i in range(FRAMES)])
    times = np.concatenate([np.arange(0, pts[-1] + 0.5, 0.007), pts])
    code = """async ([module, pts, times]) => {
        const { Clock } = await import(module);
        const clock = new Clock(document.createElement("video"), new Image());
        Object.assign(clock, { pts, end: pts.at(-1) + 0.1, first: 0, last: pts.length - 1 });
        return times.map((time) => [clock.at(time), clock.nearest(time)]);
    }"""
    module = f"{studio.origin}/gradio_api/refavs/js/{VERSION}/clock.js"
    told = studio.page.evaluate(code, [module, pts.tolist(), times.tolist()])
    for time, (at, nearest) in zip(times, told, strict=True):
        assert at == max((i for i in range(FRAMES) if pts[i] <= time), default=0)
        assert abs(pts[nearest] - time) == np.abs(pts - time).min()


def test_arrow_keys_step_one_frame(opened):
    page = opened(options=makers.B_FRAMES)
    page.seek(10)
    page.part("screen").focus()
    for key, expected in [
        ("ArrowRight", 11),
        ("ArrowRight", 12),
        ("ArrowLeft", 11),
        ("Shift+ArrowRight", 21),
        ("Home", 0),
    ]:
        page.page.keyboard.press(key)
        page.wait(f"app.clock.index === {expected} && !app.clock.video.seeking")
        assert page.page.evaluate(f"() => ({READ_BARCODE})({APP}.clock.video)()") == expected


def test_held_arrow_key_ends_on_the_frame_it_counted_to(opened):
    page = opened(options=makers.LONG_GOP)
    page.part("screen").focus()
    for _ in range(23):
        page.page.keyboard.press("ArrowRight")
    page.wait("app.clock.index === 23 && !app.clock.video.seeking && app.clock.wanted === null")
    assert page.page.evaluate(f"() => ({READ_BARCODE})({APP}.clock.video)()") == 23
