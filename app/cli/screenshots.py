"""python -m app.cli.screenshots [FOLDER [PART ...]]: the app in a real browser, as pictures for the documents.

FOLDER is docs/screens when nothing is named; screenshot.png goes beside it. PART: guide = the way of the annotator's
guide on the sample with the two dogs; player = the player on the band, light, dark and on a phone; sounds = everything
that sounds; tabs = every tab, light and dark, in both languages. The segmenter is the shipped one.
"""

import io
import sys
import tempfile
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np

from annotations.records import ObjectEdit
from annotations.store import Store
from app.cli.bench_player_server import APP, PATIENCE, chromium, running
from core.masks import Mask, Track

# Boxes around what is seen on the first sample, in shares of the picture.
BAND = ((0.09, 0.21, 0.36, 0.96), (0.42, 0.23, 0.62, 0.75), (0.42, 0.65, 0.6, 0.96), (0.69, 0.23, 0.88, 0.96))
SAXOPHONE = (0.69, 0.54, 0.79, 0.79)
LEAK = (
    0.331,
    0.43,
)  # on frame 120 of the two dogs: what the answer has too much, a tree behind the dog's ear
BARKS = "The dog that is barking."
MINE = "The dog on the left that barks."
THEIRS = "The animal that makes no sound."
COMMENT = "I hear it from the right."
DOG = (0.6, 0.48, 0.83, 0.84)  # the white one, on frame 120
BROWN = (0.24, 0.6)  # on the other one, on frame 120
WHITE = (0.72, 0.62)  # on it, on frame 150
NAMES = ("guitarist", "drummer", "drum", "saxophonist")
QUALITY = 84
DESKTOP = {"width": 1280, "height": 720}
PHONE = {"width": 390, "height": 844}
DOGS = "clip=sample:two-dogs.mp4"
TABS = ("refer", "annotate", "review", "dataset", "systems")


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/screens")
    folder.mkdir(parents=True, exist_ok=True)
    parts = {"guide": guide, "player": player, "sounds": sounds, "tabs": tabs}
    for name in sys.argv[2:] or parts:
        with (
            tempfile.TemporaryDirectory(prefix="refavs-screens-") as home,
            running(Path(home), "auto") as address,
            chromium() as browser,
        ):
            parts[name](browser, address, folder, Path(home) / "data")


def guide(browser: Any, address: str, folder: Path, data: Path) -> None:
    walk = Shots(browser, address, folder, DESKTOP, query=DOGS)
    walk.guide()
    session = walk.page.evaluate("() => sessionStorage.getItem('refavs.page')")
    phone = Shots(browser, address, folder, PHONE, session=session)
    phone.wait("app.model.objects.length")
    phone.page.wait_for_timeout(1500)
    phone.shoot("phone")
    phone.page.context.close()
    walk.review(data)
    walk.page.context.close()


def player(browser: Any, address: str, folder: Path, data: Path) -> None:
    desktop = Shots(browser, address, folder, DESKTOP, query="tab=annotate")
    desktop.shoot("at-rest")
    desktop.four_objects()
    desktop.shoot("four-objects")
    desktop.page.locator("[data-part=theme]").click()
    desktop.shoot("four-objects-dark")
    desktop.page.locator("[data-part=theme]").click()
    desktop.propagating()
    desktop.zoomed()
    session = desktop.page.evaluate("() => sessionStorage.getItem('refavs.page')")
    desktop.page.context.close()
    phone = Shots(browser, address, folder, PHONE, session=session, query="tab=annotate")
    phone.wait("app.model.objects.length === 4")
    phone.seek(60)
    phone.shoot("four-objects-phone")
    phone.page.context.close()


def sounds(browser: Any, address: str, folder: Path, data: Path) -> None:
    """Everything that sounds, in the colours of its classes."""
    page = Shots(browser, address, folder, DESKTOP, query=DOGS)
    page.page.get_by_label("System that answers", exact=True).select_option("ssp-nano")
    page.page.locator("[data-part=expression]").fill("")
    page.refer()
    page.seek(120)
    page.shoot("sounds")
    page.page.context.close()


def tabs(browser: Any, address: str, folder: Path, data: Path) -> None:
    """Every tab, light and dark, in both languages: a sheet for each."""
    first = Shots(browser, address, folder, DESKTOP, query=f"{DOGS}&tab=annotate")
    first.seek(120)
    first.page.mouse.click(*first.point(*BROWN))
    first.wait("!app.stage.pending.length && app.model.objects.length")
    first.page.locator("[data-part=expression]").fill(MINE)
    first.page.locator("[data-do=save]").click()
    first.wait("app.model.saved")
    second_person(data, UUID(first.do("app.model.saved.pair")), judge=False)
    session = first.page.evaluate("() => sessionStorage.getItem('refavs.page')")
    first.page.context.close()
    for language, locale in (("en", "en-GB"), ("zh", "zh-CN")):
        for theme in ("light", "dark"):
            page = Shots(
                browser, address, folder, DESKTOP, session=session, query=DOGS, locale=locale, theme=theme
            )
            page.seek(120)
            page.sheet(f"tabs-{language}-{theme}")
            page.page.context.close()


