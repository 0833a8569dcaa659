"""The waveform under the picture."""

import numpy as np

from core.media import Clip
from core.media.sound import peaks

PARTS = 1600
RATE = 8000
QUIET = 0.05  # a sound that stays below this is drawn at its own size


def waveform(clip: Clip) -> list[list[int]]:
    """[low, high] in hundredths of the loudest, for each of PARTS parts of the clip; [] without sound."""
    samples = clip.audio(RATE)
    if samples is None:
        return []
    outline = peaks(samples, PARTS)
    loudest = max(float(np.abs(outline).max(initial=0.0)), QUIET)
    return np.round(100 * outline / loudest).astype(int).tolist()
