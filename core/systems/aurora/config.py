"""The shape of AURORA, and the weights of what it is taught by."""

from typing import Any

from transformers import LlamaConfig, PretrainedConfig
from transformers.models.sam.configuration_sam import SamMaskDecoderConfig

from core.systems.blocks.words import PAD


class AuroraConfig(PretrainedConfig):
    """words: of the tokenizer; four signs follow them (`seg`, `end`, `think`, `direct`).

    width, heads, layers: of the language model. looks: seconds of the window whose pictures it reads.
    text_length, chain_length: tokens of a sentence and of what is written, at most. prompt: channels of the
    mask decoder. ears_mean, ears_spread: of the sound's numbers over the training sounds.
    cross, dice, distillation: weights of the mask losses and of the teacher's [SEG] vector beside that of the words.
    format, category, iou: weights of the rewards; kl: of staying close to the stage before.
    """

    model_type = "refavs-aurora"

    def __init__(
        self,
        words: int = 700,
        width: int = 256,
        heads: int = 4,
        layers: int = 4,
        looks: tuple[int, ...] = (2, 7),
        text_length: int = 25,
        chain_length: int = 140,
        prompt: int = 128,
        ears_mean: float = 0.0,
        ears_spread: float = 1.0,
        cross: float = 2.0,
        dice: float = 0.5,
        distillation: float = 1.0,
        format: float = 1.0,
        category: float = 1.0,
        iou: float = 1.0,
        kl: float = 0.04,
        **others: Any,
    ) -> None:
        self.words = words
        self.width = width
        self.heads = heads
        self.layers = layers
        self.looks = tuple(looks)
        self.text_length = text_length
        self.chain_length = chain_length
        self.prompt = prompt
        self.ears_mean = ears_mean
        self.ears_spread = ears_spread
        self.cross = cross
        self.dice = dice
        self.distillation = distillation
        self.format = format
        self.category = category
        self.iou = iou
        self.kl = kl
        super().__init__(**others)

    @property
    def pad(self) -> int:
        return PAD

    @property
    def seg(self) -> int:
        return self.words

    @property
    def end(self) -> int:
        return self.words + 1

    @property
    def think(self) -> int:
        """Begins an answer with its chain."""
        return self.words + 2

    @property
    def direct(self) -> int:
        """Begins an answer without."""
        return self.words + 3

    def llama(self) -> LlamaConfig:
        return LlamaConfig(
            vocab_size=self.words + 4,
            hidden_size=self.width,
            intermediate_size=2 * self.width,
            num_hidden_layers=self.layers,
            num_attention_heads=self.heads,
            max_position_embeddings=1024,
            tie_word_embeddings=True,
            pad_token_id=0,
            bos_token_id=None,
            eos_token_id=None,
        )

    def mask_decoder(self) -> SamMaskDecoderConfig:
        config = SamMaskDecoderConfig(
            hidden_size=self.prompt,
            mlp_dim=2 * self.prompt,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_multimask_outputs=0,
            iou_head_depth=2,
            iou_head_hidden_dim=16,
        )
        config._attn_implementation = "sdpa"  # a decoder made alone is not told
        return config
