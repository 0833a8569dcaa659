"""SegPref at the paper's size: Mask2Former with its Swin trunk and RoBERTa, frozen, small adapters and SegPref's parts.

Its sound is VGGish's (`core.systems.blocks.vggish`), its text cues come from `hub`; both are worked out once a clip.
"""

from typing import Any

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
from transformers.models.mask2former.modeling_mask2former import Mask2FormerPixelLevelModule

from core.errors import RefavsError
from core.systems.segpref.config import SegPrefConfig
from core.systems.segpref.network import SegPrefForAudioVisualSegmentation

VISION = "facebook/mask2former-swin-base-ade-semantic"
TEXT = "distilbert/distilroberta-base"
FROZEN = ("eyes", "words.roberta", "decoder.transformer")
MEAN, SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of the channels the trunk was taught with
NARROW = 64  # channels within an adapter, as released


class BaseConfig(SegPrefConfig):
    """vision, text: a Mask2FormerConfig's and a RobertaConfig's values. side: pixels of the square picture.

    width, heads, queries and decoder_layers are those of `vision`.
    """

    model_type = "refavs-segpref-base"

    def __init__(
        self,
        vision: dict[str, Any] | None = None,
        text: dict[str, Any] | None = None,
        side: int = 384,
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
            "describer": "hub",
        }
        super().__init__(**others)

    def mask2former(self) -> Mask2FormerConfig:
        return Mask2FormerConfig.from_dict(self.vision)


class Adapter(nn.Module):
    """Maps [N, D, h, w] -> the same and 64 channels' worth of change, none at first.

    The release puts such a pair of layers behind the deformable attention, in place of what comes out of it.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        last = nn.Conv2d(NARROW, width, 1)
        nn.init.zeros_(last.weight)
        last.bias = nn.Parameter(torch.zeros(width))
        self.change = nn.Sequential(nn.Conv2d(width, NARROW, 1), nn.ReLU(), last)

    def forward(self, maps: Tensor) -> Tensor:
        changed: Tensor = maps + self.change(maps)
        return changed


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


class SegPrefBase(SegPrefForAudioVisualSegmentation):
    """Takes what `see` and VGGish give; its tokens are RoBERTa's. Saved whole, so a folder is all it needs."""

    config_class = BaseConfig  # type: ignore[assignment]  # a narrower one
    config: BaseConfig
    words: _Words  # type: ignore[assignment]  # in the other one's place

    def __init__(self, config: BaseConfig) -> None:
        super().__init__(config)
        self.eyes = Mask2FormerPixelLevelModule(config.mask2former())
        self.words = _Words(RobertaConfig.from_dict(config.text), config.width)
        self.adapters = nn.ModuleList(Adapter(config.width) for _ in range(4))
        del self.pyramid
        self._freeze()

    @classmethod
    def from_parts(cls, vision: str = VISION, text: str = TEXT, **options: Any) -> "SegPrefBase":
        """The frozen parts' public weights, from hub ids or folders; SegPref's own new.

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

    def train(self, mode: bool = True) -> "SegPrefBase":
        """As any module's, but what is frozen stays as it answers: no dropped paths in it."""
        super().train(mode)
        for name in FROZEN:
            self.get_submodule(name).eval()
        return self

    @torch.no_grad()
    def see(self, pictures: list[np.ndarray]) -> tuple[Tensor, ...]:
        """uint8 [H, W, 3] -> one look's maps [N, C, h, w]: strides 32, 16, 8 and the masks' (4)."""
        side = (self.config.side, self.config.side)
        square = np.stack([cv2.resize(p, side, interpolation=cv2.INTER_AREA) for p in pictures])
        even = (square / 255.0 - MEAN) / SPREAD
        found = self.eyes(torch.from_numpy(even).float().permute(0, 3, 1, 2).to(self.device))
        return (*found.decoder_hidden_states, found.decoder_last_hidden_state)

    def levels(self, eyes: tuple[Tensor, ...]) -> tuple[list[Tensor], Tensor]:
        *levels, fine = (adapt(maps) for adapt, maps in zip(self.adapters, eyes, strict=True))
        return levels, fine
