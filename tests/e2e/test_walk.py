"""The whole way: open, play, write, refer, correct, undo, propagate, save, refresh, export."""

import csv
import io
import zipfile

import numpy as np
import pytest
import scene
from studio_page import violations

from core.masks import Mask


@pytest.fixture(scope="module")
def clip(clips):
    return scene.make_scene(clips / "ball and box.mp4")


def iou(mask, truth):
    return (mask & truth).sum() / (mask | truth).sum()


def pixels(cell):
    return Mask(scene.SIZE, cell[0]).decode() if cell[0] else np.zeros(scene.SIZE, bool)


def choose(page, fits, fits_not):
    """Tick one object, and take the tick of the other away."""
    page.page.locator(f"[data-object='{fits}'] input[type=checkbox]").check()
    page.page.locator(f"[data-object='{fits_not}'] input[type=checkbox]").uncheck()
    page.wait(f"app.model.object({fits}).fits && !app.model.object({fits_not}).fits")


def walk_the_reasons(page, found):
    """Steps light up what they speak of; the candidate that was chosen is named as the object it became."""
    ((candidate, thing),) = page.js("app.model.verdict.numbers")
    assert thing == found
    saw = page.page.locator(".steps li.speaks", has_text="Saw ")
    saw.hover()
    marks = page.js("app.stage.marks")
    assert f"{candidate} = Object {found}" in [mark["words"] for mark in marks]
    drawn = page.js(
        "[...app.stage.context.getImageData(0, 0, app.stage.hud.width, app.stage.hud.height).data].some(Boolean)"
    )
    assert drawn
    (box,) = [mark["box"] for mark in marks if mark["words"].startswith(f"{candidate} =")]
    assert box[0] < 90 / 320 < box[2]
    page.page.locator(".steps li.speaks", has_text="Heard ").hover()
    assert page.js("app.lanes.lit.times.length") >= 1
    assert page.js("app.stage.marks") == []
    page.page.mouse.move(5, 5)
    assert page.js("app.lanes.lit") is None


def sounds_on_its_lane(page, ball):
    """A stroke at each beat, and none between them."""
    page.wait(f"app.lanes.sounding.has({ball})")
    starts = [start for start, _ in page.js(f"app.lanes.sounding.get({ball})")]
    assert starts == pytest.approx(scene.BEATS, abs=0.1)
    strokes, between = page.js(
        """(() => {
            const { lanes } = app;
            lanes.draw();
            const scale = window.devicePixelRatio || 1;
            const row = app.model.drawn.findIndex(({ id }) => id === x[0]);
            const at = (time) => [...lanes.canvas.getContext("2d")
                .getImageData(Math.round(lanes.x(time) * scale), Math.round((lanes.top(row) + 2.5) * scale), 1, 1).data].join();
            return [x[1].map((beat) => at(beat + 0.07)), x[1].map((beat) => at(beat - 0.3))];
        })()""",
        [ball, scene.BEATS],
    )
    assert len(set(strokes)) == 1
    assert set(strokes).isdisjoint(between)


def look_at_tests(page, found):
    """Muted, and of two systems: both answers lie beside the first one, are named, and are no work."""
    before = page.js("[app.model.revision, app.model.objects.map((object) => object.id), app.model.undo]")
    page.page.locator(".tab[data-tab=refer]").click()
    page.page.locator("[data-sound=mute]").click()
    page.page.get_by_label("System that answers beside it").select_option("largest-motion")
    page.do("refer")
    page.wait("app.model.trials.length === 2 && !app.model.job", timeout=120_000)
    rows = page.page.locator(".answer")
    assert [text.split("\n")[0] for text in rows.all_inner_texts()] == [
        "cue, with its sound",
        "cue, muted",
        "largest-motion, muted",
    ]
    assert page.page.locator(".answer .badge", has_text="test").count() == 2
    (shown,) = page.js("app.model.shown.map((object) => object.id)")
    own, other = page.cells(found), page.cells(shown)
    outside = {i: pixels(other[i]) & ~pixels(own[i]) for i in other if i in own}
    index = max(outside, key=lambda i: outside[i].sum())
    page.seek(index)
    stripes = page.overlay()[outside[index]]
    assert 0 < (stripes[:, 3] > 0).mean() < 1
    assert violations(page) == "[]"
    assert (
        page.js("[app.model.revision, app.model.objects.map((object) => object.id), app.model.undo]")
        == before
    )

    page.page.locator(".tab[data-tab=annotate]").click()
    assert page.js("app.model.shown") == []
    assert page.page.locator(".object").count() == 1


