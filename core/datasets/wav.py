"""Sound files, written so that a disk that refuses is told as such."""

import io
from pathlib import Path

import numpy as np
import soundfile


def write_wav(path: Path, samples: np.ndarray, rate: int) -> None:
    """16 bits; samples: float32 [n] or [n, channels], -1 to 1. Raises OSError (libsndfile would not say why)."""
    data = io.BytesIO()
    soundfile.write(data, samples, rate, format="WAV", subtype="PCM_16")
    path.write_bytes(data.getbuffer())
