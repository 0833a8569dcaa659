"""Chains as tokens of the language model, and back."""

import re
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


class ChainWords:
    """The tokenizer's words and the four signs behind them. What a sentence says is never read as a sign."""

    def __init__(self, words: Words, config: AuroraConfig) -> None:
        self.words = words
        self._config = config

    def sentence(self, text: str) -> Tensor:
        """int64 [text_length]; raises RefavsError where nothing can be read."""
        return self.words.numbers([text], self._config.text_length)[0]

    def parts(self, text: str) -> list[int]:
        """Any part of an answer, [SEG] among its words; no sign at its beginning or end."""
        out: list[int] = []
        for number, piece in enumerate(text.split(SEG)):
            out += [self._config.seg] if number else []
            if piece.strip():
                out += [n for n in self.words.numbers([piece], 400)[0].tolist() if n != PAD]
        return out

    def answer(self, text: str, *, reasons: bool) -> list[int]:
        """A whole answer, from its first sign to its end."""
        config = self._config
        return [config.think if reasons else config.direct, *self.parts(text), config.end]

    def text(self, tokens: Sequence[int]) -> str:
        """What tokens say: sentences with capitals, [SEG] where it stands; other signs are left out."""
        config = self._config
        pieces: list[list[int]] = [[]]
        for token in tokens:
            if token == config.seg:
                pieces.append([])
            elif PAD < token < config.words:
                pieces[-1].append(token)
        said = f" {SEG} ".join(self.words.text(piece) for piece in pieces)
        return re.sub(r"(^|\. |\] )([a-z])", lambda m: m[1] + m[2].upper(), " ".join(said.split()))

    def save(self, folder: Path) -> None:
        """Write tokenizer.json."""
        self.words.save(folder)


class OmniWords:
    """A thinker's own tokenizer, and the signs behind its words."""

    def __init__(self, tokenizer: Any, config: Any) -> None:
        self._tokenizer = tokenizer
        self._config = config

    def parts(self, text: str) -> list[int]:
        """Any part of an answer, [SEG] among its words; no sign at its beginning or end."""
        out: list[int] = []
        for number, piece in enumerate(text.split(SEG)):
            out += [self._config.seg] if number else []
            out += self._tokenizer(piece.strip(), add_special_tokens=False)["input_ids"]
        return out

    def answer(self, text: str, *, reasons: bool) -> list[int]:
        """A whole answer, from its first sign to its end."""
        config = self._config
        return [config.think if reasons else config.direct, *self.parts(text), config.end]

    def text(self, tokens: Sequence[int]) -> str:
        """What tokens say, [SEG] where it stands; other signs are left out."""
        config = self._config
        pieces: list[list[int]] = [[]]
        for token in tokens:
            if token == config.seg:
                pieces.append([])
            elif token < config.words and token not in (config.end, config.pad):
                pieces[-1].append(token)
        said = f" {SEG} ".join(self._tokenizer.decode(piece, skip_special_tokens=True) for piece in pieces)
        return " ".join(said.split())

    def save(self, folder: Path) -> None:
        """It is the thinker's, and named with it."""
