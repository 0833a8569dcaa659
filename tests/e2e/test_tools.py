"""Brush, eraser, absence, zoom, loop, keys: what the hand does is what the server has, to the pixel."""

import makers
import numpy as np
import pytest

from core.masks import Mask

SIZE = makers.SIZE
FRAMES = 30


@pytest.fixture(scope="module")
def page(visited, clips):
    visited.open(makers.make_clip(clips / "to draw on.mp4", frames=FRAMES, sound=makers.tone(1.2)))
    return visited


@pytest.fixture(autouse=True)
def _at_rest(page):
    page.js("(app.view.fit(), app.stage.use('click'), app.clock.pause())")
    page.part("screen").focus()


def mask(page, object_id, index):
    cell = page.cells(object_id)[index]
    return Mask(SIZE, cell[0]).decode() if cell[0] else np.zeros(SIZE, bool)


def stroke(page, *places):
    """Paint along places in pixels of the video and wait until the server has it."""
    box = page.part("screen").bounding_box()
    points = [
        (box["x"] + x / SIZE[1] * box["width"], box["y"] + y / SIZE[0] * box["height"]) for x, y in places
    ]
    page.page.mouse.move(*points[0])
    page.page.mouse.down()
    for point in points[1:]:
        page.page.mouse.move(*point, steps=5)
    shown = page.overlay()[..., 3] > 0
    page.page.mouse.up()
    page.wait("app.brush.pending.length === 0")
    return shown


def disc(x, y, across):
    rows, columns = np.mgrid[0 : SIZE[0], 0 : SIZE[1]]
    return (columns + 0.5 - x) ** 2 + (rows + 0.5 - y) ** 2 <= (across / 2) ** 2


def press(page, *keys):
    for key in keys:
        page.page.keyboard.press(key)


def test_brush_paints_its_disc_and_the_eraser_takes_it_each_undone_in_one_step(page):
    page.seek(4)
    page.do("new-object")
    press(page, "b")
    page.part("brush-size").fill("20")
    shown = stroke(page, (40, 40), (70, 40))
    one = page.js("app.model.active")
    painted = mask(page, one, 4)
    assert np.array_equal(shown, painted)
    assert np.array_equal(page.overlay()[..., 3] > 0, painted)
    expected = disc(40, 40, 20) | disc(70, 40, 20)
    expected[30:50, 40:70] = True
    assert (painted ^ expected).sum() <= 30  # places are those of screen pixels

    press(page, "e")
    page.part("brush-size").fill("10")
    stroke(page, (55, 40))
    erased = mask(page, one, 4)
    assert not erased[disc(55, 40, 8)].any()
    assert np.array_equal(erased & ~disc(55, 40, 12), painted & ~disc(55, 40, 12))
    press(page, "Control+z")
    page.wait(f"app.model.cell({one}, 4)[0] === '{Mask.encode(painted).counts}'".replace("\\", "\\\\"))
    press(page, "Control+Shift+z")
    page.wait(f"app.model.cell({one}, 4)[0] === '{Mask.encode(erased).counts}'".replace("\\", "\\\\"))


def test_strokes_made_fast_on_a_new_object_are_all_of_one_object(page):
    page.seek(6)
    page.do("new-object")
    press(page, "b")
    before = page.js("app.model.objects.length")
    box = page.part("screen").bounding_box()
    for k in range(4):
        page.page.mouse.click(box["x"] + box["width"] * (0.2 + 0.2 * k), box["y"] + box["height"] * 0.5)
    page.wait("app.brush.pending.length === 0")
    assert page.js("app.model.objects.length") == before + 1
    painted = mask(page, page.js("app.model.active"), 6)
    assert all(painted[48, round(128 * (0.2 + 0.2 * k))] for k in range(4))


def test_polygon_fills_the_pixels_whose_middles_lie_inside_it(page):
    page.seek(11)
    page.do("new-object")
    press(page, "s")
    box = page.part("screen").bounding_box()
    corners = [(20, 20), (100, 20), (100, 60), (60, 60), (60, 80), (20, 80)]
    for x, y in [*corners, corners[0]]:
        page.page.mouse.click(box["x"] + x / SIZE[1] * box["width"], box["y"] + y / SIZE[0] * box["height"])
    page.wait("app.brush.pending.length === 0 && !app.polygon.open")
    expected = np.zeros(SIZE, bool)
    expected[20:60, 20:100] = expected[60:80, 20:60] = True
    painted = mask(page, page.js("app.model.active"), 11)
    assert (painted ^ expected).sum() <= 2 * 100  # corners are those of screen pixels
    assert painted[25:55, 25:95].all()
    assert not painted[65:, 65:].any()


