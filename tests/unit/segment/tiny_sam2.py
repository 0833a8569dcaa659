"""Networks of the SAM 2 family with random weights, small enough for tests, in the real format."""

import torch
from tiny_hiera import backbone

SIDE = 64


def _shared(side: int = SIDE, patch: int = 16) -> dict:
    cells = side // patch
    return {
        "prompt_encoder_config": {"hidden_size": 128, "image_size": side, "patch_size": patch},
        "mask_decoder_config": {
            "hidden_size": 128,
            "mlp_dim": 32,
            "num_attention_heads": 2,
            "iou_head_hidden_dim": 128,
        },
        "memory_attention_hidden_size": 128,
        "memory_attention_num_layers": 1,
        "memory_attention_rope_feat_sizes": [cells, cells],
        "memory_encoder_hidden_size": 128,
        "memory_encoder_output_channels": 64,
        "mask_downsampler_embed_dim": 128,
        "memory_fuser_embed_dim": 128,
        "memory_fuser_intermediate_dim": 32,
    }


def _hiera() -> dict:
    return {
        "model_type": "sam2_vision_model",
        "backbone_config": backbone(SIDE),
        "backbone_channel_list": [64, 32, 16, 8],
        "backbone_feature_sizes": [[SIDE // 4] * 2, [SIDE // 8] * 2, [SIDE // 16] * 2],
        "fpn_hidden_size": 128,
    }


def sam2(**changes):
    from transformers import Sam2VideoConfig, Sam2VideoModel

    shared = _shared() | {"memory_attention_feed_forward_hidden_size": 32} | changes
    return _make(Sam2VideoModel, Sam2VideoConfig(image_size=SIDE, vision_config=_hiera(), **shared))


def edgetam():
    """With SAM 2's image encoder: the published one needs the package timm."""
    from transformers import EdgeTamVideoConfig, EdgeTamVideoModel

    config = EdgeTamVideoConfig(
        image_size=SIDE,
        vision_config=_hiera(),
        memory_attention_mlp_hidden_size=32,
        memory_attention_rope_k_sizes=[2, 2],
        perceiver_resampler_num_latents=4,
        perceiver_resampler_num_latents_2d=4,
        perceiver_resampler_hidden_size=64,
        perceiver_resampler_mlp_intermediate_size=16,
        perceiver_resampler_attention_head_dim=64,
        **_shared(),
    )
    return _make(EdgeTamVideoModel, config)


def sam3_tracker():
    from transformers import Sam3TrackerVideoConfig, Sam3TrackerVideoModel

    side, patch = 56, 14
    vision = {
        "model_type": "sam3_vision_model",
        "backbone_config": {
            "model_type": "sam3_vit_model",
            "hidden_size": 128,
            "intermediate_size": 32,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "image_size": side,
            "pretrain_image_size": side,
            "patch_size": patch,
            "window_size": 2,
            "global_attn_indexes": [1],
        },
        "fpn_hidden_size": 128,
    }
    shared = _shared(side, patch) | {"memory_attention_feed_forward_hidden_size": 32}
    return _make(
        Sam3TrackerVideoModel, Sam3TrackerVideoConfig(image_size=side, vision_config=vision, **shared)
    )


def _make(kind, config):
    torch.manual_seed(0)
    model = kind(config).eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():  # many start at zero, which would hide what they do
            if not weight.any():
                weight.normal_(0, 0.02)
            if name.endswith("pred_obj_score_head.proj_out.bias"):
                weight.fill_(1.0)  # the object is there
    return model
