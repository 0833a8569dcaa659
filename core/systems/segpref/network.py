"""SegPref's heads on the shared eyes, ears and words.

Equations stand beside the lines; T = seconds, M = text cues of a clip, D = `config.width`.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from core.systems.blocks.query_decoder import Pyramid, QueryDecoder
from core.systems.blocks.words import WordEncoder
from core.systems.segpref.blocks import GatedLook, SemanticsDrivenAudio, both, dynamic_mask, support
from core.systems.segpref.config import SegPrefConfig

SOUNDS, SILENT = 0, 1  # places of the class logits
NOWHERE = -10.0  # logit of a place where nothing sounds


@dataclass(frozen=True)
class SegPrefOutput:
    """masks: logits [B, T, h, w] behind each decoder layer, the last the answer: where something sounds.

    sure: logits [B, T] that anything seen sounds at all. open: bool [B, T, M], the dynamic mask. text: [B, M, D] and
    real: bool [B, M], the cues; supported: [B, T, M], how far the sound supports each.
    """

    masks: tuple[Tensor, ...]
    sure: Tensor
    open: Tensor
    text: Tensor
    real: Tensor
    supported: Tensor


class SegPrefForAudioVisualSegmentation(PreTrainedModel):
    """Clip features + text cues -> where something sounds, for each second."""

    config_class = SegPrefConfig
    config: SegPrefConfig
    base_model_prefix = "segpref"
    main_input_name = "ears"

    def __init__(self, config: SegPrefConfig) -> None:
        super().__init__(config)
        width, heads, layers = config.width, config.heads, config.layers
        self.words = WordEncoder(config.vocabulary, width, config.text_length, heads=heads)
        self.enter_text = nn.Sequential(nn.Linear(width, 2 * width), nn.ReLU(), nn.Linear(2 * width, width))
        self.audio = SemanticsDrivenAudio(width, heads, layers, config.parts)
        self.prompting = nn.ModuleList(GatedLook(width, heads) for _ in range(layers))
        self.pyramid = Pyramid(width)
        self.decoder = QueryDecoder(config.mask2former(), width)
        self.classes = nn.Linear(width, 2)
        self.post_init()

    def _init_weights(self, module: Any) -> None:
        """The parts are made with their own beginnings."""

    def forward(
        self, eyes: tuple[Tensor, ...], ears: Tensor, numbers: Tensor, sounds: Tensor
    ) -> SegPrefOutput:
        """eyes: [B, T, C, h, w] at strides 8, 16, 32. ears: [B, T, 128]. numbers: int64 [B, M, L], tokens of the text
        cues, nothing but padding where there is none. sounds: bool [B, T], whether a second can be heard.
        """
        batch, time = ears.shape[:2]
        config = self.config
        if not config.text_cues:
            numbers = torch.full_like(
                numbers[:, :1, :1], int(config.pad == 0)
            )  # one cue, the same for every clip
        text, real = self.read(numbers)
        # a_(t,m) = look of cue T_m into the parts of second t; A_(t,m) = T_m + a_(t,m)
        rows = text[:, None].expand(-1, time, -1, -1)
        cues, components = self.listen(ears.flatten(0, 1), rows.flatten(0, 1))
        supported = support(components, rows.flatten(0, 1)).unflatten(0, (batch, time))
        opened = real[:, None].expand(-1, time, -1)
        if config.dynamic_mask:
            opened = dynamic_mask(supported, real, sounds)

        # PMQS: q <- q + look of q into A_t, through the dynamic mask
        queries = self.decoder.queries.expand(batch * time, -1, -1)
        for look in self.prompting:
            queries = queries + look(queries, cues, ~opened.flatten(0, 1))
        levels, fine = self.levels(tuple(m.flatten(0, 1).to(cues.dtype) for m in eyes))
        decoded = self.decoder(queries, levels, fine)

        # mask = sum_q softmax(class_q)[sounds] mask_q, and only where any query sounds at all; silence is blank
        classes = self.classes(decoded.queries)
        share = classes.softmax(-1)[..., SOUNDS]
        sure = (classes[..., SOUNDS] - classes[..., SILENT]).amax(1)
        if config.dynamic_mask:
            sure = torch.where(opened.flatten(0, 1).any(1), sure, NOWHERE)
        masks = (torch.einsum("nq,nqhw->nhw", share, mask) for mask in decoded.masks)
        return SegPrefOutput(
            tuple(both(mask, sure[:, None, None]).unflatten(0, (batch, time)) for mask in masks),
            sure.unflatten(0, (batch, time)),
            opened,
            text,
            real,
            supported,
        )

    def read(self, numbers: Tensor) -> tuple[Tensor, Tensor]:
        """int64 [B, M, L] -> text [B, M, D], the mean of a cue's tokens, and bool [B, M], whether there is one."""
        pad = self.config.pad
        real = (numbers != pad).any(2)
        safe = torch.where(real[..., None], numbers, int(pad == 0))  # any token: what comes of it is masked
        there = (safe != pad).to(self.classes.weight.dtype)[..., None]
        encoded = self.words(safe.flatten(0, 1)).unflatten(0, numbers.shape[:2])
        return self.enter_text((encoded * there).sum(2) / there.sum(2)), real

    def listen(self, ears: Tensor, text: Tensor) -> tuple[Tensor, Tensor]:
        """ears [N, 128] and text [N, M, D] -> cues driven by sound, and audio components, [N, M, D]."""
        heard: tuple[Tensor, Tensor] = self.audio((ears - self.config.mean) / self.config.spread, text)
        return heard

    def levels(self, eyes: tuple[Tensor, ...]) -> tuple[list[Tensor], Tensor]:
        """Maps [N, C, h, w] -> those the decoder looks at, coarse to fine, and the one that masks are made of."""
        fine, middle, coarse = eyes
        levels = self.pyramid((fine, middle, coarse))
        return levels, levels[-1]
