"""Stepping Stone Plus on the shared eyes and ears: stage 1 says which pixels sound, stage 2 what they are.

Stage 1 is AAVS's binary one, stage 2 its semantic one, guided by what stage 1 found. SSP puts the pre-mask, half flow and
half mask, where AAVS puts the mask alone, and adds two texts. N = frames, G = 56 places of a side.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import PreTrainedModel

from core.systems.blocks.eyes import CHANNELS
from core.systems.blocks.query_decoder import Pyramid
from core.systems.ssp.alignment import Alignment
from core.systems.ssp.config import SspConfig
from core.systems.ssp.parts import Adapter, GuidedDecoder, adapt_queries, moves, ternary


@dataclass(frozen=True)
class StageOutput:
    """masks: logits [N, Q, h, w] before any and behind each layer. classes: logits [N, Q, C + 1], the background
    first and "nothing" last. moving: logits [N, Q, h, w] of the part of each mask that moves.
    """

    masks: tuple[Tensor, ...]
    classes: Tensor
    moving: Tensor

    def shares(self) -> Tensor:
        """[N, C, h, w]: sum over queries of class chance (nothing left out) times mask chance, as AAVS reads it."""
        chances = self.classes.softmax(-1)[..., :-1]
        return torch.einsum("nqc,nqhw->nchw", chances, self.masks[-1].sigmoid())


@dataclass(frozen=True)
class SspOutput:
    """moving: the flow mask M_O, float [N, G, G]. guide: the pre-mask of the second stage [N, G, G]."""

    first: StageOutput
    second: StageOutput
    moving: Tensor
    guide: Tensor


class Stage(nn.Module):
    """Audio-adapted queries and the decoder that they go through; `classes` with the background."""

    def __init__(self, config: SspConfig, queries: int, classes: int) -> None:
        super().__init__()
        width = config.width
        self.decoder = GuidedDecoder(config.mask2former(queries), width, config.silent, config.sounding)
        self.classes = nn.Linear(width, classes + 1)
        self.moving = nn.Linear(width, width)

    def forward(
        self, audio: Tensor, told: Tensor | None, levels: list[Tensor], fine: Tensor, guide: Tensor | None
    ) -> StageOutput:
        """audio [N, D]; told [N, D], Align_2, or None without texts; levels and fine as GuidedDecoder takes them;
        guide [N, G, G] or None.
        """
        queries = adapt_queries(self.decoder.places, self.decoder.queries, audio)
        decoded = self.decoder(queries, levels, fine, guide)
        moving = torch.einsum("nqd,ndhw->nqhw", self.moving(decoded.queries), fine)
        named = decoded.queries
        if told is not None:
            named = F.layer_norm(named + told[:, None], named.shape[-1:])
        return StageOutput(decoded.masks, self.classes(named), moving)


class SspForAudioVisualSemanticSegmentation(PreTrainedModel):
    """Frames + sound + two texts -> which pixels sound, and their classes."""

    config_class = SspConfig
    config: SspConfig
    base_model_prefix = "ssp"
    main_input_name = "ears"

    def __init__(self, config: SspConfig) -> None:
        super().__init__(config)
        width = config.width
        self.audio = nn.Sequential(nn.Linear(128, 2 * width), nn.ReLU(), nn.Linear(2 * width, width))
        self.adapters = nn.ModuleList(Adapter(channels) for channels in CHANNELS)
        self.pyramid = Pyramid(width)
        self.alignment = Alignment(config.bert(), width) if config.prompts else None
        self.first = Stage(config, config.queries, 2)
        self.second = Stage(config, config.semantic_queries, len(config.categories))
        self.post_init()

    def _init_weights(self, module: Any) -> None:
        """The parts are made with their own beginnings."""

    def forward(
        self,
        eyes: tuple[Tensor, ...],
        ears: Tensor,
        motion: Tensor,
        texts: tuple[Tensor, Tensor],
        truth: Tensor | None = None,
    ) -> SspOutput:
        """eyes: [N, C, h, w] at strides 8, 16, 32. ears: [N, 128]. motion: [N, G, G], pixels (ssp.flow).

        texts: int64 [N, L] twice, the scene and what sounds. truth: float [N, G, G], 1 = sounds, in training; NaN
        in a frame = its stand-in (config.stand_in) is taken there, None = everywhere.
        """
        config = self.config
        audio = self.audio((ears - config.mean) / config.spread)
        levels, fine, told = self.levels(tuple(m.to(audio.dtype) for m in eyes), texts)
        moving = moves(motion.float(), config.flow_share, config.flow_floor).to(audio.dtype)
        unknown = torch.full_like(moving, 0.5)
        ahead = ternary(moving, unknown) if config.pre_mask else None
        first = self.first(audio, told, levels, fine, ahead)
        mask = {"stage-1": self.found, "flow": lambda *_: moving, "nothing": lambda *_: unknown}[
            config.stand_in
        ](first, moving.shape[-2:])
        if truth is not None:
            known = ~truth.isnan()
            mask = torch.where(known, truth.nan_to_num().to(mask.dtype), mask)
        guide = ternary(moving, mask) if config.pre_mask else mask
        return SspOutput(first, self.second(audio, told, levels, fine, guide), moving, guide)

    def levels(
        self, eyes: tuple[Tensor, ...], texts: tuple[Tensor, Tensor]
    ) -> tuple[list[Tensor], Tensor, Tensor | None]:
        """Maps [N, C, h, w] -> those the decoders look at, coarse to fine, the one that masks are made of, and
        what the texts add to the queries.
        """
        fine, middle, coarse = (adapter(m) for adapter, m in zip(self.adapters, eyes, strict=True))
        levels = self.pyramid((fine, middle, coarse))
        if self.alignment is None:
            return levels, levels[-1], None
        aligned, told = self.alignment(levels[-1], levels[0], *texts)
        return [*levels[:-1], aligned], aligned, told

    @staticmethod
    @torch.no_grad()
    def found(first: StageOutput, size: torch.Size) -> Tensor:
        """The first stage's mask [N, G, G], 0 or 1: where sounding beats background."""
        share = F.interpolate(first.shares(), size, mode="bilinear", align_corners=False)
        return (share[:, 1] > share[:, 0]).to(share.dtype)


def sounding_logits(first: StageOutput) -> Tensor:
    """[N, h, w]: AAVS's binary score, sounding against background, as a logit: 2 l_1 - l_0 in its release; here
    the logarithm of their ratio, which is above 0 exactly where sounding beats background.
    """
    share = first.shares().clamp(min=1e-4)
    return share[:, 1].log() - share[:, 0].log()
