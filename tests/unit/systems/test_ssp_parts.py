"""The parts of AAVS and SSP against plain loops over their equations."""

import math

import numpy as np
import pytest
import torch
from transformers import Mask2FormerConfig

from core.systems.blocks.query_decoder import QueryDecoder
from core.systems.ssp import flow
from core.systems.ssp.parts import (
    SILENT,
    SOUNDING,
    UNCERTAIN,
    Adapter,
    GuidedDecoder,
    adapt_queries,
    first_closed,
    key_kinds,
    moves,
    ternary,
)

SIZES = ((4, 4), (8, 8), (16, 16))


def decoder(kind, *more):
    torch.manual_seed(0)
    config = Mask2FormerConfig(
        hidden_dim=16,
        mask_feature_size=16,
        feature_size=16,
        num_queries=3,
        decoder_layers=4,
        num_attention_heads=2,
        dim_feedforward=16,
        dropout=0.0,
    )
    return kind(config, 16, *more).eval()


def test_an_adapted_query_is_its_own_plus_the_sound_as_much_as_it_is_like_its_place():
    torch.manual_seed(0)
    places, queries, audio = torch.randn(3, 8), torch.randn(3, 8), torch.randn(2, 8)
    found = adapt_queries(places, queries, audio)
    for n in range(2):
        for q in range(3):
            dot = sum(float(a) * float(b) for a, b in zip(places[q], audio[n], strict=True))
            cosine = dot / math.sqrt(
                sum(float(a) ** 2 for a in places[q]) * sum(float(a) ** 2 for a in audio[n])
            )
            wanted = [float(queries[q, d]) + cosine * float(audio[n, d]) for d in range(8)]
            np.testing.assert_allclose(found[n, q].numpy(), wanted, rtol=1e-4, atol=1e-5)


def test_the_pre_mask_is_1_where_both_half_where_one_0_where_neither():
    for moving in (0.0, 1.0):
        for sounds in (0.0, 1.0):
            wanted = 1.0 if moving and sounds else 0.5 if moving or sounds else 0.0
            assert float(ternary(torch.tensor(moving), torch.tensor(sounds))) == wanted


def test_a_place_moves_when_it_is_fast_for_its_frame_and_fast_at_all():
    motion = torch.tensor([[[4.0, 1.1, 0.9]], [[0.4, 0.3, 0.0]]])
    assert moves(motion, 0.25, 0.5).tolist() == [[[True, True, False]], [[False, False, False]]]


def test_keys_are_silent_up_to_the_lower_threshold_and_sounding_from_the_upper_on():
    for value in np.linspace(0, 1, 21):
        wanted = SILENT if value <= 0.4 else SOUNDING if value >= 0.6 else UNCERTAIN
        assert int(key_kinds(torch.tensor(float(value), dtype=torch.float64), 0.4, 0.6)) == wanted


def test_each_key_gets_the_embedding_of_its_kind():
    guided = decoder(GuidedDecoder, 0.4, 0.6)
    guide = torch.tensor([[[0.0, 0.5], [1.0, 0.25]]])
    found = guided.key_map(guide, torch.Size((2, 2)))
    for (y, x), kind in {(0, 0): 0, (0, 1): 1, (1, 0): 2, (1, 1): 0}.items():
        assert torch.equal(found[0, :, y, x], guided.keys[kind])


def test_the_first_attention_is_closed_where_the_guide_is_below_a_half():
    guide = torch.zeros(1, 8, 8)
    guide[0, 5, 2] = 0.5  # one place of sixteen is enough to open its neighbourhood
    closed = first_closed(guide, torch.Size((2, 2)), 3, 2)
    assert closed.shape == (2, 3, 4)
    assert closed[0, 0].tolist() == [True, True, False, True]


def test_without_a_guide_it_is_mask2formers_decoder_with_adapters():
    guided, plain = decoder(GuidedDecoder, 0.4, 0.6), decoder(QueryDecoder)
    for layer in guided.transformer.decoder.layers:
        layer.self_attn.out_proj[1] = torch.nn.Identity()
    state = {k.replace("out_proj.0.", "out_proj."): v for k, v in guided.state_dict().items() if k != "keys"}
    plain.load_state_dict(state)
    levels = [torch.randn(2, 16, *size) for size in SIZES]
    queries = torch.randn(2, 3, 16)
    ours, theirs = guided(queries, levels, levels[-1]), plain(queries, levels, levels[-1])
    torch.testing.assert_close(ours.queries, theirs.queries)
    for a, b in zip(ours.masks, theirs.masks, strict=True):
        torch.testing.assert_close(a, b)


def test_a_guide_that_is_closed_everywhere_leaves_numbers():
    guided = decoder(GuidedDecoder, 0.4, 0.6)
    levels = [torch.randn(1, 16, *size) for size in SIZES]
    found = guided(torch.randn(1, 3, 16), levels, levels[-1], torch.zeros(1, 56, 56))
    assert torch.isfinite(found.masks[-1]).all()


def test_an_adapter_begins_as_what_it_is_put_behind():
    maps = torch.randn(2, 16, 3, 3)
    assert torch.equal(Adapter(16)(maps), maps)


def test_flow_finds_what_moves_and_not_a_camera_that_turns():
    rng = np.random.default_rng(0)
    ground = np.kron(rng.integers(0, 255, (60, 60, 3), np.uint8), np.ones((6, 6, 1), np.uint8))
    first, turned = ground[20:244, 20:244].copy(), ground[20:244, 23:247].copy()
    assert flow.motion(first, turned).mean() < 0.5
    thing = rng.integers(0, 255, (60, 60, 3), np.uint8)
    second = first.copy()
    first[80:140, 80:140], second[80:140, 85:145] = thing, thing
    found = flow.motion(first, second)
    assert found.shape == (56, 56)
    assert found[22:33, 22:33].mean() > 3 > 1 > found[:15].mean()


def test_flow_between_frames_is_the_mean_of_both_neighbours_inside(monkeypatch):
    monkeypatch.setattr(
        flow, "motion", lambda a, b: np.full((56, 56), float(a.mean() + b.mean()), np.float32)
    )
    frames = [np.full((8, 8, 3), k, np.uint8) for k in (0, 1, 3)]
    assert flow.between(frames)[:, 0, 0].tolist() == pytest.approx([1.0, 2.5, 4.0])
    assert flow.between(frames[:1]).max() == 0
