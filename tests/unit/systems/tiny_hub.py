"""Tiny random networks of the hub's kinds, saved in the real format."""

from pathlib import Path

import torch

SIZE = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}


def tokenizer(where: Path, words: str, **special: str) -> int:
    """Whole words, split at spaces and points; the number of words it knows."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    known = {word: i for i, word in enumerate(dict.fromkeys([*special.values(), *words.split()]))}
    rules = Tokenizer(models.WordLevel(known, unk_token=special["unk_token"]))
    rules.normalizer = normalizers.Lowercase()
    rules.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(tokenizer_object=rules, **special).save_pretrained(where)
    return len(known)


def siglip2(where: Path) -> Path:
    from transformers import SiglipConfig, SiglipModel

    words = tokenizer(where, "this is a photo of . dog guitar man", pad_token="<pad>", unk_token="<unk>")
    text = SIZE | {"vocab_size": words, "max_position_embeddings": 64, "projection_size": 16}
    config = SiglipConfig(text_config=text, vision_config=SIZE | {"image_size": 32, "patch_size": 16})
    torch.manual_seed(0)
    SiglipModel(config).save_pretrained(where)
    return where


def clap(where: Path, *, fused: bool = False) -> Path:
    from transformers import ClapConfig, ClapModel

    words = tokenizer(
        where,
        "this is the sound of a . dog guitar person speaking",
        bos_token="<s>",
        pad_token="<pad>",
        eos_token="</s>",
        unk_token="<unk>",
    )
    text = SIZE | {"vocab_size": words, "max_position_embeddings": 66, "projection_dim": 16}
    audio = {"patch_embeds_hidden_size": 8, "hidden_size": 64, "depths": (1, 1, 1, 1), "enable_fusion": fused}
    audio |= {"num_attention_heads": (1, 1, 2, 2), "projection_dim": 16}
    torch.manual_seed(0)
    ClapModel(ClapConfig(text_config=text, audio_config=audio, projection_dim=16)).save_pretrained(where)
    return where


def grounding_dino(where: Path) -> Path:
    from transformers import GroundingDinoConfig, GroundingDinoForObjectDetection

    words = tokenizer(
        where,
        ". ? dog guitar man",
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
    )
    swin = {"model_type": "swin", "embed_dim": 8, "depths": [1, 1, 1, 1], "num_heads": [1, 1, 2, 2]}
    config = GroundingDinoConfig(
        backbone_config=swin | {"window_size": 4, "image_size": 64, "out_indices": [2, 3, 4]},
        text_config=SIZE | {"model_type": "bert", "vocab_size": words},
        num_queries=8,
        d_model=32,
        encoder_layers=1,
        decoder_layers=2,
        encoder_ffn_dim=16,
        decoder_ffn_dim=16,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
    )
    torch.manual_seed(0)
    GroundingDinoForObjectDetection(config).save_pretrained(where)
    return where
