"""Signed out in the middle of work: nothing that is done meanwhile is lost."""

import makers
import pytest


@pytest.mark.slow
def test_work_of_a_person_who_was_signed_out_is_kept_in_the_browser_and_done_when_they_are_back(
    new_page, guarded, browser, clips
):
    context = browser.new_context()
    form = {"username": "ann", "password": "ann-secret"}
    assert context.request.post(f"{guarded.url}/login", form=form).ok
    page = new_page(f"{guarded.url}/?tab=annotate", storage_state=context.storage_state())
    page.ready()
    page.open(makers.make_clip(clips / "signed out.mp4", frames=12))
    page.wait("app.net.person === 'ann'")
    page.click(0.5, 0.6)

    page.page.context.clear_cookies()
    page.seek(4)
    page.press(0.5, 0.6)
    page.page.locator(".notice.error", has_text="kept in this browser").wait_for()
    page.write("The thing that moves.")
    page.wait("app.net.kept === 2")
    page.js("app.save()")
    page.wait("app.net.kept === 3")
    assert page.part("saved-state").inner_text() == "3 changes kept in this browser"
    assert list(page.cells(1)) == [0]

    # Somebody else at this browser does not get it.
    other = {"username": "bob", "password": "bob-secret"}
    assert page.page.context.request.post(f"{guarded.url}/login", form=other).ok
    page.page.reload()
    page.wait("app && app.net.person === 'bob' && app.model.desk")
    assert page.js("JSON.parse(localStorage.getItem('refavs.kept'))[0].acts.length") == 3

    page.page.context.clear_cookies()
    assert page.page.context.request.post(f"{guarded.url}/login", form=form).ok
    page.page.goto(f"{guarded.url}/?tab=annotate")
    page.wait("app && app.net.person === 'ann' && app.model.desk")
    source = page.js("JSON.parse(localStorage.getItem('refavs.kept'))[0]?.source")
    if source and page.js("app.model.desk.source") != source:
        page.js("app.source.open(x)", source)
    page.page.locator(".notice", has_text="signed in again").wait_for()
    page.wait("app.model.saved && app.model.saved.expression === 'The thing that moves.'")
    assert sorted(page.cells(page.js("app.model.objects[0].id"))) == [0, 4]
    assert page.js("app.net.kept") == 0
    context.close()
