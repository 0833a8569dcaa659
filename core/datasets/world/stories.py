"""The scripts of the sample clips: five small stories, written by hand."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.datasets.world.drawn.looks import Look
from core.datasets.world.script import Actor, Camera, Key, Note, OffScreen, Script


@dataclass(frozen=True)
class Story:
    """A clip to show. expressions: sentences worth trying; the last fits nothing in the clip."""

    file: str
    title: str
    expressions: tuple[str, ...]
    script: Script


def calls(times: Sequence[float], pitch: int, length: float) -> tuple[Note, ...]:
    """The same cry again and again, never quite the same."""
    return tuple(Note(t, length + 0.03 * (i % 2), pitch + i * 2 % 3, 0.0, i % 4) for i, t in enumerate(times))


def tune(start: float, beat: float, pitches: Sequence[int | None]) -> tuple[Note, ...]:
    """Notes one after the other, `beat` seconds each; None rests."""
    played = [(i, pitch) for i, pitch in enumerate(pitches) if pitch is not None]
    return tuple(Note(start + i * beat, beat * 0.9, p, -1.5 * (i % 2), i % 3) for i, p in played)


def strummed(beat: float, chords: Sequence[Sequence[int]], each: int) -> tuple[Note, ...]:
    """Every chord struck `each` times, its strings a hundredth of a second apart."""
    out = []
    for i in range(len(chords) * each):
        for j, pitch in enumerate(chords[i // each]):
            out.append(Note(i * beat + 0.012 * j, beat * 0.95, pitch, -2.0 * (i % 2), j % 3))
    return tuple(out)


def struck(end: float, step: float) -> tuple[Note, ...]:
    times = np.arange(0.0, end, step).tolist()
    return tuple(Note(t, 0.28, 50 + 3 * (i % 2), -3.0 * (i % 2), i % 4) for i, t in enumerate(times))


def here(x: float, y: float, scale: float) -> tuple[Key, ...]:
    return (Key(0, x, y, scale),)


def two_dogs() -> Script:
    times = [0.96, 1.36, 1.95, 2.4, 4.93, 5.3, 5.68, 5.97, 6.4, 6.9, 7.4]
    brown, white = Look("brown", 12), Look("white", 31)
    come = (Key(0, 0.98, 0.82, 1.0), Key(3.4, 0.73, 0.82, 1.0))
    girl = Look("yellow", 5, "long", "brown")
    return Script(
        41,
        9.0,
        "park",
        (
            Actor(0, "dog", brown, here(0.25, 0.88, 1.15), "dog", calls(times, 64, 0.2), -20, depth=0.88),
            Actor(1, "dog", white, come, facing=-1, depth=0.82),
            Actor(2, "girl", girl, here(0.5, 0.8, 1.05), depth=0.79),
        ),
        camera=Camera(dx=0.03, zoom=0.04),
    )


def band() -> Script:
    beat, low, high = 0.5, 0.91, 0.93
    chords = ((48, 55, 60, 64), (45, 52, 57, 60), (41, 48, 53, 57), (43, 50, 55, 59), (48, 55, 60, 64))
    lead = tune(0.0, beat, [72, None, 76, 74, 72, 69, 67, None, 69, 72, 74])
    chorus = strummed(beat, chords, 4)
    guitar, drum, sax = Look("orange", 3), Look("blue", 5), Look("golden", 9)
    reader = Look("green", 44, "short", "black", True)
    return Script(
        7,
        10.0,
        "concert",
        (
            Actor(0, "man", Look("blue", 21, "curly", "brown"), here(0.2, low, 1.14), plays=1, depth=low),
            Actor(1, "guitar", guitar, here(0.2, high, 1.14), "guitar", chorus, -28, depth=0.92),
            Actor(2, "woman", Look("red", 8, "long", "black"), here(0.52, 0.87, 1.1), plays=3, depth=0.88),
            Actor(3, "drum", drum, here(0.52, 0.96, 1.1), "drum", struck(9.8, beat / 2), -35, depth=0.95),
            Actor(4, "man", reader, here(0.83, low, 1.12), plays=5, depth=low),
            Actor(5, "saxophone", sax, here(0.83, high, 1.12), "saxophone", lead, -18.5, depth=0.92),
        ),
        camera=Camera(dx=-0.02, zoom=0.05),
    )


def siren() -> Script:
    times = [0.0, 0.21, 0.40, 0.66, 0.84, 1.1, 1.32, 4.95, 5.2, 5.42, 5.6, 5.93, 6.2, 6.42, 6.6, 6.95, 7.2]
    words = tuple(Note(t, 0.19 + 0.03 * (i % 3), 57 + i * 5 % 4, 0.0, i % 5) for i, t in enumerate(times))
    woman = Look("green", 15, "long", "red", True)
    return Script(
        23,
        9.0,
        "living-room",
        (
            Actor(0, "woman", woman, here(0.42, 0.95, 1.2), "speech-high", words, -22, depth=0.9),
            Actor(1, "dog", Look("golden", 6), here(0.75, 0.93, 1.15), facing=-1, depth=0.93),
        ),
        (OffScreen("emergency-car", "siren", (Note(2.0, 6.5, 70),), -23),),
        Camera(zoom=0.06),
    )


def morning() -> Script:
    rings = calls([0.0, 0.95, 1.9, 2.85], 91, 0.62)
    cries = tuple(Note(t, 0.85, 70 + i % 3, 0.0, i % 3) for i, t in enumerate([4.4, 5.45, 6.5, 7.55, 8.6]))
    walk = (Key(0, 1.25, 0.86, 1.2), Key(5.2, 1.25, 0.86, 1.2), Key(8.2, 0.8, 0.86, 1.2))
    baby, woman = Look("blue", 14, "bald", "brown"), Look("purple", 27, "curly", "blonde")
    return Script(
        12,
        10.0,
        "living-room",
        (
            Actor(0, "clock", Look("red", 4), here(0.24, 0.84, 1.0), "alarm", rings, -24, depth=0.84),
            Actor(1, "baby", baby, here(0.52, 0.93, 1.25), "baby", cries, -20, depth=0.93),
            Actor(2, "woman", woman, walk, depth=0.86),
        ),
        camera=Camera(dx=0.03, zoom=0.05),
    )


def street() -> Script:
    come = (Key(0, 1.4, 0.93, 1.05), Key(1.8, 1.4, 0.93, 1.05), Key(6.4, 0.56, 0.93, 1.05))
    barks = calls(
        [0.3, 0.75, 1.2, 1.9, 2.35, 2.8, 3.3, 3.95, 4.4, 5.2, 5.7, 6.3, 7.0, 7.5, 8.2, 8.7], 66, 0.2
    )
    alarm = (Note(2.6, 7.0, 70),)
    return Script(
        31,
        10.0,
        "street",
        (
            Actor(0, "car", Look("red", 3), here(0.62, 0.79, 0.86), facing=-1, depth=0.79),
            Actor(1, "emergency-car", Look("white", 5), come, "siren", alarm, -18, facing=-1, depth=0.93),
            Actor(2, "dog", Look("black", 9), here(0.14, 0.9, 0.95), "dog", barks, -27, depth=0.9),
        ),
        camera=Camera(dx=-0.02),
    )


def stories() -> tuple[Story, ...]:
    return (
        Story(
            "band.mp4",
            "A band, and the saxophone stops first",
            (
                "The object making the loudest sound.",
                "The object making the shortest sound duration.",
                "The object making a sound by being played by the woman.",
                "The man wearing glasses.",
                "The sounding piano.",
            ),
            band(),
        ),
        Story(
            "two-dogs.mp4",
            "Two dogs, one barks",
            (
                "The dog that is barking.",
                "The white dog.",
                "The animal that didn't make any sound.",
                "The sounding object on the left of the girl.",
                "The cat that is meowing.",
            ),
            two_dogs(),
        ),
        Story(
            "siren.mp4",
            "A siren somewhere outside",
            (
                "The object making a sound by speaking.",
                "The animal that didn't make any sound.",
                "The object on the right of the woman.",
                "The emergency car with the siren.",
            ),
            siren(),
        ),
        Story(
            "morning.mp4",
            "An alarm clock wakes the baby",
            (
                "The first object to make a sound.",
                "The last object to make a sound.",
                "The object making a sound by crying.",
                "The woman wearing purple clothes.",
                "The object making a sound by being played by a man.",
            ),
            morning(),
        ),
        Story(
            "street.mp4",
            "A dog barks, a patrol car comes",
            (
                "The object making the loudest sound.",
                "The object making lower sound than the emergency car.",
                "The red car.",
                "The object moving to the left.",
                "The sounding guitar.",
            ),
            street(),
        ),
    )
