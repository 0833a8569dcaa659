"""Tiny random checkpoints as the hub has them: thinkers of both Qwen Omni families with their readers, and a SAM 2."""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from tiny_hiera import backbone
from tokenizers.pre_tokenizers import ByteLevel
from transformers import (
    Qwen2_5OmniThinkerConfig,
    Qwen2_5OmniThinkerForConditionalGeneration,
    Qwen2Tokenizer,
    Qwen3OmniMoeThinkerConfig,
    Qwen3OmniMoeThinkerForConditionalGeneration,
)

SPECIAL = {
    "image_token": "<|IMAGE|>",
    "audio_token": "<|AUDIO|>",
    "video_token": "<|VIDEO|>",
    "vision_bos_token": "<|vision_bos|>",
    "vision_eos_token": "<|vision_eos|>",
    "audio_bos_token": "<|audio_bos|>",
    "audio_eos_token": "<|audio_eos|>",
}
PICTURES = {
    "image_processor_type": "Qwen2VLImageProcessor",
    "image_mean": [0.48145466, 0.4578275, 0.40821073],
    "image_std": [0.26862954, 0.26130258, 0.27577711],
    "min_pixels": 3136,
    "max_pixels": 12845056,
    "merge_size": 2,
    "patch_size": 14,
    "temporal_patch_size": 2,
}
SOUNDS = {
    "feature_extractor_type": "WhisperFeatureExtractor",
    "chunk_length": 12,
    "feature_size": 8,
    "hop_length": 160,
    "n_fft": 400,
    "padding_side": "right",
    "padding_value": 0.0,
    "return_attention_mask": True,
    "sampling_rate": 16000,
}
SIDE = 64  # pixels of SAM 2's pictures
SIZE = {"hidden_size": 32, "intermediate_size": 32}
TEXT = SIZE | {
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "rope_parameters": {"rope_theta": 1e4, "rope_type": "default", "mrope_section": [2, 3, 3]},
}
SOUND = {
    "d_model": 16,
    "encoder_layers": 1,
    "encoder_attention_heads": 2,
    "encoder_ffn_dim": 16,
    "output_dim": 32,
    "num_mel_bins": SOUNDS["feature_size"],
    "max_source_positions": 50,
}


def thinker(
    root: Path, family: str = "qwen2_5_omni", kind: torch.dtype = torch.bfloat16
) -> dict[str, torch.Tensor]:
    """A folder with a thinker of one layer, and the weights in it as the network names them."""
    torch.manual_seed(0)
    letters = {letter: i for i, letter in enumerate(sorted(ByteLevel.alphabet()))}
    words = Qwen2Tokenizer(
        letters, [], eos_token="<|im_end|>", pad_token="<|endoftext|>", extra_special_tokens=SPECIAL
    )
    words.add_tokens(["<|im_start|>"], special_tokens=True)
    words.save_pretrained(root)
    ids = {name: words.convert_tokens_to_ids(token) for name, token in SPECIAL.items()}
    tokens = {
        "image_token_id": ids["image_token"],
        "audio_token_id": ids["audio_token"],
        "video_token_id": ids["video_token"],
        "vision_start_token_id": ids["vision_bos_token"],
        "vision_end_token_id": ids["vision_eos_token"],
        "audio_start_token_id": ids["audio_bos_token"],
        "audio_end_token_id": ids["audio_eos_token"],
    }
    network = (_second if family == "qwen2_5_omni" else _third)(len(words), tokens)
    weights = network.state_dict()
    kept = {
        hub: value.to(kind).contiguous()
        for name, whole in weights.items()
        for hub, value in _hub_names(name, whole)
    }
    save_file(
        {**kept, "talker.codec_head.weight": torch.zeros(2, 2)}, root / "model.safetensors", {"format": "pt"}
    )
    inner = network.config.to_dict() | {"dtype": str(kind).removeprefix("torch.")}
    (root / "config.json").write_text(json.dumps({"model_type": family, "thinker_config": inner}))
    pictures = PICTURES | ({} if family == "qwen2_5_omni" else {"patch_size": 16})
    (root / "preprocessor_config.json").write_text(json.dumps(pictures | SOUNDS))
    return weights


def _second(words, tokens):
    config = Qwen2_5OmniThinkerConfig(
        text_config=TEXT | {"vocab_size": words, "max_window_layers": 1},
        vision_config=SIZE
        | {"depth": 1, "num_heads": 2, "out_hidden_size": 32, "fullatt_block_indexes": [0]},
        audio_config=SOUND | {"n_window": 10},
        image_token_index=tokens["image_token_id"],
        audio_token_index=tokens["audio_token_id"],
        video_token_index=tokens["video_token_id"],
        **tokens,
    )
    return Qwen2_5OmniThinkerForConditionalGeneration(config)


def _third(words, tokens):
    config = Qwen3OmniMoeThinkerConfig(
        text_config=TEXT
        | {
            "vocab_size": words,
            "num_hidden_layers": 2,
            "head_dim": 16,
            "num_experts": 2,
            "num_experts_per_tok": 1,
            "moe_intermediate_size": 16,
        },
        vision_config=SIZE
        | {
            "depth": 2,
            "num_heads": 2,
            "out_hidden_size": 32,
            "patch_size": 16,
            "num_position_embeddings": 16,
            "deepstack_visual_indexes": [0],
        },
        audio_config=SOUND | {"n_window": 50, "downsample_hidden_size": 4},
        **tokens,
    )
    return Qwen3OmniMoeThinkerForConditionalGeneration(config)


def _hub_names(name, value):
    """As the released files call a weight; there an expert's matrices have names of their own."""
    name = f"thinker.{name.removeprefix('model.').removeprefix('language_')}"
    if name.endswith("experts.gate_up_proj"):
        for k, expert in enumerate(value):
            for part, half in zip(("gate_proj", "up_proj"), expert.chunk(2), strict=True):
                yield name.replace("gate_up_proj", f"{k}.{part}.weight"), half
    elif name.endswith("experts.down_proj"):
        for k, expert in enumerate(value):
            yield name.replace("down_proj", f"{k}.down_proj.weight"), expert
    else:
        yield name, value


def segmenter(root: Path) -> None:
    """A folder with a SAM 2."""
    from transformers import Sam2Config, Sam2Model

    config = Sam2Config(
        vision_config={
            "backbone_config": backbone(SIDE),
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
    torch.manual_seed(0)
    Sam2Model(config).save_pretrained(root)
