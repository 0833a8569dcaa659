"""Voices: what each kind of thing sounds like, one note, bark or stroke at a time. RMS about 1, 48 kHz
mono.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from core.datasets.world.synth import (
    RATE,
    dying,
    formant_partials,
    loudness,
    modes,
    noise,
    plucked,
    reading,
    rise_fall,
    shaped,
    table,
    times,
)

Sound = Callable[[float, float, np.random.Generator], np.ndarray]

VOWELS = {
    "a": ((800, 1.0, 110), (1250, 0.6, 130), (2700, 0.22, 220)),
    "e": ((520, 1.0, 90), (1850, 0.5, 150), (2600, 0.3, 220)),
    "i": ((310, 1.0, 70), (2250, 0.45, 180), (3000, 0.3, 220)),
    "o": ((480, 1.0, 90), (880, 0.6, 110), (2550, 0.12, 220)),
    "u": ((340, 1.0, 80), (720, 0.45, 100), (2400, 0.08, 220)),
}


@dataclass(frozen=True, slots=True)
class Voice:
    """make(hertz, seconds, rng) gives one note. low, high: its range in MIDI notes. length: usual seconds
    of a note.

    style: "notes" (takes pitches from a tune), "calls" (single cries at its own pitch), "hits", "hold"
    (one long sound). rate: usual notes a second. tail: seconds a note rings after its length.
    """

    make: Sound
    style: str
    low: int
    high: int
    length: float
    rate: float
    tail: float = 0.0


def _string(bright: float, hold: float, body: tuple) -> Sound:
    def make(hertz: float, seconds: float, rng: np.random.Generator) -> np.ndarray:
        raw = plucked(hertz, seconds, bright, rng, hold)
        return 0.6 * raw / (np.abs(raw).max() + 1e-9) + 0.25 * shaped(raw, body) * np.abs(raw).max()

    return make


def _vibrato(hertz: float, seconds: float, depth: float = 0.006, rate: float = 5.2) -> np.ndarray:
    t = times(seconds)
    return hertz * (1 + depth * np.clip(t * 3 - 0.4, 0, 1) * np.sin(2 * np.pi * rate * t))


def _sustained(
    partials: tuple[float, ...],
    attack: float,
    breath: float = 0.0,
    depth: float = 0.006,
    band=((3000, 1.0, 1.0),),
) -> Sound:
    def make(hertz: float, seconds: float, rng: np.random.Generator) -> np.ndarray:
        out = reading(table(partials), _vibrato(hertz, seconds, depth), seconds)
        if breath:
            out = out + breath * shaped(noise(seconds, rng), band)
        return out * rise_fall(seconds, attack, min(0.09, seconds * 0.3))

    return make


def _bow(hertz: float, seconds: float, rng: np.random.Generator) -> np.ndarray:
    body = ((hertz * 1.0, 0.9, 120), (500, 0.9, 180), (1100, 0.7, 280), (2600, 0.5, 700))
    wave = table(formant_partials(round(hertz, 1), tuple((round(c), g, w) for c, g, w in body), 0.85))
    out = reading(wave, _vibrato(hertz, seconds, 0.007), seconds) + 0.04 * shaped(
        noise(seconds, rng), ((4000, 1.0, 0.8),)
    )
    return out * rise_fall(seconds, 0.09, min(0.12, seconds * 0.3))


def _singing(vowels: str, tilt: float = 0.9) -> Sound:
    def make(hertz: float, seconds: float, rng: np.random.Generator) -> np.ndarray:
        one, two = rng.choice(list(vowels), 2)
        pitch = _vibrato(hertz, seconds, 0.009, 5.5)
        pitch[: RATE // 25] *= np.linspace(0.96, 1, RATE // 25)[: len(pitch)]
        step = round(hertz / 5) * 5.0
        first = reading(table(formant_partials(step, VOWELS[str(one)], tilt)), pitch, seconds)
        last = reading(table(formant_partials(step, VOWELS[str(two)], tilt)), pitch, seconds)
        share = np.clip(times(seconds) / seconds * 1.4 - 0.2, 0, 1)
        out = first * (1 - share) + last * share + 0.03 * shaped(noise(seconds, rng), ((5000, 1.0, 0.7),))
        return out * rise_fall(seconds, 0.05, min(0.1, seconds * 0.3))

    return make


def _speech(hertz: float, seconds: float, rng: np.random.Generator) -> np.ndarray:
    """A syllable: a consonant's hiss or stop, then a gliding vowel."""
    t = times(seconds)
    one, two = rng.choice(list("aeiou"), 2)
    pitch = hertz * (1.08 - 0.16 * t / seconds + 0.02 * np.sin(2 * np.pi * 3 * t))
    step = round(hertz / 5) * 5.0
    share = t / seconds
    out = reading(table(formant_partials(step, VOWELS[str(one)], 0.9)), pitch, seconds) * (1 - share)
    out = out + reading(table(formant_partials(step, VOWELS[str(two)], 0.9)), pitch, seconds) * share
    out = out * rise_fall(seconds, 0.03, seconds * 0.35)
    hiss = min(seconds * 0.3, 0.06)
    burst = shaped(noise(hiss, rng), ((float(rng.choice([1500, 3500, 6000])), 1.0, 0.5),)) * rise_fall(
        hiss, 0.005, hiss * 0.6
    )
    out[: len(burst)] += 0.35 * burst[: len(out)]
    return out


