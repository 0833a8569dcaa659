"""EEMC: its network on drawn features, and the system on a drawn clip."""

import json
from importlib.resources import files

import numpy as np
import pytest
import torch

from core import media, registry
from core.errors import RefavsError
from core.systems.blocks.words import Words
from core.systems.eemc.config import EemcConfig
from core.systems.eemc.network import EemcForReferringSegmentation
from core.systems.eemc.system import EemcNano, load
from core.systems.protocol import FrameMask, Referral, Step


def small(**options):
    torch.manual_seed(0)
    config = EemcConfig(width=16, heads=2, queries=3, vocabulary=120, text_length=8, **options)
    return EemcForReferringSegmentation(config).eval()


def features(batch, seconds):
    generator = torch.Generator().manual_seed(1)
    shapes = [(64, 8), (128, 4), (192, 2)]
    eyes = tuple(torch.randn(batch, seconds, c, s, s, generator=generator) for c, s in shapes)
    ears = torch.randn(batch, seconds, 128, generator=generator)
    return eyes, ears, torch.randint(2, 120, (batch, 6), generator=generator)


@torch.no_grad()
def test_an_answer_does_not_depend_on_who_shares_the_batch():
    network, (eyes, ears, numbers) = small(), features(3, 4)
    together = network(eyes, ears, numbers)
    for b in range(3):
        alone = network(tuple(m[b : b + 1] for m in eyes), ears[b : b + 1], numbers[b : b + 1])
        torch.testing.assert_close(together.masks[-1][b : b + 1], alone.masks[-1], atol=1e-4, rtol=1e-3)
        torch.testing.assert_close(together.classes[b : b + 1], alone.classes, atol=1e-4, rtol=1e-3)


@torch.no_grad()
def test_padding_of_the_sentence_changes_nothing():
    network, (eyes, ears, numbers) = small(), features(2, 2)
    padded = torch.nn.functional.pad(numbers, (0, 2))
    torch.testing.assert_close(
        network(eyes, ears, padded).masks[-1], network(eyes, ears, numbers).masks[-1], atol=1e-4, rtol=1e-3
    )


@torch.no_grad()
def test_chosen_seconds_are_answered_as_if_all_were():
    network, (eyes, ears, numbers) = small(), features(1, 5)
    whole = network(eyes, ears, numbers)
    some = network(eyes, ears, numbers, torch.tensor([1, 4]))
    torch.testing.assert_close(some.masks[-1], whole.masks[-1][:, [1, 4]], atol=1e-4, rtol=1e-3)


@torch.no_grad()
def test_memory_sees_the_past_alone_and_none_of_it_with_beta_0():
    eyes, ears, numbers = features(1, 4)
    later = ears.clone()
    later[:, 2] += 3
    for beta, follows in ((1.0, True), (0.0, False)):
        network = small(beta=beta)
        before, after = (network(eyes, e, numbers).classes for e in (ears, later))
        torch.testing.assert_close(before[:, :2], after[:, :2], atol=1e-4, rtol=1e-3)
        assert torch.allclose(before[:, 3], after[:, 3], atol=1e-5) is not follows


@torch.no_grad()
def test_sound_sentence_and_modality_tokens_matter():
    eyes, ears, numbers = features(1, 2)
    network = small()
    base = network(eyes, ears, numbers).classes
    assert not torch.allclose(base, network(eyes, ears + 1, numbers).classes, atol=1e-5)
    assert not torch.allclose(base, network(eyes, ears, numbers.flip(1)).classes, atol=1e-5)
    network.config.modality_tokens = False
    assert not torch.allclose(base, network(eyes, ears, numbers).classes, atol=1e-5)


def saved(folder):
    words = Words.learn(["the dog on the left", "the loudest object", "sounding"], 120)
    torch.manual_seed(0)
    config = EemcConfig(width=16, heads=2, queries=3, vocabulary=len(words))
    network = EemcForReferringSegmentation(config)
    torch.nn.init.constant_(network.classes.bias, 0.0)
    network.classes.bias.data[0] = 9.0  # always sure
    network.save_pretrained(folder)
    words.save(folder)
    return folder, network


def test_what_was_saved_comes_back(tmp_path):
    folder, network = saved(tmp_path)
    again = load(folder)
    for name, value in network.state_dict().items():
        assert torch.equal(again.state_dict()[name], value), name


def test_weights_that_cannot_be_used_are_refused_in_words(tmp_path):
    with pytest.raises(RefavsError, match="refavs train eemc"):
        EemcNano(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert"}))
    with pytest.raises(RefavsError, match="'bert'"):
        EemcNano(tmp_path)
    folder, network = saved(tmp_path / "other")
    network.config.ears = "log-mel"
    network.save_pretrained(folder)
    with pytest.raises(RefavsError, match="hear by 'log-mel'"):
        EemcNano(folder)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    from PIL import Image

    root = tmp_path_factory.mktemp("clip")
    rng = np.random.default_rng(0)
    for k in range(12):
        Image.fromarray(rng.integers(0, 255, (60, 90, 3), dtype=np.uint8)).save(root / f"{k:02}.png")
    return media.open(root).clip()


def test_every_second_of_a_long_clip_is_answered_with_logits_and_reasons(tmp_path, clip):
    system = EemcNano(saved(tmp_path)[0])
    items = list(system.refer(clip, "the dog"))
    referral = items[-1]
    assert isinstance(referral, Referral)
    assert referral.indices == tuple(range(12))
    assert referral.logits.shape == (12, 32, 32)
    assert referral.logits.dtype == np.float16
    assert [i.index for i in items if isinstance(i, FrameMask)] == list(range(12))
    assert [s.kind for s in items if isinstance(s, Step)] == ["read", "listen", "match", "match", "answer"]
    assert set(referral.objects[0].track.masks) == set(range(12))
    assert referral.objects[0].track.masks[0].size == (60, 90)


def test_an_unsure_network_says_null(tmp_path, clip):
    folder, network = saved(tmp_path)
    network.classes.bias.data[0] = -9.0
    network.save_pretrained(folder)
    referral = list(EemcNano(folder).refer(clip, "the dog"))[-1]
    assert referral.objects == ()
    assert (referral.logits <= -10).all()


def test_a_sentence_in_another_alphabet_is_refused(tmp_path, clip):
    with pytest.raises(RefavsError, match="Latin"):
        list(EemcNano(saved(tmp_path)[0]).refer(clip, "собака"))


def test_the_weights_that_ship_answer_and_are_marked_experimental(clip):
    system = registry.system("eemc")
    assert system.name == "eemc-nano"
    referral = list(system.refer(clip, "The object making the loudest sound."))[-1]
    assert isinstance(referral, Referral)
    assert np.isfinite(referral.logits).all()
    card = files("assets") / "weights" / "eemc-nano" / "README.md"
    assert "*Experimental*" in card.read_text("utf-8")
