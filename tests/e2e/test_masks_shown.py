"""Masks on the picture and on the lanes: where the server says, on the frames that it says."""

import numpy as np
import pytest
import scene

from core.masks import Mask

YELLOW = (255, 176, 0)
LAST = 23  # the frame up to which the object is carried; the rest of the clip is not answered


@pytest.fixture(scope="module")
def tracked(visited, clips):
    """The ball, clicked on two frames and carried from one to the other."""
    visited.open(scene.make_scene(clips / "ball and box to look at.mp4", grain=2))
    visited.click(90 / 320, 125 / 180)
    visited.seek(LAST)
    visited.click(90 / 320, 125 / 180)
    visited.act("propagate-here")
    return visited


def truth(page, index):
    cell = page.cells(1)[index]
    return Mask(scene.SIZE, cell[0]).decode() if cell[0] else np.zeros(scene.SIZE, bool)


def test_canvas_shows_the_mask_inside_and_nothing_outside_at_three_times(tracked):
    assert sorted(tracked.cells(1)) == list(range(LAST + 1))
    for index in (0, 9, 23):
        tracked.seek(index)
        painted = tracked.overlay()
        inside = truth(tracked, index)
        assert inside.sum() > 500
        assert painted.shape[:2] == scene.SIZE
        assert np.array_equal(painted[..., 3] > 0, inside)
        assert painted[inside][:, :3].mean(axis=0) == pytest.approx(YELLOW, abs=2)

    tracked.seek(LAST + 1)
    assert not tracked.overlay().any()


def test_masks_are_filled_more_and_less_outlined_and_turned_round(tracked):
    tracked.seek(9)
    inside = truth(tracked, 9)
    strength = lambda: tracked.overlay()[..., 3]  # noqa: E731
    tracked.do("display")
    tracked.part("opacity").fill("1")
    assert (strength()[inside] == 255).all()
    tracked.part("opacity").fill("0")
    assert 0 < (strength() == 255).sum() < inside.sum() / 3
    tracked.part("opacity").fill("0.5")
    assert (strength()[inside] > 0).all()

    tracked.part("outline").check()
    outline = strength() > 0
    assert 0 < outline.sum() < inside.sum() / 3
    assert not outline[~inside].any()

    tracked.part("invert").check()
    assert (strength()[~inside] == 0xB4).all()
    assert (strength()[inside & ~outline] == 0).all()

    tracked.part("invert").uncheck()
    tracked.part("outline").uncheck()
    tracked.part("hide").check()
    assert not strength().any()
    tracked.part("hide").uncheck()
    assert np.array_equal(strength() > 0, inside)
    tracked.do("display")


def lane_colours(page, row):
    """For each frame the colour at the foot of its stretch of the lane: uint8 [N, 4]."""
    script = """(() => {
        const { lanes, clock } = app;
        lanes.draw();
        const context = lanes.canvas.getContext("2d");
        const scale = window.devicePixelRatio || 1;
        const colours = [];
        for (let i = clock.first; i <= clock.last; i++) {
            const at = Math.floor(lanes.x(clock.middle(i)) * scale);
            const y = Math.round((lanes.top(x) + 17) * scale);
            colours.push([...context.getImageData(at, y, 1, 1).data]);
        }
        return colours;
    })()"""
    return np.array(page.js(script, row))


def test_lane_is_filled_exactly_where_the_object_is_present(tracked):
    tracked.seek(5)
    tracked.do("absent")
    tracked.wait("app.model.cell(1, 5)[0] === ''")
    cells = tracked.cells(1)
    present = [bool(cells.get(i) and cells[i][0]) for i in range(scene.FRAMES)]
    filled = [tuple(colour[:3]) == YELLOW for colour in lane_colours(tracked, 0)]
    assert sum(present) == LAST
    assert filled == present
    tracked.do("undo")
    tracked.wait("app.model.cell(1, 5)[0] !== ''")


def test_lanes_show_the_clips_pictures_and_where_its_sounds_begin(tracked):
    tracked.wait("app.lanes.strip && app.lanes.onsets.length")
    assert tracked.js("app.lanes.onsets") == pytest.approx(scene.BEATS, abs=0.05)
    frames = tracked.js("app.lanes.strip.frames")
    assert tracked.js("app.lanes.strip.image.width") == len(frames) * round(48 * 320 / 180)
    # The red ball is in the pictures, and a mark is over each beginning.
    reds, marks = tracked.js("""(() => {
        const { lanes } = app;
        lanes.draw();
        const pixels = lanes.canvas.getContext("2d").getImageData(0, 0, lanes.canvas.width, 80).data;
        const at = (px, y) => pixels.subarray((y * lanes.canvas.width + Math.round(px)) * 4);
        let reds = 0;
        for (let px = 0; px < lanes.canvas.width; px++) {
            const [r, g, b] = at(px, 19 + 18);
            if (r > 130 && g < 100 && b < 100) reds++;
        }
        const background = [...at(4, 51).slice(0, 3)];
        const marks = app.lanes.onsets.map((time) => [...at(lanes.x(time), 51).slice(0, 3)].join() !== background.join());
        return [reds, marks];
    })()""")
    assert reds > 50
    assert all(marks)


