"""Scenes of the world, drawn, heard and measured, against what their scripts say."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from core.datasets.world.cast import DRAWN
from core.datasets.world.compose import Wish, compose
from core.datasets.world.drawn.looks import Look, person_look
from core.datasets.world.expressions import candidates
from core.datasets.world.make import Clip, make
from core.datasets.world.plan import jobs
from core.datasets.world.scene import Scene
from core.datasets.world.script import Actor, Key, Note, Script
from core.datasets.world.truth import FASTER, LOUDER, SOONER, truth

SEED = 3
SIZE = (128, 128)


@cache
def clips() -> tuple[Clip, ...]:
    """Some ordinary clips."""
    made = [make(j, SEED, DRAWN, SIZE) for j in jobs("refavs", 7, SEED, lambda _: DRAWN, ("train",))]
    return tuple(clip for clip in made if not clip.job.is_null)


def silenced(clip: Clip) -> Scene:
    """The same scene with nothing that sounds."""
    actors = tuple(replace(actor, voice="", notes=()) for actor in clip.scene.script.actors)
    return Scene(replace(clip.scene.script, actors=actors), DRAWN, SIZE)


def duet(low: float, high: float, late: float = 0.0) -> Scene:
    """Two dogs: the left at `low` dBFS from the start, the right at `high` dBFS from `late` seconds on."""
    barks = tuple(Note(0.5 * i, 0.2, 65) for i in range(12))
    later = tuple(replace(note, start=note.start + late) for note in barks)
    return Scene(
        Script(
            5,
            10.0,
            "park",
            (
                Actor(0, "dog", Look("brown", 1), (Key(0, 0.25, 0.9, 1.0),), "dog", barks, low, depth=0.9),
                Actor(1, "dog", Look("white", 2), (Key(0, 0.75, 0.9, 1.0),), "dog", later, high, depth=0.9),
            ),
        ),
        DRAWN,
        SIZE,
    )


def said_of(scene: Scene) -> dict[str, tuple[int, ...]]:
    """Every sentence that the writer would keep, and its object."""
    times = [float(k) for k in range(10)]
    facts = truth(scene, times, [scene.frame(t)[1] for t in times])
    wordings = [candidates(facts, np.random.default_rng(seed)) for seed in range(8)]
    return {said.text: said.numbers for found in wordings for group in found.values() for said in group}


def rms(sound: np.ndarray) -> float:
    """dB over the tenths of a second that are not silent."""
    power = np.mean(sound[: len(sound) // 4800 * 4800].reshape(-1, 4800) ** 2, axis=1)
    return float(10 * np.log10(power[power > power.max() * 0.01].mean()))


def test_whoever_is_said_to_be_loudest_measures_6_db_above_the_others():
    found = 0
    for clip in clips():
        for said in clip.said:
            if "loudest" not in said.text:
                continue
            levels = {n: rms(stem.sound) for n, stem in clip.scene.stems.items()}
            top = levels.pop(said.numbers[0])
            assert all(top >= other + LOUDER - 1.5 for other in levels.values()), said
            found += 1
    scene = duet(-28, -20)
    assert rms(scene.stems[1].sound) - rms(scene.stems[0].sound) == pytest.approx(8, abs=0.7)
    assert said_of(scene)["The object making the loudest sound."] == (1,)


def test_nobody_is_said_to_be_louder_when_levels_differ_by_less_than_6_db():
    assert not [text for text in said_of(duet(-25, -20)) if "loudest" in text or "lowest" in text]


def test_order_in_time_is_told_only_from_half_a_second_on():
    first = "The first object to make a sound."
    alike, apart = said_of(duet(-20, -20, 0.4)), said_of(duet(-20, -20, 2.0))
    assert first not in alike
    assert not [text for text in alike if "makes a sound first" in text]
    assert 0 in {n for text, ns in apart.items() if "first" in text.lower() for n in ns}
    assert apart["The last object to make a sound."] == (1,)
    assert SOONER == 0.5


def test_onsets_are_heard_when_the_script_says():
    for clip in clips():
        for actor in clip.scene.script.actors:
            if actor.number not in clip.scene.stems:
                continue
            sound = np.abs(clip.scene.stems[actor.number].sound)
            begin = np.flatnonzero(sound > 0.02 * sound.max())[0] / 48000
            assert begin == pytest.approx(min(note.start for note in actor.notes), abs=0.2)


def test_the_mean_of_both_channels_is_the_sum_of_the_stems():
    scene = duet(-24, -20)
    dry = sum(stem.sound for stem in scene.stems.values())
    heard = scene.sound().mean(axis=1)
    early = slice(0, 48 * 12)  # before the first reflection arrives
    assert np.abs(heard[early] - dry[early]).max() < 0.01
    assert np.corrcoef(heard, dry)[0, 1] > 0.9


def test_what_sounds_looks_different_from_rest_on_every_frame_on_which_it_sounds():
    looked = 0
    for clip in clips():
        rest = silenced(clip)
        for k, t in enumerate(clip.job.times):
            if not any(f.sounding[k] and f.shown[k] for f in clip.truth.facts):
                continue
            still, _ = rest.frame(t)
            change = np.abs(clip.frames[k].astype(int) - still).max(axis=2) > 24
            for i, fact in enumerate(clip.truth.facts):
                seen = clip.masks[k][i].sum()
                if fact.sounding[k] and seen > 60:
                    assert change[clip.masks[k][i]].sum() >= 3, (fact.category, t)
                    looked += 1
    assert looked > 40


def test_what_keeps_silent_differs_little_from_rest():
    """Its own pose does not follow the others' sound (it may be covered by them)."""
    for clip in clips():
        for fact in clip.truth.facts:
            if not fact.sounds and fact.plays is None:
                state = clip.scene.state(fact.number, 3.0)
                assert state.level == state.active == 0


