"""Parts that systems of the papers' sizes have in common: Mask2Former's Swin trunk and a reader of words, public and frozen."""

from typing import Any, ClassVar, Self

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from transformers import (
    AutoConfig,
    AutoModel,
    Mask2FormerConfig,
    Mask2FormerModel,
    RobertaConfig,
    RobertaModel,
)

from core.errors import RefavsError

VISION = "facebook/mask2former-swin-base-ade-semantic"
ROBERTA = "distilbert/distilroberta-base"
MEAN, SPREAD = (
    (0.485, 0.456, 0.406),
    (0.229, 0.224, 0.225),
)  # of a picture's channels, as the trunk was taught


def public_parts(vision: str, text: str) -> tuple[Mask2FormerModel, Any]:
    """The trunk and the reader, from hub ids or folders. RefavsError when one cannot be had."""
    try:
        seen = Mask2FormerModel.from_pretrained(vision)
        read = AutoModel.from_pretrained(
            text, config=AutoConfig.from_pretrained(text), add_pooling_layer=False
        )
    except (OSError, ValueError, RuntimeError, TypeError) as error:
        raise RefavsError(
            f"Expected a Mask2Former in {vision} and a reader of words in {text}; they cannot be used "
            f"({str(error).splitlines()[0]}). Name other hub ids or folders, or connect to the hub."
        ) from None
    return seen, read


def sizes(vision: dict[str, Any], text: dict[str, Any]) -> dict[str, Any]:
    """What a system's config takes over from its trunk's and its RoBERTa's values."""
    own = Mask2FormerConfig.from_dict(vision)
    return {
        "width": own.hidden_dim,
        "heads": own.num_attention_heads,
        "queries": own.num_queries,
        "decoder_layers": own.decoder_layers,
        "vocabulary": 2,
        "pad": text["pad_token_id"],
    }


class RobertaReader(nn.Module):
    """Tokens int64 [B, L] -> [B, L, width]: RoBERTa, frozen, and a way from its width to ours."""

    def __init__(self, config: RobertaConfig, width: int) -> None:
        super().__init__()
        self.pad = int(config.pad_token_id or 0)
        self.roberta = RobertaModel(config, add_pooling_layer=False)
        self.enter = nn.Linear(config.hidden_size, width)

    def forward(self, numbers: Tensor) -> Tensor:
        with torch.no_grad():
            found = self.roberta(numbers, attention_mask=numbers.ne(self.pad).long()).last_hidden_state
        entered: Tensor = self.enter(found)
        return entered


class OnPublicParts(nn.Module):
    """A system whose `eyes` (Mask2FormerPixelLevelModule) and other parts named in `frozen` are not taught."""

    frozen: ClassVar[tuple[str, ...]]
    eyes: Any
    config: Any
    device: Any

    def freeze(self) -> None:
        for name in self.frozen:
            self.get_submodule(name).requires_grad_(False).eval()

    def train(self, mode: bool = True) -> Self:
        """As any module's, but what is frozen stays as it answers: no dropped paths in it."""
        super().train(mode)
        for name in self.frozen:
            self.get_submodule(name).eval()
        return self

    @torch.no_grad()
    def look(self, pictures: list[np.ndarray]) -> Any:
        """uint8 [H, W, 3] RGB each -> what the trunk and its pixel decoder say of them, made `config.side` square."""
        side = (self.config.side, self.config.side)
        square = np.stack([cv2.resize(p, side, interpolation=cv2.INTER_AREA) for p in pictures])
        even = (square / 255.0 - MEAN) / SPREAD
        return self.eyes(torch.from_numpy(even).float().permute(0, 3, 1, 2).to(self.device))

    def see(self, pictures: list[np.ndarray]) -> tuple[Tensor, ...]:
        """uint8 [H, W, 3] -> one look's maps [N, C, h, w]: strides 32, 16, 8, and the masks' (4)."""
        found = self.look(pictures)
        return (*found.decoder_hidden_states, found.decoder_last_hidden_state)
