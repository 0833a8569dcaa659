"""Where things are in a picture, when nothing is pointed at: the nano network without prompts."""

from importlib.resources import files
from pathlib import Path

import numpy as np
import torch

from core.segment.nano.clicking import WHOLE_SIDE, on_picture
from core.segment.nano.look import load_answers, tensor
from core.segment.nano.network import PROMPT_MAPS
from core.segment.nano.segmenter import shipped
from core.segment.nano.window import Window
from core.segment.slot import compute_slot


class Things:
    """Weights of its own (nano-things) on the trunk of the shipped nano-segmenter."""

    def __init__(self) -> None:
        self._network = load_answers(shipped(), Path(str(files("assets"))) / "weights" / "nano-things")

    @torch.inference_mode()
    def __call__(self, picture: np.ndarray) -> np.ndarray:
        """float32 [H, W], 0 to 1: how surely each pixel of `picture` (uint8 [H, W, 3] RGB) belongs to a thing."""
        size = (picture.shape[0], picture.shape[1])
        window = Window.whole(size, WHOLE_SIDE)
        with compute_slot():
            features = self._network.encode(tensor([window.cut(picture)]))
            logits = self._network.decode(features, torch.zeros(1, PROMPT_MAPS, *window.grid))
        return on_picture(size, *window.place(logits[0, 0].numpy(), size))
