"""Sound as 128 numbers a second, without learnt weights: what a system hears by until it is given a tagger."""

import numpy as np
import torch

from core.media.audio import resample
from core.systems.blocks.logmel import RATE
from core.systems.blocks.tagger import ROWS, rows_of


class LogMelEars:
    """Mean and spread of each of the 64 log-mel bands within each second."""

    def embed(self, samples: np.ndarray, rate: int) -> np.ndarray:
        """float32 [n] mono, -1 to 1, at `rate` -> float32 [S, 128], S = ceil(n / rate) seconds."""
        seconds = -(-len(samples) // rate)
        if not seconds:
            return np.zeros((0, 128), np.float32)
        sound = torch.from_numpy(np.ascontiguousarray(resample(samples, rate, RATE), np.float32))
        rows = rows_of(sound, seconds).unflatten(0, (seconds, ROWS))
        return torch.cat([rows.mean(1), rows.std(1)], 1).numpy()


def silence() -> np.ndarray:
    """What a second without sound is, float32 [128]."""
    return LogMelEars().embed(np.zeros(RATE, np.float32), RATE)[0]
