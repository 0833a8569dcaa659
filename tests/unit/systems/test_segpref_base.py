"""SegPref at the paper's shape and its describer, from tiny random checkpoints in the hub's format."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from transformers import (
    BlipConfig,
    BlipForConditionalGeneration,
    Mask2FormerConfig,
    Mask2FormerModel,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForCausalLM,
    RobertaConfig,
    RobertaModel,
    SwinConfig,
)

from core import media
from core.errors import RefavsError
from core.systems.protocol import Step
from core.systems.segpref import hub
from core.systems.segpref.base import BaseConfig, SegPrefBase
from core.systems.segpref.config import CUES
from core.systems.segpref.hub import CAPTIONER, PROMPT, REASONER, HubDescriber, names_in


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    """Built from folders of a tiny Mask2Former and a tiny RoBERTa."""
    torch.manual_seed(0)
    root = tmp_path_factory.mktemp("parts")
    swin = SwinConfig(
        embed_dim=8,
        depths=[1, 1, 1, 1],
        num_heads=[1, 1, 2, 2],
        window_size=4,
        out_features=["stage1", "stage2", "stage3", "stage4"],
    )
    sizes = {"hidden_dim": 32, "feature_size": 32, "mask_feature_size": 32, "dim_feedforward": 32}
    own = {"num_queries": 5, "decoder_layers": 3, "encoder_layers": 1, "num_attention_heads": 2}
    config = Mask2FormerConfig(backbone_config=swin, encoder_feedforward_dim=32, **sizes, **own)
    Mask2FormerModel(config).save_pretrained(root / "vision")
    text = {"vocab_size": 50, "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    RobertaModel(RobertaConfig(intermediate_size=16, **text)).save_pretrained(root / "text")
    return SegPrefBase.from_parts(str(root / "vision"), str(root / "text"), side=64).eval()


def looked(network, seconds=2):
    rng = np.random.default_rng(0)
    maps = network.see([rng.integers(0, 255, (50, 70, 3), dtype=np.uint8) for _ in range(seconds)])
    numbers = torch.full((1, CUES, 5), 1)  # RoBERTa's padding
    numbers[0, 0, :3] = torch.tensor([0, 20, 2])
    sounds = torch.ones(1, seconds, dtype=torch.bool)
    return tuple(m[None] for m in maps), torch.rand(1, seconds, 128), numbers, sounds


@torch.no_grad()
def test_masks_are_made_at_a_quarter_of_the_picture(network):
    output = network(*looked(network))
    assert output.masks[-1].shape == (1, 2, 16, 16)
    assert output.real.tolist() == [[True, False, False, False]]


def test_what_is_frozen_learns_nothing_and_the_rest_does(network):
    network.train()
    output = network(*looked(network))
    (output.masks[-1].sum() + output.supported.sum()).backward()
    network.eval()
    taught = {name for name, p in network.named_parameters() if p.grad is not None}
    assert {"adapters.3.change.2.weight", "words.enter.weight", "classes.weight"} <= taught
    assert any(name.startswith("prompting") for name in taught)
    assert any(name.startswith("audio") for name in taught)
    assert not any(name.startswith(SegPrefBase.frozen) for name in taught)


@torch.no_grad()
def test_a_saved_folder_is_all_that_is_needed(network, tmp_path):
    network.save_pretrained(tmp_path)
    again = SegPrefBase.from_pretrained(tmp_path).eval()
    given = looked(network)
    torch.testing.assert_close(again(*given).masks[-1], network(*given).masks[-1])


def test_the_released_shape_is_what_the_configs_say_by_themselves():
    config = BaseConfig()
    assert (config.width, config.layers, config.queries, config.side) == (256, 1, 100, 384)
    assert (config.describer, config.text["hidden_size"]) == ("hub", 768)


def test_parts_that_cannot_be_had_are_named(tmp_path):
    with pytest.raises(RefavsError, match="Mask2Former"):
        SegPrefBase.from_parts(str(tmp_path), str(tmp_path))


def tokenizer(where: Path, words: str, **special: str) -> int:
    known = {word: i for i, word in enumerate(dict.fromkeys([*special.values(), *words.split()]))}
    rules = Tokenizer(models.WordLevel(known, unk_token=special["unk_token"]))
    rules.normalizer = normalizers.Lowercase()
    rules.pre_tokenizer = pre_tokenizers.Whitespace()
    made = PreTrainedTokenizerFast(tokenizer_object=rules, **special)
    made.chat_template = "{% for m in messages %}<user> {{ m['content'] }}{% endfor %} <answer>"
    made.save_pretrained(where)
    return len(known)


@pytest.fixture(scope="module")
def describer(tmp_path_factory):
    torch.manual_seed(0)
    root = tmp_path_factory.mktemp("hub")
    special = {"pad_token": "[PAD]", "unk_token": "[UNK]", "bos_token": "[DEC]", "sep_token": "[SEP]"}
    size = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    count = tokenizer(root / "blip", "a man plays the guitar", **special)
    text = size | {"vocab_size": count, "encoder_hidden_size": 16, "max_position_embeddings": 64}
    text |= {"pad_token_id": 0, "bos_token_id": 2, "sep_token_id": 3, "eos_token_id": 3}
    vision = size | {"image_size": 32, "patch_size": 16}
    BlipForConditionalGeneration(
        BlipConfig(text_config=text, vision_config=vision, projection_dim=16)
    ).save_pretrained(root / "blip")
    special = {"pad_token": "<pad>", "unk_token": "<unk>", "eos_token": "<end>"}
    count = tokenizer(root / "qwen", "sounding : guitar man , none <user> <answer>", **special)
    Qwen2ForCausalLM(
        Qwen2Config(vocab_size=count, num_key_value_heads=2, max_position_embeddings=600, **size)
    ).save_pretrained(root / "qwen")
    return HubDescriber(root / "blip", root / "qwen")


def test_the_captioner_and_the_language_model_say_words_and_the_same_again(describer, monkeypatch):
    monkeypatch.setattr(hub, "ANSWER", 8)
    picture = np.random.default_rng(0).integers(0, 255, (40, 60, 3), dtype=np.uint8)
    caption = describer.caption(picture)
    assert caption.endswith(".")
    assert caption == describer.caption(picture)
    thought = describer.think([caption])
    assert thought == describer.think([caption, caption])
    assert "<user>" not in thought.split()[:1]


def test_a_clip_is_described_a_second_at_a_time_and_thought_about(describer, tmp_path, monkeypatch):
    for k in range(3):
        Image.fromarray(np.full((40, 60, 3), 80 * k, np.uint8)).save(tmp_path / f"{k}.png")
    monkeypatch.setattr(
        describer, "think", lambda captions: f"1. ...\nSounding: Guitar, man ({len(captions)})"
    )
    describing, steps = describer(media.open(tmp_path).clip()), []
    try:
        while True:
            steps.append(next(describing))
    except StopIteration as end:
        told = end.value
    assert told.cues == ("guitar", "man 3")
    assert all(isinstance(step, Step) for step in steps)
    assert [step.progress for step in steps] == sorted(step.progress for step in steps)


def test_names_are_those_of_the_last_line_and_none_is_no_name():
    assert names_in("Sounding: dog\nso\n**Sounding:** Man, acoustic guitar., man") == (
        "man",
        "acoustic guitar",
    )
    assert names_in("Sounding: none") == ()
    assert len(names_in("sounding: a, b, c, d, e, f")) == CUES
    with pytest.raises(RefavsError, match="Sounding"):
        names_in("I think the dog barks.")


def test_the_prompt_goes_step_by_step_and_asks_for_that_line():
    asked = PROMPT.format(captions="- A dog.", most=CUES)
    assert "step by step" in asked
    assert asked.splitlines()[-1].startswith("Sounding:")


def test_a_folder_of_another_network_is_refused(describer, tmp_path, network):
    network.save_pretrained(tmp_path)
    with pytest.raises(RefavsError, match="Salesforce/blip"):
        HubDescriber(tmp_path)
    assert (CAPTIONER.licence, REASONER.licence) == ("BSD-3-Clause", "Apache-2.0")
