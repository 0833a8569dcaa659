"""A small causal language model that sees and hears; what it thinks at [SEG] prompts a mask decoder.

B = answers, T = seconds, P = tokens before the answer (pictures, sound, sentence), L = tokens of the answer.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import DynamicCache, LlamaModel, PreTrainedModel
from transformers.models.sam.modeling_sam import SamMaskDecoder

from core.systems.aurora.config import AuroraConfig
from core.systems.aurora.writing import Begun, Reasoning
from core.systems.blocks.cross import Fusion, places
from core.systems.blocks.eyes import CHANNELS
from core.systems.blocks.words import PAD


@dataclass(frozen=True)
class Prefix(Begun):
    """What stands before an answer. tokens: [B, P, D]; there: bool [B, P], False = padding of the sentence."""

    tokens: Tensor
    there: Tensor

    def repeated(self, times: int) -> "Prefix":
        """Every clip so many times in a row."""
        return Prefix(self.tokens.repeat_interleave(times, 0), self.there.repeat_interleave(times, 0))


class AuroraForReferringSegmentation(Reasoning, PreTrainedModel):
    """Clip features + sentence -> words -> masks."""

    config_class = AuroraConfig
    config: AuroraConfig
    base_model_prefix = "aurora"
    main_input_name = "ears"

    def __init__(self, config: AuroraConfig) -> None:
        super().__init__(config)
        width = config.width
        self.picture = nn.Linear(len(config.looks) * (CHANNELS[2] + 4 * CHANNELS[1]), width)
        self.scene = Fusion(width, config.heads, 1)
        self.sound = nn.Sequential(nn.Linear(128, 2 * width), nn.ReLU(), nn.Linear(2 * width, width))
        self.language = LlamaModel(config.llama())
        self.point = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, config.prompt))
        self.image = nn.ModuleList(nn.Conv2d(c, config.prompt, 1) for c in (4 * CHANNELS[0], *CHANNELS[1:]))
        self.norm = nn.GroupNorm(8, config.prompt)
        self.masks = SamMaskDecoder(config.mask_decoder())
        self.post_init()

    def _init_weights(self, module: Any) -> None:
        """The parts are made with their own beginnings."""

    def prefix(self, eyes: tuple[Tensor, ...], ears: Tensor, numbers: Tensor) -> Prefix:
        """eyes: [B, looks, C, h, w] at strides 8, 16, 32. ears: [B, T, 128]. numbers: int64 [B, N], 0 = padding."""
        config = self.config
        kind = self.picture.weight.dtype
        near, coarse = F.pixel_unshuffle(eyes[1].to(kind), 2), eyes[2].to(kind)
        seen = torch.cat([coarse, near], 2).flatten(1, 2)  # a place's channels of all looks, [B, C, h, w]
        height, width = seen.shape[-2:]
        where = places(height, width, config.width, seen)
        pictures = self.scene(self.picture(seen.flatten(2).transpose(1, 2)) + where)
        heard = self.sound((ears - config.ears_mean) / config.ears_spread)
        said = self.language.embed_tokens(numbers)
        whole = torch.cat([pictures, heard, said], 1)
        there = torch.ones(whole.shape[:2], dtype=torch.bool, device=whole.device)
        there[:, -numbers.shape[1] :] = numbers != PAD
        return Prefix(whole, there)

    def memory(self) -> DynamicCache:
        return DynamicCache(config=self.language.config)

    def think(self, prefix: Prefix, tokens: Tensor, memory: DynamicCache | None = None) -> Tensor:
        before = prefix.tokens.shape[1]
        known = memory.get_seq_length() if memory is not None else 0
        there = torch.cat([prefix.there, tokens != PAD], 1)
        fresh = self.language.embed_tokens(tokens[:, max(known - before, 0) :])
        if not known:
            fresh = torch.cat([prefix.tokens, fresh], 1)
        hidden: Tensor = self.language(
            inputs_embeds=fresh,
            attention_mask=there.long(),
            position_ids=_positions(there)[:, known:],
            past_key_values=memory,
            use_cache=memory is not None,
        ).last_hidden_state
        return hidden if known else hidden[:, before:]

    def logits(self, hidden: Tensor) -> Tensor:
        """Of the next token: [..., words + 4]."""
        return F.linear(hidden, self.language.embed_tokens.weight)

    def segment(self, prompt: Tensor, eyes: tuple[Tensor, ...]) -> Tensor:
        """prompt [B, prompt], eyes [B, S, C, h, w] at strides 8, 16, 32 -> mask logits [B, S, 4 h, 4 w] at stride 4, h and w
        those of the middle map."""
        batch, seconds = eyes[0].shape[:2]
        fine, middle, coarse = (m.flatten(0, 1).to(prompt.dtype) for m in eyes)
        height, width = middle.shape[-2:]
        up = F.interpolate(self.image[2](coarse), size=(height, width), mode="bilinear", align_corners=False)
        image = self.norm(self.image[0](F.pixel_unshuffle(fine, 2)) + self.image[1](middle) + up)
        where = places(height, width, self.config.prompt, image).T.unflatten(1, (height, width))
        masks, _ = self.masks(
            image_embeddings=image,
            image_positional_embeddings=where[None].expand(len(image), -1, -1, -1),
            sparse_prompt_embeddings=prompt.repeat_interleave(seconds, 0)[:, None, None],
            dense_prompt_embeddings=torch.zeros_like(image),
            multimask_output=False,
        )
        found: Tensor = masks[:, 0, 0].unflatten(0, (batch, seconds))
        return found

    def plane(self, eyes: tuple[Tensor, ...]) -> tuple[int, int]:
        height, width = eyes[1].shape[-2:]
        return 4 * height, 4 * width

    def store(self, folder: Path) -> None:
        """In half precision."""
        half = AuroraForReferringSegmentation(self.config)
        half.load_state_dict(self.state_dict())
        half.half().save_pretrained(folder)


def _positions(there: Tensor) -> Tensor:
    """bool [B, N] -> int64 [B, N]: a token's place among those that are there."""
    return (there.long().cumsum(1) - 1).clamp(min=0)
