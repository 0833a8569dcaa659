"""EEMC at the paper's size: Mask2Former's Swin trunk and RoBERTa, frozen, with EEMC's parts between.

Its sound is VGGish's (`core.systems.blocks.vggish`), which is worked out once a clip and not part of the network.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from transformers import (
    AutoTokenizer,
    Mask2FormerConfig,
    PreTrainedTokenizerBase,
    RobertaConfig,
)
from transformers.models.mask2former.modeling_mask2former import Mask2FormerPixelLevelModule

from core.errors import RefavsError
from core.systems.blocks.public import ROBERTA, VISION, OnPublicParts, RobertaReader, public_parts, sizes
from core.systems.blocks.words import unreadable
from core.systems.eemc.config import EemcConfig
from core.systems.eemc.network import EemcForReferringSegmentation

EARS = "vggish.pth"  # in a saved folder


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
        others |= {**sizes(self.vision, self.text), "ears": "vggish"}
        super().__init__(layers=layers, **others)

    def mask2former(self) -> Mask2FormerConfig:
        return Mask2FormerConfig.from_dict(self.vision)


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


class EemcBase(OnPublicParts, EemcForReferringSegmentation):
    """Takes what `see` and VGGish give; its tokens are RoBERTa's. Saved whole, so a folder is all it needs."""

    config_class = BaseConfig  # type: ignore[assignment]  # a narrower one
    frozen = ("eyes", "words.roberta")
    config: BaseConfig
    words: RobertaReader  # type: ignore[assignment]  # in the other one's place

    def __init__(self, config: BaseConfig) -> None:
        super().__init__(config)
        self.eyes = Mask2FormerPixelLevelModule(config.mask2former())
        self.vision = nn.Linear(self.eyes.encoder.channels[-1], config.width)
        self.words = RobertaReader(RobertaConfig.from_dict(config.text), config.width)
        del self.pyramid
        self.freeze()

    @classmethod
    def from_parts(cls, vision: str = VISION, text: str = ROBERTA, **options: Any) -> "EemcBase":
        """The frozen parts' public weights, from hub ids or folders; EEMC's own new.

        options: BaseConfig's. Raises RefavsError when a part cannot be had.
        """
        seen, read = public_parts(vision, text)
        network = cls(BaseConfig(seen.config.to_dict(), read.config.to_dict(), **options))
        network.eyes.load_state_dict(seen.pixel_level_module.state_dict())
        network.decoder.transformer.load_state_dict(seen.transformer_module.state_dict())
        network.words.roberta.load_state_dict(read.state_dict())
        network.freeze()
        return network

    @torch.no_grad()
    def see(self, pictures: list[np.ndarray]) -> tuple[Tensor, ...]:
        """uint8 [H, W, 3] -> one look's maps [N, C, h, w]: strides 32, 16, 8, the masks' (4), the encoder's (32)."""
        found = self.look(pictures)
        maps = (*found.decoder_hidden_states, found.decoder_last_hidden_state)
        return (*maps, found.encoder_last_hidden_state)

    def levels(self, eyes: tuple[Tensor, ...]) -> tuple[list[Tensor], Tensor]:
        return list(eyes[:3]), eyes[3]
