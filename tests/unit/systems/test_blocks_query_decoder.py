"""The mask decoder with handed-in queries, against Mask2Former's own."""

import torch
from transformers import Mask2FormerConfig

from core.systems.blocks.query_decoder import Pyramid, QueryDecoder


def made():
    torch.manual_seed(0)
    config = Mask2FormerConfig(
        hidden_dim=32, mask_feature_size=32, feature_size=32, num_queries=5, decoder_layers=4,
        num_attention_heads=4, dim_feedforward=48, dropout=0.0,
    )  # fmt: skip
    decoder = QueryDecoder(config, 32).eval()
    levels = [torch.randn(2, 32, side, side) for side in (2, 4, 8)]
    return decoder, levels, torch.randn(2, 32, 8, 8)


def test_with_its_own_queries_it_answers_as_mask2former_does():
    decoder, levels, fine = made()
    found = decoder(decoder.queries.expand(2, -1, -1), levels, fine)
    plain = decoder.transformer(levels, fine)
    assert len(found.masks) == len(plain.masks_queries_logits) == 4
    for ours, theirs in zip(found.masks, plain.masks_queries_logits, strict=True):
        torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(found.queries, plain.intermediate_hidden_states[-1].transpose(0, 1))


def test_few_queries_answer_as_mask2former_does_and_learn_the_same():
    torch.manual_seed(0)
    config = Mask2FormerConfig(
        hidden_dim=32, mask_feature_size=32, feature_size=32, num_queries=5, decoder_layers=4,
        num_attention_heads=4, dim_feedforward=48, dropout=0.0,
    )  # fmt: skip
    few, plain = QueryDecoder(config, 32), QueryDecoder(config, 32, few=False)
    assert few.state_dict().keys() == plain.state_dict().keys()
    plain.load_state_dict(few.state_dict())
    levels = [torch.randn(2, 32, side, side) for side in (2, 4, 8)]
    fine, queries = torch.randn(2, 32, 8, 8), torch.randn(2, 5, 32)
    for decoder in (few, plain):
        found = decoder(queries, levels, fine)
        (found.masks[-1].square().mean() + found.queries.mean()).backward()
    for a, b in zip(few(queries, levels, fine).masks, plain(queries, levels, fine).masks, strict=True):
        torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-4)
    for (name, a), b in zip(few.named_parameters(), plain.parameters(), strict=True):
        if a.grad is not None:
            torch.testing.assert_close(a.grad, b.grad, atol=1e-5, rtol=1e-3, msg=name)


def test_other_queries_make_other_masks():
    decoder, levels, fine = made()
    own = decoder.queries.expand(2, -1, -1)
    assert (
        decoder(own + 1, levels, fine).masks[-1] - decoder(own, levels, fine).masks[-1]
    ).abs().max() > 0.01


def test_the_pyramid_gives_three_levels_coarse_to_fine():
    levels = Pyramid(16)((torch.randn(1, 64, 8, 8), torch.randn(1, 128, 4, 4), torch.randn(1, 192, 2, 2)))
    assert [tuple(level.shape) for level in levels] == [(1, 16, 2, 2), (1, 16, 4, 4), (1, 16, 8, 8)]