def _cry(hertz: float, seconds: float, rng: np.random.Generator) -> np.ndarray:
    """A baby: up, held with a tremor, down."""
    share = times(seconds) / seconds
    pitch = hertz * (
        0.8
        + 0.35 * np.clip(np.sin(np.pi * share), 0, 1) ** 0.6
        + 0.02 * np.sin(2 * np.pi * 11 * share * seconds)
    )
    wave = table(
        formant_partials(round(hertz / 5) * 5.0, ((1000, 1.0, 300), (1700, 0.7, 350), (3600, 0.45, 500)), 0.6)
    )
    return (
        reading(wave, pitch, seconds) + 0.08 * shaped(noise(seconds, rng), ((3500, 1.0, 0.7),))
    ) * rise_fall(seconds, 0.08, seconds * 0.3)


def _bark(hertz: float, seconds: float, rng: np.random.Generator) -> np.ndarray:
    share = times(seconds) / seconds
    pitch = hertz * (0.75 + 0.6 * np.exp(-((share - 0.25) ** 2) / 0.05)) * (1 - 0.25 * share)
    wave = table(
        formant_partials(round(hertz / 5) * 5.0, ((650, 1.0, 180), (1350, 0.8, 260), (2700, 0.3, 500)), 0.6)
    )
    rough = shaped(noise(seconds, rng), ((900, 1.0, 0.6), (2200, 0.4, 0.6)))
    return (reading(wave, pitch, seconds) + 0.4 * rough) * rise_fall(seconds, 0.018, seconds * 0.6) ** 1.3


def _glide(
    start: float,
    top: float,
    end: float,
    formants,
    rough: float = 0.05,
    tilt: float = 0.7,
    tremble: float = 0.0,
) -> Sound:
    """An animal's call: pitch from `start` over `top` to `end` (shares of its pitch)."""

    def make(hertz: float, seconds: float, rng: np.random.Generator) -> np.ndarray:
        t = times(seconds)
        share = t / seconds
        pitch = hertz * np.interp(share, [0, 0.3, 1], [start, top, end])
        wave = table(formant_partials(round(hertz / 5) * 5.0, formants, tilt))
        out = reading(wave, pitch, seconds) + rough * shaped(
            noise(seconds, rng), tuple((c, g, 0.5) for c, g, _ in formants)
        )
        if tremble:
            out = out * (1 - 0.45 * (1 + np.sin(2 * np.pi * tremble * t)) / 1.0 * 0.5)
        return out * rise_fall(seconds, seconds * 0.15, seconds * 0.35)

    return make


def _chirp(hertz: float, seconds: float, rng: np.random.Generator) -> np.ndarray:
    share = times(seconds) / seconds
    shape = rng.integers(3)
    bend = (1.25 - 0.45 * share, 0.85 + 0.4 * share, 1 + 0.2 * np.sin(2 * np.pi * share * 3))[shape]
    return reading(table((1.0, 0.18, 0.05)), hertz * bend, seconds) * rise_fall(
        seconds, seconds * 0.25, seconds * 0.4
    )


