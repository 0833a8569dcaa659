"""EEMC at the paper's size: Mask2Former's Swin trunk and RoBERTa, frozen, with EEMC's parts between.

Its sound is VGGish's (`core.systems.blocks.vggish`), which is worked out once a clip and not part of the network.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from transformers import (
    AutoConfig,
    AutoModel,
    AutoTokenizer,
    Mask2FormerConfig,
    Mask2FormerModel,
    PreTrainedTokenizerBase,
    RobertaConfig,
    RobertaModel,
)
from transformers.models.mask2former.modeling_mask2former import Mask2FormerPixelLevelModule

from core.errors import RefavsError
from core.systems.blocks.words import unreadable
from core.systems.eemc.config import EemcConfig
from core.systems.eemc.network import EemcForReferringSegmentation

VISION = "facebook/mask2former-swin-base-ade-semantic"
TEXT = "distilbert/distilroberta-base"
EARS = "vggish.pth"  # in a saved folder
FROZEN = ("eyes", "words.roberta")
MEAN, SPREAD = (
    (0.485, 0.456, 0.406),
    (0.229, 0.224, 0.225),
)  # of a picture's channels, as the trunk was taught


class BaseConfig(EemcConfig):
    """vision, text: a Mask2FormerConfig's and a RobertaConfig's values. side: pixels of the square picture.

    width, heads, queries and decoder_layers are those of `vision`.
    """

    model_type = "refavs-eemc-base"

    def __init__(
        self,
        vision: dict[str, Any] | None = None,
        text: dict[str, Any] | None = None,
        side: int = 384,
        layers: int = 4,
        **others: Any,
    ) -> None:
        self.vision = vision or Mask2FormerConfig().to_dict()
        self.text = text or RobertaConfig().to_dict()
        self.side = side
        own = self.mask2former()
        others |= {
            "width": own.hidden_dim,
            "heads": own.num_attention_heads,
            "queries": own.num_queries,
            "decoder_layers": own.decoder_layers,
            "vocabulary": 2,
            "pad": self.text["pad_token_id"],
            "ears": "vggish",
        }
        super().__init__(layers=layers, **others)

    def mask2former(self) -> Mask2FormerConfig:
        return Mask2FormerConfig.from_dict(self.vision)


class _Words(nn.Module):
    """RoBERTa, frozen, and a way from its width to ours."""

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


class RobertaWords:
    """RoBERTa's tokenizer, as core.systems.blocks.words.Words is used."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self._tokenizer = tokenizer

    @classmethod
    def load(cls, name: str | Path) -> "RobertaWords":
        """From a hub id or a folder. Raises RefavsError when there is none."""
        try:
            return cls(AutoTokenizer.from_pretrained(name))
        except (OSError, ValueError, TypeError) as error:
            raise RefavsError(
                f"Expected RoBERTa's tokenizer in {name}; it cannot be used ({str(error).splitlines()[0]}). "
                "Name another hub id or folder, or connect to the hub."
            ) from None

    def numbers(self, sentences: Sequence[str], length: int) -> Tensor:
        """int64 [B, length], padded or cut. Raises RefavsError for a sentence without a Latin letter."""
        for sentence in sentences:
            if not any("a" <= letter <= "z" for letter in sentence.lower()):
                raise unreadable(sentence)
        found: Tensor = self._tokenizer(
            list(sentences), padding="max_length", truncation=True, max_length=length, return_tensors="pt"
        )["input_ids"]
        return found

    def save(self, folder: Path) -> None:
        """Write its files."""
        self._tokenizer.save_pretrained(folder)


class EemcBase(EemcForReferringSegmentation):
    """Takes what `see` and VGGish give; its tokens are RoBERTa's. Saved whole, so a folder is all it needs."""

    config_class = BaseConfig  # type: ignore[assignment]  # a narrower one
    config: BaseConfig
    words: _Words  # type: ignore[assignment]  # in the other one's place

    def __init__(self, config: BaseConfig) -> None:
        super().__init__(config)
        vision = config.mask2former()
        self.eyes = Mask2FormerPixelLevelModule(vision)
        self.vision = nn.Linear(self.eyes.encoder.channels[-1], config.width)
        self.words = _Words(RobertaConfig.from_dict(config.text), config.width)
        del self.pyramid
        self._freeze()

    @classmethod
    def from_parts(cls, vision: str = VISION, text: str = TEXT, **options: Any) -> "EemcBase":
        """The frozen parts' public weights, from hub ids or folders; EEMC's own new.

        options: BaseConfig's. Raises RefavsError when a part cannot be had.
        """
        try:
            seen = Mask2FormerModel.from_pretrained(vision)
            read = AutoModel.from_pretrained(
                text, config=AutoConfig.from_pretrained(text), add_pooling_layer=False
            )
        except (OSError, ValueError, RuntimeError, TypeError) as error:
            raise RefavsError(
                f"Expected a Mask2Former in {vision} and a RoBERTa in {text}; they cannot be used "
                f"({str(error).splitlines()[0]}). Name other hub ids or folders, or connect to the hub."
            ) from None
        network = cls(BaseConfig(seen.config.to_dict(), read.config.to_dict(), **options))
        network.eyes.load_state_dict(seen.pixel_level_module.state_dict())
        network.decoder.transformer.load_state_dict(seen.transformer_module.state_dict())
        network.words.roberta.load_state_dict(read.state_dict())
        network._freeze()
        return network

    def _freeze(self) -> None:
        for name in FROZEN:
            self.get_submodule(name).requires_grad_(False).eval()

    def train(self, mode: bool = True) -> "EemcBase":
        """As any module's, but what is frozen stays as it answers: no dropped paths in it."""
        super().train(mode)
        for name in FROZEN:
            self.get_submodule(name).eval()
        return self

    @torch.no_grad()
    def see(self, pictures: list[np.ndarray]) -> tuple[Tensor, ...]:
        """uint8 [H, W, 3] -> one look's maps [N, C, h, w]: strides 32, 16, 8, the masks' (4), the encoder's (32)."""
        side = (self.config.side, self.config.side)
        square = np.stack([cv2.resize(p, side, interpolation=cv2.INTER_AREA) for p in pictures])
        even = (square / 255.0 - MEAN) / SPREAD
        found = self.eyes(torch.from_numpy(even).float().permute(0, 3, 1, 2).to(self.device))
        return (
            *found.decoder_hidden_states,
            found.decoder_last_hidden_state,
            found.encoder_last_hidden_state,
        )

    def levels(self, eyes: tuple[Tensor, ...]) -> tuple[list[Tensor], Tensor]:
        return list(eyes[:3]), eyes[3]
