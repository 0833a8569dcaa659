"""Mask queries -> masks: the transformer decoder of Mask2Former, with queries that are handed in."""

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional as F
from transformers import Mask2FormerConfig
from transformers.models.mask2former.modeling_mask2former import Mask2FormerTransformerModule

from core.systems.blocks.cross import FewQueries
from core.systems.blocks.eyes import CHANNELS


def small_decoder(*, width: int, heads: int, queries: int, layers: int) -> Mask2FormerConfig:
    """The config of a mask decoder of the small systems, whose features all have one width."""
    return Mask2FormerConfig(
        hidden_dim=width,
        mask_feature_size=width,
        feature_size=width,
        num_queries=queries,
        decoder_layers=layers,
        num_attention_heads=heads,
        dim_feedforward=2 * width,
        dropout=0.0,
    )


@dataclass(frozen=True)
class Decoded:
    """queries [N, Q, D]. masks: logits [N, Q, h, w] behind each layer, the first before any layer."""

    queries: Tensor
    masks: tuple[Tensor, ...]


class Pyramid(nn.Module):
    """The trunk's features at strides 8, 16, 32 -> D channels each, coarse worked into fine."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.enter = nn.ModuleList(nn.Conv2d(c, width, 1) for c in CHANNELS)
        self.norms = nn.ModuleList(nn.GroupNorm(8, width) for _ in CHANNELS)

    def forward(self, maps: tuple[Tensor, Tensor, Tensor]) -> list[Tensor]:
        """Returns [N, D, h, w] coarse to fine, at strides 32, 16, 8."""
        levels: list[Tensor] = []
        for level in reversed(range(len(maps))):
            x = self.enter[level](maps[level])
            if levels:
                x = x + F.interpolate(levels[-1], size=x.shape[-2:], mode="bilinear", align_corners=False)
            levels.append(self.norms[level](x))
        return levels


class QueryDecoder(nn.Module):
    """Any Mask2FormerConfig; its weights carry the names they have in `Mask2FormerModel`.

    few: whether few queries look at the places in the cheaper of two equal ways.
    """

    def __init__(self, config: Mask2FormerConfig, width: int, *, few: bool = True) -> None:
        super().__init__()
        self.transformer = Mask2FormerTransformerModule(width, config)
        heads = config.num_attention_heads
        if few and heads * config.num_queries < config.hidden_dim and not config.dropout:
            for layer in self.transformer.decoder.layers:
                layer.cross_attn.__class__ = FewQueries  # the same weights, worked with in another order

    @property
    def queries(self) -> Tensor:
        """The learnt mask queries [Q, D]."""
        return self.transformer.queries_features.weight

    def forward(self, queries: Tensor, levels: list[Tensor], fine: Tensor) -> Decoded:
        """queries [N, Q, D]; levels [N, C, h, w] coarse to fine (three); fine [N, M, H, W], of which masks
        are made: a mask's logit is the product of its query and the place.
        """
        part = self.transformer
        seen, where, sizes = [], [], []
        for number, level in enumerate(levels):
            sizes.append(level.shape[-2:])
            spots = part.position_embedder((1, *level.shape[1:]), level.device, level.dtype, None)
            where.append(spots.flatten(2).permute(2, 0, 1))
            x = part.input_projections[number](level).flatten(2)
            seen.append((x + part.level_embed.weight[number][None, :, None]).permute(2, 0, 1))
        found = part.decoder(
            inputs_embeds=queries.transpose(0, 1),
            multi_stage_positional_embeddings=where,
            pixel_embeddings=fine,
            encoder_hidden_states=seen,
            query_position_embeddings=part.queries_embedder.weight[:, None].expand(-1, len(queries), -1),
            feature_size_list=sizes,
            output_hidden_states=False,
            output_attentions=False,
            return_dict=True,
        )
        last = found.intermediate_hidden_states[-1].transpose(0, 1)
        return Decoded(last, tuple(found.masks_queries_logits))
