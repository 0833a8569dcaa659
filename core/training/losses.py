"""Losses on mask logits; pixels that are not judged count nowhere."""

from torch import Tensor
from torch.nn import functional as F


def mask_loss(logits: Tensor, target: Tensor, judged: Tensor) -> Tensor:
    """Two parts binary cross-entropy and one part Dice, a value a picture.

    logits, target (0 or 1) and judged (0 or 1): float32 [B, H, W]. Returns [B].
    """
    cross = F.binary_cross_entropy_with_logits(logits, target, weight=judged, reduction="none")
    cross = cross.sum((1, 2)) / judged.sum((1, 2)).clamp(min=1)
    found = logits.sigmoid() * judged
    wanted = target * judged
    overlap = (found * wanted).sum((1, 2))
    dice = 1 - (2 * overlap + 1) / (found.sum((1, 2)) + wanted.sum((1, 2)) + 1)
    return 2 * cross + dice
