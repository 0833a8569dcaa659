"""EEMC's heads on the shared eyes, ears and words.

The paper's equations stand beside the lines; t = seconds, d_V = `config.width`, L = text length, HW = places of
the picture at stride 32.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from core.systems.blocks.cross import CrossLayer, Fusion, places, remember
from core.systems.blocks.eyes import CHANNELS
from core.systems.blocks.query_decoder import Pyramid, QueryDecoder
from core.systems.blocks.words import UNKNOWN, WordEncoder
from core.systems.eemc.config import EemcConfig

OBJECT, NOTHING = 0, 1  # places of the class logits


@dataclass(frozen=True)
class EemcOutput:
    """masks: logits [B, S, Q, h, w] behind each decoder layer, the last the answer. classes: logits
    [B, S, Q, 2]: what the query shows is the object, or nothing.
    """

    masks: tuple[Tensor, ...]
    classes: Tensor


class EemcForReferringSegmentation(PreTrainedModel):
    """Clip features + sentence -> a mask for each query and second."""

    config_class = EemcConfig
    config: EemcConfig
    base_model_prefix = "eemc"
    main_input_name = "ears"

    def __init__(self, config: EemcConfig) -> None:
        super().__init__(config)
        width, heads, layers = config.width, config.heads, config.layers
        self.audio = nn.Sequential(nn.Linear(128, 2 * width), nn.ReLU(), nn.Linear(2 * width, width))
        self.vision = nn.Linear(CHANNELS[-1], width)
        self.words = WordEncoder(config.vocabulary, width, config.text_length, heads=heads)
        self.audio_text = Fusion(width, heads, layers)
        self.vision_text = Fusion(width, heads, layers)
        self.tokens = nn.Parameter(torch.randn(2, width) * 0.1)  # [aud], [vis]
        self.integration = Fusion(width, heads, layers)
        self.prompting = nn.ModuleList(CrossLayer(width, heads) for _ in range(layers))
        self.pyramid = Pyramid(width)
        self.decoder = QueryDecoder(config.mask2former(), width)
        self.classes = nn.Linear(width, 2)
        self.post_init()

    def _init_weights(self, module: Any) -> None:
        """The parts are made with their own beginnings."""

    def forward(
        self, eyes: tuple[Tensor, ...], ears: Tensor, numbers: Tensor, seconds: Tensor | None = None
    ) -> EemcOutput:
        """eyes: [B, T, C, h, w] at strides 8, 16, 32; the last gives the picture's tokens. ears: [B, T, 128]. numbers: int64 [B, L], 0 = padding.

        seconds: int64 [S], which are decoded; None = all T. The memory runs over all T all the same.
        """
        config = self.config
        coarse = eyes[-1].to(self.tokens.dtype)
        batch, time, _, height, width = coarse.shape
        picked = torch.arange(time, device=coarse.device) if seconds is None else seconds
        if not config.listens:
            ears = torch.full_like(ears, config.mean)
        if not config.reads:
            numbers = torch.full_like(numbers[:, :1], UNKNOWN)
        text = self.words(numbers)
        hidden = numbers == config.pad
        audio = self.audio((ears - config.mean) / config.spread)[:, :, None]  # [B, T, 1, D]
        vision = self.vision(coarse.flatten(3).transpose(2, 3))  # [B, T, HW, D]
        vision = vision + places(height, width, config.width, vision)

        # [F^_M ; F^_TM] = MF(Concat(F'_M ; F'_T)), M in {A, V}, at each second
        audio, text_audio = self._with_text(self.audio_text, audio, text, hidden)
        vision, text_vision = self._with_text(self.vision_text, vision, text, hidden)
        # Q^tau = (beta + 1) F^tau - beta C^tau, C^tau = mean of F^ over the seconds before tau
        q_audio = remember(audio, config.beta)[:, picked]
        q_vision = remember(vision, config.beta)[:, picked]
        # Q_T = mean(F'_T + F^_TA + F^_TV)
        q_text = (text[:, None] + text_audio[:, picked] + text_vision[:, picked]) / 3
        # Q_m = MF(Concat[Q_A; [aud]; Q_V; [vis]; Q_T])
        part = [q_audio, q_vision, q_text]
        if config.modality_tokens:
            shape = (batch, len(picked), 1, -1)
            part[1:1] = [self.tokens[0].expand(shape)]
            part[3:3] = [self.tokens[1].expand(shape)]
        joined = torch.cat(part, 2).flatten(0, 1)  # [B * S, HW + L + 3, D]
        unread = hidden.new_zeros(batch, joined.shape[1] - hidden.shape[1])
        outside = torch.cat([unread, hidden], 1).repeat_interleave(len(picked), 0)
        cues = self.integration(joined, outside)
        # q_Q = CATF(query = mask queries, key = value = Q_m)
        queries = self.decoder.queries.expand(len(cues), -1, -1)
        for layer in self.prompting:
            queries = layer(queries, cues, outside)

        levels, fine = self.levels(tuple(m[:, picked].flatten(0, 1).to(cues.dtype) for m in eyes))
        decoded = self.decoder(queries, levels, fine)
        return EemcOutput(
            tuple(mask.unflatten(0, (batch, len(picked))) for mask in decoded.masks),
            self.classes(decoded.queries).unflatten(0, (batch, len(picked))),
        )

    def levels(self, eyes: tuple[Tensor, ...]) -> tuple[list[Tensor], Tensor]:
        """Maps [N, C, h, w] -> those the decoder looks at, coarse to fine, and the one that masks are made of."""
        fine, middle, coarse = eyes
        levels = self.pyramid((fine, middle, coarse))
        return levels, levels[-1]

    def _with_text(self, fusion: Fusion, own: Tensor, text: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """own [B, T, N, D] and text [B, L, D], repeated along time -> both fused, [B, T, N or L, D]."""
        batch, time, count, _ = own.shape
        joined = torch.cat([own, text[:, None].expand(-1, time, -1, -1)], 2).flatten(0, 1)
        outside = torch.cat([hidden.new_zeros(batch, count), hidden], 1).repeat_interleave(time, 0)
        fused = fusion(joined, outside).unflatten(0, (batch, time))
        return fused[:, :, :count], fused[:, :, count:]


def chances(classes: Tensor) -> Tensor:
    """Class logits [B, S, Q, 2] -> [B, Q]: how sure each query is, over the seconds, that it shows the object."""
    return classes.mean(1).softmax(-1)[..., OBJECT]
