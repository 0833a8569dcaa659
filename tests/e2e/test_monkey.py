"""Two people who press anything, for as long as REFAVS_MONKEY_MINUTES says (30), from a seed (REFAVS_MONKEY_SEED).

Afterwards no page has had an error, no answer was a failure of the server, its log has no traceback, and every pair
that was shown as saved is in the store with its sentence.
"""

import os
import random
import re
import sqlite3
import time
from collections import Counter
from contextlib import closing

import pytest
import scene
from studio_page import APP, StudioPage

MINUTES = float(os.environ.get("REFAVS_MONKEY_MINUTES", "30"))
SEED = int(os.environ.get("REFAVS_MONKEY_SEED", "1"))
SENTENCES = (
    "The red ball that leaps.",
    "The thing that sounds first.",
    "",
    "   ",
    "No",
    "<img src=x onerror=alert(1)>",
    "The 犬 that “barks” at 3 o'clock ☂",
    "The dog " * 700,
)
KEYS = [
    "Space",
    "ArrowLeft",
    "ArrowRight",
    "Shift+ArrowRight",
    "Home",
    "End",
    "a",
    "b",
    "e",
    "v",
    "s",
    "n",
    "p",
    "[",
    "]",
    "t",
    "w",
    "k",
    "x",
    "g",
    "h",
    "i",
    "o",
    "l",
    "m",
    "0",
    "+",
    "-",
    "?",
    "/",
    "1",
    "2",
    "9",
]
KEYS += [
    "Escape",
    "Delete",
    "Enter",
    "Control+z",
    "Control+Shift+z",
    "Control+s",
    "Shift+a",
    "Shift+p",
    "Shift+l",
    "Shift+s",
    "Tab",
]
# Straight to the server, past the page: what must be refused in words, or does no harm.
RAW = (
    {"do": "prompt", "index": 10**9, "click": [0.5, 0.5, True]},
    {"do": "prompt", "index": 3, "click": [5, -1, "x"]},
    {"do": "prompt", "index": None},
    {"do": "brush", "index": 1, "stroke": "nonsense", "object": "1"},
    {"do": "brush", "index": 1, "stroke": "0" * 100_000},
    {"do": "object", "object": 999, "category": "x" * 10_000},
    {"do": "masks", "object": -1, "from": -5},
    {"do": "save", "expression": None, "over": "yes", "null_kind": 7},
    {"do": "reopen", "pair": "../../etc"},
    {"do": "submit", "pairs": [None, {}, 3]},
    {"do": "found", "none": True},
    {"do": "open", "source": "review:00000000-0000-0000-0000-000000000000"},
    {"do": "pairs", "after": "x", "since": "yesterday"},
    {"do": "export dataset", "format": "zip"},
    {"do": ["save"]},
)


