"""A pair on its way from one person to another and back."""

import pytest
import scene
from studio_page import violations

SENTENCE = "The thing that leaps at every beep."
MENDED = "The red ball that leaps at every beep."
BALL, BOX = (90 / 320, 135 / 180), (228 / 320, 115 / 180)
FRAME = 30  # where both stand still


@pytest.fixture
def person(new_page, guarded, browser):
    """Pages of people who have signed in."""

    def come(name, tab):
        context = browser.new_context()
        form = {"username": name, "password": f"{name}-secret"}
        assert context.request.post(f"{guarded.url}/login", form=form).ok
        page = new_page(f"{guarded.url}/?tab={tab}", storage_state=context.storage_state())
        context.close()
        page.ready()
        return page

    return come


def go(page, tab):
    page.page.locator(f".tab[data-tab={tab}]").click()


def fits_a_phone(page):
    page.page.set_viewport_size({"width": 390, "height": 844})
    assert page.js("document.documentElement.scrollWidth <= 390")
    page.page.set_viewport_size({"width": 1280, "height": 720})


def take_the_next(page):
    page.do("review-next")
    page.wait("app.model.desk.finding && !app.model.desk.finding.done && app.clock.ready")


def test_pair_is_looked_for_by_a_second_person_comes_back_and_is_accepted(person, clips):
    ann = person("ann", "annotate")
    ann.open(scene.make_scene(clips / "for two.mp4", grain=2))
    ann.seek(FRAME)
    ann.click(*BALL)
    ann.write(SENTENCE)
    ann.save()
    ann.do("submit")
    ann.page.locator(".standing", has_text="waits for a second person").wait_for()
    ann.press(*BOX)
    ann.page.locator(".notice", has_text="stays as it is").wait_for()
    assert violations(ann) == "[]"

    bob = person("bob", "review")
    bob.page.locator(".big", has_text="One pair waits for you.").wait_for()
    fits_a_phone(bob)
    take_the_next(bob)
    assert bob.page.locator(".asked").inner_text() == SENTENCE
    assert bob.js("app.model.drawn.length") == 0
    assert not bob.page.locator("[data-do=found]").is_enabled()
    bob.seek(FRAME)
    bob.click(*BOX)
    fits_a_phone(bob)
    bob.page.reload()
    bob.wait("app && app.model.desk && app.model.cells.get(1)?.size === 1")
    assert bob.page.locator(".asked").inner_text() == SENTENCE
    bob.js("app.source.open(x)", ann.js("app.model.desk.source"))
    bob.page.locator(".notice.error", has_text="finish that review or give it back").wait_for()
    assert bob.js("app.model.desk.finding.done") is None
    bob.page.get_by_label("Comment for the author").fill("Do you mean the <b>box</b>?")
    bob.do("found")
    bob.page.locator(".outcome", has_text="You and ann mean different things.").wait_for()
    bob.wait("app.model.beside.length === 1")
    assert violations(bob) == "[]"

    go(ann, "review")
    card = ann.page.locator(".returned", has_text="Do you mean the <b>box</b>?")
    card.wait_for()
    assert card.locator(".legend").inner_text().split() == ["you", "bob"]
    assert violations(ann) == "[]"
    fits_a_phone(ann)
    # The frame is sought once the pair is open; that it came back, the page may know before.
    ann.js("app.clock.seek(0)")
    ann.wait("app.clock.index === 0")
    card.get_by_text("Open and mend").click()
    ann.page.locator(".came-back").wait_for()
    ann.wait(f"app.clock.index === {FRAME} && app.model.beside.length === 1")
    (theirs,) = ann.js("app.model.beside.map((object) => object.id)")
    assert list(ann.cells(theirs)) == [FRAME]
    colours = ann.overlay()
    assert len({tuple(colour) for colour in colours[colours[..., 3] == 255]}) == 2
    ann.write(MENDED)
    ann.save()
    assert ann.js("app.model.pairs.filter((pair) => pair.expression.includes('leaps')).length") == 1
    ann.do("submit")
    ann.page.locator(".standing", has_text="waits for a second person").wait_for()

    bob.do("next-pair")
    bob.wait("app.model.desk.finding && !app.model.desk.finding.done && app.clock.ready")
    assert bob.page.locator(".asked").inner_text() == MENDED
    bob.seek(FRAME)
    bob.click(*BALL)
    bob.do("found")
    bob.page.locator(".outcome.agrees", has_text="accepted").wait_for()
    bob.do("to-list")
    bob.page.get_by_text("found the same in 1 of 2 reviews").wait_for()
    go(ann, "annotate")
    ann.wait("app.model.saved.status === 'accepted'")
