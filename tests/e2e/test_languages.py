"""The page in the language of its reader."""

import re

import pytest
from studio_page import violations

# Every word that is seen or read aloud, but those of people, clips and systems.
WORDS = """
[...document.querySelectorAll("[data-part=root] :is(button, label, h2, h3, summary, p, dt, dd, th, figcaption, [aria-label], [title], [placeholder])")]
    .filter((node) => !node.closest("[lang=en], .chips, .gallery [data-clip], .picker, .bars, .pairs, select, .cards, td, tbody"))
    .flatMap((node) => [node.getAttribute("aria-label"), node.getAttribute("title"), node.getAttribute("placeholder"),
        node.children.length ? null : node.textContent]).filter(Boolean)
"""
# Signs, names of keys, of formats and of the program.
NAMES = re.compile(
    r"RefAVS Studio|中文|EN|(Ctrl|Shift|Esc|Del|Home|End|Enter|[A-Z]|[^A-Za-z])*|\d+ px|.*\.(mp4|zip)|Switch to English"
)


@pytest.mark.slow
def test_chinese_browser_gets_chinese_words_and_the_switch_keeps_the_work(new_page):
    page = new_page(locale="zh-CN")
    page.ready()
    assert page.page.locator("html").get_attribute("lang") == "zh"
    page.click(0.5, 0.6)
    for tab in ("refer", "annotate", "review", "dataset", "systems"):
        page.page.locator(f".tab[data-tab={tab}]").click()
        page.page.wait_for_timeout(300)
    page.part("help").click()
    words = [text.strip() for text in page.page.evaluate(WORDS)]
    assert len(words) > 200
    latin = [text for text in words if not re.search("[\\u4e00-\\u9fff]", text) and not NAMES.fullmatch(text)]
    assert not latin, latin
    page.page.keyboard.press("Escape")
    page.page.locator(".tab[data-tab=annotate]").click()
    assert violations(page) == "[]"
    page.js("app.acts.undo()")
    page.wait("app.model.undo === null")
    page.js("app.acts.undo()")
    page.page.locator(".notice.error", has_text="没有可撤销的操作。").wait_for()

    page.write("The sentence that was just typed")
    page.part("language").click()
    page.page.locator(".tab[data-tab=annotate]", has_text="Annotate").wait_for()
    page.ready()
    assert page.page.locator("html").get_attribute("lang") == "en"
    assert page.part("expression").input_value() == "The sentence that was just typed"
    page.page.reload()
    page.page.locator(".tab[data-tab=annotate]", has_text="Annotate").wait_for()
