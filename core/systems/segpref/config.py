"""The shape of SegPref."""

from typing import Any

from transformers import Mask2FormerConfig, PretrainedConfig

from core.systems.blocks.query_decoder import small_decoder
from core.systems.blocks.words import PAD

CUES = 4  # text cues of a clip, as in the released code


class SegPrefConfig(PretrainedConfig):
    """width: channels of all tokens. layers: of the audio modelling and of the prompting, each (N). queries: mask queries.

    parts: pieces that the sound of a second is taken apart into (the release repeats its one vector so often).
    tau: the temperature of InfoNCE. text_length: tokens of a text cue; pad: number of the token behind its end.
    describer: by what the clips were described, "cue" or "hub". mean, spread: of the sound's 128 numbers a second
    over the training sounds. The released code has width 256 (1024 for sound and text), one layer, 100 queries.
    text_cues: whether cues say what may sound; without, every clip has one and the same. dynamic_mask: whether cues
    that the sound does not support are closed, and silence gives blank masks. contrast: weight of InfoNCE.
    """

    model_type = "refavs-segpref"

    def __init__(
        self,
        width: int = 96,
        heads: int = 4,
        layers: int = 1,
        queries: int = 8,
        decoder_layers: int = 4,
        parts: int = 4,
        tau: float = 0.1,
        text_length: int = 8,
        pad: int = PAD,
        vocabulary: int = 300,
        describer: str = "cue",
        mean: float = 0.0,
        spread: float = 1.0,
        text_cues: bool = True,
        dynamic_mask: bool = True,
        contrast: float = 0.5,
        **others: Any,
    ) -> None:
        self.width = width
        self.heads = heads
        self.layers = layers
        self.queries = queries
        self.decoder_layers = decoder_layers
        self.parts = parts
        self.tau = tau
        self.text_length = text_length
        self.pad = pad
        self.vocabulary = vocabulary
        self.describer = describer
        self.mean = mean
        self.spread = spread
        self.text_cues = text_cues
        self.dynamic_mask = dynamic_mask
        self.contrast = contrast
        super().__init__(**others)

    def mask2former(self) -> Mask2FormerConfig:
        """The mask decoder's."""
        return small_decoder(
            width=self.width, heads=self.heads, queries=self.queries, layers=self.decoder_layers
        )
