"""Sound, picture and waveform keep one time: by a clip that flashes and beeps at the same moments."""

import makers
import numpy as np
import pytest

AT = (0.4, 5.0, 9.8)
FRAME = 0.04  # seconds of one frame

# Listens to what the <video> element plays, and watches the strip; notes the media clock of both.
WATCH = """
() => {
    const app = document.querySelector("[data-part=root]").__refavs;
    const video = app.clock.video;
    const audio = new AudioContext();
    const source = audio.createMediaElementSource(video);
    const tap = audio.createScriptProcessor(256, 1, 1);
    source.connect(audio.destination);
    source.connect(tap);
    tap.connect(audio.destination);
    window.watched = { audio, beeps: [], flashes: [] };
    tap.onaudioprocess = (event) => {
        const samples = event.inputBuffer.getChannelData(0);
        const loud = samples.findIndex((sample) => Math.abs(sample) > 0.2);
        if (loud < 0) return;
        // The tap hears later than the ear by the delay of its own buffers.
        const ahead = event.playbackTime + loud / audio.sampleRate - audio.currentTime - audio.baseLatency;
        window.watched.beeps.push(video.currentTime + ahead * video.playbackRate);
    };
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width: 16, height: 16 });
    const context = canvas.getContext("2d", { willReadFrequently: true });
    app.clock.addEventListener("frame", () => {
        context.drawImage(video, 0, 0, 16, 16);
        if (context.getImageData(8, 14, 1, 1).data[0] > 128) window.watched.flashes.push(app.clock.index);
    });
    return audio.resume();
}
"""


@pytest.fixture(scope="module")
def flashing(visited, clips):
    visited.open(makers.flash_and_beep(clips / "flash and beep.mp4", AT, seconds=10.2))
    return visited


def test_flash_and_beep_stay_within_a_frame_at_every_speed_and_after_many_seeks(flashing):
    flashing.page.evaluate(WATCH)
    for index in np.random.default_rng(3).integers(0, 255, 20):
        flashing.js("app.clock.seek(x)", int(index))
    flashing.wait("app.clock.wanted === null && !app.clock.video.seeking")
    for speed in ("0.5", "1", "2"):
        flashing.part("speed").select_option(speed)
        assert flashing.js("app.clock.video.playbackRate") == float(speed)
        for time in AT:
            # A busy machine looks late, so one punctual look of three decides; a true offset would be in all.
            offsets = [_offset(flashing, time)]
            while abs(offsets[-1]) >= FRAME and len(offsets) < 3:
                offsets.append(_offset(flashing, time))
            assert abs(offsets[-1]) < FRAME, (speed, time, offsets)


def _offset(page, time):
    """Seconds of the media clock from the flash at `time` to its beep; checks which frames flash."""
    page.seek(round((time - 0.36) / FRAME))
    page.page.evaluate("Object.assign(window.watched, { beeps: [], flashes: [] })")
    page.do("play")
    page.wait(f"app.clock.video.currentTime > {time + 0.24}")
    page.js("app.clock.pause()")
    seen = page.page.evaluate("({ beeps: watched.beeps, flashes: watched.flashes })")
    flashes = np.array(seen["flashes"]) * FRAME
    assert ((flashes > time - 1.5 * FRAME) & (flashes < time + 0.1 + FRAME)).all()
    return seen["beeps"][0] - time if len(flashes) and seen["beeps"] else np.inf


def test_waveform_begins_where_the_flash_is(flashing):
    flashing.wait("app.lanes.peaks")
    peaks = np.array(flashing.js("app.lanes.peaks"))
    loud = np.abs(peaks).max(axis=1) > 30
    starts = np.flatnonzero(loud & ~np.roll(loud, 1)) / len(peaks) * 10.2
    assert starts == pytest.approx(AT, abs=0.02)
    for time in AT:
        on_lane = flashing.js("app.lanes.x(x) / app.lanes.area.clientWidth", time)
        assert on_lane == pytest.approx(time / 10.2, abs=1e-3)


