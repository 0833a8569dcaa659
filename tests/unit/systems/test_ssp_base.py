"""Stepping Stone Plus at the paper's shape, from tiny random checkpoints in the hub's format."""

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertModel, Mask2FormerConfig, Mask2FormerModel, SwinConfig

from core.errors import RefavsError
from core.systems.ssp.base import BaseConfig, SspBase


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    """Folders of a tiny Mask2Former and a tiny BERT, as save_pretrained writes them."""
    torch.manual_seed(0)
    root = tmp_path_factory.mktemp("parts")
    swin = SwinConfig(
        embed_dim=8,
        depths=[1, 1, 1, 1],
        num_heads=[1, 1, 2, 2],
        window_size=4,
        out_features=["stage1", "stage2", "stage3", "stage4"],
    )
    sizes = {"hidden_dim": 32, "feature_size": 32, "mask_feature_size": 32}
    own = {"num_queries": 5, "decoder_layers": 3, "encoder_layers": 1, "num_attention_heads": 2}
    ways = {"dim_feedforward": 32, "encoder_feedforward_dim": 32}
    vision = Mask2FormerModel(Mask2FormerConfig(backbone_config=swin, **ways, **sizes, **own))
    vision.save_pretrained(root / "vision")
    size = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    text = BertModel(BertConfig(vocab_size=50, **size))
    text.save_pretrained(root / "text")
    return root, vision, text


@pytest.fixture(scope="module")
def network(parts):
    root, *_ = parts
    return SspBase.from_parts(str(root / "vision"), str(root / "text"), side=64, queries=3).eval()


def answered(network):
    rng = np.random.default_rng(0)
    maps = network.see([rng.integers(0, 255, (50, 70, 3), dtype=np.uint8) for _ in range(2)])
    texts = torch.tensor([[7, 8, 0], [9, 0, 0]]), torch.tensor([[3, 0, 0], [4, 5, 6]])
    motion = torch.from_numpy(rng.random((2, 56, 56), np.float32) * 3)
    with torch.no_grad():
        return network(maps, torch.from_numpy(rng.random((2, 128), np.float32)), motion, texts)


def test_the_frozen_parts_and_the_second_decoder_carry_the_public_weights(parts, network):
    _, vision, text = parts
    for name, value in vision.pixel_level_module.state_dict().items():
        assert torch.equal(network.eyes.state_dict()[name], value), name
    for name, value in text.state_dict().items():
        if not name.startswith("pooler"):
            assert torch.equal(network.alignment.bert.state_dict()[name], value), name
    own = network.second.decoder.transformer.state_dict()
    for name, value in vision.transformer_module.state_dict().items():
        assert torch.equal(own[name.replace("self_attn.out_proj.", "self_attn.out_proj.0.")], value), name


def test_both_stages_answer_with_their_own_queries_and_classes(network):
    output = answered(network)
    assert output.first.classes.shape == (2, 3, 3)
    assert output.second.classes.shape == (2, 5, 72)
    assert output.second.masks[-1].shape == (2, 5, 16, 16)
    assert network.config.semantic_queries == 5


def test_only_what_is_between_the_frozen_parts_is_trained(network):
    network.train()
    for name, parameter in network.named_parameters():
        assert parameter.requires_grad != name.startswith(SspBase.frozen), name
    assert not network.eyes.training
    assert not network.alignment.bert.training
    network.eval()


def test_a_folder_is_all_it_needs(network, tmp_path):
    network.save_pretrained(tmp_path)
    again = SspBase.from_pretrained(tmp_path).eval()
    for a, b in zip(answered(network).second.masks, answered(again).second.masks, strict=True):
        torch.testing.assert_close(a, b)


def test_the_papers_sizes_are_the_defaults():
    config = BaseConfig()
    assert (config.side, config.queries, config.semantic_queries, config.post_weight) == (384, 30, 100, 10.0)
    assert (config.silent, config.sounding, config.decoder_layers) == (0.4, 0.6, 10)


def test_a_part_that_cannot_be_had_is_named(tmp_path):
    with pytest.raises(RefavsError, match=r"Expected a Mask2Former in .*nowhere"):
        SspBase.from_parts(str(tmp_path / "nowhere"))
