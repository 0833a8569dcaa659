"""What the systems that ship answer, as the page shows it."""

import av
import pytest
from conftest import ROOT


@pytest.fixture(scope="module")
def dogs(clips):
    """The first two seconds of the sample with the two dogs."""
    path = clips / "two dogs.mp4"
    with av.open(str(ROOT / "assets/clips/two-dogs.mp4")) as whole, av.open(str(path), "w") as out:
        streams = {
            s.index: out.add_stream_from_template(s) for s in whole.streams if s.type in ("video", "audio")
        }
        for packet in whole.demux(*(whole.streams[index] for index in streams)):
            if packet.dts is not None and packet.pts * packet.time_base < 2:
                packet.stream = streams[packet.stream.index]
                out.mux(packet)
    return path


def ask(page, system, sentence):
    """Refer with a system; what the list of steps said on the way, one entry for each look."""
    page.page.locator(".tab[data-tab=refer]").click()
    page.page.get_by_label("System that answers", exact=True).select_option(system)
    page.write(sentence)
    page.js(
        "(app.seen = [], app.model.on('steps', ({ steps, verdict }) => app.seen.push([steps.length, !!verdict])))"
    )
    page.act("refer")
    return page.js("app.seen")


@pytest.mark.slow
def test_everything_that_sounds_has_lanes_names_a_legend_and_the_colours_of_its_classes(visited, dogs):
    visited.open(dogs)
    ask(visited, "ssp-nano", "")
    objects = visited.js("app.model.objects.map(({ id, category }) => [id, category])")
    assert "dog" in [category for _, category in objects]
    lanes = visited.page.locator(".lane-labels button.lane-label").all_inner_texts()
    assert lanes[1:] == [category for _, category in objects]
    legend = visited.part("classes")
    assert legend.is_visible()
    assert set(legend.inner_text().split("\n")) == {category for _, category in objects}

    from core.datasets.avss import CLASSES, PALETTE

    dog = next(id for id, category in objects if category == "dog")
    colour = PALETTE[CLASSES.index("dog")].tolist()
    index = next(index for index, cell in visited.cells(dog).items() if cell[0])
    visited.seek(index)
    overlay = visited.overlay()
    assert (overlay[overlay[..., 3] == 255][:, :3] == colour).all(axis=1).any()
    swatch = visited.page.locator(f"[data-object='{dog}'] .swatch").get_attribute("style")
    assert "rgb({} {} {}".format(*colour) in swatch

    # A sentence takes the colours of classes away again.
    visited.js(
        "app.model.say('steps', { steps: [], verdict: { found: true, words: 'x', expression: 'The dog.' } })"
    )
    assert legend.is_hidden()


@pytest.mark.slow
def test_chain_of_aurora_appears_as_it_is_written(visited, dogs):
    visited.open(dogs)
    seen = ask(visited, "aurora-nano", "The dog that is barking.")
    growing = [count for count, done in seen if not done and count]
    assert len(growing) >= 3
    assert growing == sorted(growing)
    assert growing[0] < growing[-1]
    assert visited.page.locator(".steps li").count() >= 1
    assert visited.page.locator(".verdict").inner_text()


@pytest.mark.slow
def test_eemc_answers_a_sentence_on_a_sample(visited, dogs):
    visited.open(dogs)
    ask(visited, "eemc-nano", "The dog.")
    assert visited.js("app.model.verdict.system") == "eemc-nano"
    assert visited.js("app.model.verdict.found === app.model.objects.some(({ fits }) => fits)")
    for id in visited.js("app.model.objects.map(({ id }) => id)"):
        assert len(visited.cells(id)) == visited.js("app.clock.last + 1")
