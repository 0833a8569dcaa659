"""SegPref at the paper's size: Mask2Former with its Swin trunk and RoBERTa, frozen, small adapters and SegPref's parts.

Its sound is VGGish's (`core.systems.blocks.vggish`), its text cues come from `hub`; both are worked out once a clip.
"""

from typing import Any

import torch
from torch import Tensor, nn
from transformers import Mask2FormerConfig, RobertaConfig
from transformers.models.mask2former.modeling_mask2former import Mask2FormerPixelLevelModule

from core.systems.blocks.public import ROBERTA, VISION, OnPublicParts, RobertaReader, public_parts, sizes
from core.systems.segpref.config import SegPrefConfig
from core.systems.segpref.network import SegPrefForAudioVisualSegmentation

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
        others |= {**sizes(self.vision, self.text), "describer": "hub"}
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


class SegPrefBase(OnPublicParts, SegPrefForAudioVisualSegmentation):
    """Takes what `see` and VGGish give; its tokens are RoBERTa's. Saved whole, so a folder is all it needs."""

    config_class = BaseConfig  # type: ignore[assignment]  # a narrower one
    frozen = ("eyes", "words.roberta", "decoder.transformer")
    config: BaseConfig
    words: RobertaReader  # type: ignore[assignment]  # in the other one's place

    def __init__(self, config: BaseConfig) -> None:
        super().__init__(config)
        self.eyes = Mask2FormerPixelLevelModule(config.mask2former())
        self.words = RobertaReader(RobertaConfig.from_dict(config.text), config.width)
        self.adapters = nn.ModuleList(Adapter(config.width) for _ in range(4))
        del self.pyramid
        self.freeze()

    @classmethod
    def from_parts(cls, vision: str = VISION, text: str = ROBERTA, **options: Any) -> "SegPrefBase":
        """The frozen parts' public weights, from hub ids or folders; SegPref's own new.

        options: BaseConfig's. Raises RefavsError when a part cannot be had.
        """
        seen, read = public_parts(vision, text)
        network = cls(BaseConfig(seen.config.to_dict(), read.config.to_dict(), **options))
        network.eyes.load_state_dict(seen.pixel_level_module.state_dict())
        network.decoder.transformer.load_state_dict(seen.transformer_module.state_dict())
        network.words.roberta.load_state_dict(read.state_dict())
        network.freeze()
        return network

    def levels(self, eyes: tuple[Tensor, ...]) -> tuple[list[Tensor], Tensor]:
        *levels, fine = (adapt(maps) for adapt, maps in zip(self.adapters, eyes, strict=True))
        return levels, fine