def test_absent_here_absent_from_here_and_delete_are_three_acts(page):
    press(page, "b")
    for index in (2, 3, 20):
        page.seek(index)
        if index == 2:
            page.do("new-object")
        stroke(page, (60, 50), (80, 50))
    one = page.js("app.model.active")
    present = f"[...app.model.cells.get({one})].filter(([, cell]) => cell[0]).map(([index]) => index).sort((a, b) => a - b)"

    page.seek(3)
    press(page, "a")
    page.wait(f"app.model.cell({one}, 3)[0] === ''")
    assert page.js(present) == [2, 20]
    press(page, "Control+z")
    page.wait(f"app.model.cell({one}, 3)[0] !== ''")

    press(page, "Shift+a")
    page.wait(f"app.model.cells.get({one}).size === 19")
    assert page.js(present) == [2, 20]
    assert sorted(page.cells(one)) == list(range(2, 21))
    press(page, "Control+z")
    page.wait(f"app.model.cells.get({one}).size === 3")

    press(page, "Delete")
    page.wait(f"!app.model.object({one})")
    press(page, "Control+z")
    page.wait(f"app.model.cells.get({one})?.size === 3")
    assert page.js(present) == [2, 3, 20]


def test_wheel_zooms_at_the_pointer_and_clicks_land_on_the_same_pixel(page):
    box = page.part("stage").bounding_box()
    x, y = round(box["x"] + box["width"] * 0.62), round(box["y"] + box["height"] * 0.4)
    under = "app.stage.at({ clientX: x[0], clientY: x[1] })"
    page.page.mouse.move(x, y)
    for _ in range(2):
        page.page.mouse.wheel(0, -200)
    page.wait("app.view.scale > 2")  # from here on the picture is larger than its place
    place = page.js(under, [x, y])
    for _ in range(4):
        page.page.mouse.wheel(0, -200)
    page.wait("app.view.scale > 8")
    assert page.js(under, [x, y]) == pytest.approx(place, abs=1e-4)

    page.seek(9)
    page.do("new-object")
    press(page, "b")
    page.part("brush-size").fill("1")
    column, row = int(place[0] * SIZE[1]), int(place[1] * SIZE[0])
    screen = page.part("screen").bounding_box()
    for dx, dy in [(0, 0), (2, 1), (-2, 3)]:
        page.page.mouse.click(
            screen["x"] + (column + dx + 0.5) / SIZE[1] * screen["width"],
            screen["y"] + (row + dy + 0.5) / SIZE[0] * screen["height"],
        )
    page.wait("app.brush.pending.length === 0")
    painted = mask(page, page.js("app.model.active"), 9)
    assert sorted(map(tuple, np.argwhere(painted))) == sorted(
        [(row, column), (row + 1, column + 2), (row + 3, column - 2)]
    )

    # Held space and a drag move the picture, and neither play nor paint.
    press(page, "v")
    seq = page.js("app.model.seq")
    page.page.keyboard.down("Space")
    page.page.mouse.move(x, y)
    page.page.mouse.down()
    page.page.mouse.move(x + 60, y + 20, steps=3)
    page.page.mouse.up()
    page.page.keyboard.up("Space")
    assert page.js(under, [x + 60, y + 20]) == pytest.approx(place, abs=1e-3)
    assert page.js("[app.clock.playing, app.model.seq]") == [False, seq]

    press(page, "0")
    assert page.js("[app.view.scale, app.screen?.style.transform ?? '']")[0] == 1
    assert page.part("zoom").is_hidden()


def test_marked_range_is_played_again_and_again(page):
    page.seek(8)
    press(page, "i")
    page.seek(14)
    press(page, "o")
    assert page.js("[app.clock.range, app.clock.loop]") == [[8, 14], True]
    page.page.evaluate("""() => {
        const { clock } = document.querySelector("[data-part=root]").__refavs;
        window.turns = 0;
        window.outside = 0;
        let before = clock.index;
        window.watch = () => {
            if (clock.index < before) window.turns++;
            if (clock.playing && (clock.index < 8 || clock.index > 15)) window.outside++;
            before = clock.index;
        };
        clock.addEventListener("frame", window.watch);
    }""")
    press(page, "Space")
    page.page.wait_for_function("() => window.turns >= 3", timeout=30_000)
    assert page.js("app.clock.playing")
    assert page.page.evaluate("window.outside") == 0
    press(page, "Space", "Shift+l", "l")
    page.js("app.clock.removeEventListener('frame', window.watch)")
    assert page.js("[app.clock.range, app.clock.loop]") == [None, False]


