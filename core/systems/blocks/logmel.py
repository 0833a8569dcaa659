"""Log-mel pictures of sound, exactly as VGGish takes them.

Source: Hershey et al., "CNN architectures for large-scale audio classification" (ICASSP 2017), and the front end
published with its weights (mel_features.py and vggish_params.py of AudioSet's models).
"""

from functools import cache

import torch
from torch import Tensor

RATE = 16_000
WINDOW, HOP, FFT = 400, 160, 512  # samples: 25 ms, 10 ms, and the next power of two
BANDS, LOWEST, HIGHEST = 64, 125.0, 7500.0  # mel bands, Hz
OFFSET = 0.01
ROWS = 96  # of one example: 0.96 s


def log_mel(samples: Tensor) -> Tensor:
    """float32 [..., n] mono at 16 kHz, -1 to 1 -> float32 [..., 1 + (n - 400) // 160, 64].

    The natural logarithm of the mel bands of the magnitude (not the power) plus 0.01. Nothing is padded: a sound
    of fewer than 400 samples gives no row.
    """
    if samples.shape[-1] < WINDOW:
        return samples.new_zeros(*samples.shape[:-1], 0, BANDS)
    pieces = samples.unfold(-1, WINDOW, HOP) * torch.hann_window(WINDOW, periodic=True)
    magnitude = torch.fft.rfft(pieces, FFT).abs()
    return torch.log(magnitude @ _bands() + OFFSET)


def examples(samples: Tensor) -> Tensor:
    """float32 [n] mono at 16 kHz -> float32 [k, 96, 64]: 0.96 s each, side by side; a rest is dropped."""
    rows = log_mel(samples)
    count = rows.shape[0] // ROWS
    return rows[: count * ROWS].reshape(count, ROWS, BANDS)


@cache
def _bands() -> Tensor:
    """float32 [257, 64]: triangles that are straight on the mel axis, 1127 ln(1 + Hz / 700); 0 Hz is left out."""
    mel = _mel(torch.linspace(0, RATE / 2, FFT // 2 + 1, dtype=torch.float64))
    low, high = _mel(torch.tensor([LOWEST, HIGHEST], dtype=torch.float64)).tolist()
    edges = torch.linspace(low, high, BANDS + 2, dtype=torch.float64)
    lower, centre, upper = edges[:-2], edges[1:-1], edges[2:]
    rising = (mel[:, None] - lower) / (centre - lower)
    falling = (upper - mel[:, None]) / (upper - centre)
    triangles = torch.minimum(rising, falling).clamp(min=0)
    triangles[0] = 0
    return triangles.float()


def _mel(hertz: Tensor) -> Tensor:
    return 1127.0 * torch.log1p(hertz / 700.0)
