"""What the timeline shows of the sound: its waveform, how loud it is, where something begins."""

import threading
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from core.masks import Mask
from core.media import Clip
from core.media.sound import loudness, onsets, peaks
from core.media.sounding import Stir

KEPT_CLIPS = 2
PARTS = 1600
RATE = 8000
QUIET = 0.05  # a sound that stays below this is drawn at its own size
LOUD_PARTS = 400
RANGE = 60.0  # dB below full scale that the loudness line spans
COLUMNS, BANDS = 1200, 64  # of the spectrogram
HIGHEST = 7600.0  # Hz at its top
WINDOW = 1024  # samples at twice RATE


class Sounding:
    """When objects seem to sound (core.media.sounding). What was read of the last clips is kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # clips are read one after the other
        self._read = lru_cache(KEPT_CLIPS)(Stir)

    def spans(self, clip: Clip, masks: Mapping[int, Mask]) -> list[tuple[float, float]]:
        """[start, end] in seconds of the clip; masks: by frame index."""
        with self._lock:
            stir = self._read(clip)
        return stir.spans(lambda index: masks[index].decode() if index in masks else None)


def outline(clip: Clip) -> dict[str, Any]:
    """{peaks: [low, high] in hundredths of the loudest, for each of PARTS parts of the clip; loud: 0 to 100
    for each of at most LOUD_PARTS parts (100 = full scale, 0 = RANGE dB below); onsets: seconds from the
    clip's start}. All empty without sound.
    """
    samples = clip.audio(RATE)
    if samples is None:
        return {"peaks": [], "loud": [], "onsets": []}
    shape = peaks(samples, PARTS)
    loudest = max(float(np.abs(shape).max(initial=0.0)), QUIET)
    level = np.clip(100 + 100 * loudness(samples, RATE) / RANGE, 0, 100)
    parts = min(LOUD_PARTS, len(level))
    starts = np.arange(parts) * len(level) // max(parts, 1)
    return {
        "peaks": np.round(100 * shape / loudest).astype(int).tolist(),
        "loud": np.round(np.maximum.reduceat(level, starts)).astype(int).tolist() if parts else [],
        "onsets": np.round(onsets(samples, RATE), 3).tolist(),
    }


def spectrogram(clip: Clip) -> np.ndarray:
    """uint8 [BANDS, COLUMNS]: how strong each mel band is, the highest at the top; 0 = RANGE dB below the
    strongest. All 0 without sound.
    """
    picture = np.zeros((BANDS, COLUMNS), np.float32)
    rate = 2 * RATE
    samples = clip.audio(rate)
    if samples is None or len(samples) < WINDOW:
        return picture.astype(np.uint8)
    edges = 700 * (10 ** (np.linspace(0, 2595 * np.log10(1 + HIGHEST / 700), BANDS + 2) / 2595) - 1)
    bins = np.fft.rfftfreq(WINDOW, 1 / rate)
    rise = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    fall = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    weights = np.maximum(np.minimum(rise, fall), 0).astype(np.float32)
    window = np.hanning(WINDOW).astype(np.float32)
    for k in range(COLUMNS):  # a column at a time, so that a long sound takes no room
        start = min(k * len(samples) // COLUMNS, len(samples) - WINDOW)
        power = np.square(np.abs(np.fft.rfft(samples[start : start + WINDOW] * window)))
        picture[::-1, k] = 10 * np.log10(weights @ power.astype(np.float32) + 1e-9)
    level = 255 * (1 + (picture - picture.max()) / RANGE)
    return np.clip(level, 0, 255).astype(np.uint8) if picture.max() > -60 else np.zeros_like(level, np.uint8)
