"""The eyes of the small systems: what the nano segmenter's trunk sees in a picture."""

from collections.abc import Sequence
from importlib.resources import as_file, files
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from core.segment.nano.look import load, tensor

SIDE = 256  # pixels of the square that a picture is seen on
STRIDES = (8, 16, 32)
CHANNELS = (64, 128, 192)  # of the features at each stride

Features = tuple[Tensor, Tensor, Tensor]


class NanoEyes:
    """The frozen trunk; folder None = the weights that ship. Raises RefavsError when they cannot be used."""

    def __init__(self, folder: Path | None = None) -> None:
        with as_file(files("assets") / "weights" / "nano-segmenter") as shipped:
            self._network = load(folder or shipped)

    @torch.inference_mode()
    def see(self, pictures: Sequence[np.ndarray]) -> Features:
        """Pictures uint8 [H, W, 3] -> float16 [N, C, 256 / s, 256 / s] at strides s = 8, 16 and 32.

        A picture is stretched to the square, so a feature's place is a share of its width and height.
        """
        square = [cv2.resize(p, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for p in pictures]
        _, _, *maps = self._network.encode(tensor(square))
        fine, middle, coarse = (m.contiguous().half() for m in maps)
        return fine, middle, coarse
