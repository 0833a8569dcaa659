"""Masks on the picture and on the lanes: where the server says, on the frames that it says."""

import numpy as np
import pytest

from core.masks import Mask


@pytest.fixture
def tracked(studio):
    """An object clicked on the first sample and carried over its first frames, then taken away from one."""
    studio.click(0.45, 0.83)
    studio.do("propagate-forward")
    studio.wait("app.model.job && app.model.cells.get(1).size > 24")
    studio.do("cancel-propagation")
    studio.wait("!app.model.job")
    return studio


def test_canvas_shows_the_mask_inside_and_nothing_outside_at_three_times(tracked):
    cells = tracked.cells(1)
    height, width = tracked.js("app.model.desk.size")
    for index in (0, 9, 23):
        tracked.seek(index)
        tracked.wait(f"app.overlay.painted === {index}")
        truth = Mask((height, width), cells[index][0]).decode()
        painted = tracked.overlay()
        assert painted.shape[:2] == (height, width)
        assert np.array_equal(painted[..., 3] > 0, truth)
        assert painted[truth][:, :3].mean(axis=0) == pytest.approx((255, 176, 0), abs=2)

    tracked.seek(sorted(cells)[-1] + 1)
    assert not tracked.overlay().any()


def test_opacity_fills_more_and_less(tracked):
    def strength():
        return tracked.overlay()[..., 3].max(axis=None, initial=0), np.median(
            tracked.overlay()[..., 3][tracked.overlay()[..., 3] > 0]
        )

    tracked.part("opacity").fill("1")
    assert strength() == (255, 255)
    tracked.part("opacity").fill("0")
    outline = tracked.overlay()[..., 3] == 255
    assert 0 < outline.sum() < Mask((360, 640), tracked.cells(1)[0][0]).area


def lane_colours(page, row):
    """For each frame the colour in the middle of its stretch of the lane: uint8 [N, 4]."""
    script = """(() => {
        const { lanes, clock } = app;
        const context = lanes.canvas.getContext("2d");
        const scale = window.devicePixelRatio || 1;
        const colours = [];
        for (let i = clock.first; i <= clock.last; i++) {
            const at = Math.floor(lanes.x(clock.middle(i)) * scale);
            const y = Math.round((lanes.top(x) + 7) * scale);
            colours.push([...context.getImageData(at, y, 1, 1).data]);
        }
        return colours;
    })()"""
    return np.array(page.js(script, row))


def test_lane_is_filled_exactly_where_the_object_is_present(tracked):
    last = max(tracked.cells(1))
    tracked.seek(last)
    tracked.press(0.45, 0.83, button="right")
    tracked.settled()
    tracked.wait("!app.lanes.queued")
    cells = tracked.cells(1)
    present = [bool(cells.get(i) and cells[i][0]) for i in range(250)]
    filled = [tuple(colour[:3]) == (255, 176, 0) for colour in lane_colours(tracked, 0)]
    assert sum(present) > 20
    assert filled == present


def test_cancel_keeps_the_frames_that_were_done_and_undo_takes_them_as_one_step(tracked):
    done = sorted(tracked.cells(1))
    assert done == list(range(len(done)))
    assert 24 < len(done) < 250
    tracked.do("undo")
    tracked.wait("app.model.cells.get(1).size === 1")
    tracked.do("redo")
    tracked.wait(f"app.model.cells.get(1).size === {len(done)}")


def test_right_click_shift_click_and_drag_reach_the_server_as_what_they_mean(studio):
    studio.drag(0.4, 0.6, 0.65, 0.98)
    studio.press(0.5, 0.7, modifiers=["Shift"])
    studio.settled()
    studio.press(0.55, 0.75, button="right")
    studio.settled()
    studio.click(0.45, 0.85)
    asked = studio.cells(1)[0][2]
    assert asked["box"] == pytest.approx([0.4, 0.6, 0.65, 0.98], abs=0.01)
    assert [positive for _, _, positive in asked["clicks"]] == [False, False, True]


def test_objects_have_colours_of_their_own_and_the_list_chooses_between_them(studio):
    studio.click(0.45, 0.83)
    studio.do("new-object")
    studio.click(0.1, 0.3)
    colours = [
        row.evaluate("node => getComputedStyle(node.querySelector('.swatch')).backgroundColor")
        for row in studio.page.locator(".object").all()
    ]
    assert len(set(colours)) == 2
    studio.page.locator(".object .swatch").first.click()
    assert studio.js("app.model.active") == 1
    studio.click(0.47, 0.9)
    assert len(studio.cells(1)[0][2]["clicks"]) == 2
    assert len(studio.cells(2)[0][2]["clicks"]) == 1


def test_click_sends_under_a_kilobyte_and_receives_under_fifty(studio):
    sent = []
    studio.page.on("request", lambda request: sent.append(request.post_data or ""))
    studio.click(0.45, 0.83)
    joins = [body for body in sent if '"click"' in body]
    assert joins
    assert max(map(len, joins)) < 1000
    answer = studio.js("JSON.stringify(Object.fromEntries(app.model.cells.get(1)))")
    assert len(answer) < 50_000
