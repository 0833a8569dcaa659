"""The sample clips that the app shows: five small stories, written by hand and rendered by one command."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.datasets.world.cast import DRAWN
from core.datasets.world.drawn.looks import Look
from core.datasets.world.film import write_film
from core.datasets.world.scene import Scene
from core.datasets.world.script import Actor, Camera, Key, Note, OffScreen, Script

SIZE = (360, 640)


@dataclass(frozen=True)
class Sample:
    """A clip to show. expressions: sentences that are worth trying; the last one fits nothing in the clip."""

    file: str
    title: str
    expressions: tuple[str, ...]
    script: Script


def barks(times: Sequence[float], pitch: int) -> tuple[Note, ...]:
    return tuple(Note(t, 0.2 + 0.03 * (i % 2), pitch + (i * 2) % 3, 0.0, i % 4) for i, t in enumerate(times))


def tune(start: float, beat: float, pitches: Sequence[int | None], length: float = 0.9) -> tuple[Note, ...]:
    """Notes one after the other, `beat` seconds each; None rests."""
    return tuple(
        Note(start + i * beat, beat * length, p, -1.5 * (i % 2), i % 3)
        for i, p in enumerate(pitches)
        if p is not None
    )


def strum(start: float, beat: float, chords: Sequence[Sequence[int]], each: int) -> tuple[Note, ...]:
    """Every chord struck `each` times, its strings a few hundredths apart."""
    out = []
    for i in range(len(chords) * each):
        for j, pitch in enumerate(chords[i // each]):
            out.append(Note(start + i * beat + 0.012 * j, beat * 0.95, pitch, -2.0 * (i % 2), j % 3))
    return tuple(out)


def hits(start: float, end: float, step: float, pitch: int = 50) -> tuple[Note, ...]:
    return tuple(
        Note(t, 0.28, pitch + 3 * (i % 2), -3.0 * (i % 2), i % 4)
        for i, t in enumerate(np.arange(start, end, step))
    )


def two_dogs() -> Script:
    one = Actor(
        0, "dog", Look("brown", 12), (Key(0, 0.25, 0.88, 1.15),), "dog",
        barks([0.96, 1.36, 1.95, 2.4, 4.93, 5.3, 5.68, 5.97, 6.4, 6.9, 7.4], 64), -20, facing=1, depth=0.86,
    )  # fmt: skip
    two = Actor(
        1, "dog", Look("white", 31), (Key(0, 0.98, 0.82, 1.0), Key(3.4, 0.73, 0.82, 1.0)),
        facing=-1, depth=0.80,
    )  # fmt: skip
    girl = Actor(
        2, "girl", Look("yellow", 5, "long", "brown", False, False), (Key(0, 0.50, 0.80, 1.05),), depth=0.79
    )
    return Script(41, 9.0, "park", (one, two, girl), camera=Camera(dx=0.03, zoom=0.04))


def band() -> Script:
    beat = 0.5
    chords = ((48, 55, 60, 64), (45, 52, 57, 60), (41, 48, 53, 57), (43, 50, 55, 59), (48, 55, 60, 64))
    lead = [72, None, 76, 74, 72, 69, 67, None, 69, 72, 74]
    floor = 0.93
    man = Actor(
        0, "man", Look("blue", 21, "curly", "brown"), (Key(0, 0.2, floor - 0.02, 1.14),), plays=1, depth=0.91
    )
    guitar = Actor(
        1,
        "guitar",
        Look("orange", 3),
        (Key(0, 0.2, floor, 1.14),),
        "guitar",
        strum(0.0, beat, chords, 4),
        -23,
        depth=0.92,
    )
    woman = Actor(
        2, "woman", Look("red", 8, "long", "black"), (Key(0, 0.52, floor - 0.06, 1.1),), plays=3, depth=0.88
    )
    drum = Actor(
        3,
        "drum",
        Look("blue", 5),
        (Key(0, 0.52, floor + 0.03, 1.1),),
        "drum",
        hits(0.0, 9.8, beat / 2),
        -28,
        depth=0.95,
    )
    other = Actor(
        4,
        "man",
        Look("green", 44, "short", "black", True),
        (Key(0, 0.83, floor - 0.02, 1.12),),
        plays=5,
        depth=0.91,
    )
    sax = Actor(
        5,
        "saxophone",
        Look("golden", 9),
        (Key(0, 0.83, floor, 1.12),),
        "saxophone",
        tune(0.0, beat, lead),
        -19,
        depth=0.92,
    )
    return Script(
        7, 10.0, "concert", (man, guitar, woman, drum, other, sax), camera=Camera(dx=-0.02, zoom=0.05)
    )


def siren() -> Script:
    words = [0.0, 0.21, 0.40, 0.66, 0.84, 1.1, 1.32, 4.95, 5.2, 5.42, 5.6, 5.93, 6.2, 6.42, 6.6, 6.95, 7.2]
    speech = tuple(Note(t, 0.19 + 0.03 * (i % 3), 57 + (i * 5) % 4, 0.0, i % 5) for i, t in enumerate(words))
    woman = Actor(
        0,
        "woman",
        Look("green", 15, "long", "red", True),
        (Key(0, 0.42, 0.95, 1.2),),
        "speech-high",
        speech,
        -22,
        depth=0.9,
    )
    dog = Actor(1, "dog", Look("golden", 6), (Key(0, 0.75, 0.93, 1.15),), facing=-1, depth=0.93)
    sound = OffScreen("emergency-car", "siren", (Note(2.0, 6.5, 70),), -22)
    return Script(23, 9.0, "living-room", (woman, dog), (sound,), Camera(zoom=0.06))


STORIES: tuple[tuple[str, str, Callable[[], Script], tuple[str, ...]], ...] = (
    (
        "two-dogs.mp4", "Two dogs, one barks", two_dogs,
        ("The dog that is barking.", "The white dog.", "The dog that keeps silent.", "The person between the dogs.", "The cat that is meowing."),
    ),
    (
        "band.mp4", "A band, and the saxophone stops first", band,
        ("The first instrument to stop.", "The object making the loudest sound.", "The object making a sound by being played by the woman.",
         "The instrument on the left of the drum.", "The sounding piano."),
    ),
    (
        "siren.mp4", "A siren somewhere outside", siren,
        ("The object making a sound by speaking.", "The silent object.", "The dog.", "The object making the sound of a siren."),
    ),
)  # fmt: skip


def samples() -> tuple[Sample, ...]:
    return tuple(Sample(file, title, expressions, script()) for file, title, script, expressions in STORIES)


def write_samples(folder: Path) -> list[Path]:
    """Render every sample into `folder` and describe them in samples.json; the files written."""
    folder.mkdir(parents=True, exist_ok=True)
    out = []
    for sample in samples():
        write_film(Scene(sample.script, DRAWN, SIZE, sharp=2), folder / sample.file, crf=23)
        out.append(folder / sample.file)
    listed = [{"file": s.file, "title": s.title, "expressions": list(s.expressions)} for s in samples()]
    (folder / "samples.json").write_text(
        json.dumps(listed, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    return [*out, folder / "samples.json"]
