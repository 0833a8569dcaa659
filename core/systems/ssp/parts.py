"""The parts of AAVS and SSP: adapted queries, the ternary pre-mask, keys by what sounds, adapters, the guided decoder.

Sources: AAVS, "Stepping Stones" (ECCV 2024, arXiv 2407.11820) and its released code; SSP (arXiv 2601.08133).
N = frames, Q = queries, D = width.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import Mask2FormerConfig

from core.systems.blocks.query_decoder import QueryDecoder

SILENT, UNCERTAIN, SOUNDING = 0, 1, 2


def adapt_queries(places: Tensor, queries: Tensor, audio: Tensor) -> Tensor:
    """Audio-adapted queries: Q_a^i = cos(P^i, F_A) F_A + Q_obj^i.

    places [Q, D], P, which are the queries' position embeddings as well; queries [Q, D]; audio [N, D], one vector a
    frame. Returns [N, Q, D].
    """
    likeness = F.cosine_similarity(places[None], audio[:, None], dim=-1)  # [N, Q]
    return queries[None] + likeness[..., None] * audio[:, None]


def moves(motion: Tensor, share: float, floor: float) -> Tensor:
    """The flow mask M_O, bool [N, G, G], of motion [N, G, G] in pixels: faster than `share` of the frame's fastest
    place, and than `floor`.
    """
    return (motion > share * motion.amax((-2, -1), keepdim=True)) & (motion > floor)


def ternary(moving: Tensor, sounding: Tensor) -> Tensor:
    """M_pre: 1 where a place moves and sounds, 0.5 where one of both, 0 where neither. Both 0 or 1; 0.5 = not known,
    which halves what the other one says: 0.25 or 0.75.
    """
    return 0.5 * (moving + sounding)


def key_kinds(mask: Tensor, silent: float, sounding: float) -> Tensor:
    """int64 of the mask's shape: SILENT at or below `silent`, SOUNDING at or above `sounding`, else UNCERTAIN."""
    return (mask > silent).long() + (mask >= sounding).long()


class Adapter(nn.Module):
    """Linear(D, D/4), ReLU, Linear(D/4, D) on the channels of maps [N, D, h, w], beside a short cut.

    Its end begins at zero, so that it begins as what it is put behind.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.down = nn.Conv2d(width, width // 4, 1)
        self.up = nn.Conv2d(width // 4, width, 1)
        nn.init.zeros_(self.up.weight)
        nn.init.zeros_(self.up.bias)  # type: ignore[arg-type]  # there is one

    def forward(self, maps: Tensor) -> Tensor:
        adapted: Tensor = maps + self.up(F.relu(self.down(maps)))
        return adapted


def bottleneck(width: int) -> nn.Sequential:
    """AAVS's other adapter, Linear(D, D/4), ReLU, Linear(D/4, D) without a short cut: behind self-attention."""
    return nn.Sequential(nn.Linear(width, width // 4), nn.ReLU(), nn.Linear(width // 4, width))


@dataclass(frozen=True)
class Decoded:
    """queries [N, Q, D] behind the last layer. masks: logits [N, Q, h, w] before any and behind each layer."""

    queries: Tensor
    masks: tuple[Tensor, ...]


class GuidedDecoder(QueryDecoder):
    """Mask2Former's decoder with AAVS's adapters; its second stage is guided by a mask of what sounds.

    The mask M [N, g, g], 0 to 1, (1) is added to the map that masks are made of, (2) closes the places below 0.5 to
    the first attention, and (3) chooses of three learnt embeddings the one that each key's position gets.
    """

    def __init__(self, config: Mask2FormerConfig, width: int, silent: float, sounding: float) -> None:
        super().__init__(config, width)
        self.silent, self.sounding = silent, sounding
        self.keys = nn.Parameter(torch.randn(3, width) * 0.1)  # silent, uncertain, sounding
        for layer in self.transformer.decoder.layers:
            attention: Any = layer.self_attn
            attention.out_proj = nn.Sequential(attention.out_proj, bottleneck(width))

    @property
    def places(self) -> Tensor:
        """The queries' position embeddings [Q, D]."""
        return self.transformer.queries_embedder.weight

    def forward(  # type: ignore[override]  # it is guided
        self, queries: Tensor, levels: list[Tensor], fine: Tensor, guide: Tensor | None = None
    ) -> Decoded:
        """queries [N, Q, D]; levels [N, C, h, w] coarse to fine (three); fine [N, M, H, W]. Guide None = AAVS's
        first stage.
        """
        part, decoder = self.transformer, self.transformer.decoder
        seen, where = [], []
        for number, level in enumerate(levels):
            spots = part.position_embedder(level.shape, level.device, level.dtype, None)
            if guide is not None:
                spots = spots + self.key_map(guide, level.shape[-2:])
            where.append(spots.flatten(2).permute(2, 0, 1))
            x = part.input_projections[number](level).flatten(2)
            seen.append((x + part.level_embed.weight[number][None, :, None]).permute(2, 0, 1))
        if guide is not None:
            fine = fine + resized(guide, fine.shape[-2:])[:, None]
        sizes = [level.shape[-2:] for level in levels]
        state = queries.transpose(0, 1)
        last = decoder.layernorm(state)
        predicted, closed = decoder.mask_predictor(last, fine, sizes[0])
        if guide is not None:
            closed = first_closed(guide, sizes[0], queries.shape[1], decoder.mask_predictor.num_heads)
        masks = [predicted]
        for number, layer in enumerate(decoder.layers):
            turn = number % len(levels)
            closed = closed & ~closed.all(-1, keepdim=True)  # who may look nowhere may look everywhere
            state = layer(
                state,
                turn,
                None,
                where,
                self.places[:, None].expand(-1, len(queries), -1),
                seen,
                encoder_attention_mask=closed,
            )[0]
            last = decoder.layernorm(state)
            predicted, closed = decoder.mask_predictor(last, fine, sizes[(number + 1) % len(levels)])
            masks.append(predicted)
        return Decoded(last.transpose(0, 1), tuple(masks))

    def key_map(self, guide: Tensor, size: torch.Size) -> Tensor:
        """[N, D, h, w]: the embedding of each key."""
        kinds = key_kinds(resized(guide, size), self.silent, self.sounding)
        return self.keys[kinds].permute(0, 3, 1, 2)


def first_closed(guide: Tensor, size: torch.Size, queries: int, heads: int) -> Tensor:
    """bool [N * heads, Q, h * w], True = not looked at: where the guide is below 0.5 all over the place.

    AAVS takes its mask at the place's middle; ours are coarser, and a small thing would fall between the middles.
    """
    closed = F.adaptive_max_pool2d(guide[:, None], size)[:, 0].flatten(1) < 0.5
    return closed[:, None].expand(-1, heads * queries, -1).unflatten(1, (heads, queries)).flatten(0, 1)


def resized(mask: Tensor, size: torch.Size) -> Tensor:
    """[N, g, g] -> [N, h, w], the mean over each place."""
    return F.interpolate(mask[:, None], size, mode="area")[:, 0]
