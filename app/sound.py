"""What the timeline shows of the sound: its waveform, how loud it is, where something begins."""

from typing import Any

import numpy as np

from core.media import Clip
from core.media.sound import loudness, onsets, peaks

PARTS = 1600
RATE = 8000
QUIET = 0.05  # a sound that stays below this is drawn at its own size
LOUD_PARTS = 400
RANGE = 60.0  # dB below full scale that the loudness line spans


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