def test_spectrogram_is_fetched_when_it_is_asked_for_and_is_strong_where_the_beeps_are(flashing):
    flashing.wait("app.lanes.spectrogram")
    assert flashing.js("app.lanes.bands") is None
    flashing.part("screen").focus()
    flashing.page.keyboard.press("Shift+s")
    flashing.wait("app.lanes.banded && app.lanes.bands")
    strong = flashing.js(
        """(() => {
            const { bands } = app.lanes;
            const canvas = Object.assign(document.createElement("canvas"), { width: bands.width, height: bands.height });
            const context = canvas.getContext("2d");
            context.drawImage(bands, 0, 0);
            const data = context.getImageData(0, 0, bands.width, bands.height).data;
            const column = (time) => Math.round((time / app.clock.duration) * bands.width);
            return x.map((time) => Math.max(...Array.from({ length: bands.height }, (_, y) => data[(y * bands.width + column(time)) * 4 + 3])));
        })()""",
        [*(time + 0.04 for time in AT), *(time - 0.2 for time in AT)],
    )
    assert min(strong[:3]) > 150
    assert max(strong[3:]) < 60
    flashing.page.locator("[data-do=bands][aria-pressed=true]").click()
    flashing.wait("!app.lanes.banded")


def test_sound_is_decoded_and_follows_mute_and_the_lane_seeks_both(flashing):
    flashing.do("play")
    flashing.wait("app.clock.video.webkitAudioDecodedByteCount > 1000 && app.clock.index > 5")
    assert flashing.js("app.clock.video.muted") is False
    flashing.do("mute")
    flashing.page.locator("[data-do=mute][aria-pressed=true]").wait_for()
    assert flashing.js("app.clock.video.muted") is True

    area = flashing.page.locator(".lane-area")
    box = area.bounding_box()
    area.click(position={"x": box["width"] * 5.02 / 10.2, "y": 40})
    flashing.wait("Math.abs(app.clock.video.currentTime - 5.02) < 0.4")
    flashing.js("app.clock.pause()")


def test_press_on_the_lane_floors_to_the_frame_that_covers_it(flashing):
    area = flashing.page.locator(".lane-area")
    width = area.bounding_box()["width"]
    for time, expected in [(5.03, 125), (0.001, 0), (10.19, 254)]:
        area.click(position={"x": width * time / 10.2, "y": 40})
        flashing.wait(f"app.clock.index === {expected} && app.clock.wanted === null")


SOUNDS = {
    "sound that starts later": {"sound_start": 0.5},
    "shorter sound": {"sound": makers.beeps(1.0, (0.3,))},
    "longer sound": {"sound": makers.beeps(4.0, (0.3,))},
    "no sound": {"sound": None},
    "5.1": {"sound_layout": "5.1"},
    "8 kHz": {"sound": makers.beeps(3.0, (0.3,), rate=8000), "sound_rate": 8000},
    "96 kHz": {"sound": makers.beeps(3.0, (0.3,), rate=96000), "sound_rate": 96000},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SOUNDS)
def test_any_sound_plays_to_the_end_of_the_picture_and_lies_where_it_is_heard(visited, clips, name):
    settings = {"sound": makers.beeps(3.0, (0.3,)), **SOUNDS[name]}
    visited.open(makers.make_clip(clips / f"{name}.mp4", frames=75, **settings))
    assert visited.js("[app.clock.pts.length, app.clock.duration]") == [75, pytest.approx(3.0, abs=0.01)]
    visited.do("play")
    visited.wait("app.clock.video.ended || app.clock.index === app.clock.last")
    decoded = visited.js("app.clock.video.webkitAudioDecodedByteCount")
    if settings["sound"] is None:
        assert decoded == 0
        assert "no sound" in visited.part("facts").inner_text()
        return
    assert decoded > 100  # most of it is silence, which takes few bytes
    visited.wait("app.lanes.peaks")
    peaks = np.abs(np.array(visited.js("app.lanes.peaks"))).max(axis=1)
    begins = np.flatnonzero(peaks > 30)[0] / len(peaks) * 3.0
    assert begins == pytest.approx(0.3 + settings.get("sound_start", 0), abs=0.09)
