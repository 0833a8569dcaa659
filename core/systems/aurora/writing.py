"""What both sizes of AURORA have in common: how an answer is written, judged, and pointed with.

B = answers, P = tokens before the answer, L = tokens of the answer, D = width of the language model.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Written:
    """tokens: int64 [B, L], padding behind an answer's end. log_probs: float32 [B, L], of what was chosen; 0 at
    padding.
    """

    tokens: Tensor
    log_probs: Tensor


class Begun:
    """What stands before an answer: pictures, sound and sentence. there: bool [B, P], False = padding."""

    there: Tensor

    def repeated(self, times: int) -> Self:
        """Every clip so many times in a row."""
        raise NotImplementedError


class Reasoning(nn.Module):
    """A network that writes, and points at what it wrote of.

    config has the numbers of the signs `seg`, `end`, `think`, `direct` and of the padding `pad`, `chain_length`, and the
    weights of the losses and rewards.
    """

    config: Any
    device: Any
    point: nn.Sequential
    any_device = False

    def read(self, *asked: Any, **more: Any) -> tuple[Any, ...]:
        """What a batch has of its questions -> what `prefix` takes: all that learning does not change."""
        return asked

    def prefix(self, *asked: Any, **more: Any) -> Any:
        """What stands before the answers to questions."""
        raise NotImplementedError

    def memory(self) -> Any:
        """A cache that `think` fills; new ones know nothing."""
        raise NotImplementedError

    def think(self, prefix: Any, tokens: Tensor, memory: Any = None) -> Tensor:
        """Hidden states [B, L, D] at the tokens int64 [B, L] of given answers; with a memory, at those new to it."""
        raise NotImplementedError

    def logits(self, hidden: Tensor) -> Tensor:
        """Of the next token, float: [..., tokens that can be written]."""
        raise NotImplementedError

    def see(self, eyes: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """What a batch has of its pictures -> what `segment` takes."""
        return eyes

    def segment(self, prompt: Tensor, eyes: tuple[Tensor, ...]) -> Tensor:
        """prompt [B, prompt], eyes [B, S, C, h, w] a map -> mask logits [B, S, height, width]."""
        raise NotImplementedError

    def plane(self, eyes: tuple[Tensor, ...]) -> tuple[int, int]:
        """Height and width of `segment`'s masks."""
        raise NotImplementedError

    def store(self, folder: Path) -> None:
        """Write config.json and model.safetensors."""
        raise NotImplementedError

    def log_probs(self, prefix: Any, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Of the tokens behind the first, each at the position before it: [B, L - 1]; and the hidden states."""
        hidden = self.think(prefix, tokens)
        spread = self.logits(hidden[:, :-1]).log_softmax(-1)
        return spread.gather(-1, tokens[:, 1:, None])[..., 0], hidden

    def write(
        self, prefix: Any, start: int, *, temperature: float = 0.0, generator: torch.Generator | None = None
    ) -> "Writing":
        """Begins to write answers behind the sign `start`; see `Writing`."""
        return Writing(self, prefix, start, temperature, generator)

    def pointed(self, hidden: Tensor, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """The prompt [B, prompt] at the last [SEG] of each answer, and bool [B]: whether there is one."""
        marks = tokens == self.config.seg
        last = marks.long().cumsum(1).argmax(1)  # the first place where the count is highest
        chosen = hidden[torch.arange(len(tokens), device=hidden.device), last]
        prompt: Tensor = self.point(chosen.to(next(self.point.parameters()).dtype))
        return prompt, marks.any(1)


class Writing:
    """Answers as they are written, a token each at a time. Iterating gives int64 [B]; padding behind the end.

    Ends when all have ended, or at `config.chain_length`. temperature 0 takes the likeliest token.
    """

    def __init__(
        self,
        network: Reasoning,
        prefix: Begun,
        start: int,
        temperature: float,
        generator: torch.Generator | None,
    ) -> None:
        self._network, self._prefix, self._temperature = network, prefix, temperature
        self._generator = generator
        self._tokens = [torch.full((len(prefix.there),), start, device=prefix.there.device)]
        self._log_probs: list[Tensor] = []

    @torch.no_grad()
    def __iter__(self) -> Iterator[Tensor]:
        network, config = self._network, self._network.config
        memory = network.memory()
        open_ = torch.ones_like(self._tokens[0], dtype=torch.bool)
        for _ in range(config.chain_length):
            hidden = network.think(self._prefix, torch.stack(self._tokens, 1), memory)
            token, chosen = self._choose(network.logits(hidden[:, -1]).log_softmax(-1))
            token = torch.where(open_, token, config.pad)
            self._tokens.append(token)
            self._log_probs.append(chosen * open_)
            yield token
            open_ = open_ & (token != config.end)
            if not open_.any():
                return

    def _choose(self, spread: Tensor) -> tuple[Tensor, Tensor]:
        """log-probabilities [B, V] -> what is taken, and its own. Padding is no word: it would end an answer without
        a sign.
        """
        allowed = spread.clone()
        allowed[:, self._network.config.pad] = -torch.inf
        if self._temperature:
            drawn = (allowed / self._temperature).softmax(-1).cpu()  # where the generator is
            token = torch.multinomial(drawn, 1, generator=self._generator).to(spread.device)
        else:
            token = allowed.argmax(-1, keepdim=True)
        return token[:, 0], spread.gather(-1, token)[:, 0]

    def done(self) -> Written:
        """All that was written, to the end; the first token is the sign it began with."""
        if not self._log_probs:
            for _ in self:
                pass
        tokens, log_probs = torch.stack(self._tokens, 1), torch.stack(self._log_probs, 1)
        return Written(tokens, log_probs)
