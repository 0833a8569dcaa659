"""AURORA at the paper's size, with tiny parts of random weights: the format, not the quality."""

import builtins
import copy
import json

import numpy as np
import pytest
import tiny_omni
import torch
from safetensors.torch import load_file, save_file

from core import media
from core.errors import RefavsError
from core.systems.aurora.omni import sound_tokens
from core.systems.protocol import Referral, Step

pytest.importorskip("peft", reason="LoRA needs the extra [train]")

from core.systems.aurora.base import AuroraBase, BaseConfig
from core.systems.aurora.system import AuroraNano

FAMILIES = ("qwen2_5_omni", "qwen3_omni_moe")


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    """Folders of a thinker of each family, and of a SAM 2, in full precision."""
    root = tmp_path_factory.mktemp("parts")
    for family in FAMILIES:
        tiny_omni.thinker(root / family, family, torch.float32)
    tiny_omni.segmenter(root / "sam2")
    return root


def base(parts, family=FAMILIES[0], **options):
    torch.manual_seed(1)
    network = AuroraBase.from_parts(str(parts / family), str(parts / "sam2"), **options)
    torch.nn.init.normal_(network.say.weight)  # so that [SEG] is written now and then
    return network


@pytest.fixture(scope="module", params=FAMILIES)
def network(parts, request):
    return base(parts, request.param, chain_length=12)


def questions(network, count=2):
    rng = np.random.default_rng(0)
    frames = [rng.integers(0, 255, (32, 40, 3), dtype=np.uint8) for _ in range(3)]
    sound = rng.normal(0, 0.1, 16000 * 3).astype(np.float32)
    said = ("The dog.", "What sounds first, on the left of <|IMAGE|> all of them?")
    return [network.question(frames[: 2 + k], sound[: 16000 * (2 + k)], said[k]) for k in range(count)]


