"""A small causal language model that sees and hears; what it thinks at [SEG] prompts a mask decoder.

B = answers, T = seconds, P = tokens before the answer (pictures, sound, sentence), L = tokens of the answer.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import DynamicCache, LlamaModel, PreTrainedModel
from transformers.models.sam.modeling_sam import SamMaskDecoder

from core.systems.aurora.config import AuroraConfig
from core.systems.blocks.cross import Fusion, places
from core.systems.blocks.eyes import CHANNELS
from core.systems.blocks.words import PAD


@dataclass(frozen=True)
class Prefix:
    """What stands before an answer. tokens: [B, P, D]; there: bool [B, P], False = padding of the sentence."""

    tokens: Tensor
    there: Tensor

    def repeated(self, times: int) -> "Prefix":
        """Every clip so many times in a row."""
        return Prefix(self.tokens.repeat_interleave(times, 0), self.there.repeat_interleave(times, 0))


@dataclass(frozen=True)
class Written:
    """tokens: int64 [B, L], PAD behind an answer's end. log_probs: float32 [B, L], of what was chosen; 0 at PAD."""

    tokens: Tensor
    log_probs: Tensor


class AuroraForReferringSegmentation(PreTrainedModel):
    """Clip features + sentence -> words -> masks."""

    config_class = AuroraConfig
    config: AuroraConfig
    base_model_prefix = "aurora"
    main_input_name = "ears"

    def __init__(self, config: AuroraConfig) -> None:
        super().__init__(config)
        width = config.width
        self.picture = nn.Linear(len(config.looks) * (CHANNELS[2] + 4 * CHANNELS[1]), width)
        self.scene = Fusion(width, config.heads, 1)
        self.sound = nn.Sequential(nn.Linear(128, 2 * width), nn.ReLU(), nn.Linear(2 * width, width))
        self.language = LlamaModel(config.llama())
        self.point = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, config.prompt))
        self.image = nn.ModuleList(nn.Conv2d(c, config.prompt, 1) for c in (4 * CHANNELS[0], *CHANNELS[1:]))
        self.norm = nn.GroupNorm(8, config.prompt)
        self.masks = SamMaskDecoder(config.mask_decoder())
        self.post_init()

    def _init_weights(self, module: Any) -> None:
        """The parts are made with their own beginnings."""

    def prefix(self, eyes: tuple[Tensor, ...], ears: Tensor, numbers: Tensor) -> Prefix:
        """eyes: [B, looks, C, h, w] at strides 8, 16, 32. ears: [B, T, 128]. numbers: int64 [B, N], 0 = padding."""
        config = self.config
        kind = self.picture.weight.dtype
        near, coarse = F.pixel_unshuffle(eyes[1].to(kind), 2), eyes[2].to(kind)
        seen = torch.cat([coarse, near], 2).flatten(1, 2)  # a place's channels of all looks, [B, C, h, w]
        height, width = seen.shape[-2:]
        where = places(height, width, config.width, seen)
        pictures = self.scene(self.picture(seen.flatten(2).transpose(1, 2)) + where)
        heard = self.sound((ears - config.ears_mean) / config.ears_spread)
        said = self.language.embed_tokens(numbers)
        whole = torch.cat([pictures, heard, said], 1)
        there = torch.ones(whole.shape[:2], dtype=torch.bool, device=whole.device)
        there[:, -numbers.shape[1] :] = numbers != PAD
        return Prefix(whole, there)

    def think(self, prefix: Prefix, tokens: Tensor) -> Tensor:
        """Hidden states [B, L, D] at the tokens int64 [B, L] of given answers."""
        whole = torch.cat([prefix.tokens, self.language.embed_tokens(tokens)], 1)
        there = torch.cat([prefix.there, tokens != PAD], 1)
        hidden: Tensor = self.language(
            inputs_embeds=whole, attention_mask=there.long(), position_ids=_positions(there)
        ).last_hidden_state
        return hidden[:, prefix.tokens.shape[1] :]

    def logits(self, hidden: Tensor) -> Tensor:
        """Of the next token: [..., words + 4]."""
        return F.linear(hidden, self.language.embed_tokens.weight)

    def log_probs(self, prefix: Prefix, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Of the tokens behind the first, each at the position before it: [B, L - 1]; and the hidden states."""
        hidden = self.think(prefix, tokens)
        spread = self.logits(hidden[:, :-1]).log_softmax(-1)
        return spread.gather(-1, tokens[:, 1:, None])[..., 0], hidden

    @torch.no_grad()
    def write(
        self,
        prefix: Prefix,
        start: int,
        *,
        temperature: float = 0.0,
        generator: torch.Generator | None = None,
    ) -> "Writing":
        """Begins to write answers behind the sign `start`; see `Writing`."""
        return Writing(self, prefix, start, temperature, generator)

    def pointed(self, hidden: Tensor, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """The prompt [B, prompt] at the last [SEG] of each answer, and bool [B]: whether there is one."""
        marks = tokens == self.config.seg
        last = marks.long().cumsum(1).argmax(1)  # the first place where the count is highest
        return self.point(hidden[torch.arange(len(tokens)), last]), marks.any(1)

    def segment(self, prompt: Tensor, eyes: tuple[Tensor, ...]) -> Tensor:
        """prompt [B, prompt], eyes [B, S, C, h, w] at strides 8, 16, 32 -> mask logits [B, S, 4 h, 4 w] at stride 4, h and w
        those of the middle map."""
        batch, seconds = eyes[0].shape[:2]
        fine, middle, coarse = (m.flatten(0, 1).to(prompt.dtype) for m in eyes)
        height, width = middle.shape[-2:]
        up = F.interpolate(self.image[2](coarse), size=(height, width), mode="bilinear", align_corners=False)
        image = self.norm(self.image[0](F.pixel_unshuffle(fine, 2)) + self.image[1](middle) + up)
        where = places(height, width, self.config.prompt, image).T.unflatten(1, (height, width))
        masks, _ = self.masks(
            image_embeddings=image,
            image_positional_embeddings=where[None].expand(len(image), -1, -1, -1),
            sparse_prompt_embeddings=prompt.repeat_interleave(seconds, 0)[:, None, None],
            dense_prompt_embeddings=torch.zeros_like(image),
            multimask_output=False,
        )
        found: Tensor = masks[:, 0, 0].unflatten(0, (batch, seconds))
        return found


class Writing:
    """Answers as they are written, a token each at a time. Iterating gives int64 [B]; PAD behind the end.

    Ends when all have ended, or at `config.chain_length`. temperature 0 takes the likeliest token.
    """

    def __init__(
        self,
        network: AuroraForReferringSegmentation,
        prefix: Prefix,
        start: int,
        temperature: float,
        generator: torch.Generator | None,
    ) -> None:
        self._network, self._prefix, self._temperature = network, prefix, temperature
        self._generator = generator
        self._tokens = [torch.full((len(prefix.tokens),), start)]
        self._log_probs: list[Tensor] = []

    @torch.no_grad()
    def __iter__(self) -> Any:
        network, prefix = self._network, self._prefix
        memory = DynamicCache(config=network.language.config)
        there = torch.cat([prefix.there, prefix.there.new_ones(len(prefix.there), 1)], 1)
        fresh = torch.cat([prefix.tokens, network.language.embed_tokens(self._tokens[0])[:, None]], 1)
        open_ = torch.ones(len(fresh), dtype=torch.bool)
        for _ in range(network.config.chain_length):
            where = _positions(there)[:, -fresh.shape[1] :]
            hidden = network.language(
                inputs_embeds=fresh,
                attention_mask=there.long(),
                position_ids=where,
                past_key_values=memory,
                use_cache=True,
            ).last_hidden_state
            spread = network.logits(hidden[:, -1]).log_softmax(-1)
            token, chosen = self._choose(spread)
            token, chosen = token * open_, chosen * open_
            self._tokens.append(token)
            self._log_probs.append(chosen)
            yield token
            there = torch.cat([there, open_[:, None]], 1)
            open_ = open_ & (token != network.config.end)
            if not open_.any():
                return
            fresh = network.language.embed_tokens(token)[:, None]

    def _choose(self, spread: Tensor) -> tuple[Tensor, Tensor]:
        """log-probabilities [B, V] -> what is taken, and its own."""
        spread = spread.clone()
        if self._temperature:
            drawn = (spread / self._temperature).softmax(-1)
            drawn[:, PAD] = 0.0  # is no word; taken, it would end an answer without a sign
            token = torch.multinomial(drawn, 1, generator=self._generator)
        else:
            token = spread[:, 1:].argmax(-1, keepdim=True) + 1
        return token[:, 0], spread.gather(-1, token)[:, 0]

    def done(self) -> Written:
        """All that was written, to the end; the first token is the sign it began with."""
        if not self._log_probs:
            for _ in self:
                pass
        tokens, log_probs = torch.stack(self._tokens, 1), torch.stack(self._log_probs, 1)
        return Written(tokens, log_probs)


def _positions(there: Tensor) -> Tensor:
    """bool [B, N] -> int64 [B, N]: a token's place among those that are there."""
    return (there.long().cumsum(1) - 1).clamp(min=0)
