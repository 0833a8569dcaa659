"""The shape of EEMC."""

from typing import Any

from transformers import Mask2FormerConfig, PretrainedConfig

from core.systems.blocks.query_decoder import small_decoder
from core.systems.blocks.words import PAD


class EemcConfig(PretrainedConfig):
    """width: channels of all tokens (d_V). layers: of each of the three fusions (N_L). queries: mask queries.

    beta: of the cached memory; 0 = none. modality_tokens: whether [aud] and [vis] part the modalities.
    listens, reads: whether sound and sentence are looked at; without them it is blind to one of the two.
    pad: number of the token behind a sentence's end.
    ears: by what the sound's 128 numbers a second were made: "tagger" or "vggish". mean, spread: of these
    numbers over the training sounds. sure: chance of its best query from which an object is said to be there,
    chosen after training on clips of its own. The paper has width 256, layers 4, queries 100, beta 1.
    """

    model_type = "refavs-eemc"

    def __init__(
        self,
        width: int = 96,
        heads: int = 4,
        layers: int = 1,
        queries: int = 8,
        decoder_layers: int = 4,
        beta: float = 1.0,
        modality_tokens: bool = True,
        listens: bool = True,
        reads: bool = True,
        text_length: int = 25,
        pad: int = PAD,
        vocabulary: int = 900,
        ears: str = "tagger",
        mean: float = 0.0,
        spread: float = 1.0,
        sure: float = 0.5,
        **others: Any,
    ) -> None:
        self.width = width
        self.heads = heads
        self.layers = layers
        self.queries = queries
        self.decoder_layers = decoder_layers
        self.beta = beta
        self.modality_tokens = modality_tokens
        self.listens = listens
        self.reads = reads
        self.text_length = text_length
        self.pad = pad
        self.vocabulary = vocabulary
        self.ears = ears
        self.mean = mean
        self.spread = spread
        self.sure = sure
        super().__init__(**others)

    def mask2former(self) -> Mask2FormerConfig:
        """The mask decoder's."""
        return small_decoder(
            width=self.width, heads=self.heads, queries=self.queries, layers=self.decoder_layers
        )
