"""Stepping Stone Plus at the paper's size: Mask2Former's Swin-B and BERT, frozen, with the parts of AAVS and SSP between.

Its sound is VGGish's (`core.systems.blocks.vggish`). What the frozen trunk sees is worked out once a clip, so the adapters
stand behind its pixel decoder, not inside of Swin and the pixel decoder as in AAVS; BERT's visual tokens are the
trunk's coarsest map, not CLIP's.
"""

from typing import Any

from torch import Tensor, nn
from transformers import BertConfig, Mask2FormerConfig
from transformers.models.mask2former.modeling_mask2former import Mask2FormerPixelLevelModule

from core.systems.blocks.public import VISION, OnPublicParts, public_parts
from core.systems.ssp.config import SspConfig
from core.systems.ssp.network import SspForAudioVisualSemanticSegmentation, Stage
from core.systems.ssp.parts import Adapter

TEXT = "google-bert/bert-base-uncased"


class BaseConfig(SspConfig):
    """vision, words: a Mask2FormerConfig's and a BertConfig's values. side: pixels of the square picture.

    width, heads and decoder_layers are those of `vision`, and so are the queries of the second stage.
    """

    model_type = "refavs-ssp-base"

    def __init__(
        self,
        vision: dict[str, Any] | None = None,
        words: dict[str, Any] | None = None,
        side: int = 384,
        queries: int = 30,
        **others: Any,
    ) -> None:
        self.vision = vision or Mask2FormerConfig().to_dict()
        words = words or BertConfig().to_dict()
        self.side = side
        own = Mask2FormerConfig.from_dict(self.vision)
        others |= {
            "width": own.hidden_dim,
            "heads": own.num_attention_heads,
            "semantic_queries": own.num_queries,
            "decoder_layers": own.decoder_layers,
            "vocabulary": words["vocab_size"],
            "pad": words["pad_token_id"],
            "prompts": True,
        }
        super().__init__(queries=queries, words=words, **others)

    def mask2former(self, queries: int) -> Mask2FormerConfig:
        return Mask2FormerConfig.from_dict({**self.vision, "num_queries": queries})


class SspBase(OnPublicParts, SspForAudioVisualSemanticSegmentation):
    """Takes what `see` and VGGish give; its tokens are BERT's. Saved whole, so a folder is all it needs."""

    config_class = BaseConfig  # type: ignore[assignment]  # a narrower one
    frozen = ("eyes", "alignment.bert")
    config: BaseConfig

    def __init__(self, config: BaseConfig) -> None:
        super().__init__(config)
        self.eyes = Mask2FormerPixelLevelModule(config.mask2former(config.semantic_queries))
        self.adapters = nn.ModuleList(Adapter(config.width) for _ in range(4))
        del self.pyramid
        self.freeze()

    @classmethod
    def from_parts(cls, vision: str = VISION, text: str = TEXT, **options: Any) -> "SspBase":
        """The frozen parts' public weights, from hub ids or folders, and the second stage's decoder; the rest new.

        The first stage has fewer queries than the public decoder, so its queries are new. options: BaseConfig's.
        Raises RefavsError when a part cannot be had.
        """
        seen, read = public_parts(vision, text)
        network = cls(BaseConfig(seen.config.to_dict(), read.config.to_dict(), **options))
        network.eyes.load_state_dict(seen.pixel_level_module.state_dict())
        assert network.alignment is not None
        network.alignment.bert.load_state_dict(read.state_dict())
        decoder = {
            name.replace("self_attn.out_proj.", "self_attn.out_proj.0."): value
            for name, value in seen.transformer_module.state_dict().items()
        }
        for stage in (network.first, network.second):
            _take(stage, decoder)
        network.freeze()
        return network

    def levels(
        self, eyes: tuple[Tensor, ...], texts: tuple[Tensor, Tensor]
    ) -> tuple[list[Tensor], Tensor, Tensor | None]:
        *levels, fine = (adapter(m) for adapter, m in zip(self.adapters, eyes, strict=True))
        assert self.alignment is not None
        aligned, told = self.alignment(fine, levels[0], *texts)
        return levels, aligned, told


def _take(stage: Stage, decoder: dict[str, Tensor]) -> None:
    """The public decoder's weights, but for what has another shape here."""
    own = stage.decoder.transformer.state_dict()
    fitting = {name: value for name, value in decoder.items() if own[name].shape == value.shape}
    stage.decoder.transformer.load_state_dict(fitting, strict=False)
