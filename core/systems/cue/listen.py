"""Listen: what sounds when, how loud, how long, how fast."""

from dataclasses import dataclass, field

import numpy as np

from core.media import Clip
from core.media.sound import HOP, loudness, onsets
from core.systems.cue.names import NO_NAMES, Ears, Names, name_sounds, shipped_ears

RATE = 16_000
SILENCE = -60.0  # dBFS: a clip whose loudest tenth of a second stays below is silent
RANGE = 40.0  # dB under the loudest that the outline of the sound spans
GAP, SHORTEST = 0.2, 0.08  # seconds: shorter gaps are closed, shorter events dropped
EVEN = 0.5  # flatness of the mean spectrum and dB of unrest: above and below is hiss from no thing


@dataclass(frozen=True)
class Event:
    """Something sounds from `start` to `end` (seconds of the clip), at `level` dBFS."""

    start: float
    end: float
    level: float


@dataclass(frozen=True, eq=False)
class Hearing:
    """What was heard. level: dBFS of each 10 ms. kind: "none" (no sound track), "silent", "noise" or "sound".

    events and onsets in seconds of the clip. rhythm: onsets a second while something sounds. names: what the
    sounds are called.
    """

    kind: str
    level: np.ndarray
    events: tuple[Event, ...]
    onsets: np.ndarray
    rhythm: float = 0.0
    steady: bool = False
    duration: float = field(default=0.0)
    names: Names = NO_NAMES

    @property
    def heard(self) -> bool:
        return self.kind == "sound"

    @property
    def continuous(self) -> bool:
        """One event fills nearly all of it."""
        return sum(e.end - e.start for e in self.events) > 0.85 * self.duration

    def outline(self, times: np.ndarray) -> np.ndarray:
        """float [M], 0 to 1: loudness at these times, 1 the loudest, 0 what is 40 dB under it or silent."""
        if not len(self.level):
            return np.zeros(len(times))
        power = 10 ** (self.level / 10)
        width = 0.06
        edges = np.clip(np.stack([times - width, times + width]) / HOP, 0, len(power)).round().astype(int)
        total = np.concatenate([[0.0], np.cumsum(power)])
        mean = (total[edges[1]] - total[edges[0]]) / np.maximum(edges[1] - edges[0], 1)
        level = 10 * np.log10(np.maximum(mean, 1e-12))
        top = np.percentile(level, 98)
        return np.asarray(np.clip((level - (top - RANGE)) / RANGE, 0, 1))


def listen(clip: Clip, ears: Ears = shipped_ears) -> Hearing:
    """What sounds in the clip. ears: name what is heard."""
    samples = clip.audio(RATE)
    if samples is None:
        return Hearing("none", np.zeros(0), (), np.zeros(0), duration=clip.duration)
    return hear(samples, RATE, ears)


def hear(samples: np.ndarray, rate: int, ears: Ears = shipped_ears) -> Hearing:
    """As `listen`, of samples float32 [n] at `rate`."""
    level = loudness(samples, rate)
    seconds = len(samples) / rate
    if not len(level) or np.percentile(level, 99) < SILENCE:
        return Hearing("silent", level, (), np.zeros(0), duration=seconds)
    if _hiss(samples, level):
        return Hearing(
            "noise", level, (Event(0.0, seconds, float(level.mean())),), np.zeros(0), duration=seconds
        )
    events = find_events(level)
    begins = onsets(samples, rate)
    sounding = sum(e.end - e.start for e in events)
    inside = np.array([t for t in begins if any(e.start - 0.1 <= t <= e.end for e in events)])
    return Hearing(
        "sound",
        level,
        tuple(events),
        inside,
        rhythm=len(inside) / max(sounding, 0.5),
        steady=float(np.percentile(level, 95) - np.percentile(level, 5)) < 8,
        duration=seconds,
        names=name_sounds(samples, rate, [(e.start, e.end) for e in events], ears),
    )


def find_events(level: np.ndarray) -> list[Event]:
    """Runs above a level between the quiet and the loud parts. level: dBFS of each 10 ms."""
    top, floor = float(np.percentile(level, 97)), float(np.percentile(level, 5))
    need = max(SILENCE + 5, top - RANGE, floor + 0.35 * (top - floor) if top - floor > 12 else -np.inf)
    smooth = np.convolve(np.pad(level, 4, mode="edge"), np.ones(9) / 9, "valid")
    on = smooth > need
    edges = np.flatnonzero(np.diff(np.concatenate([[0], on.astype(int), [0]])))
    runs: list[list[int]] = []
    for a, b in edges.reshape(-1, 2).tolist():
        if runs and (a - runs[-1][1]) * HOP < GAP:
            runs[-1][1] = b
        else:
            runs.append([a, b])
    return [
        Event(a * HOP, b * HOP, float(10 * np.log10(np.mean(10 ** (level[a:b] / 10)))))
        for a, b in runs
        if (b - a) * HOP >= SHORTEST
    ]


def _hiss(samples: np.ndarray, level: np.ndarray) -> bool:
    """White noise and nothing else: even over time and over the spectrum, as no thing sounds through a microphone."""
    if float(np.std(level[5:-5] if len(level) > 20 else level)) > EVEN * 2:
        return False
    n = 512
    blocks = samples[: len(samples) // n * n].reshape(-1, n) * np.hanning(n)
    power = (np.abs(np.fft.rfft(blocks, axis=1)) ** 2).mean(axis=0)[2:-2] + 1e-20
    return float(np.exp(np.log(power).mean()) / power.mean()) > EVEN + 0.3