def test_speed_and_volume_follow_their_keys_and_controls(page):
    press(page, ">", ">")
    assert page.js("app.clock.video.playbackRate") == 2
    press(page, "<", "<", "<", "<")
    assert page.js("app.clock.video.playbackRate") == 0.25
    page.part("speed").select_option("1")
    page.part("volume").fill("0.3")
    assert page.js("app.clock.video.volume") == pytest.approx(0.3)
    page.part("screen").focus()
    press(page, "ArrowUp")
    assert page.js("app.clock.video.volume") == pytest.approx(0.4)


def test_help_sheet_names_every_key_and_a_key_can_be_changed(page):
    press(page, "?")
    sheet = page.part("help-sheet")
    assert sheet.is_visible()
    index = page.index
    press(page, "ArrowRight", "b")
    assert page.index == index
    assert page.js("app.stage.tool") == "click"
    names = sheet.locator("[data-key]")
    assert names.count() > 40
    sheet.locator("[data-key=brush]").click()
    press(page, "q")
    assert sheet.locator("[data-key=brush]").inner_text() == "Q"
    sheet.get_by_role("button", name="Close").click()
    page.part("screen").focus()
    press(page, "b")
    assert page.js("app.stage.tool") == "click"
    press(page, "q")
    assert page.js("app.stage.tool") == "brush"
    press(page, "?")
    sheet.get_by_role("button", name="Keys as they were").click()
    press(page, "Escape")
    page.part("screen").focus()
    press(page, "e")
    assert page.js("app.stage.tool") == "eraser"
    press(page, "b")
    assert page.js("app.stage.tool") == "brush"


def test_page_as_wide_as_a_phone_needs_no_sideways_scrolling_and_takes_touches(page):
    page.page.set_viewport_size({"width": 390, "height": 844})
    page.wait("app.part('lanes').clientWidth < 390")
    assert page.page.evaluate("document.documentElement.scrollWidth") <= 390
    page.seek(17)
    page.do("new-object")
    press(page, "b")
    touch = """([id, type, x, y]) => {
        const screen = document.querySelector("[data-part=screen]");
        screen.setPointerCapture = () => {};
        const box = screen.getBoundingClientRect();
        screen.dispatchEvent(new PointerEvent(type, { pointerId: id, pointerType: "touch", bubbles: true, button: 0,
            clientX: box.left + x * box.width, clientY: box.top + y * box.height }));
    }"""
    for kind, x in [("pointerdown", 0.3), ("pointermove", 0.5), ("pointerup", 0.5)]:
        page.page.evaluate(touch, [7, kind, x, 0.5])
    page.wait("app.brush.pending.length === 0 && app.model.objects.length")
    painted = mask(page, page.js("app.model.active"), 17)
    assert painted[48, 40:64].all()

    # Two fingers zoom, and paint nothing.
    seq = page.js("app.model.seq")
    for id, kind, x in [(8, "pointerdown", 0.4), (9, "pointerdown", 0.6), (9, "pointermove", 0.9)]:
        page.page.evaluate(touch, [id, kind, x, 0.5])
    assert page.js("app.view.scale") > 2
    for id in (8, 9):
        page.page.evaluate(touch, [id, "pointerup", 0.5, 0.5])
    assert page.js("app.model.seq") == seq
    page.page.set_viewport_size({"width": 1280, "height": 720})


def test_pixels_of_a_mask_are_the_same_after_the_way_through_text(page):
    """The page's run lengths are COCO's: encoded in the browser, read by pycocotools, and back."""
    rng = np.random.default_rng(5)
    shapes = [rng.random(SIZE) < share for share in (0.0, 0.02, 0.5, 1.0)]
    shapes[1][0, 0] = shapes[2][-1, -1] = True
    code = """async ([version, texts]) => {
        const { encode, fill, runs } = await import(version);
        return texts.map((text) => {
            const pixels = new Uint8Array(96 * 128);
            fill(pixels, runs(text), 96);
            return encode(pixels);
        });
    }"""
    from app.player.modules import VERSION

    texts = [Mask.encode(shape).counts for shape in shapes]
    module = f"{page.origin}/gradio_api/refavs/js/{VERSION}/rle.js"
    assert page.page.evaluate(code, [module, texts]) == texts
