"""Voices from sound files: single cries are cut out of a recording, steady sounds are repeated."""

import numpy as np
import soundfile

from core.datasets.world.sounds import Voice
from core.datasets.world.synth import RATE
from core.errors import DatasetError
from core.media.audio import resample

STEP = RATE // 50  # loudness is looked at every 20 ms
LONGEST = 1.4  # s of one cry


def recorded(path: str) -> Voice:
    """A voice that plays what is in the file, at any rate; raises DatasetError when it holds no sound."""
    sound = load(path)
    power = np.sqrt(np.mean(sound[: len(sound) // STEP * STEP].reshape(-1, STEP) ** 2, axis=1))
    loud = power > 0.12 * power.max()
    if loud.mean() > 0.62:
        steady = _loudest(sound, power, 4.0)
        return Voice(lambda hertz, seconds, rng: _filled(steady, seconds), "hold", 60, 60, 4.0, 0.25)
    cry = _event(sound, power, loud)
    seconds = len(cry) / RATE
    rate = float(np.clip(0.75 / seconds, 0.5, 2.2))

    def make(hertz: float, length: float, rng: np.random.Generator) -> np.ndarray:
        out = _filled(cry, max(length, seconds)) if length <= seconds else cry
        return out * np.float32(rng.uniform(0.8, 1.0))

    return Voice(make, "calls", 60, 60, round(seconds, 2), rate)


def load(path: str) -> np.ndarray:
    """float32 [n] mono at 48 kHz."""
    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (OSError, RuntimeError) as error:
        raise DatasetError(f"The sound {path} cannot be read ({error}); replace or remove it.") from None
    mono = samples.mean(axis=1)
    if len(mono) < rate // 10 or not np.isfinite(mono).all() or np.abs(mono).max() < 1e-4:
        raise DatasetError(f"The sound {path} is silent or shorter than 0.1 s; replace or remove it.")
    return mono if rate == RATE else resample(np.ascontiguousarray(mono), rate, RATE)


def _event(sound: np.ndarray, power: np.ndarray, loud: np.ndarray) -> np.ndarray:
    """The loudest stretch without a rest, at most LONGEST s, faded at both ends."""
    top = int(np.argmax(power))
    first = last = top
    rest = 4
    while (
        first > 0 and (top - first) * STEP < LONGEST * RATE / 2 and loud[max(first - rest, 0) : first].any()
    ):
        first -= 1
    while (
        last < len(loud) - 1
        and (last - first) * STEP < LONGEST * RATE
        and loud[last + 1 : last + 1 + rest].any()
    ):
        last += 1
    out = sound[first * STEP : max((last + 1) * STEP, first * STEP + RATE // 12)].copy()
    edge = min(RATE // 100, len(out) // 2)
    out[:edge] *= np.linspace(0, 1, edge, dtype=np.float32)
    out[-edge:] *= np.linspace(1, 0, edge, dtype=np.float32)
    return out


def _loudest(sound: np.ndarray, power: np.ndarray, seconds: float) -> np.ndarray:
    count = min(len(power), round(seconds * RATE / STEP))
    sums = np.convolve(power, np.ones(count), "valid")
    start = int(np.argmax(sums)) * STEP
    return sound[start : start + count * STEP]


def _filled(sound: np.ndarray, seconds: float) -> np.ndarray:
    return np.resize(sound, max(round(seconds * RATE), 1)).astype(np.float32)