@torch.no_grad()
def test_a_clip_is_read_as_the_thinker_itself_reads_it(network):
    asked = questions(network)
    tokens = torch.tensor([[5, 6, 7, 8]] * 2)
    found = network.logits(network.think(*network.read(asked), tokens))[..., :-1]
    for row, given in enumerate(asked):
        numbers = torch.cat([given["input_ids"], tokens[:1]], 1)
        whole = {**given, "input_ids": numbers, "attention_mask": torch.ones_like(numbers)}
        itself = network.thinker(**whole).logits[:, -4:]
        torch.testing.assert_close(found[row : row + 1], itself, atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_log_probs_of_sampled_tokens_are_those_they_were_drawn_with_and_signs_are_no_words(network):
    prefix = network.prefix(*network.read(questions(network))).repeated(2)
    drawn = network.write(
        prefix, network.config.think, temperature=1.0, generator=torch.Generator().manual_seed(3)
    ).done()
    again, hidden = network.log_probs(prefix, drawn.tokens)
    there = drawn.tokens[:, 1:] != network.config.pad
    torch.testing.assert_close(again * there, drawn.log_probs * there, atol=1e-5, rtol=0)
    assert not torch.equal(drawn.tokens[0], drawn.tokens[1])
    assert int(drawn.tokens[:, 1:].max()) <= network.config.seg
    seg = torch.tensor([[network.config.think, 5, network.config.seg, 6]] * 4)
    thought = network.think(prefix, seg)
    prompt, pointed = network.pointed(thought, seg)
    torch.testing.assert_close(prompt, network.point(thought[:, 2]))
    assert pointed.all()
    assert hidden.shape == (4, drawn.tokens.shape[1], 32)


def test_lora_signs_point_and_mask_decoder_learn_and_nothing_else_is_kept_or_copied(network, tmp_path):
    twin = copy.deepcopy(network)
    mine, its = dict(network.named_parameters()), dict(twin.named_parameters())
    for name in mine:
        assert (mine[name] is its[name]) == (name not in network.state_dict()), name
    tokens = torch.tensor([[network.config.think, 5, network.config.seg]])
    prefix = twin.prefix(*twin.read(questions(twin, 1)))
    log_probs, hidden = twin.log_probs(prefix, tokens)
    prompt, _ = twin.pointed(hidden, tokens)
    eyes = twin.see((twin.pictures([np.zeros((32, 40, 3), np.uint8)] * 3)[None],))
    masks = twin.segment(prompt, eyes)
    assert masks.shape == (1, 3, *twin.plane(eyes))
    (masks.mean() + log_probs.mean()).backward()
    learnt = {name for name, p in its.items() if p.grad is not None and p.grad.abs().max() > 0}
    assert {name for name, p in its.items() if p.requires_grad} == set(twin.state_dict())
    assert learnt <= set(twin.state_dict())
    for part in ("q_proj.lora_B", "v_proj.lora_B", "signs", "say.weight", "point.2", "eyes.mask_decoder"):
        assert any(part in name for name in learnt), part
    assert not any("visual" in name or "vision_encoder" in name or "audio_tower" in name for name in learnt)

    torch.nn.init.normal_(twin.point[2].bias)
    twin.store(tmp_path)
    kept = load_file(tmp_path / "model.safetensors")
    assert set(kept) == set(twin.state_dict())
    again = copy.deepcopy(network)
    again.restore(tmp_path)
    torch.testing.assert_close(again.point[2].bias, twin.point[2].bias)
    assert not torch.equal(network.point[2].bias, twin.point[2].bias)
    kept.pop("signs")
    save_file(kept, tmp_path / "model.safetensors")
    with pytest.raises(RefavsError, match="other parts"):
        again.restore(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert"}))
    with pytest.raises(RefavsError, match="config base"):
        AuroraBase.from_pretrained(tmp_path)


def test_a_saved_folder_answers_as_the_small_one_does(network, tmp_path):
    from PIL import Image

    network.store(tmp_path / "weights")
    for k in range(11):  # two windows
        Image.fromarray(np.full((32, 40, 3), 20 * k, np.uint8)).save(tmp_path / f"{k:02}.png")
    items = list(AuroraNano(tmp_path / "weights").refer(media.open(tmp_path).clip(), "the dog"))
    assert isinstance(items[-1], Referral)
    assert items[-1].logits.shape == (11, 16, 16)
    assert isinstance(items[-2], Step)
    assert len(items[-2].evidence["answers"]) == 2


def test_parts_that_cannot_be_had_are_told_in_words(parts, tmp_path, monkeypatch):
    with pytest.raises(RefavsError, match=r"Qwen2\.5-Omni"):
        AuroraBase.from_parts(str(tmp_path), str(parts / "sam2"))
    with pytest.raises(RefavsError, match="SAM 2"):
        AuroraBase.from_parts(str(parts / FAMILIES[0]), str(tmp_path))
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "llama"}))
    with pytest.raises(RefavsError, match="'llama'"):
        AuroraBase.from_parts(str(tmp_path), str(parts / "sam2"))
    real = builtins.__import__

    def without(name, *rest):
        if name == "peft":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(RefavsError, match=r"refavs-studio\[train\]"):
        AuroraBase.from_parts(str(parts / FAMILIES[0]), str(parts / "sam2"))


def test_the_sign_numbers_follow_the_thinkers_words():
    config = BaseConfig(words=100, end=98, pad=97)
    assert (config.seg, config.think, config.direct) == (100, 101, 102)


def test_sound_has_as_many_tokens_as_each_family_makes_of_it():
    from transformers.models.qwen3_omni_moe.processing_qwen3_omni_moe import _get_feat_extract_output_lengths

    for frames in (10, 99, 100, 101, 333, 1000):
        assert sound_tokens("qwen3_omni_moe", frames) == _get_feat_extract_output_lengths(frames)
    assert sound_tokens("qwen2_5_omni", 1000) == 250
