"""Names of what is seen, by SigLIP 2 from the hub: crops of candidates against the nouns a sentence can use."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from core.errors import RefavsError
from core.expressions.lexicon import NOUNS
from core.segment.checkpoints import HALVES, SIGLIP2, fetch
from core.segment.sam2_network import picture_tensor

TEMPLATE = "this is a photo of a {}."  # the one SigLIP 2 was scored with
LENGTH = 64  # tokens; shorter phrases are padded, as the network was trained
MARGIN = 0.1  # of the box's sides, kept around a crop


class HubNamer:
    """Called with views of one thing; see `core.systems.cue.look.Name`."""

    def __init__(self, folder: Path | None = None) -> None:
        """folder: holds the checkpoint; None = the hub's. Raises RefavsError where it cannot be had or used."""
        from transformers import AutoModel, AutoTokenizer

        where = folder or fetch(SIGLIP2)
        try:
            self.tokenizer = AutoTokenizer.from_pretrained(where, local_files_only=True)
            self.model = AutoModel.from_pretrained(where, local_files_only=True).eval()
            if self.model.config.model_type not in SIGLIP2.types:
                raise ValueError(f"its model_type is {self.model.config.model_type}")
            self.side: int = self.model.config.vision_config.image_size
        except (OSError, ValueError, KeyError, AttributeError, ImportError, RuntimeError) as error:
            raise RefavsError(
                f"Expected the files of {SIGLIP2.hub} in {where}; they cannot be used "
                f"({str(error).splitlines()[0]}). Download them again, or use the system cue, which needs none."
            ) from None
        self.names = sorted({noun for nouns in NOUNS.values() for noun in nouns})
        self._ids = self.ids([TEMPLATE.format(name) for name in self.names])

    def ids(self, phrases: list[str]) -> Tensor:
        """int64 [n, 64]"""
        lower = [phrase.lower() for phrase in phrases]
        told = self.tokenizer(
            lower, padding="max_length", max_length=LENGTH, truncation=True, return_tensors="pt"
        )
        ids: Tensor = told["input_ids"]
        return ids

    def pixels(self, picture: np.ndarray) -> Tensor:
        """float32 [1, 3, side, side], -1 to 1. picture: uint8 [H, W, 3] RGB."""
        return picture_tensor(picture, self.side, HALVES)

    @torch.inference_mode()
    def __call__(self, views: list[tuple[np.ndarray, np.ndarray]]) -> dict[str, float]:
        """The chance of each name, adding up to 1. views: pictures, uint8 [H, W, 3], and masks, bool [H, W]."""
        crops = torch.cat([self.pixels(_crop(picture, mask)) for picture, mask in views])
        logits = self.model(input_ids=self._ids, pixel_values=crops).logits_per_image
        chances = logits.mean(0).softmax(0).tolist()
        return dict(zip(self.names, chances, strict=True))


def _crop(picture: np.ndarray, mask: np.ndarray) -> np.ndarray:
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    y, x = (round(MARGIN * (span[-1] - span[0] + 1)) for span in (rows, columns))
    return picture[max(0, rows[0] - y) : rows[-1] + 1 + y, max(0, columns[0] - x) : columns[-1] + 1 + x]
