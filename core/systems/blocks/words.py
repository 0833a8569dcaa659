"""The small systems' reading: our own tokenizer, and a small encoder of sentences."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from torch import Tensor, nn

from core.errors import RefavsError

PAD, UNKNOWN = 0, 1
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789'-.,?!"


def unreadable(sentence: str) -> RefavsError:
    """What is raised for a sentence in another alphabet, or without a letter."""
    return RefavsError(
        "Expected a sentence in English, which is what this system was taught; "
        f"nothing in {sentence[:60]!r} could be read. Write it in Latin letters."
    )


class Words:
    """Sentences -> token numbers. A word that was never seen falls into parts, at worst into letters."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer

    @classmethod
    def learn(cls, sentences: Iterable[str], size: int = 900) -> "Words":
        """A vocabulary of at most about `size` words and parts of words from these sentences."""
        tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
        tokenizer.normalizer = normalizers.Sequence(
            [normalizers.NFKD(), normalizers.StripAccents(), normalizers.Lowercase()]
        )
        tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
        tokenizer.decoder = decoders.WordPiece()
        tokenizer.add_special_tokens(["[PAD]", "[UNK]"])
        trainer = trainers.WordPieceTrainer(
            vocab_size=size,
            special_tokens=["[PAD]", "[UNK]", *(f"##{c}" for c in LETTERS)],
            initial_alphabet=list(LETTERS),
            show_progress=False,
        )
        tokenizer.train_from_iterator(sentences, trainer)
        return cls(tokenizer)

    def __len__(self) -> int:
        return int(self._tokenizer.get_vocab_size())

    def numbers(self, sentences: Sequence[str], length: int) -> Tensor:
        """int64 [B, length]: PAD behind the end; what is longer is cut. Raises RefavsError for a sentence
        of which nothing can be read.
        """
        rows = torch.full((len(sentences), length), PAD)
        for row, sentence in zip(rows, sentences, strict=True):
            found = self._tokenizer.encode(sentence).ids[:length]
            if all(number == UNKNOWN for number in found):
                raise unreadable(sentence)
            row[: len(found)] = torch.tensor(found)
        return rows

    def text(self, numbers: Sequence[int]) -> str:
        """The words of token numbers, in lower case; hyphened ones are whole."""
        said = self._tokenizer.decode(list(numbers), skip_special_tokens=False)  # letters count as special
        return str(said).replace(" - ", "-").replace(" ;", ";")

    def save(self, folder: Path) -> None:
        """Write tokenizer.json."""
        self._tokenizer.save(str(folder / "tokenizer.json"))

    @classmethod
    def load(cls, folder: Path) -> "Words":
        """Read tokenizer.json. Raises RefavsError when there is none that can be read."""
        path = folder / "tokenizer.json"
        try:
            return cls(Tokenizer.from_str(path.read_text(encoding="utf-8")))
        except Exception as error:  # the tokenizers library raises Exception itself
            raise RefavsError(
                f"Expected a system's tokenizer.json in {folder}; it cannot be used ({error}). "
                "Name a folder saved by training."
            ) from None


class WordEncoder(nn.Module):
    """Token numbers [B, L] -> [B, L, D]: embeddings, places, and transformer layers that see no padding."""

    def __init__(self, vocabulary: int, width: int, length: int, *, layers: int = 1, heads: int = 4) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width, padding_idx=PAD)
        self.places = nn.Parameter(torch.randn(length, width) * 0.1)
        layer = nn.TransformerEncoderLayer(width, heads, 2 * width, 0.0, batch_first=True, norm_first=True)
        self.layers = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)

    def forward(self, numbers: Tensor) -> Tensor:
        x = self.embedding(numbers) + self.places[: numbers.shape[1]]
        encoded: Tensor = self.layers(x, src_key_padding_mask=numbers == PAD)
        return encoded
