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
CHINESE = re.compile("[\u4e00-\u9fff]")
ASKED = "The dog that is barking."
NOTHING = "Nothing fits because the clip has no sound."
REASONS = (  # of systems, as they write them; the last is a network's own
    (NOTHING, "没有符合的目标，因为片段没有声音。"),
    (
        '3 was refused: "red": 2 % of it is red. Weak: “left”.',
        "3 被排除：“red”：其中 2 % 为红色。较弱：“left”。",
    ),
    (
        "Heard two sounds, the first at 0.4 s, the loudest at 2.1 s; heard: dog 0.93 at 0.1-2.0 s.",
        "听到两个声音，最早在 0.4 秒，最响在 2.1 秒；辨认出：dog 0.93（0.1-2.0 秒）。",
    ),
    (
        "Chose 1 (like a dog, orange on the left, moving, 18 % of the picture) because it covers 18 % of the picture.",
        "选择 1（像 dog，橙色，在左侧，在移动，占画面 18 %），因为它占画面的 18 %。",
    ),
    ("The dog is loud, moving. constructor", "The dog is loud, moving. constructor"),
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
    latin = [text for text in words if not CHINESE.search(text) and not NAMES.fullmatch(text)]
    assert not latin, latin
    page.page.keyboard.press("Escape")
    page.page.locator(".tab[data-tab=annotate]").click()
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


@pytest.mark.slow
def test_reasons_of_systems_are_said_in_chinese_and_what_a_network_wrote_is_left_alone(new_page, server):
    page = new_page(f"{server.url}/?tab=refer&clip=sample:two-dogs.mp4", locale="zh-CN")
    page.ready()
    script = page.js(
        "performance.getEntriesByType('resource').map((e) => e.name).find((n) => n.endsWith('/reasons.js'))"
    )
    for english, chinese in REASONS:
        said = page.page.evaluate(
            "([url, text]) => import(url).then(({ reason }) => reason(text))",
            [script.replace("/reasons.js", "/reason_words.js"), english],
        )
        assert said == chinese

    # What stands above the page on a Space, as Gradio writes it there and changes it later.
    above = page.page.evaluate(
        """async (url) => {
            const bar = document.createElement("div");
            const [line, button] = ["p", "button"].map((tag) => bar.appendChild(document.createElement(tag)));
            [line.textContent, button.textContent] = ["Last snapshot 4 minutes ago.", "Sign in with Hugging Face"];
            (await import(url)).around(bar);
            const before = [line.textContent, button.textContent];
            button.firstChild.data = "Sign out (ann)";
            await new Promise((resolve) => setTimeout(resolve));
            return [...before, button.textContent];
        }""",
        script.replace("/reasons.js", "/around.js"),
    )
    assert above == ["最近一次快照：4 分钟前。", "使用 Hugging Face 登录", "退出登录（ann）"]

    page.part("expression").fill(ASKED)
    page.do("refer")
    page.page.locator(".verdict").wait_for(timeout=120_000)
    page.wait("!app.model.job", timeout=120_000)
    told = [
        text
        for text in page.page.locator(".verdict, .steps li > span:first-of-type").all_inner_texts()
        if text
    ]
    assert len(told) > 4
    assert all(CHINESE.search(text) for text in told), told
    assert not page.page.locator("[data-part=reasons] [lang=en]").count(), told
    assert violations(page) == "[]"


@pytest.mark.slow
@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_no_tab_breaks_the_rules_for_accessible_pages_in_either_language(new_page, locale):
    page = new_page(locale=locale)
    page.ready()
    page.click(0.5, 0.6)
    for theme in ("light", "dark"):
        for tab in ("refer", "annotate", "review", "dataset", "systems"):
            page.page.locator(f".tab[data-tab={tab}]").click()
            page.page.wait_for_timeout(500)
            assert violations(page) == "[]", (theme, tab)
        page.part("theme").click()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("en-GB", "The player could not be loaded; reload the page."),
        ("zh-CN", "播放器无法加载，请刷新页面。"),
    ],
)
def test_what_stands_there_when_the_player_does_not_arrive_is_in_the_browsers_language(
    browser, server, locale, words
):
    context = browser.new_context(locale=locale)
    page = context.new_page()
    page.route("**/js/*/main.js", lambda route: route.abort())
    page.goto(server.url)
    page.get_by_text(words, exact=True).wait_for()
    context.close()
