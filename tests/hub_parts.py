"""Tiny random checkpoints as the hub has them: a Mask2Former on Swin, and a RoBERTa with its tokenizer."""

from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    Mask2FormerConfig,
    Mask2FormerModel,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaModel,
    SwinConfig,
)

WORDS = [
    "<s>",
    "<pad>",
    "</s>",
    "<unk>",
    "the",
    "dog",
    "cat",
    "on",
    "left",
    "right",
    "sounding",
    "object",
    ".",
]


def make(root: Path) -> tuple[Mask2FormerModel, RobertaModel]:
    """Folders root/vision and root/text, and the networks in them."""
    torch.manual_seed(0)
    swin = SwinConfig(
        embed_dim=8,
        depths=[1, 1, 1, 1],
        num_heads=[1, 1, 2, 2],
        window_size=4,
        out_features=["stage1", "stage2", "stage3", "stage4"],
    )
    sizes = {"hidden_dim": 32, "feature_size": 32, "mask_feature_size": 32}
    own = {"num_queries": 5, "decoder_layers": 3, "encoder_layers": 1, "num_attention_heads": 2}
    vision = Mask2FormerModel(
        Mask2FormerConfig(
            backbone_config=swin, dim_feedforward=32, encoder_feedforward_dim=32, **sizes, **own
        )
    )
    vision.save_pretrained(root / "vision")
    # the public file is of the whole segmenter: the model's names stand behind "model.", a class head beside them
    state = {f"model.{name}": value.clone() for name, value in vision.state_dict().items()}
    head = {"class_predictor.weight": torch.zeros(4, 32), "class_predictor.bias": torch.zeros(4)}
    save_file({**state, **head}, root / "vision" / "model.safetensors", metadata={"format": "pt"})
    text = RobertaModel(
        RobertaConfig(
            vocab_size=50, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16
        )
    )
    text.save_pretrained(root / "text")
    _tokenizer().save_pretrained(root / "text")
    return vision, text


def _tokenizer() -> PreTrainedTokenizerFast:
    own = Tokenizer(models.WordLevel({word: k for k, word in enumerate(WORDS)}, unk_token="<unk>"))
    own.pre_tokenizer = pre_tokenizers.Whitespace()
    own.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=own, bos_token="<s>", pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    )
