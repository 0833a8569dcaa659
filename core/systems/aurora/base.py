"""AURORA at the paper's size from public parts: a Qwen2.5-Omni thinker with LoRA, and SAM 2's mask decoder.

The thinker reads frames, sound and sentence as its own processor hands them over; its hidden state at [SEG] goes
through two layers to the prompt of the mask decoder, on every frame. Frozen: the thinker but for LoRA on its query
and value projections and the row of [SEG], and SAM 2's eyes.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import PreTrainedModel, Qwen2_5OmniThinkerForConditionalGeneration, Sam2Model

from core.errors import RefavsError

THINKER = "Qwen/Qwen2.5-Omni-7B"
SEGMENTER = "facebook/sam2.1-hiera-large"
ADAPTED = r".*language_model\..*\.(q_proj|v_proj)"


@dataclass(frozen=True)
class BaseConfig:
    """seg: number of the token that stands for [SEG], one that the tokenizer does not use. rank, alpha, dropout: of LoRA."""

    seg: int = 151_900
    rank: int = 8
    alpha: int = 16
    dropout: float = 0.05


@dataclass(frozen=True)
class BaseOutput:
    """words: logits [B, N, V] of the next token. prompt: [B, 256], at the last [SEG]; pointed: bool [B], whether there is one."""

    words: Tensor
    prompt: Tensor
    pointed: Tensor


class AuroraBase(nn.Module):
    """thinker: a Qwen2.5-Omni thinker; eyes: a SAM 2. Both are changed in place."""

    def __init__(self, thinker: PreTrainedModel, eyes: Sam2Model, config: BaseConfig | None = None) -> None:
        super().__init__()
        self.config = config or BaseConfig()
        thinker.requires_grad_(False)
        words: Any = thinker.get_input_embeddings()
        width = int(words.weight.shape[1])
        self.thinker = get_peft_model(
            thinker,
            LoraConfig(
                r=self.config.rank,
                lora_alpha=self.config.alpha,
                lora_dropout=self.config.dropout,
                target_modules=ADAPTED,
                trainable_token_indices={"embed_tokens": [self.config.seg]},
            ),
        )
        self.eyes = eyes.requires_grad_(False)
        self.eyes.mask_decoder.requires_grad_(True)
        prompt = int(eyes.prompt_encoder.no_mask_embed.weight.shape[1])
        self.point = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, prompt))

    @classmethod
    def from_parts(cls, thinker: str = THINKER, segmenter: str = SEGMENTER) -> "AuroraBase":
        """The public weights, from hub ids or folders; what AURORA adds is new. Raises RefavsError."""
        try:
            thinks = Qwen2_5OmniThinkerForConditionalGeneration.from_pretrained(thinker)
            return cls(thinks, Sam2Model.from_pretrained(segmenter))
        except (OSError, ValueError, RuntimeError) as error:
            raise RefavsError(
                f"Expected a Qwen2.5-Omni thinker in {thinker} and a SAM 2 in {segmenter}; they cannot be used "
                f"({str(error).splitlines()[0]}). Name other hub ids or folders, or connect to the hub."
            ) from None

    def forward(self, inputs: Mapping[str, Tensor]) -> BaseOutput:
        """inputs: what the thinker's processor gives for the clip, the sentence and the answer, `input_ids` [B, N]."""
        found = self.thinker(**inputs, output_hidden_states=True, use_cache=False)
        marks = inputs["input_ids"] == self.config.seg
        last = marks.long().cumsum(1).argmax(1)
        hidden = found.hidden_states[-1][torch.arange(len(last)), last]
        return BaseOutput(found.logits, self.point(hidden.to(self.point[0].weight.dtype)), marks.any(1))

    def segment(self, prompt: Tensor, pictures: Tensor) -> Tensor:
        """prompt [256] of one answer, pictures float32 [F, 3, S, S] as SAM 2's processor gives them ->
        mask logits [F, S / 4, S / 4].
        """
        with torch.no_grad():
            *fine, coarse = self.eyes.get_image_embeddings(pictures)
            where = self.eyes.get_image_wide_positional_embeddings().expand(len(pictures), -1, -1, -1)
            none = self.eyes.prompt_encoder.no_mask_embed.weight.reshape(1, -1, 1, 1).expand_as(coarse)
        masks = self.eyes.mask_decoder(
            image_embeddings=coarse,
            image_positional_embeddings=where,
            sparse_prompt_embeddings=prompt.expand(len(pictures), 1, 1, -1),
            dense_prompt_embeddings=none,
            multimask_output=False,
            high_resolution_features=fine,
        )[0]
        found: Tensor = masks[:, 0, 0]
        return found

    def save(self, folder: Path) -> None:
        """Write what is trained: config.json and model.safetensors; the public parts are not copied."""
        folder.mkdir(parents=True, exist_ok=True)
        about = {"model_type": "refavs-aurora-base", **asdict(self.config)}
        (folder / "config.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
        learnt = {name: p.detach().contiguous() for name, p in self.named_parameters() if p.requires_grad}
        save_file(learnt, folder / "model.safetensors")

    def restore(self, folder: Path) -> None:
        """Take what `save` wrote. Raises RefavsError when it is of other parts."""
        own = {name: p for name, p in self.named_parameters() if p.requires_grad}
        try:
            kept = load_file(folder / "model.safetensors")
            if {n: v.shape for n, v in kept.items()} != {n: p.shape for n, p in own.items()}:
                raise ValueError("it is of other parts")
        except (OSError, ValueError, SafetensorError) as error:
            raise RefavsError(
                f"Expected what AuroraBase saved in {folder}; it cannot be used ({error}). Name another folder."
            ) from None
        with torch.no_grad():
            for name, value in kept.items():
                own[name].copy_(value)