def _drum(hertz: float, seconds: float, rng: np.random.Generator) -> np.ndarray:
    """Skin and snare."""
    t = times(seconds)
    skin = np.sin(2 * np.pi * np.cumsum(hertz * (1 + 0.8 * np.exp(-t * 32))) / RATE) * dying(seconds, 0.07)
    snare = shaped(noise(seconds, rng), ((3200, 1.0, 0.9), (7000, 0.6, 0.6))) * dying(seconds, 0.045)
    return (1.5 * skin + 0.38 * snare).astype(np.float32)


def _bar(hertz: float, seconds: float, rng: np.random.Generator) -> np.ndarray:
    return modes(hertz, ((1.0, 1.0, 0.22), (3.93, 0.28, 0.07), (9.2, 0.10, 0.03)), seconds) * 1.6


def _hammered(hertz: float, seconds: float, rng: np.random.Generator) -> np.ndarray:
    partials = tuple((n * (1 + 0.0004 * n * n), 1 / n**1.35, 0.5 / n**0.6) for n in range(1, 10))
    out = modes(hertz, partials, seconds)
    knock = shaped(noise(0.03, rng), ((1200, 1.0, 1.0),)) * dying(0.03, 0.006)
    out[: len(knock)] += 0.12 * knock[: len(out)]
    return out


def _bell(hertz: float, seconds: float, rng: np.random.Generator) -> np.ndarray:
    return modes(
        hertz,
        (
            (0.5, 0.5, 0.9),
            (1.0, 0.8, 0.7),
            (1.19, 0.6, 0.5),
            (1.5, 0.4, 0.4),
            (2.0, 0.7, 0.35),
            (2.74, 0.35, 0.2),
            (4.07, 0.2, 0.12),
        ),
        seconds,
    )


def _engine(firing: float, body: tuple, rough: float) -> Sound:
    def make(hertz: float, seconds: float, rng: np.random.Generator) -> np.ndarray:
        t = times(seconds)
        wander = (
            1
            + 0.03 * np.sin(2 * np.pi * 0.4 * t + rng.uniform(0, 6))
            + 0.012 * np.sin(2 * np.pi * firing * t)
        )
        wave = table(formant_partials(round(hertz), tuple((c, g, c * 0.35) for c, g in body), 0.5))
        out = reading(wave, hertz * wander, seconds)
        out = out * (0.8 + 0.2 * np.sin(2 * np.pi * firing * t)) + rough * shaped(
            noise(seconds, rng), tuple((c, g, 0.9) for c, g in body)
        )
        return out * rise_fall(seconds, 0.15, 0.25)

    return make


def _siren(hertz: float, seconds: float, rng: np.random.Generator) -> np.ndarray:
    """Two tones taking turns, softened."""
    t = times(seconds)
    high = 0.5 + 0.5 * np.tanh(6 * np.sin(2 * np.pi * 0.9 * t))
    wave = table((1.0, 0.45, 0.3, 0.16, 0.1, 0.05))
    return reading(wave, hertz * (1 + 0.335 * high), seconds) * rise_fall(seconds, 0.08, 0.15)


def _horn(hertz: float, seconds: float, rng: np.random.Generator) -> np.ndarray:
    wave = table((0.5, 1.0, 0.9, 0.6, 0.45, 0.3, 0.2, 0.12))
    return (
        (reading(wave, hertz, seconds) + reading(wave, hertz * 1.26, seconds))
        * 0.7
        * rise_fall(seconds, 0.02, 0.06)
    )


def _whirr(partials: tuple[float, ...], hiss: tuple, share: float) -> Sound:
    """A motor's hum with rushing air."""

    def make(hertz: float, seconds: float, rng: np.random.Generator) -> np.ndarray:
        t = times(seconds)
        start = hertz * (1 - 0.4 * np.exp(-t * 6)) * (1 + 0.004 * np.sin(2 * np.pi * 3 * t))
        out = reading(table(partials), start, seconds) * (1 - share) + share * shaped(
            noise(seconds, rng), hiss
        )
        return out * rise_fall(seconds, 0.12, 0.25)

    return make