def test_pointer_that_rests_on_a_lane_shows_that_frame(tracked):
    area = tracked.page.locator(".lane-area")
    box = area.bounding_box()
    area.hover(position={"x": box["width"] * 45.5 / scene.FRAMES, "y": 60})
    peek = tracked.part("peek")
    peek.wait_for()
    assert peek.locator("figcaption").inner_text().startswith("frame 45 ")
    assert peek.locator("img").get_attribute("src").endswith("/45.jpg")
    assert peek.locator("img").evaluate("image => image.naturalWidth") == 320
    tracked.page.mouse.move(5, 5)
    peek.wait_for(state="hidden")


def test_keys_jump_to_touched_unsure_and_sounding_frames(tracked):
    tracked.seek(3)
    tracked.part("screen").focus()
    steps = [("t", LAST), ("t", 0), ("Shift+t", LAST)]
    cells = tracked.cells(1)
    unsure = sorted((cell[3], i) for i, cell in cells.items() if cell[0] and not cell[1])
    steps += [("w", unsure[0][1]), ("w", unsure[1][1])]
    for key, expected in steps:
        tracked.page.keyboard.press(key)
        tracked.wait(f"app.clock.index === {expected} && app.clock.wanted === null")
    tracked.seek(0)
    for beat in scene.BEATS[:2]:
        tracked.page.keyboard.press("k")
        tracked.wait(f"Math.abs(app.clock.time() - {beat}) < 0.12 && app.clock.wanted === null")


def test_propagation_is_one_step_of_undo_and_cancel_keeps_the_frames_that_were_done(tracked):
    tracked.do("undo")
    tracked.wait("app.model.cells.get(1).size === 2")
    tracked.do("redo")
    tracked.wait(f"app.model.cells.get(1).size === {LAST + 1}")

    tracked.seek(LAST)
    tracked.do("propagate-forward")
    tracked.wait(f"app.model.job && app.model.cells.get(1).size > {LAST + 4}")
    tracked.do("cancel-propagation")
    tracked.wait("!app.model.job")
    done = sorted(tracked.cells(1))
    assert done == list(range(len(done)))
    assert LAST + 4 < len(done) < scene.FRAMES
    tracked.do("undo")
    tracked.wait(f"app.model.cells.get(1).size === {LAST + 1}")


def test_right_click_shift_click_and_drag_reach_the_server_as_what_they_mean(tracked):
    tracked.seek(40)
    tracked.do("new-object")
    tracked.drag(0.6, 0.4, 0.9, 0.85)
    tracked.press(0.7, 0.5, modifiers=["Shift"])
    tracked.settled()
    tracked.press(0.71, 0.75, button="right")
    tracked.settled()
    tracked.click(0.75, 0.65)
    asked = tracked.cells(tracked.js("app.model.active"))[40][2]
    assert asked["box"] == pytest.approx([0.6, 0.4, 0.9, 0.85], abs=0.01)
    assert [positive for _, _, positive in asked["clicks"]] == [False, False, True]


def test_objects_have_colours_of_their_own_and_the_list_chooses_between_them(tracked):
    colours = [
        row.evaluate("node => getComputedStyle(node.querySelector('.swatch')).backgroundColor")
        for row in tracked.page.locator(".object").all()
    ]
    assert len(set(colours)) == 2
    tracked.page.locator(".object .swatch").first.click()
    assert tracked.js("app.model.active") == 1
    tracked.seek(0)
    before = tracked.js("app.model.object(2) && app.model.cells.get(2).size")
    tracked.click(95 / 320, 130 / 180)
    assert len(tracked.cells(1)[0][2]["clicks"]) == 2
    assert tracked.js("app.model.cells.get(2).size") == before


def test_click_sends_under_a_kilobyte_and_receives_under_fifty(tracked):
    exchanged = []
    session = tracked.page.context.new_cdp_session(tracked.page)
    session.send("Network.enable")
    session.on(
        "Network.requestWillBeSent", lambda told: exchanged.append(told["request"].get("postData", ""))
    )
    session.on("Network.dataReceived", lambda told: exchanged.append(told["dataLength"]))
    tracked.click(85 / 320, 120 / 180)
    tracked.page.wait_for_timeout(50)  # what the page may ask for besides
    session.detach()
    sent = [each for each in exchanged if isinstance(each, str)]
    assert any('"click"' in body for body in sent)
    assert sum(map(len, sent)) < 1000
    assert 0 < sum(each for each in exchanged if isinstance(each, int)) < 50_000
