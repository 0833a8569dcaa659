"""EEMC at the paper's shape, from tiny random checkpoints in the hub's format."""

import hub_parts
import numpy as np
import pytest
import torch

from core.errors import RefavsError
from core.systems.eemc.base import BaseConfig, EemcBase, RobertaWords


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    """Folders of a tiny Mask2Former and a tiny RoBERTa, as save_pretrained writes them."""
    root = tmp_path_factory.mktemp("parts")
    return root, *hub_parts.make(root)


@pytest.fixture(scope="module")
def network(parts):
    root, *_ = parts
    return EemcBase.from_parts(str(root / "vision"), str(root / "text"), side=64, layers=2).eval()


def looked(network, seconds=3):
    rng = np.random.default_rng(0)
    maps = network.see([rng.integers(0, 255, (50, 70, 3), dtype=np.uint8) for _ in range(seconds)])
    ears = torch.from_numpy(rng.random((1, seconds, 128), np.float32))
    return tuple(m[None] for m in maps), ears, torch.tensor([[0, 7, 8, 2]])


def test_the_frozen_parts_carry_the_public_weights(parts, network):
    _, vision, text = parts
    for name, value in vision.pixel_level_module.state_dict().items():
        assert torch.equal(network.eyes.state_dict()[name], value), name
    for name, value in vision.transformer_module.state_dict().items():
        assert torch.equal(network.decoder.transformer.state_dict()[name], value), name
    assert torch.equal(
        network.words.roberta.embeddings.word_embeddings.weight, text.embeddings.word_embeddings.weight
    )
    assert (network.config.width, network.config.queries, network.config.layers) == (32, 5, 2)


@torch.no_grad()
def test_masks_come_at_a_quarter_of_the_picture_and_padding_changes_nothing(network):
    eyes, ears, numbers = looked(network)
    output = network(eyes, ears, numbers)
    assert output.masks[-1].shape == (1, 3, 5, 16, 16)
    assert output.classes.shape == (1, 3, 5, 2)
    padded = torch.nn.functional.pad(numbers, (0, 3), value=network.config.pad)
    torch.testing.assert_close(network(eyes, ears, padded).classes, output.classes, atol=1e-4, rtol=1e-3)


def test_what_is_frozen_does_not_learn_and_answers_the_same_while_training(network):
    still = network.see([np.full((40, 40, 3), 90, np.uint8)])
    network.train()
    again = network.see([np.full((40, 40, 3), 90, np.uint8)])
    eyes, ears, numbers = looked(network)
    network(eyes, ears, numbers).classes.sum().backward()
    network.eval()
    assert all(torch.equal(a, b) for a, b in zip(still, again, strict=True))
    taught = {name for name, p in network.named_parameters() if p.grad is not None}
    assert {"tokens", "vision.weight", "words.enter.weight", "classes.weight"} <= taught
    assert not any(name.startswith(EemcBase.frozen) for name in taught)


@torch.no_grad()
def test_a_saved_folder_is_all_that_is_needed(network, tmp_path):
    network.save_pretrained(tmp_path)
    again = EemcBase.from_pretrained(tmp_path).eval()
    eyes, ears, numbers = looked(network)
    torch.testing.assert_close(again(eyes, ears, numbers).classes, network(eyes, ears, numbers).classes)


def test_the_paper_s_shape_is_what_the_configs_say_by_themselves():
    config = BaseConfig()
    assert (config.width, config.layers, config.queries, config.side) == (256, 4, 100, 384)
    assert (config.beta, config.text_length, config.text["hidden_size"]) == (1.0, 25, 768)


def test_words_are_numbered_as_its_reader_does_and_another_alphabet_is_refused(parts, tmp_path):
    root, *_ = parts
    words = RobertaWords.load(str(root / "text"))
    numbers = words.numbers(["the dog", "the dog on the left " * 9], 6)
    assert numbers.shape == (2, 6)
    assert numbers[0].tolist()[-2:] == [1, 1]  # padding
    assert (numbers[1] != 1).all()
    with pytest.raises(RefavsError, match="Latin"):
        words.numbers(["собака"], 6)
    words.save(tmp_path)
    assert torch.equal(RobertaWords.load(tmp_path).numbers(["the dog"], 6), numbers[:1])
    with pytest.raises(RefavsError, match="tokenizer"):
        RobertaWords.load(str(tmp_path / "none"))


def test_parts_that_cannot_be_had_are_named(tmp_path):
    with pytest.raises(RefavsError, match="Mask2Former"):
        EemcBase.from_parts(str(tmp_path), str(tmp_path))
