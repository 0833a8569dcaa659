"""What the segmenter of the SAM 2 family needs from a network, and the tensors that it is fed.

Pictures are squeezed to a square of `side` pixels, as the published networks were trained; places on the
picture are squeezed alike. No torchvision: resizing is torch's own.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from core.segment.protocol import Prompts

Seen = Any  # what a network keeps of a frame; only the network looks inside


class Memory(Protocol):
    """What a network remembers of one object; its size does not grow with the frames it has gone through."""

    def learn(self, seen: Seen, mask: Tensor) -> None:
        """Take `mask`, float32 [1, 1, side, side] of 0 and 1, as the truth on this frame."""
        ...

    def find(self, seen: Seen) -> tuple[Tensor, float]:
        """The object on the next frame: logits [1, 1, h, w], and the logit of it being there at all."""
        ...


class Network(Protocol):
    """A loaded network."""

    side: int
    colours: tuple[tuple[float, ...], tuple[float, ...]]  # mean and deviation of red, green, blue
    device: torch.device

    def see(self, pixels: Tensor) -> Seen:
        """Run the image encoder on [1, 3, side, side]."""
        ...

    def size_of(self, seen: Seen) -> int:
        """Bytes."""
        ...

    def answer(
        self, seen: Seen, points: Tensor, labels: Tensor, previous: Tensor | None, several: bool
    ) -> tuple[Tensor, float]:
        """Logits [1, 1, h, w] of the mask that was asked for, and how good the network thinks it is, 0 to 1.

        points, labels: as `point_tensors` makes them. previous: logits [1, 1, h, w]. several: whether the
        question may mean a thing or its part, so that the best of several masks is taken.
        """
        ...

    def mask_side(self) -> int:
        """h = w of the logits."""
        ...

    def memory(self) -> Memory:
        """An empty memory for one object."""
        ...


def picture_tensor(
    picture: np.ndarray, side: int, colours: tuple[Sequence[float], Sequence[float]]
) -> Tensor:
    """float32 [1, 3, side, side]. picture: uint8 [H, W, 3] RGB."""
    pixels = torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None]
    small = F.interpolate(
        pixels.float(), size=(side, side), mode="bilinear", align_corners=False, antialias=True
    )
    mean, deviation = (torch.tensor(values).view(1, 3, 1, 1) for values in colours)
    return (small.round().clamp(0, 255) / 255 - mean) / deviation


def point_tensors(prompts: Prompts, size: tuple[int, int], side: int) -> tuple[Tensor, Tensor]:
    """float32 [1, 1, n, 2] x, y on the square, and int32 [1, 1, n] labels; size: (H, W) of the picture.

    Labels: 1 on the object, 0 not; the box comes first, as its two corners with labels 2 and 3.
    """
    box = prompts.box
    corners = [] if box is None else [(box[0], box[1], 2), (box[2], box[3], 3)]
    asked = corners + [(click.x, click.y, int(click.positive)) for click in prompts.clicks]
    points = torch.tensor([[x * (side / size[1]), y * (side / size[0])] for x, y, _ in asked])
    return points[None, None], torch.tensor([[[label for _, _, label in asked]]], dtype=torch.int32)


def mask_tensor(mask: np.ndarray, side: int) -> Tensor:
    """float32 [1, 1, side, side] of 0 and 1. mask: bool [H, W]."""
    pixels = torch.from_numpy(mask.astype(np.float32))[None, None]
    small = F.interpolate(pixels, size=(side, side), mode="bilinear", align_corners=False, antialias=True)
    return (small >= 0.5).float()


def logit_tensor(mask: np.ndarray, side: int) -> Tensor:
    """float32 [1, 1, side, side]: a mask that somebody drew, as logits of a network that is sure of it."""
    pixels = torch.from_numpy(mask.astype(np.float32))[None, None]
    covered = F.interpolate(pixels, size=(side, side), mode="bilinear", align_corners=False, antialias=True)
    return covered * 20 - 10


def full_size(logits: Tensor, size: tuple[int, int]) -> np.ndarray:
    """bool [H, W] from logits [1, 1, h, w]."""
    large = F.interpolate(logits.float(), size=size, mode="bilinear", align_corners=False)
    return np.asarray((large[0, 0] > 0).cpu().numpy())