def _chop(hertz: float, seconds: float, rng: np.random.Generator) -> np.ndarray:
    """A rotor: rushing air in beats."""
    t = times(seconds)
    beats = np.exp(-6 * (1 - np.cos(2 * np.pi * 11 * t)) / 2)
    low = shaped(noise(seconds, rng), ((180, 1.0, 0.8), (700, 0.5, 0.8), (2200, 0.15, 0.8)))
    return (low * (0.2 + beats) + 0.15 * reading(table((1.0, 0.6, 0.4)), hertz, seconds)) * rise_fall(
        seconds, 0.3, 0.3
    )


def _tick(hertz: float, seconds: float, rng: np.random.Generator) -> np.ndarray:
    return modes(hertz, ((1.0, 1.0, 0.008), (1.7, 0.6, 0.006), (0.32, 0.8, 0.012)), seconds) * 2.0


def _ring(hertz: float, seconds: float, rng: np.random.Generator) -> np.ndarray:
    t = times(seconds)
    hammer = 0.55 + 0.45 * np.sign(np.sin(2 * np.pi * 14 * t))
    out = reading(table((1.0, 0.0, 0.35, 0.0, 0.2)), hertz, seconds) + 0.6 * reading(
        table((1.0, 0.2)), hertz * 1.53, seconds
    )
    return out * hammer * rise_fall(seconds, 0.01, 0.06)


def _click(hertz: float, seconds: float, rng: np.random.Generator) -> np.ndarray:
    return shaped(noise(seconds, rng), ((2600, 1.0, 0.6), (700, 0.7, 0.5))) * dying(seconds, 0.012)


BRASS = (0.9, 1.0, 0.85, 0.65, 0.5, 0.36, 0.25, 0.17, 0.11, 0.07)
REED = (1.0, 0.55, 0.75, 0.4, 0.42, 0.28, 0.22, 0.13, 0.1, 0.06)
THROAT = ((700, 1.0, 200), (1500, 0.6, 300), (2900, 0.3, 500))

