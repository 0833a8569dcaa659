"""AURORA at the paper's size, with tiny parts of random weights: the format, not the quality."""

import pytest
import torch

from core.errors import RefavsError

pytest.importorskip("peft", reason="LoRA needs the extra [train]")

SEG, IMAGE, AUDIO, BEGIN, END = range(90, 95)
SIDE = 64  # pixels of SAM 2's pictures


def parts():
    from transformers import (
        Qwen2_5OmniThinkerConfig,
        Qwen2_5OmniThinkerForConditionalGeneration,
        Sam2Config,
        Sam2Model,
    )

    torch.manual_seed(0)
    text = {
        "vocab_size": 100,
        "hidden_size": 32,
        "intermediate_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "max_window_layers": 2,
        "rope_parameters": {"rope_theta": 1e4, "rope_type": "default", "mrope_section": [2, 3, 3]},
    }
    vision = {
        "depth": 1,
        "hidden_size": 32,
        "intermediate_size": 32,
        "num_heads": 2,
        "out_hidden_size": 32,
        "fullatt_block_indexes": [0],
    }
    sound = {
        "d_model": 16,
        "encoder_layers": 1,
        "encoder_attention_heads": 2,
        "encoder_ffn_dim": 16,
        "output_dim": 32,
        "num_mel_bins": 8,
        "n_window": 10,
        "max_source_positions": 50,
    }
    config = Qwen2_5OmniThinkerConfig(
        text_config=text,
        vision_config=vision,
        audio_config=sound,
        image_token_index=IMAGE,
        audio_token_index=AUDIO,
        image_token_id=IMAGE,
        audio_token_id=AUDIO,
        vision_start_token_id=BEGIN,
        vision_end_token_id=END,
        video_token_id=95,
        audio_start_token_id=96,
        audio_end_token_id=97,
    )
    backbone = {
        "model_type": "sam2_hiera_det_model",
        "hidden_size": 8,
        "image_size": [SIDE, SIDE],
        "num_attention_heads": 1,
        "blocks_per_stage": [1, 1, 2, 1],
        "embed_dim_per_stage": [8, 16, 32, 64],
        "num_attention_heads_per_stage": [1, 1, 2, 2],
        "window_size_per_stage": [4, 2, 4, 2],
        "window_positional_embedding_background_size": [2, 2],
        "global_attention_blocks": [3],
    }
    eyes = Sam2Config(
        vision_config={
            "backbone_config": backbone,
            "backbone_channel_list": [64, 32, 16, 8],
            "backbone_feature_sizes": [[SIDE // 4] * 2, [SIDE // 8] * 2, [SIDE // 16] * 2],
            "fpn_hidden_size": 32,
        },
        prompt_encoder_config={"hidden_size": 32, "image_size": SIDE, "patch_size": 16},
        mask_decoder_config={
            "hidden_size": 32,
            "mlp_dim": 32,
            "num_attention_heads": 2,
            "iou_head_hidden_dim": 16,
            "iou_head_depth": 2,
        },
    )
    return Qwen2_5OmniThinkerForConditionalGeneration(config), Sam2Model(eyes)


def test_what_is_thought_at_seg_prompts_every_frame_and_little_is_trained(tmp_path):
    from core.systems.aurora.base import AuroraBase, BaseConfig

    config = BaseConfig(seg=SEG, rank=2, alpha=4)
    network = AuroraBase(*parts(), config)
    grid = torch.tensor([[1, 4, 4]])  # one picture of 4 x 4 patches, four tokens
    numbers = torch.tensor([[BEGIN, *[IMAGE] * 4, END, 7, SEG, 8, SEG, 9]])
    inputs = {
        "input_ids": numbers,
        "attention_mask": torch.ones_like(numbers),
        "pixel_values": torch.randn(16, 3 * 2 * 14 * 14),
        "image_grid_thw": grid,
    }
    found = network.train()(inputs)
    assert found.words.shape == (1, 11, 100)
    assert found.prompt.shape == (1, 32)
    assert found.pointed.tolist() == [True]
    masks = network.segment(found.prompt[0], torch.randn(3, 3, SIDE, SIDE))
    assert masks.shape == (3, SIDE // 4, SIDE // 4)
    (masks.mean() + found.words.mean()).backward()
    learnt = {name for name, p in network.named_parameters() if p.grad is not None and p.grad.abs().max() > 0}
    assert any("lora_B" in name and "language_model" in name for name in learnt)
    assert any("mask_decoder" in name for name in learnt)
    assert any("trainable_tokens" in name for name in learnt)
    assert not any("visual" in name or "vision_encoder" in name or "audio_tower" in name for name in learnt)

    network.save(tmp_path)
    again = AuroraBase(*parts(), config)
    again.point[0].weight.data.zero_()
    again.restore(tmp_path)
    torch.testing.assert_close(again.eval()(inputs).prompt, network.eval()(inputs).prompt)
    with pytest.raises(RefavsError, match="AuroraBase saved"):
        AuroraBase(*parts(), BaseConfig(seg=SEG, rank=3)).restore(tmp_path)


def test_parts_that_cannot_be_had_are_told_in_words(tmp_path):
    from core.systems.aurora.base import AuroraBase

    with pytest.raises(RefavsError, match=r"Qwen2\.5-Omni"):
        AuroraBase.from_parts(str(tmp_path), str(tmp_path))