def test_masks_are_the_pixels_that_a_thing_covers_at_least_half():
    clip = next(c for c in clips() if len(c.truth.facts) > 1)
    canvas = clip.scene._draw(2.0)
    masks = clip.scene.frame(2.0)[1]
    for cover, mask in zip(canvas.cover, masks, strict=True):
        assert np.array_equal(cover >= 0.5, mask)
        assert mask.sum() == pytest.approx(cover.sum(), rel=0.12, abs=12)
    assert canvas.cover.sum(0).max() <= 1.001  # no pixel is given to two


def test_without_a_thing_the_picture_changes_only_where_its_mask_or_shadow_was():
    script = duet(-20, -20).script
    scene = Scene(script, DRAWN, SIZE)
    alone = Scene(replace(script, actors=script.actors[:1]), DRAWN, SIZE)
    picture, masks = scene.frame(1.0)
    without, _ = alone.frame(1.0)
    change = np.abs(picture.astype(int) - without).max(axis=2) > 12
    assert change[masks[1]].mean() > 0.9
    assert not change[:, :50].any()


def test_a_nearer_thing_hides_a_farther_one():
    near = Actor(0, "couch", Look("red", 1), (Key(0, 0.5, 0.95, 1.2),), depth=0.95)
    far = Actor(1, "cat", Look("gray", 2), (Key(0, 0.5, 0.8, 0.8),), depth=0.8)
    hidden = Scene(Script(1, 10.0, "living-room", (near, far)), DRAWN, SIZE).frame(0.0)[1][1].sum()
    free = Scene(Script(1, 10.0, "living-room", (far,)), DRAWN, SIZE).frame(0.0)[1][0].sum()
    assert hidden < 0.5 * free


def test_who_enters_is_outside_at_first_and_sounds_only_inside():
    wish = Wish(("dog", "duck", "car"), ("park",))
    scripts = (compose(seed, DRAWN, wish) for seed in range(200))
    script = next(s for s in scripts if any(a.notes and not 0 <= a.path[0].x <= 1 for a in s.actors))
    scene = Scene(script, DRAWN, (64, 64))
    times = [float(k) for k in range(10)]
    for fact in truth(scene, times, [scene.frame(t)[1] for t in times]).facts:
        if fact.enters and fact.sounds:
            assert not fact.shown[0]
            assert all(seen for seen, heard in zip(fact.shown, fact.sounding, strict=True) if heard)


def test_every_kind_that_sounds_has_another_pose_when_it_does():
    for kind in DRAWN.values():
        if not kind.voices:
            continue
        colours = kind.colours
        look = (
            person_look(kind.category, colours, np.random.default_rng(1)) if kind.family == "person" else None
        )
        look = look or Look(colours[0], 3)
        notes = tuple(Note(0.5 * i, 0.4, 62) for i in range(8))
        actor = Actor(0, kind.category, look, (Key(0, 0.5, 0.95, 0.9),), kind.voices[0], notes, -20)
        loud = Scene(Script(2, 4.0, "studio", (actor,)), DRAWN, SIZE)
        still = Scene(Script(2, 4.0, "studio", (replace(actor, voice="", notes=()),)), DRAWN, SIZE)
        for t in (1.0, 2.0):
            picture, (mask,) = loud.frame(t)
            change = np.abs(picture.astype(int) - still.frame(t)[0]).max(axis=2) > 24
            assert change[mask].sum() >= 6, kind.category


def test_rhythms_said_to_be_faster_have_half_as_many_onsets_more():
    for clip in clips():
        for said in clip.said:
            if "fastest rhythm" in said.text:
                rates = {f.number: f.rate for f in clip.truth.facts if f.sounds}
                top = rates.pop(said.numbers[0])
                assert all(top >= FASTER * rate for rate in rates.values())