VOICES: dict[str, Voice] = {
    "guitar": Voice(
        _string(0.55, 0.996, ((110, 0.8, 0.6), (420, 0.6, 0.8))), "notes", 45, 69, 0.55, 2.0, 0.5
    ),
    "ukulele": Voice(
        _string(0.65, 0.991, ((420, 0.8, 0.6), (900, 0.5, 0.8))), "notes", 60, 81, 0.4, 2.5, 0.3
    ),
    "violin": Voice(_bow, "notes", 57, 84, 0.6, 1.5),
    "cello": Voice(_bow, "notes", 38, 60, 0.8, 1.2),
    "flute": Voice(_sustained((1.0, 0.32, 0.12, 0.05, 0.02), 0.06, 0.07, 0.008), "notes", 67, 91, 0.55, 1.8),
    "saxophone": Voice(_sustained(REED, 0.035, 0.04, 0.007, ((2500, 1.0, 1.0),)), "notes", 50, 74, 0.55, 1.8),
    "trumpet": Voice(_sustained(BRASS, 0.03, 0.015, 0.005), "notes", 58, 79, 0.45, 2.0),
    "tuba": Voice(
        _sustained((1.0, 0.95, 0.7, 0.45, 0.28, 0.16, 0.08), 0.05, 0.02, 0.003), "notes", 33, 52, 0.5, 1.5
    ),
    "drum": Voice(_drum, "hits", 45, 57, 0.3, 2.5),
    "marimba": Voice(_bar, "notes", 55, 84, 0.5, 3.0, 0.2),
    "piano": Voice(_hammered, "notes", 48, 76, 0.6, 2.0, 0.5),
    "bell": Voice(_bell, "hits", 67, 74, 1.1, 0.9, 0.8),
    "singing": Voice(_singing("aeiou"), "notes", 45, 60, 0.6, 1.4),
    "singing-high": Voice(_singing("aeiou", 0.8), "notes", 57, 74, 0.6, 1.4),
    "speech": Voice(_speech, "calls", 45, 50, 0.19, 3.6),
    "speech-high": Voice(_speech, "calls", 55, 60, 0.19, 3.6),
    "baby": Voice(_cry, "calls", 69, 73, 0.85, 0.85),
    "dog": Voice(_bark, "calls", 62, 71, 0.2, 1.7),
    "cat": Voice(
        _glide(0.8, 1.15, 0.75, ((1000, 1.0, 300), (1900, 0.8, 400), (3300, 0.4, 600))),
        "calls",
        69,
        75,
        0.6,
        0.9,
    ),
    "bird": Voice(_chirp, "calls", 93, 101, 0.13, 3.2),
    "hen": Voice(
        _glide(0.9, 1.1, 0.7, ((1100, 1.0, 300), (2300, 0.5, 500)), 0.25), "calls", 66, 71, 0.14, 2.2
    ),
    "sheep": Voice(
        _glide(0.95, 1.02, 0.9, ((650, 1.0, 200), (1700, 0.8, 350), (2700, 0.4, 500)), 0.08, 0.6, 11.0),
        "calls",
        57,
        62,
        0.7,
        0.8,
    ),
    "pig": Voice(
        _glide(1.0, 0.8, 0.9, ((400, 1.0, 150), (1200, 0.6, 400)), 0.9, 0.7, 24.0), "calls", 43, 48, 0.28, 1.5
    ),
    "duck": Voice(
        _glide(1.05, 1.0, 0.85, ((1100, 1.0, 250), (2400, 0.7, 450)), 0.25, 0.4, 60.0),
        "calls",
        50,
        55,
        0.22,
        1.8,
    ),
    "lion": Voice(
        _glide(0.8, 1.1, 0.7, ((280, 1.0, 120), (650, 0.7, 200), (1500, 0.3, 400)), 0.8, 0.6, 27.0),
        "calls",
        36,
        41,
        1.0,
        0.7,
    ),
    "engine": Voice(_engine(9.0, ((160, 1.0), (420, 0.7), (1100, 0.3)), 0.35), "hold", 31, 38, 4.0, 0.25),
    "diesel": Voice(_engine(6.0, ((110, 1.0), (300, 0.8), (800, 0.4)), 0.6), "hold", 26, 31, 4.0, 0.25),
    "motorcycle": Voice(_engine(16.0, ((220, 1.0), (600, 0.8), (1700, 0.4)), 0.5), "hold", 38, 45, 4.0, 0.25),
    "horn": Voice(_horn, "calls", 57, 64, 0.35, 1.2),
    "siren": Voice(_siren, "hold", 69, 72, 4.0, 0.25),
    "whistle": Voice(_horn, "calls", 66, 69, 0.9, 0.7),
    "chop": Voice(_chop, "hold", 45, 50, 4.0, 0.25),
    "clock": Voice(_tick, "hits", 88, 92, 0.06, 2.0),
    "alarm": Voice(_ring, "calls", 90, 93, 0.7, 1.0),
    "vacuum": Voice(
        _whirr((1.0, 0.5, 0.3, 0.2, 0.1), ((900, 1.0, 1.0), (3500, 0.6, 0.8)), 0.6), "hold", 52, 57, 4.0, 0.25
    ),
    "dryer": Voice(
        _whirr((1.0, 0.3, 0.2), ((2500, 1.0, 0.9), (6000, 0.5, 0.6)), 0.75), "hold", 62, 67, 4.0, 0.25
    ),
    "mower": Voice(_engine(23.0, ((140, 1.0), (500, 0.9), (1500, 0.6)), 0.55), "hold", 40, 45, 4.0, 0.25),
    "keys": Voice(_click, "hits", 60, 60, 0.07, 5.0),
}


def voice_of(name: str) -> Voice:
    """The voice of that name; "file:PATH" is a sound file."""
    return _recorded(name.removeprefix("file:")) if name.startswith("file:") else VOICES[name]


@lru_cache(maxsize=64)
def _recorded(path: str) -> Voice:
    from core.datasets.world.recordings import recorded

    return recorded(path)


@lru_cache(maxsize=512)
def note(voice: str, pitch: int, centiseconds: int, take: int) -> np.ndarray:
    """float32 [n]: one note at an A-weighted level of 0 dBFS over its sounding part. `take`: which of
    several.
    """
    made = voice_of(voice)
    seconds = centiseconds / 100 + made.tail
    hertz = 440.0 * 2 ** ((pitch - 69) / 12)
    sound = made.make(hertz, seconds, np.random.default_rng((pitch, centiseconds, take, len(voice))))
    loud = np.abs(sound) > 0.1 * np.abs(sound).max()
    level = loudness(sound) - 10 * np.log10(max(float(loud.mean()), 0.05))
    return (sound * 10 ** (-level / 20)).astype(np.float32)
