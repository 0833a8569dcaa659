"""Notes for a voice: tunes in one key and tempo for a band, cries and strokes with their own rhythm."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from core.datasets.world.script import Note
from core.datasets.world.sounds import voice_of

SCALE = (0, 2, 4, 7, 9)  # major pentatonic: whatever meets, sounds well
STRUMMED = ("guitar", "ukulele", "piano")


@dataclass(frozen=True, slots=True)
class Band:
    """What musicians agree on. key: MIDI note of the root. beat: seconds."""

    key: int
    beat: float


@dataclass(frozen=True, slots=True)
class Manner:
    """How one thing sounds in a clip. speed: notes a second. swell: dB from its beginning to its end.
    hurry: how much faster it is at the end (1 = as at the beginning).
    """

    speed: float
    swell: float = 0.0
    hurry: float = 1.0


def notes(
    voice: str,
    stretches: list[tuple[float, float]],
    manner: Manner,
    band: Band,
    rng: np.random.Generator,
) -> tuple[Note, ...]:
    """The voice's notes within the stretches (start, end in seconds)."""
    style = voice_of(voice).style
    first, last = stretches[0][0], stretches[-1][1]
    out: list[Note] = []
    pitch = _pitches(voice, band, rng)
    for start, end in stretches:
        if style == "hold":
            one = pitch()
            pieces = max(1, round((end - start) / 2.0)) if manner.swell else 1
            out += _held(start, end, pieces, one, manner.swell, first, last)
            continue
        t = start
        while t < end - 0.12:
            share = (t - first) / max(last - first, 1e-6)
            step = 1 / (manner.speed * (1 + (manner.hurry - 1) * share))
            if style == "calls":
                step *= rng.uniform(0.88, 1.14)
            usual = voice_of(voice).length
            length = min(
                step * 0.9 if style == "notes" else usual, usual * 2.5 if style == "notes" else usual, end - t
            )
            gain = manner.swell * (share - 1 if manner.swell > 0 else share) if manner.swell else 0.0
            out += _struck(voice, t, max(length, 0.08), pitch(), gain + rng.uniform(-1, 0), rng)
            t += step
    return tuple(out)


def _held(
    start: float, end: float, pieces: int, pitch: int, swell: float, first: float, last: float
) -> list[Note]:
    edges = np.linspace(start, end, pieces + 1)
    out = []
    for a, b in pairwise(edges.tolist()):
        share = ((a + b) / 2 - first) / max(last - first, 1e-6)
        gain = swell * (share - 1 if swell > 0 else share)
        out.append(Note(float(a), float(b - a) + (0.15 if b < end else 0.0), pitch, gain, 0))
    return out


def _struck(
    voice: str, t: float, length: float, pitch: int, gain: float, rng: np.random.Generator
) -> list[Note]:
    take = int(rng.integers(3))
    length = (
        round(length, 1) if length > 0.25 else round(length, 2)
    )  # few lengths: notes are kept and used again
    if voice in STRUMMED and rng.random() < 0.6:
        chord = (0, 4, 7) if voice != "piano" else (0, 7)
        return [Note(t + 0.012 * i, length, pitch + step, gain - 2, take) for i, step in enumerate(chord)]
    return [Note(t, length, pitch, gain, take)]


def _pitches(voice: str, band: Band, rng: np.random.Generator):
    """A source of pitches: a walk on the scale for tunes, the thing's own pitch otherwise."""
    low, high, style = voice_of(voice).low, voice_of(voice).high, voice_of(voice).style
    if style != "notes":
        middle = int(rng.integers(low, high + 1))
        return lambda: int(np.clip(middle + rng.integers(-1, 2), low, high)) if style == "calls" else middle
    steps = [p for p in range(low, high - 6) if (p - band.key) % 12 in SCALE] or [low]
    here = [int(rng.integers(len(steps)))]

    def walk() -> int:
        here[0] = int(np.clip(here[0] + rng.integers(-2, 3), 0, len(steps) - 1))
        return steps[here[0]]

    return walk
