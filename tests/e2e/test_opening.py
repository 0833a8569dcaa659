"""Opening clips: copies for the browser, going back to a clip, clips with saved pairs."""

import time

import makers
import numpy as np

from app.limits import UPLOAD_MB


def test_clip_that_chromium_cannot_play_shows_its_first_frame_at_once_and_takes_clicks(studio, clips):
    path = makers.make_clip(
        clips / "long.avi",
        frames=400,
        size=(360, 640),
        codec="mpeg4",
        options={"q": "8"},
        sound=makers.tone(16),
    )
    token = studio.js("app.net.token")
    begun = time.perf_counter()
    studio.part("file").set_input_files(path)
    studio.page.wait_for_function(
        "(t) => { const app = document.querySelector('[data-part=root]').__refavs;"
        " return app.net.token !== t && !app.clock.still.hidden; }",
        arg=token,
    )
    print(f"first frame after {time.perf_counter() - begun:.2f} s")
    assert studio.js("app.clock.ready") is False
    banner = studio.part("banner")
    assert "Making a copy" in banner.inner_text()
    assert "%" in banner.inner_text()
    assert studio.page.locator("[data-do=play]").is_disabled()

    studio.click(0.5, 0.9)
    studio.do("forward")
    studio.wait("app.clock.index === 1")
    studio.click(0.5, 0.9)
    assert sorted(studio.cells(1)) == [0, 1]

    studio.wait("app.clock.ready", timeout=120_000)
    assert banner.is_hidden()
    assert studio.index == 1
    studio.do("play")
    studio.wait("app.clock.index > 12 && app.clock.video.webkitAudioDecodedByteCount > 1000")


def test_menu_says_how_large_a_file_may_be_before_one_is_chosen(visited):
    visited.ready()
    visited.part("picker").click()
    assert f"up to {UPLOAD_MB} MB" in visited.part("menu").inner_text()
    visited.page.keyboard.press("Escape")
    visited.part("menu").wait_for(state="hidden")


def test_going_back_to_a_clip_finds_what_was_not_saved(studio):
    studio.click(0.45, 0.83)
    first = studio.part("name").inner_text()
    for sample in (1, 0):
        token = studio.js("app.net.token")
        studio.part("picker").click()
        studio.page.locator(".menu button").nth(2 + sample).click()  # below the two ways to open one's own
        studio.page.wait_for_function(
            "(t) => document.querySelector('[data-part=root]').__refavs.net.token !== t", arg=token
        )
        studio.ready()
    assert studio.part("name").inner_text() == first
    studio.wait("app.model.cells.get(1)?.size === 1")


def test_clip_with_saved_pairs_can_be_found_by_its_name(new_page, clips):
    page = new_page()
    page.ready()
    page.open(makers.make_clip(clips / "what I saved.mp4", frames=12, size=(120, 128)))
    page.click(0.4, 0.85)
    page.write("The ball on the left.")
    page.save()

    other = new_page()
    other.ready()
    other.part("picker").click()
    other.page.locator(".menu button", has_text="what I saved.mp4").click()
    other.wait("app.model.desk.name === 'what I saved.mp4' && app.model.cells.get(1)?.size === 1")


def test_work_of_two_people_on_one_clip_is_not_overwritten_unasked(new_page, clips):
    path = makers.make_clip(clips / "shared.mp4", frames=12, size=(132, 128))
    pages = [new_page(), new_page()]
    for page in pages:
        page.ready()
        page.open(path)
    pages[0].click(0.2, 0.85)
    pages[0].write("The ball.")
    pages[0].save()
    begun = time.perf_counter()
    pages[1].wait("app.model.pairs.length === 1 && app.model.objects.length === 0")
    print(f"another person's pair appeared after {time.perf_counter() - begun:.2f} s")
    assert "The ball." in pages[1].part("pairs").inner_text()
    pages[1].page.reload()
    pages[1].ready()
    pages[1].js("app.source.open(app.model.desk.source, { fresh: true })")
    for page in pages:
        page.wait("app.model.pairs.length === 1 && app.model.cells.get(1)?.size === 1")
        page.click(0.3 + 0.3 * pages.index(page), 0.85)
    pages[0].save()
    theirs = pages[0].cells(1)[0][0]

    pages[1].do("save")
    pages[1].page.locator(".notice.error").wait_for()
    assert "Somebody else" in pages[1].notices[-1]
    assert pages[1].part("saved-state").inner_text() == "not saved"
    pages[1].page.get_by_role("button", name="Load theirs").click()
    pages[1].wait("app.model.cells.get(1)?.size === 1 && app.model.undo === null")
    assert pages[1].cells(1)[0][0] == theirs


def test_reload_during_a_propagation_keeps_the_frames_that_were_done(studio):
    studio.click(0.45, 0.83)
    studio.do("propagate-forward")
    studio.wait("app.model.job && app.model.cells.get(1).size > 10")
    studio.page.reload()
    studio.ready()
    studio.wait("!app.model.job && app.model.cells.get(1)?.size > 10", timeout=60_000)
    done = sorted(studio.cells(1))
    assert done == list(range(len(done)))
    assert np.all(np.diff(done) == 1)
