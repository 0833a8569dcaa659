"""Several pages at once, and people who type."""

import makers
import pytest


def test_two_pages_with_two_videos_do_not_mix(new_page, clips):
    pages = [new_page(), new_page()]
    for k, page in enumerate(pages):
        page.ready()
        page.open(makers.make_clip(clips / f"person {k}.mp4", frames=20, size=(96 + 32 * k, 128 + 64 * k)))
    for index in range(3):
        for page in pages:
            page.seek(index * 4)
        for page in pages:
            page.press(0.3, 0.9)
        for page in pages:
            page.settled()
    for k, page in enumerate(pages):
        assert page.js("app.model.objects.length") == 1
        assert sorted(page.cells(1)) == [0, 4, 8]
        assert page.overlay().shape[:2] == (96 + 32 * k, 128 + 64 * k)
        assert page.part("name").inner_text() == f"person {k}.mp4"
    assert pages[0].js("app.net.token") != pages[1].js("app.net.token")


@pytest.mark.parametrize("words", ["space a d f z k 1 2 ? [ ] p n m"])
def test_typing_a_sentence_moves_nothing_else(visited, words):
    visited.seek(20)
    visited.click(0.5, 0.6)
    state = "[app.clock.index, app.clock.playing, app.model.seq, app.clock.video.muted, app.stage.newObject]"
    before = visited.js(state)

    visited.part("expression").focus()
    visited.page.keyboard.type(words)
    for key in ("ArrowLeft", "ArrowRight", "Home", "End", "Control+z", "Escape"):
        visited.page.keyboard.press(key)
    assert visited.js(state) == before
    assert visited.page.locator("dialog[open]").count() == 0

    category = visited.page.locator(".object input[type=text]")
    category.fill("")
    category.press_sequentially("n p z [")
    assert visited.js(state) == before
    assert category.input_value() == "n p z ["


def test_keys_do_nothing_outside_the_widget(visited):
    state = "[app.clock.index, app.clock.playing]"
    before = visited.js(state)
    visited.page.evaluate("document.activeElement.blur()")
    visited.page.keyboard.press("ArrowRight")
    visited.page.keyboard.press("Space")
    assert visited.js(state) == before
