"""What cannot be used gets one clear message; the page goes on with the clip and the work that it had."""

import makers
import pytest
from studio_page import violations


@pytest.fixture
def bad_files(clips):
    """name -> (file, a part of what the page should say)."""
    whole = makers.make_clip(clips / "whole.mp4", frames=30).read_bytes()

    def write(name: str, content: bytes):
        path = clips / name
        path.write_bytes(content)
        return path

    import soundfile

    soundfile.write(clips / "only sound.wav", makers.tone(1.0), 48000)
    return {
        "empty.mp4": (write("empty.mp4", b""), "is empty (0 bytes)"),
        "text.mp4": (write("text.mp4", b"This is no video at all.\n" * 50), "cannot be read as a video"),
        "cut.mp4": (write("cut.mp4", whole[: len(whole) // 20]), "'cut.mp4'"),
        "only sound.wav": (clips / "only sound.wav", "holds only sound"),
    }


@pytest.mark.parametrize("name", ["empty.mp4", "text.mp4", "cut.mp4", "only sound.wav"])
def test_unusable_upload_is_told_in_one_sentence_and_the_page_goes_on(visited, bad_files, name):
    studio = visited
    path, words = bad_files[name]
    studio.click(0.5, 0.6)
    before = studio.js("[app.model.desk.name, app.net.token, app.model.objects.length]")

    studio.part("file").set_input_files(path)
    notice = studio.page.locator(".notice.error p")
    notice.wait_for()
    assert notice.count() == 1
    assert words in notice.inner_text()
    assert name in notice.inner_text()
    assert "Traceback" not in notice.inner_text()

    assert studio.js("[app.model.desk.name, app.net.token, app.model.objects.length]") == before
    studio.seek(5)
    studio.click(0.4, 0.6)
    notice.locator("xpath=ancestor::div[contains(@class, 'notice')]").get_by_label("Close message").click()


def test_link_into_the_server_itself_is_refused_in_one_sentence_and_the_page_goes_on(visited, server):
    studio = visited
    before = studio.js("[app.model.desk.name, app.net.token]")
    studio.part("picker").click()
    studio.page.get_by_role("menuitem", name="Open a link").press("Enter")
    field = studio.page.get_by_label("Address of the video file")
    assert field.evaluate("(field) => field === document.activeElement")
    assert violations(studio) == "[]"
    field.fill("clip.mp4")
    field.press("Enter")
    studio.page.locator("dialog [role=alert]", has_text="begins with https://").wait_for()
    field.fill(f"{server.url}/config?key=secret")
    field.press("Enter")
    notice = studio.page.locator(".notice.error p")
    notice.wait_for()
    assert "does not lead to a public address" in notice.inner_text()
    assert "secret" not in notice.inner_text()
    assert not field.is_visible()
    assert studio.part("banner").is_hidden()
    assert studio.js("[app.model.desk.name, app.net.token]") == before
    assert studio.part("picker").evaluate("(picker) => picker === document.activeElement")
    notice.locator("xpath=ancestor::div[contains(@class, 'notice')]").get_by_label("Close message").click()


def test_clip_of_one_frame_opens_and_takes_a_click(visited, clips):
    studio = visited
    studio.open(makers.make_clip(clips / "one.mp4", frames=1))
    assert studio.js("[app.clock.first, app.clock.last, app.clock.index]") == [0, 0, 0]
    studio.click(0.5, 0.5)
    assert list(studio.cells(1)) == [0]


def test_clip_without_sound_opens_and_says_so(visited, clips):
    studio = visited
    studio.open(makers.make_clip(clips / "silent.mp4", frames=20))
    assert "no sound" in studio.part("facts").inner_text()
    assert studio.page.locator("[data-do=mute]").is_disabled()
    studio.do("play")
    studio.wait("app.clock.index >= 10")


def test_names_with_quotes_markup_and_other_scripts_are_shown_as_they_are(visited, clips):
    studio = visited
    name = 'it\'s "a" <img src=x onerror=alert(1)> 犬 é.mp4'
    studio.open(makers.make_clip(clips / name.replace("/", ""), frames=5))
    assert studio.part("name").inner_text() == name
    assert studio.page.locator("img[src=x]").count() == 0


@pytest.mark.parametrize("expression", ["", "   \n "])
def test_empty_sentence_is_not_saved(visited, expression):
    studio = visited
    studio.write(expression)
    assert studio.page.locator("[data-do=save]").is_disabled()
    answer = studio.js("app.net.server.ask({ do: 'save', token: app.net.token, expression: x })", expression)
    assert answer["ok"] is False
    assert "no sentence yet" in answer["error"]


def test_sentence_of_five_thousand_characters_is_refused_in_one_message(visited):
    studio = visited
    studio.write("The dog " * 625)
    studio.do("save")
    studio.page.locator("[data-why=absent]").click()
    studio.do("save")
    notice = studio.page.locator(".notice.error p", has_text="characters")
    notice.wait_for()
    assert "at most 1000" in notice.inner_text()
    assert studio.part("saved-state").inner_text() == "not saved"
