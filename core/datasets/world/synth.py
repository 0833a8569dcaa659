"""Synthesis: waves read from tables, noise shaped by spectra, envelopes. float32 mono at 48 kHz."""

from functools import cache

import numpy as np

RATE = 48000
TABLE = 2048


def times(seconds: float) -> np.ndarray:
    return np.arange(max(int(seconds * RATE), 1), dtype=np.float32) / RATE


def rise_fall(seconds: float, attack: float, release: float) -> np.ndarray:
    """float32 [n]: 0 to 1 in `attack`, back to 0 in the last `release` seconds, rounded."""
    t = times(seconds)
    up = np.clip(t / max(attack, 1e-4), 0, 1)
    down = np.clip((seconds - t) / max(release, 1e-4), 0, 1)
    return (np.sin(np.minimum(up, down) * np.pi / 2) ** 2).astype(np.float32)


def dying(seconds: float, half: float, attack: float = 0.002) -> np.ndarray:
    """float32 [n]: struck, then halving every `half` seconds, faded out at the end."""
    t = times(seconds)
    return (np.exp2(-t / half) * np.clip(t / attack, 0, 1) * np.clip((seconds - t) / 0.02, 0, 1)).astype(
        np.float32
    )


@cache
def table(partials: tuple[float, ...]) -> np.ndarray:
    """One period of a wave with these strengths of its harmonics; RMS 1."""
    phase = np.arange(TABLE) * (2 * np.pi / TABLE)
    wave = sum(a * np.sin((i + 1) * phase + i * i * 0.7) for i, a in enumerate(partials) if a)
    wave = np.asarray(wave, np.float32)
    return wave / max(float(np.sqrt(np.mean(wave**2))), 1e-9)


def reading(wave: np.ndarray, hertz: np.ndarray | float, seconds: float) -> np.ndarray:
    """float32 [n]: the table read at a (changing) pitch."""
    n = max(int(seconds * RATE), 1)
    if np.ndim(hertz) == 0:
        phase = np.arange(n) * (float(hertz) / RATE)
    else:
        phase = np.cumsum(np.asarray(hertz, np.float64)[:n]) / RATE
    return wave[(phase * TABLE).astype(np.int64) & (TABLE - 1)]


@cache
def formant_partials(
    hertz: float, formants: tuple[tuple[float, float, float], ...], tilt: float = 1.0
) -> tuple[float, ...]:
    """Strengths of the harmonics of a throat: formants are (Hz, strength, width in Hz)."""
    count = int(min(60, 10000 // max(hertz, 30)))
    f = hertz * np.arange(1, count + 1)
    shape = sum(g * np.exp(-0.5 * ((f - c) / w) ** 2) for c, g, w in formants) + 0.02
    return tuple(float(v) for v in shape / np.arange(1, count + 1) ** tilt)


def noise(seconds: float, rng: np.random.Generator) -> np.ndarray:
    return rng.standard_normal(max(int(seconds * RATE), 1)).astype(np.float32)


def shaped(sound: np.ndarray, bands: tuple[tuple[float, float, float], ...]) -> np.ndarray:
    """Sound filtered by a sum of humps over frequency (Hz, strength, width in octaves); RMS 1."""
    n = 1 << (len(sound) - 1).bit_length()
    f = np.maximum(np.fft.rfftfreq(n, 1 / RATE), 1.0)
    gain = sum(g * np.exp(-0.5 * (np.log2(f / c) / w) ** 2) for c, g, w in bands)
    out = np.fft.irfft(np.fft.rfft(sound, n) * gain, n)[: len(sound)].astype(np.float32)
    return out / max(float(np.sqrt(np.mean(out**2))), 1e-9)


def plucked(
    hertz: float, seconds: float, bright: float, rng: np.random.Generator, hold: float = 0.996
) -> np.ndarray:
    """A plucked string: a burst goes round a loop of one period and is smoothed every time (Karplus-Strong).

    bright: 0 to 1. hold: what is left after a round.
    """
    period = max(round(RATE / hertz), 4)
    turned = np.arange(-1, period - 1)
    block: np.ndarray = rng.uniform(-1, 1, period).astype(np.float32)
    for _ in range(int((1 - bright) * 6) + 1):
        block = 0.5 * (block + block[turned])
    rounds = int(np.ceil(seconds * RATE / period))
    out = np.empty((rounds, period), np.float32)
    for i in range(rounds):
        out[i] = block
        block = (hold / 2) * (block + block[turned]) if i % 2 == 0 else hold * block
    return out.reshape(-1)[: int(seconds * RATE)] * rise_fall(seconds, 0.002, min(0.08, seconds / 3))


def modes(hertz: float, ratios: tuple[tuple[float, float, float], ...], seconds: float) -> np.ndarray:
    """A struck bar or bell: partials (ratio, strength, seconds to halve)."""
    t = times(seconds)
    out = np.zeros(len(t), np.float32)
    for ratio, strength, half in ratios:
        if hertz * ratio < 16000:
            out += (
                strength * np.sin(np.float32(2 * np.pi * hertz * ratio) * t) * np.exp2(-t / np.float32(half))
            )
    return out * rise_fall(seconds, 0.002, min(0.1, seconds / 3))


@cache
def _weighting(n: int) -> np.ndarray:
    f2 = np.fft.rfftfreq(n, 1 / RATE) ** 2
    a = 12194.0**2 * f2**2 / ((f2 + 20.6**2) * np.sqrt((f2 + 107.7**2) * (f2 + 737.9**2)) * (f2 + 12194.0**2))
    return (a * 1.2589).astype(np.float32)


def loudness(sound: np.ndarray) -> float:
    """dBFS of the A-weighted sound; -120 for silence."""
    if len(sound) == 0:
        return -120.0
    n = 1 << (max(len(sound), 2) - 1).bit_length()
    bins = np.fft.rfft(sound, n)
    energy = float(np.dot((bins.real**2 + bins.imag**2).astype(np.float32), _weighting(n) ** 2))
    return 10 * float(np.log10(max(2 * energy / n / len(sound), 1e-12)))  # Parseval
