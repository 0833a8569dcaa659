"""Facts about a sound that need no network: how loud over time, where something begins, its outline."""

import numpy as np

HOP = 0.01  # seconds between two values of loudness
FLOOR = -100.0  # dBFS of silence
WINDOW = 0.032  # seconds of sound in one spectrum of the onset detector
APART = 0.06  # seconds two onsets are apart at least


def loudness(samples: np.ndarray, rate: int) -> np.ndarray:
    """float32 [ceil(seconds * 100)]: RMS in dBFS of each 10 ms (the last may be shorter); silence is -100.

    samples: float [n], mono. Value k covers k / 100 to (k + 1) / 100 s. A full-scale sine has -3.01.
    """
    bounds = _bounds(len(samples), rate)
    if len(bounds) < 2:
        return np.zeros(0, dtype=np.float32)
    energy = np.add.reduceat(np.square(samples, dtype=np.float64), bounds[:-1]) / np.diff(bounds)
    return np.maximum(10 * np.log10(np.maximum(energy, 1e-12)), FLOOR).astype(np.float32)


def onsets(samples: np.ndarray, rate: int, *, threshold: float = 3.0) -> np.ndarray:
    """float64 [k]: seconds at which a sound begins, rising; at least 60 ms apart.

    Spectral flux: the rise of the log spectrum from one 10 ms step to the next; a peak counts when it stands
    `threshold` times above the flux around it (0.2 s) and above what the quiet parts show. Within about 30
    ms."""
    n, hop = round(WINDOW * rate), HOP * rate
    if len(samples) < n:
        return np.zeros(0)
    padded = np.concatenate([np.zeros(n, dtype=np.float32), np.asarray(samples, dtype=np.float32)])
    count = int((len(samples)) / hop) + 1
    window = np.hanning(n).astype(np.float32)
    flux = np.zeros(count)
    before: np.ndarray | None = None
    for k in range(count):  # the window ends at k * 10 ms; one spectrum at a time keeps long sound small
        end = n + round(k * hop)
        power = np.log1p(1000 * np.abs(np.fft.rfft(padded[end - n : end] * window)) / n)
        if before is not None:
            flux[k] = np.maximum(power - before, 0).mean()
        before = power
    around = _local_mean(flux, round(0.2 / HOP))
    need = np.maximum(
        threshold * (around - flux / (2 * round(0.2 / HOP) + 1)), 0.25 * flux.max() if count else 0
    )
    near = round(APART / HOP)
    level = loudness(samples, rate)
    times: list[float] = []
    for k in range(1, count):
        peak = flux[k] > need[k] and flux[k] == flux[max(0, k - near) : k + near + 1].max()
        louder = level[k : k + 4].max(initial=FLOOR) + 1 >= level[max(0, k - 7) : max(0, k - 3)].max(
            initial=FLOOR
        )
        peak = peak and louder  # where a sound breaks off, its spectrum widens for a moment too
        # A rise is largest when the new sound has reached the middle of the window.
        if peak and (not times or k * HOP - WINDOW / 2 - times[-1] >= APART):
            times.append(k * HOP - WINDOW / 2)
    return np.maximum(np.array(times), 0)


def peaks(samples: np.ndarray, n: int) -> np.ndarray:
    """float32 [n, 2]: the lowest and the highest sample of each of n equal parts, for drawing a waveform."""
    out = np.zeros((n, 2), dtype=np.float32)
    if n and len(samples):
        first = np.arange(n) * len(samples) // n
        out[:, 0], out[:, 1] = np.minimum.reduceat(samples, first), np.maximum.reduceat(samples, first)
    return out


def _bounds(length: int, rate: int) -> np.ndarray:
    """Sample positions of every 10 ms from 0 to the end."""
    steps = np.arange(int(np.ceil(length / rate / HOP - 1e-9)) + 1)
    bounds = np.minimum(np.round(steps * HOP * rate).astype(np.int64), length)
    return np.unique(bounds)


def _local_mean(values: np.ndarray, reach: int) -> np.ndarray:
    total = np.concatenate([[0.0], np.cumsum(values)])
    first = np.maximum(np.arange(len(values)) - reach, 0)
    last = np.minimum(np.arange(len(values)) + reach + 1, len(values))
    return (total[last] - total[first]) / (last - first)
