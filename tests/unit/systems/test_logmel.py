"""VGGish's log-mel, against the published recipe written out a second time in numpy."""

import numpy as np
import pytest
import torch

from core.systems.blocks.logmel import examples, log_mel


def published(samples):
    """mel_features.py's steps: periodic Hann, 512-point magnitude, HTK mel weights, log with an offset."""
    window, hop, size = round(16000 * 0.025), round(16000 * 0.010), 512
    frames = 1 + (len(samples) - window) // hop
    hann = 0.5 - 0.5 * np.cos(2 * np.pi / window * np.arange(window))
    spectra = np.stack(
        [np.abs(np.fft.rfft(hann * samples[k * hop : k * hop + window], size)) for k in range(frames)]
    )
    bins = 1127.0 * np.log(1.0 + np.linspace(0.0, 8000.0, size // 2 + 1) / 700.0)
    edges = np.linspace(1127.0 * np.log(1 + 125.0 / 700), 1127.0 * np.log(1 + 7500.0 / 700), 64 + 2)
    weights = np.empty((size // 2 + 1, 64))
    for band in range(64):
        lower, centre, upper = edges[band : band + 3]
        slopes = (bins - lower) / (centre - lower), (upper - bins) / (upper - centre)
        weights[:, band] = np.maximum(0.0, np.minimum(*slopes))
    weights[0] = 0.0
    return np.log(spectra @ weights + 0.01)


@pytest.mark.parametrize("seconds", [0.025, 1.0, 3.3])
def test_it_is_the_published_log_mel(seconds):
    rng = np.random.default_rng(0)
    samples = rng.uniform(-1, 1, round(16000 * seconds)) * np.linspace(0.001, 1, round(16000 * seconds))
    ours = log_mel(torch.from_numpy(samples).float()).numpy()
    assert ours.shape == published(samples).shape
    np.testing.assert_allclose(ours, published(samples), atol=2e-4)


def test_a_tone_lies_in_the_band_around_its_pitch():
    tone = torch.sin(2 * torch.pi * 1000 * torch.arange(16000) / 16000)
    edges = np.linspace(1127 * np.log(1 + 125 / 700), 1127 * np.log(1 + 7500 / 700), 66)
    middle = 700 * (np.exp(edges[1:-1] / 1127) - 1)
    assert log_mel(tone).mean(0).argmax() == np.abs(middle - 1000).argmin()


def test_an_example_is_96_rows_side_by_side_and_a_rest_is_dropped():
    samples = torch.randn(160_000, generator=torch.Generator().manual_seed(1)) * 0.1
    cut = examples(samples)
    assert cut.shape == (10, 96, 64)
    torch.testing.assert_close(cut.reshape(960, 64), log_mel(samples)[:960])
    assert examples(samples[: 96 * 160]).shape == (0, 96, 64)  # 94 rows: not 0.96 s of windows


def test_a_sound_shorter_than_a_window_has_no_rows():
    assert log_mel(torch.zeros(399)).shape == (0, 64)
    assert log_mel(torch.zeros(2, 399)).shape == (2, 0, 64)


def test_silence_is_the_logarithm_of_the_offset():
    assert torch.allclose(log_mel(torch.zeros(1600)), torch.tensor(0.01).log())