class Monkey:
    """One person's page, and what it was told of as saved."""

    def __init__(self, page: StudioPage, chance: random.Random, clips: list, form: dict[str, str]) -> None:
        self.page, self.chance, self.clips, self.form = page, chance, clips, form
        self.saved: dict[str, str] = {}
        self.acts: list[str] = []  # also those that could not be done
        self.done: Counter[str] = Counter()
        page.page.on("response", self.heard)
        acts = {
            "click": 12, "drag": 4, "key": 14, "wheel": 2, "seek": 6, "tab": 4, "write": 5, "refer": 2, "save": 6,
            "button": 10, "raw": 5, "reload": 1, "back": 1, "clip": 2, "pair": 3, "language": 1, "review": 2,
        }  # fmt: skip
        self.names, self.weights = list(acts), list(acts.values())

    def act(self) -> None:
        (name,) = self.chance.choices(self.names, self.weights)
        self.acts.append(name)
        try:
            getattr(self, name)()
            self.done[name] += 1
        except AssertionError:
            raise
        except Exception as error:
            # What is hidden, covered or gone cannot be pressed, and a page that is loading cannot be asked.
            if not re.search("Timeout|context was destroyed|navigat|detached|null|undefined", str(error)):
                raise
        self.note()
        self.stay()

    def heard(self, response) -> None:
        if response.status >= 500:
            self.page.problems.append(f"{response.status} from {response.url}")

    def stay(self) -> None:
        """Who went back past the first page, or signed out with the keyboard, comes back as people do."""
        page = self.page.page
        if not page.url.startswith(self.page.origin):
            self.done["came back"] += 1
            page.goto(f"{self.page.origin}/?tab=annotate")
        elif page.locator("input[type=password]").count():
            self.done["signed in again"] += 1
            assert page.request.post(f"{self.page.origin}/login", form=self.form).ok
            page.goto(f"{self.page.origin}/?tab=annotate")

    def note(self) -> None:
        """Remember what the page shows as saved now."""
        try:
            shown = self.page.page.evaluate(
                f"() => {{ const app = {APP}; return app?.model.desk && !app.model.desk.finding ? "
                "app.model.pairs.filter((pair) => pair.mine).map((pair) => [pair.id, pair.expression]) : null; }"
            )
        except Exception as error:
            if not re.search("context was destroyed|navigat", str(error)):
                raise
            return
        if shown is not None:
            self.saved |= dict(shown)

    def somewhere(self, selector: str) -> None:
        found = self.page.page.locator(selector)
        count = found.count()
        if count:
            found.nth(self.chance.randrange(count)).click(timeout=700)

    def click(self) -> None:
        if self.page.part("screen").is_visible():
            options = {"button": "right"} if self.chance.random() < 0.25 else {}
            self.page.press(self.chance.random(), self.chance.random(), timeout=700, **options)

    def drag(self) -> None:
        box = self.page.part("screen").bounding_box(timeout=700)
        if box:
            mouse, at = self.page.page.mouse, self.chance.random
            mouse.move(box["x"] + at() * box["width"], box["y"] + at() * box["height"])
            mouse.down()
            mouse.move(box["x"] + at() * box["width"], box["y"] + at() * box["height"], steps=3)
            mouse.up()

    def key(self) -> None:
        if self.chance.random() < 0.7:
            self.page.page.evaluate(f"() => {APP}?.part('screen').focus()")
        for key in self.chance.choices(KEYS, k=self.chance.randint(1, 4)):
            self.page.page.keyboard.press(key)

    def wheel(self) -> None:
        self.page.page.mouse.wheel(0, self.chance.choice((-400, 400)))

    def seek(self) -> None:
        self.page.js(
            "app.model.desk && app.clock.seek(app.clock.first + Math.floor(x * app.clock.pts.length))",
            self.chance.random(),
        )

    def tab(self) -> None:
        self.somewhere(".tab")

    def write(self) -> None:
        self.page.part("expression").fill(self.chance.choice(SENTENCES), timeout=700)

    def refer(self) -> None:
        self.somewhere("[data-do=refer]")

    def save(self) -> None:
        """As people do who mean it, so that there is something to lose."""
        self.page.page.locator(".tab[data-tab=annotate]").click(timeout=2000)
        self.page.part("expression").fill(f"The thing number {self.chance.randrange(10**6)}.", timeout=2000)
        save = self.page.page.locator("[data-do=save]:not([disabled])")
        save.click(timeout=2000)
        why = self.page.page.locator("[data-why]:visible")
        if self.chance.random() < 0.7 and why.count():
            why.nth(self.chance.randrange(3)).click(timeout=700)
            save.click(timeout=2000)

    def button(self) -> None:
        self.somewhere(
            "button:visible:not([data-part=language]), input[type=checkbox]:visible, select:visible"
        )
        self.page.page.keyboard.press("Escape")

    def raw(self) -> None:
        request = dict(self.chance.choice(RAW))
        answer = self.page.js("app.net.server.ask({ token: app.net.token, ...x })", request)
        assert isinstance(answer, dict)
        assert "Traceback" not in str(answer.get("error"))
        assert answer.get("error") != "Something went wrong in the program; its log has the details.", request

    def reload(self) -> None:
        self.page.page.reload()

    def back(self) -> None:
        self.page.page.evaluate("history.length > 2 && history.back()")

    def clip(self) -> None:
        if self.chance.random() < 0.5:
            self.page.part("file").set_input_files(self.chance.choice(self.clips))
        else:
            self.page.js(
                "app.source.open(x)",
                self.chance.choice(("sample:two-dogs.mp4", "sample:siren.mp4", "nowhere")),
            )

    def pair(self) -> None:
        self.somewhere(self.chance.choice((".pair", "[data-do=submit]", "[data-do=submit-all]")))

    def language(self) -> None:
        self.somewhere("[data-part=language]")

    def review(self) -> None:
        self.somewhere(".tab[data-tab=review]")
        self.somewhere(
            "[data-do=review-next], [data-do=found], [data-do=none-fits], [data-do=leave], [data-do=next-pair]"
        )


@pytest.mark.slow
@pytest.mark.timeout(60 * (MINUTES + 10))
def test_no_act_of_two_people_ends_in_an_error_or_loses_what_was_saved(new_page, guarded, browser, clips):
    print(f"seed {SEED}, {MINUTES} minutes")
    chance = random.Random(SEED)
    broken = clips / "no video.mp4"
    broken.write_bytes(chance.randbytes(4000))
    files = [scene.make_scene(clips / "ours.mp4", grain=70 + SEED), broken]
    monkeys = []
    for name in ("ann", "bob"):
        context = browser.new_context()
        form = {"username": name, "password": f"{name}-secret"}
        assert context.request.post(f"{guarded.url}/login", form=form).ok
        page = new_page(f"{guarded.url}/?tab=annotate", storage_state=context.storage_state())
        context.close()
        page.page.on("dialog", lambda dialog: dialog.dismiss())
        page.ready()
        page.page.set_default_timeout(5000)
        monkeys.append(Monkey(page, chance, files, form))
    end = time.monotonic() + 60 * MINUTES
    while time.monotonic() < end:
        monkey = chance.choice(monkeys)
        before = len(monkey.page.problems)
        monkey.act()
        assert len(monkey.page.problems) == before, (monkey.page.problems, monkey.acts[-8:])
    tried = sum(len(monkey.acts) for monkey in monkeys)
    done = sum((monkey.done for monkey in monkeys), Counter())
    acts = done.total()
    saved = {id: words for monkey in monkeys for id, words in monkey.saved.items()}
    print(f"{tried} acts, {acts} done: {dict(done.most_common())}")
    print(f"{len(saved)} pairs saved")
    assert acts > 20 * MINUTES
    assert len(saved) > MINUTES

    assert "Traceback" not in guarded.log.read_text("utf-8", "replace")
    # Every version is kept, also of a pair that its author changed or removed afterwards.
    query = "SELECT lower(pair_id), text FROM pair_version JOIN expression ON expression.id = expression_id"
    with closing(sqlite3.connect(f"file:{guarded.home}/data/refavs.db?mode=ro", uri=True)) as store:
        assert store.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert store.execute("PRAGMA foreign_key_check").fetchall() == []
        stored = {(id.replace("-", ""), words) for id, words in store.execute(query)}
    assert {(id.replace("-", ""), words) for id, words in saved.items()} <= stored
