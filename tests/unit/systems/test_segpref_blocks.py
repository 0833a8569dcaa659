"""SegPref's blocks beside naive references."""

import math

import pytest
import torch

from core.systems.segpref.blocks import (
    GatedLook,
    SemanticsDrivenAudio,
    both,
    dynamic_mask,
    info_nce,
    support,
)


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def test_the_dynamic_mask_opens_real_cues_that_the_sound_supports_and_the_best_one_in_seconds_that_sound():
    supported = torch.randn(4, 3, 4) - 0.5
    real, sounds = torch.rand(4, 4) > 0.3, torch.rand(4, 3) > 0.3
    found = dynamic_mask(supported, real, sounds)
    for b in range(4):
        for t in range(3):
            some = [float(supported[b, t, m]) for m in range(4) if real[b, m]]
            for m in range(4):
                score = float(supported[b, t, m])
                heard = bool(sounds[b, t]) and bool(real[b, m])
                assert bool(found[b, t, m]) is (heard and (score > 0 or score == max(some)))
    assert not dynamic_mask(supported, real, torch.zeros(4, 3, dtype=torch.bool)).any()
    assert not dynamic_mask(supported, torch.zeros(4, 4, dtype=torch.bool), sounds).any()


def naive_nce(supported, own, same, temperature):
    losses = []
    for n in range(len(supported)):
        scores = [math.exp(float(s) / temperature) for s in supported[n]]
        others = sum(s for m, s in enumerate(scores) if not own[n, m] and not same[n, m])
        losses += [-math.log(s / (s + others)) for m, s in enumerate(scores) if own[n, m]]
    return sum(losses) / len(losses)


def test_info_nce_is_that_of_loops():
    supported = torch.randn(5, 6)
    own, same = torch.rand(5, 6) > 0.6, torch.rand(5, 6) > 0.8
    same &= ~own
    found = info_nce(supported, own, same, 0.5)
    assert float(found) == pytest.approx(naive_nce(supported, own, same, 0.5), rel=1e-4)


def test_info_nce_pulls_own_cues_and_pushes_those_of_other_clips_alone():
    supported = torch.zeros(1, 3, requires_grad=True)
    own, same = torch.tensor([[True, False, False]]), torch.tensor([[False, False, True]])
    info_nce(supported, own, same, 0.1).backward()
    assert supported.grad[0, 0] < 0 < supported.grad[0, 1]
    assert supported.grad[0, 2] == 0


def test_info_nce_of_nothing_is_0():
    none = torch.zeros(2, 3, dtype=torch.bool)
    assert info_nce(torch.randn(2, 3), none, none, 0.1) == 0


def test_info_nce_without_others_is_0_and_has_a_gradient_that_is_a_number():
    supported = torch.randn(2, 3, requires_grad=True)
    loss = info_nce(supported, torch.ones(2, 3, dtype=torch.bool), torch.zeros(2, 3, dtype=torch.bool), 0.1)
    loss.backward()
    assert loss == 0
    assert torch.isfinite(supported.grad).all()


def test_a_gated_look_is_gated_attention_and_a_gated_mean():
    look = GatedLook(8, 2)
    look.gates.data = torch.tensor([0.3, -0.7])
    targets, source = torch.randn(1, 3, 8), torch.randn(1, 5, 8)
    w, b = look.attention.in_proj_weight, look.attention.in_proj_bias
    q, k, v = ((x @ w[i : i + 8].T + b[i : i + 8])[0] for x, i in ((targets, 0), (source, 8), (source, 16)))
    heads = []
    for h in range(2):
        part = slice(4 * h, 4 * h + 4)
        weight = (q[:, part] @ k[:, part].T / 2).softmax(1)
        heads.append(weight @ v[:, part])
    attended = look.attention.out_proj(torch.cat(heads, 1))
    attend, pool = (1 / (1 + math.exp(-x)) for x in (0.3, -0.7))
    wanted = attend * attended + pool * source[0].mean(0)
    torch.testing.assert_close(look(targets, source)[0], wanted, atol=1e-5, rtol=1e-4)
    assert GatedLook(8, 2).gates.tolist() == [1, 1]


def test_what_is_hidden_is_not_looked_at_and_a_row_hidden_whole_is_no_trouble():
    look = GatedLook(8, 2)
    targets, source = torch.randn(2, 3, 8), torch.randn(2, 5, 8)
    hidden = torch.tensor([[False, False, True, True, True], [True] * 5])
    found = look(targets, source, hidden)
    torch.testing.assert_close(found[:1], look(targets[:1], source[:1, :2]))
    assert torch.isfinite(found).all()


def test_an_audio_component_is_made_of_sound_and_added_to_its_cue():
    audio = SemanticsDrivenAudio(8, 2, 1, parts=3)
    ears, text = torch.randn(4, 128), torch.randn(4, 2, 8)
    cues, components = audio(ears, text)
    torch.testing.assert_close(cues, text + components)
    parts = audio.enter(ears).reshape(4, 3, 8)
    torch.testing.assert_close(components, audio.looks[0](text, parts))
    assert not torch.allclose(audio(ears + 1, text)[1], components)
    product = (components * text).sum(-1) / (components.norm(dim=-1) * text.norm(dim=-1))
    torch.testing.assert_close(support(components, text), product)


def test_both_is_the_logit_of_a_product_of_chances():
    first, second = 3 * torch.randn(50), 3 * torch.randn(50)
    chance = first.sigmoid() * second.sigmoid()
    torch.testing.assert_close(both(first, second).sigmoid(), chance, atol=1e-5, rtol=1e-3)
    assert both(torch.tensor(50.0), torch.tensor(-10.0)) == pytest.approx(-10, abs=0.01)
    extreme = both(torch.tensor([80.0, -80.0]), torch.tensor([80.0, 80.0]))
    assert torch.isfinite(extreme).all()
    assert extreme[0] > 5
