"""The tagger: 128 numbers a second, names, and its files."""

import json

import numpy as np
import pytest
import torch

from core.errors import RefavsError
from core.systems.blocks.tagger import Tagger, TaggerConfig


@pytest.fixture(scope="module")
def tagger():
    torch.manual_seed(0)
    made = Tagger(TaggerConfig(("silence", "dog", "siren"), ("dog",), (4, 8, 8, 12)))
    for part in made.modules():  # as after training: nothing is left at its beginning
        if isinstance(part, torch.nn.BatchNorm2d | torch.nn.BatchNorm1d):
            part.running_mean.normal_(std=0.1)
            part.running_var.uniform_(0.5, 2)
    return made.eval()


def sound(seconds, rate=16000, seed=0):
    return np.random.default_rng(seed).normal(size=round(seconds * rate)).astype(np.float32) * 0.1


@pytest.mark.parametrize(("seconds", "rows"), [(10, 10), (2.3, 3), (0.01, 1), (0, 0)])
def test_every_second_begun_gets_128_numbers(tagger, seconds, rows):
    vectors, chances = tagger.hear(sound(seconds), 16000)
    assert vectors.shape == (rows, 128)
    assert vectors.dtype == np.float32
    assert chances.shape == (rows, 3)
    assert np.array_equal(tagger.embed(sound(seconds), 16000), vectors)


def test_any_rate_is_heard_the_same(tagger):
    t = np.arange(3 * 48000) / 48000
    tones = (0.2 * np.sin(2 * np.pi * 440 * t) + 0.1 * np.sin(2 * np.pi * 1500 * t)).astype(np.float32)
    np.testing.assert_allclose(tagger.embed(tones, 48000), tagger.embed(tones[::3], 16000), atol=0.05)


def test_a_second_is_the_same_in_a_longer_clip(tagger):
    long = sound(8)
    np.testing.assert_allclose(
        tagger.embed(long, 16000)[:3], tagger.embed(long[: 4 * 16000], 16000)[:3], atol=1e-4
    )


def test_a_clip_is_the_same_whatever_shares_its_batch(tagger):
    rows = torch.randn(3, 400, 64, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        torch.testing.assert_close(tagger(rows)[1:2], tagger(rows[1:2]), atol=1e-5, rtol=1e-4)


def test_saved_and_loaded_it_hears_the_same_in_half_precision(tagger, tmp_path):
    tagger.save_pretrained(tmp_path)
    loaded = Tagger.from_pretrained(tmp_path)
    assert loaded.config == tagger.config
    ours, theirs = tagger.hear(sound(2), 16000)[1], loaded.hear(sound(2), 16000)[1]
    np.testing.assert_allclose(theirs, ours, atol=0.01)


def test_the_full_size_is_under_two_million_parameters_and_four_megabytes(tmp_path):
    full = Tagger(TaggerConfig(tuple(map(str, range(45)))))
    full.save_pretrained(tmp_path)
    assert sum(p.numel() for p in full.parameters()) < 2_000_000
    assert (tmp_path / "model.safetensors").stat().st_size < 4 * 2**20


@pytest.mark.parametrize("broken", ["config", "weights", "other", "missing"])
def test_files_of_another_network_are_refused_in_one_line(tagger, tmp_path, broken):
    tagger.save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    if broken == "config":
        (tmp_path / "config.json").write_text("{}")
    elif broken == "weights":
        (tmp_path / "model.safetensors").write_bytes(b"no")
    elif broken == "other":
        (tmp_path / "config.json").write_text(json.dumps({**config, "categories": ["dog"]}))
    else:
        (tmp_path / "model.safetensors").unlink()
    with pytest.raises(RefavsError, match="refavs train tagger") as refused:
        Tagger.from_pretrained(tmp_path)
    assert "\n" not in str(refused.value)
