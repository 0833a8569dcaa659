"""Chains as tokens of the language model, and back."""

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from torch import Tensor

from core.systems.aurora.chain import SEG
from core.systems.aurora.config import AuroraConfig
from core.systems.blocks.words import PAD, Words


class Spells(Protocol):
    """How a size of AURORA spells its answers."""

    def parts(self, text: str) -> list[int]: ...

    def answer(self, text: str, *, reasons: bool) -> list[int]: ...

    def text(self, tokens: Sequence[int]) -> str: ...

    def save(self, folder: Path) -> None: ...


class _Signs(ABC):
    """What both sizes do alike: words are spelt by a tokenizer, and the signs between them are numbers of their own."""

    def __init__(self, config: Any) -> None:
        self._config = config

    @abstractmethod
    def _numbers(self, piece: str) -> list[int]:
        """Of words without a sign."""

    @abstractmethod
    def _is_word(self, token: int) -> bool: ...

    @abstractmethod
    def _said(self, tokens: list[int]) -> str:
        """Of tokens that are words."""

    def parts(self, text: str) -> list[int]:
        """Any part of an answer, [SEG] among its words; no sign at its beginning or end."""
        out: list[int] = []
        for number, piece in enumerate(text.split(SEG)):
            out += [self._config.seg] if number else []
            if piece.strip():
                out += self._numbers(piece.strip())
        return out

    def answer(self, text: str, *, reasons: bool) -> list[int]:
        """A whole answer, from its first sign to its end."""
        config = self._config
        return [config.think if reasons else config.direct, *self.parts(text), config.end]

    def text(self, tokens: Sequence[int]) -> str:
        """What tokens say, [SEG] where it stands; other signs are left out."""
        pieces: list[list[int]] = [[]]
        for token in tokens:
            if token == self._config.seg:
                pieces.append([])
            elif self._is_word(token):
                pieces[-1].append(token)
        return " ".join(f" {SEG} ".join(self._said(piece) for piece in pieces).split())


class ChainWords(_Signs):
    """The tokenizer's words and the four signs behind them. What a sentence says is never read as a sign."""

    def __init__(self, words: Words, config: AuroraConfig) -> None:
        super().__init__(config)
        self.words = words

    def sentence(self, text: str) -> Tensor:
        """int64 [text_length]; raises RefavsError where nothing can be read."""
        return self.words.numbers([text], self._config.text_length)[0]

    def _numbers(self, piece: str) -> list[int]:
        return [n for n in self.words.numbers([piece], 400)[0].tolist() if n != PAD]

    def _is_word(self, token: int) -> bool:
        return PAD < token < int(self._config.words)

    def _said(self, tokens: list[int]) -> str:
        return self.words.text(tokens)

    def text(self, tokens: Sequence[int]) -> str:
        """Sentences with capitals, which the small tokenizer does not have."""
        return re.sub(r"(^|\. |\] )([a-z])", lambda m: m[1] + m[2].upper(), super().text(tokens))

    def save(self, folder: Path) -> None:
        """Write tokenizer.json."""
        self.words.save(folder)


class OmniWords(_Signs):
    """A thinker's own tokenizer, and the signs behind its words."""

    def __init__(self, tokenizer: Any, config: Any) -> None:
        super().__init__(config)
        self._tokenizer = tokenizer

    def _numbers(self, piece: str) -> list[int]:
        found: list[int] = self._tokenizer(piece, add_special_tokens=False)["input_ids"]
        return found

    def _is_word(self, token: int) -> bool:
        return token < self._config.words and token not in (self._config.end, self._config.pad)

    def _said(self, tokens: list[int]) -> str:
        return str(self._tokenizer.decode(tokens, skip_special_tokens=True))

    def save(self, folder: Path) -> None:
        """It is the thinker's, and named with it."""