def test_whole_walk(new_page, clip):
    page = new_page()
    page.ready()

    page.open(clip)
    page.do("play")
    page.wait("app.clock.video.webkitAudioDecodedByteCount > 1000 && app.clock.index > 10")
    page.do("play")
    page.wait("!app.clock.playing")

    page.write("The object making a sound.")
    page.act("refer")
    assert page.js("app.model.verdict.found") is True
    assert page.page.locator(".verdict").inner_text().startswith("Chose")
    assert page.page.locator(".steps li").count() >= 3
    found = page.js("app.model.active")
    walk_the_reasons(page, found)
    cells = page.cells(found)
    assert sorted(cells) == list(range(scene.FRAMES))
    assert np.mean([iou(pixels(cells[i]), scene.ball(i)) for i in range(0, scene.FRAMES, 5)]) > 0.6
    for index in (0, 20, 45):
        page.seek(index)
        painted = page.overlay()[..., 3] > 0
        assert np.array_equal(painted, pixels(cells[index]))

    look_at_tests(page, found)
    sounds_on_its_lane(page, found)

    page.do("new-object")
    page.click((215 + 25) / 320, 115 / 180)
    page.seek(0)
    page.do("new-object")
    page.click(225 / 320, 115 / 180)
    assert page.js("app.model.objects.length") == 3
    page.do("undo")
    page.wait("app.model.objects.length === 2")

    page.seek(20)
    box = page.js("app.model.objects.at(-1).id")
    page.page.locator(f"[data-object='{box}'] .swatch").click()
    page.do("undo")
    page.wait("app.model.objects.length === 1")
    page.do("redo")
    page.wait("app.model.objects.length === 2")
    page.seek(45)
    page.act("propagate")
    cells = page.cells(box)
    assert sorted(cells) == list(range(scene.FRAMES))
    assert np.mean([iou(pixels(cells[i]), scene.box(i)) for i in range(0, scene.FRAMES, 5)]) > 0.6

    page.page.locator(f"[data-object='{found}'] input[type=text]").fill("ball")
    page.page.keyboard.press("Enter")
    page.page.locator(f"[data-object='{box}'] input[type=text]").fill("box")
    page.page.keyboard.press("Enter")
    page.wait("app.model.objects.map((object) => object.category).join() === 'ball,box'")
    page.wait(f"app.lanes.sounding.has({box})")
    assert page.js(f"app.lanes.sounding.get({box})") == []  # it drifts in silence
    choose(page, found, box)
    assert page.part("saved-state").inner_text() == "draft"
    page.save()
    choose(page, box, found)
    page.write("The silent <b>object</b>.")
    page.save()

    before = page.cells(found)
    page.page.reload()
    page.ready()
    page.wait(f"app.model.pairs.length === 2 && app.model.cells.get(1).size === {scene.FRAMES}")
    assert page.cells(found) == before

    # A new visitor of the same clip has the saved work from the store.
    other = new_page()
    other.ready()
    other.open(clip)
    other.wait(
        "app.model.pairs.length === 2 && "
        f"[...app.model.cells.values()].every((own) => own.size === {scene.FRAMES})"
    )
    assert other.part("expression").input_value() == "The silent <b>object</b>."
    assert other.part("saved-state").inner_text().startswith("saved ")
    assert other.page.locator("[data-part=pairs] b").count() == 0
    other.page.locator(".pair", has_text="making a sound").click()
    other.wait("app.model.saved.expression === 'The object making a sound.'")
    ball = other.js("app.model.objects.find((object) => object.category === 'ball')")
    assert ball["fits"] is True
    assert [cell[0] for cell in other.cells(ball["id"]).values()] == [cell[0] for cell in before.values()]
    assert other.page.locator(".pair .meta", has_text="2 clicks").count() == 1

    other.do("export")
    link = other.part("download")
    link.wait_for(timeout=60_000)
    with other.page.expect_download() as download:
        link.click()
    archive = zipfile.ZipFile(download.value.path())
    (metadata,) = [name for name in archive.namelist() if name.endswith("/metadata.csv")]
    rows = list(csv.DictReader(io.TextIOWrapper(archive.open(metadata))))
    mine = [row for row in rows if row["exp"] in ("The object making a sound.", "The silent <b>object</b>.")]
    assert {row["uid"].rsplit("_", 2)[1] for row in mine} == {"ball", "box"}
    masks = [name for name in archive.namelist() if "/gt_mask/" in name and mine[0]["vid"] in name]
    assert len(masks) == 20


def test_nothing_fits_is_an_answer_that_can_be_saved(new_page, clips):
    page = new_page()
    page.ready()
    page.open(scene.make_scene(clips / "silent scene.mp4", sounding=False))
    page.write("The object making the loudest sound.")
    page.act("refer")
    assert page.js("app.model.verdict.found") is False
    assert page.page.locator(".verdict").inner_text().startswith("Nothing fits because")
    assert not page.overlay().any()
    assert page.page.locator("[data-do=save]").inner_text() == "Save: nothing fits"
    page.do("save")
    page.page.locator(".notice", has_text="why nothing fits").wait_for()
    page.page.locator("[data-why=silent]").click()
    page.save()
    assert page.js("app.model.saved.null_kind") == "silent"
    assert (
        page.page.locator(".pair", has_text="loudest")
        .locator(".meta")
        .inner_text()
        .startswith("nothing fits")
    )


def test_cancel_ends_a_referral(new_page, clip):
    page = new_page()
    page.ready()
    page.open(clip)
    page.write("The blue object on the right.")
    page.do("refer")
    page.wait("app.model.job")
    page.do("cancel-referral")
    page.wait("!app.model.job")
    assert page.page.locator("[data-do=refer]").is_visible()
    assert page.page.locator("[data-do=refer]").is_enabled()


def test_markup_in_a_sentence_and_a_category_stays_text(studio):
    markup = "<img src=x onerror=\"document.title='hacked'\"><script>document.title='hacked'</script>"
    studio.click(0.45, 0.83)
    studio.page.locator(".object input[type=text]").fill(markup[:60])
    studio.page.keyboard.press("Enter")
    studio.write(markup)
    studio.save()
    assert studio.page.locator(".pair .words").first.inner_text() == markup
    assert studio.page.locator("[data-part=root] img[src=x], [data-part=root] script").count() == 0
    assert "hacked" not in studio.page.title()
    assert studio.page.locator(".lane-label").last.inner_text() == " ".join(markup[:60].split())
