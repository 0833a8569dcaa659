"""The tabs around the player, and links into it, as a visitor meets them."""

import makers
import pytest
from studio_page import violations

MARKUP = "<img src=x onerror=\"document.title='hacked'\"> barks"


def go(page, tab):
    page.page.locator(f".tab[data-tab={tab}]").click()


def shown(page, image):
    """Until the picture is there, and how wide it is."""
    image.wait_for()
    page.page.wait_for_function("(i) => i.complete && i.naturalWidth > 0", arg=image.element_handle())


def test_visitor_finds_clips_sentences_and_what_is_here(new_page, server):
    page = new_page(f"{server.url}/?")
    page.ready()
    assert page.page.locator(".tab[aria-current=page]").inner_text() == "Refer"
    assert page.page.locator("video").count() == 1
    assert not page.page.locator("[data-do=save]").is_visible()
    tiles = page.page.locator(".gallery [data-clip]")
    shown(page, tiles.nth(1).locator("img"))
    tiles.nth(1).click()
    page.wait("app.model.desk.source === 'sample:two-dogs.mp4' && app.clock.ready")
    page.page.locator(".chips button").first.click()
    assert page.part("expression").input_value() == "The dog that is barking."
    assert violations(page) == "[]"

    go(page, "systems")
    row = page.page.locator("tr", has=page.page.locator("th", has_text="nano-segmenter")).first
    assert "MB" in row.inner_text()
    assert not page.page.locator("video").is_visible()
    assert violations(page) == "[]"
    page.part("theme").click()
    assert violations(page) == "[]"

    page.page.go_back()
    page.wait("app.root.dataset.tab === 'refer'")
    assert page.page.locator("video").is_visible()
    assert violations(page) == "[]"
    page.page.set_viewport_size({"width": 390, "height": 844})
    assert page.js("document.documentElement.scrollWidth <= 390")


def test_saved_pair_is_found_in_the_dataset_and_opens_where_it_was_drawn(new_page, clips):
    page = new_page()
    page.ready()
    page.open(makers.make_clip(clips / "<b>one.mp4", frames=23))
    page.seek(7)
    page.click(0.5, 0.5)
    page.write("No")
    page.page.locator(".remark.refuse").wait_for()
    page.write("The dog that barks first.")
    page.page.locator(".remarks .cue", has_text="sound").wait_for()
    page.write(MARKUP)
    page.save()
    assert violations(page) == "[]"

    go(page, "dataset")
    page.page.get_by_label("Words of the sentence").fill("> barks")
    card = page.page.locator(".pair-card", has_text="barks")
    shown(page, card.locator("img"))
    page.page.wait_for_function("() => document.querySelectorAll('.pair-card').length === 1")
    assert card.locator(".words").inner_text() == MARKUP
    assert page.page.locator("[data-part=root] img[src=x]").count() == 0
    assert "hacked" not in page.page.title()
    assert page.page.locator(".plot").count() >= 5
    assert violations(page) == "[]"

    page.page.get_by_label("Words of the sentence").fill("no pair says this")
    page.page.get_by_text("No saved pair is like that.").wait_for()
    page.page.get_by_label("Words of the sentence").fill("> barks")
    card.click()
    page.wait("app.root.dataset.tab === 'annotate' && app.clock.index === 7")
    assert page.part("expression").input_value() == MARKUP
    address = page.js("(app.links.write(), location.href)")

    page.page.locator("[aria-label='Copy a link to this frame']").click()
    other = new_page(
        address.replace("tab=annotate", "tab=refer") + "&frame=9&pair=" + page.js("app.model.saved.pair")
    )
    other.ready()
    other.wait("app.clock.index === 9")
    assert other.js("app.model.desk.name") == "<b>one.mp4"
    assert other.part("expression").input_value() == MARKUP


@pytest.mark.parametrize("query", ["?clip=../../etc/passwd&frame=1e9&pair=x&tab=<b>"])
def test_link_that_leads_nowhere_says_so_and_shows_another_clip(new_page, server, query):
    page = new_page(f"{server.url}/{query}")
    page.ready()
    page.page.locator(".notice", has_text="not here").wait_for()
    assert page.js("app.root.dataset.tab") == "refer"
