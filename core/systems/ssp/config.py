"""The shape of Stepping Stone Plus."""

from collections.abc import Sequence
from typing import Any

from transformers import BertConfig, Mask2FormerConfig, PretrainedConfig

from core.datasets.avss import CLASSES
from core.systems.blocks.query_decoder import small_decoder

STAND_INS = ("stage-1", "flow", "nothing")


class SspConfig(PretrainedConfig):
    """width: channels of all tokens. queries, semantic_queries: mask queries of the two stages (paper: 30 and 100).
    categories: the classes of the second stage, the background first.

    silent, sounding: a mask at or below the first is silent, at or above the second it sounds; between it is
    uncertain. flow_share, flow_floor: a place moves when it is faster than this share of the frame's fastest one,
    and than so many pixels of a square of 224. gap: seconds to the picture that a motion is read to; where frames
    are farther apart, to the neighbours. Neither is given in the paper.
    stand_in: what takes the true mask's place in the pre-mask when there is none: the first stage's mask, the
    flow's, or nothing (uncertain everywhere).
    pre_mask, prompts: whether flow and the two texts are looked at; without both it is AAVS. post_weight: of the
    loss on the moving part, 0 = none. vocabulary, pad, text_length: of the tokens of a text.
    mean, spread: of the 128 numbers of a second of sound over the training sounds. words: BERT's sizes.
    """

    model_type = "refavs-ssp"

    def __init__(
        self,
        width: int = 96,
        heads: int = 4,
        queries: int = 6,
        semantic_queries: int = 12,
        decoder_layers: int = 4,
        categories: Sequence[str] = CLASSES,
        silent: float = 0.4,
        sounding: float = 0.6,
        flow_share: float = 0.25,
        flow_floor: float = 0.5,
        gap: float = 0.08,
        stand_in: str = "stage-1",
        pre_mask: bool = True,
        prompts: bool = True,
        post_weight: float = 10.0,
        text_length: int = 24,
        vocabulary: int = 600,
        pad: int = 0,
        mean: float = 0.0,
        spread: float = 1.0,
        words: dict[str, Any] | None = None,
        **others: Any,
    ) -> None:
        if stand_in not in STAND_INS:
            raise ValueError(f"stand_in is one of {', '.join(STAND_INS)}, not {stand_in!r}")
        self.width = width
        self.heads = heads
        self.queries = queries
        self.semantic_queries = semantic_queries
        self.decoder_layers = decoder_layers
        self.categories = list(categories)
        self.silent = silent
        self.sounding = sounding
        self.flow_share = flow_share
        self.flow_floor = flow_floor
        self.gap = gap
        self.stand_in = stand_in
        self.pre_mask = pre_mask
        self.prompts = prompts
        self.post_weight = post_weight
        self.text_length = text_length
        self.vocabulary = vocabulary
        self.pad = pad
        self.mean = mean
        self.spread = spread
        self.words = words
        super().__init__(**others)

    def mask2former(self, queries: int) -> Mask2FormerConfig:
        """A mask decoder's."""
        return small_decoder(width=self.width, heads=self.heads, queries=queries, layers=self.decoder_layers)

    def bert(self) -> BertConfig:
        """The text's: `words`, or a small one of two layers."""
        if self.words is not None:
            return BertConfig.from_dict(self.words)
        return BertConfig(
            vocab_size=self.vocabulary,
            hidden_size=self.width,
            num_hidden_layers=2,
            num_attention_heads=self.heads,
            intermediate_size=2 * self.width,
            max_position_embeddings=128,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
            pad_token_id=self.pad,
        )