def second_person(data: Path, pair: UUID, *, judge: bool = True) -> None:
    """Somebody else finds another thing for the pair (not without `judge`), and hands in one of their own."""
    with Store.open(f"sqlite:///{data / 'refavs.db'}") as store:
        who = store.start_session("carla").id
        line = store.pair(pair)
        assert line is not None
        thing = next(o for o in store.load_clip_work(line.clip.id).objects if o.id in line.pair.objects)
        height, width = thing.track.size
        x0, y0, x1, y1 = DOG
        y, x = np.ogrid[:height, :width]
        off = [
            (v / n - (a + b) / 2) / ((b - a) / 2) for v, n, a, b in ((y, height, y0, y1), (x, width, x0, x1))
        ]
        oval = Mask.encode(off[0] ** 2 + off[1] ** 2 <= 1)
        if judge:
            store.find_back(who, pair, Track(thing.track.size, {120: oval}), comment=COMMENT)
        own = uuid4()
        store.save_pair(who, line.clip.id, own, expression=THEIRS, objects=[ObjectEdit(thing.id)])
        store.submit_pair(who, own)


class Shots:
    """One page, and the folder its pictures go to."""

    def __init__(
        self,
        browser: Any,
        address: str,
        folder: Path,
        viewport: dict[str, int],
        *,
        session: str | None = None,
        query: str = "",
        locale: str = "en-GB",
        theme: str = "light",
    ) -> None:
        context = browser.new_context(viewport=viewport, locale=locale)
        context.add_init_script(f"localStorage.setItem('refavs.theme', {theme!r})")
        if session:
            context.add_init_script(f"sessionStorage.setItem('refavs.page', {session!r})")
        self.page, self.folder = context.new_page(), folder
        self.page.goto(f"{address}/?{query}")
        self.wait("app && app.model.desk && app.clock.ready && app.lanes.strip && app.lanes.peaks")
        self.page.wait_for_timeout(800)

    def wait(self, condition: str) -> None:
        self.page.wait_for_function(
            f"() => {{ const app = {APP}; return !!({condition}); }}", timeout=3000 * PATIENCE
        )

    def do(self, expression: str, argument: Any = None) -> Any:
        return self.page.evaluate(f"(x) => {{ const app = {APP}; return {expression}; }}", argument)

    def shoot(self, name: str) -> None:
        self.page.mouse.move(6, 6)
        self.page.wait_for_timeout(400)
        self.take(name)

    def sheet(self, name: str) -> None:
        """The five tabs and the keys, each at half its size, in one picture."""
        shots = []
        for tab in TABS:
            self.page.locator(f".tab[data-tab={tab}]").click()
            self.page.wait_for_timeout(1500)
            shots.append(self.page.screenshot(type="png"))
        self.page.locator(".tab[data-tab=annotate]").click()
        self.page.locator("[data-part=help]").click()
        self.page.wait_for_timeout(400)
        shots.append(self.page.screenshot(type="png"))
        from PIL import Image

        width, height = DESKTOP["width"] // 2, DESKTOP["height"] // 2
        picture = Image.new("RGB", (2 * width + 6, 3 * height + 12), "grey")
        for k, shot in enumerate(shots):
            small = (
                Image.open(io.BytesIO(shot)).convert("RGB").resize((width, height), Image.Resampling.LANCZOS)
            )
            picture.paste(small, (k % 2 * (width + 6), k // 2 * (height + 6)))
        picture.save(self.folder / f"{name}.jpg", quality=QUALITY)
        print(self.folder / f"{name}.jpg")

    def take(self, name: str) -> None:
        """With the pointer where it is."""
        self.page.screenshot(path=self.folder / f"{name}.jpg", type="jpeg", quality=QUALITY)
        print(self.folder / f"{name}.jpg")

    def seek(self, index: int) -> None:
        self.do("app.clock.seek(x)", index)
        self.wait(f"app.clock.index === {index} && app.clock.wanted === null")

    def point(self, x: float, y: float) -> tuple[float, float]:
        box = self.page.locator("[data-part=screen]").bounding_box()
        return box["x"] + x * box["width"], box["y"] + y * box["height"]

    def guide(self) -> None:
        """Open, refer, see whether it used the sound, fix, write, save, look at the dataset, export."""
        page = self.page
        page.locator("[data-part=expression]").fill(BARKS)
        self.refer()
        self.seek(120)
        self.shoot("refer")
        page.screenshot(path=self.folder.parent / "screenshot.png")
        page.locator("[data-part=theme]").click()
        page.locator(".verdict").hover()
        page.wait_for_timeout(600)
        self.take("reasons-dark")
        page.locator("[data-part=theme]").click()

        page.locator("[data-sound=mute]").click()
        self.refer()
        page.locator("[data-sound=normal]").click()
        page.get_by_label("System that answers beside it").select_option("largest-motion")
        self.refer()
        self.wait("app.model.trials.length === 2 && !app.model.job")
        self.shoot("side-by-side")

        page.locator(".tab[data-tab=annotate]").click()
        page.wait_for_timeout(600)
        page.mouse.click(*self.point(*LEAK), button="right")
        self.wait("!app.stage.pending.length && app.model.undo === 'click'")
        self.shoot("fix")
        page.locator("[data-do=propagate]").click()
        self.wait("app.model.job")
        self.wait("!app.model.job")
        page.locator("[data-part=expression]").fill(MINE)
        page.locator(".remarks .cue", has_text="place").wait_for()
        self.shoot("write")
        page.locator("[data-do=save]").click()
        self.wait("app.model.saved && app.model.saved.revision === app.model.revision")
        page.locator("[data-part=pairs]").scroll_into_view_if_needed()
        self.shoot("saved")
        page.locator(".tab[data-tab=dataset]").click()
        page.locator(".pair-card img").first.wait_for()
        page.locator(".aside .primary").click()
        page.locator("[data-part=dataset-download]").wait_for()
        page.wait_for_timeout(600)
        self.shoot("dataset")
        page.locator(".tab[data-tab=refer]").click()
        page.locator("[data-do=forget]").click()

    def review(self, data: Path) -> None:
        """Look for a pair of another annotator's, and have one of the own ones come back."""
        page = self.page
        page.locator(".tab[data-tab=annotate]").click()
        page.locator(".pair", has_text=MINE).click()
        page.locator("[data-do=submit]").click()
        page.locator(".standing").wait_for()
        pair = self.do("app.model.saved.pair")
        second_person(data, UUID(pair))
        page.locator(".tab[data-tab=review]").click()
        page.locator(".returned img").wait_for()
        page.wait_for_timeout(1500)
        self.shoot("returned")
        page.locator("[data-do=review-next]").click()
        self.wait("app.model.desk.finding && app.clock.ready && app.lanes.strip && app.lanes.peaks")
        self.seek(150)
        page.mouse.click(*self.point(*WHITE))
        self.wait("!app.stage.pending.length && app.model.objects.length")
        self.shoot("review")
        page.locator("[data-do=leave]").click()
        self.wait("!app.model.desk.finding")
        page.locator(".tab[data-tab=annotate]").click()

    def refer(self) -> None:
        self.page.locator("[data-do=refer]").click()
        self.wait("app.model.job")
        self.wait("!app.model.job && (app.model.verdict || app.model.trials.length)")

    def box(self, box: tuple[float, float, float, float], number: int) -> None:
        """Draw a box around a new object, which is the clip's `number`th."""
        mouse = self.page.mouse
        self.do("app.acts.newObject()")
        mouse.move(*self.point(box[0], box[1]))
        mouse.down()
        mouse.move(*self.point(box[2], box[3]), steps=4)
        mouse.up()
        self.wait(f"!app.stage.pending.length && app.model.objects.length === {number}")

    def four_objects(self) -> None:
        for number, box in enumerate(BAND, 1):
            self.box(box, number)
            self.do("app.net.ask('object', { object: app.model.active, category: x })", NAMES[number - 1])
            self.do("app.acts.propagate('both')")
        self.do(
            "Promise.all(app.model.objects.map(({ id }) => app.net.ask('object', { object: id, fits: true })))"
        )
        self.seek(60)

    def propagating(self) -> None:
        self.seek(100)
        self.box(SAXOPHONE, 5)
        self.page.locator("[data-do=propagate]").click()
        self.wait("app.model.job && app.model.job.progress > 0.2")
        self.shoot("propagating")
        self.do("app.acts.cancel()")
        self.wait("!app.model.job")
        self.do("document.querySelectorAll('.notice button').forEach((button) => button.click())")
        self.do("app.acts.remove()")
        self.wait("app.model.objects.length === 4")

    def zoomed(self) -> None:
        self.seek(60)
        self.do("app.model.choose(x)", 3)
        x, y = self.point(0.5, 0.72)
        self.do("(app.stage.use('brush'), app.brush.resize(9), app.view.zoom(4.2, x[0], x[1]))", [x, y])
        self.page.mouse.move(x, y)
        self.page.mouse.move(x + 3, y + 60)
        self.page.wait_for_timeout(500)
        self.take("zoomed")
        self.do("(app.view.fit(), app.stage.use('click'))")


if __name__ == "__main__":
    main()
