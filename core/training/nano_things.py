"""How the nano network learns to show every thing of a picture when nothing is pointed at."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from core.segment.nano.look import load, tensor
from core.segment.nano.network import PROMPT_MAPS, NanoNetwork
from core.training.losses import mask_loss
from core.training.pictures import Pictures
from core.training.views import Views

STAGES = ((0.4, 128, 8), (1.0, 192, 5))  # (end as a share of the training, side of the views, views a batch)


class ThingsTask:
    """Implements core.training.loop.Task.

    start: weights of a nano-segmenter. Its trunk stays as it is, so that one look serves clicks and things.
    """

    def __init__(self, datasets: Sequence[Pictures], start: Path, *, seed: int = 0) -> None:
        self.network: NanoNetwork = load(start, folded=False).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.network.fused.requires_grad_(True)
        self._views = Views(datasets)
        self._seed = seed

    def loss(self, step: int, progress: float) -> tuple[Tensor, dict[str, float]]:
        """One batch without prompts."""
        self.network.trunk.eval()
        rng = np.random.default_rng([self._seed, step])
        size, batch = next((size, batch) for end, size, batch in STAGES if progress < end or end == 1.0)
        pictures, targets = zip(*(self._views.all_things(rng, size) for _ in range(batch)), strict=True)
        numbers = torch.from_numpy(np.stack(targets))
        judged, target = (numbers != 255).float(), (numbers == 1).float()
        with torch.no_grad():
            features = self.network.encode(tensor(pictures))
        logits = self.network.decode(features, torch.zeros(batch, PROMPT_MAPS, size, size))[:, 0]
        loss = mask_loss(logits, target, judged).mean()
        found, wanted = (logits.detach() > 0) & judged.bool(), target.bool()
        both, either = (found & wanted).sum((1, 2)), (found | wanted).sum((1, 2)).clamp(min=1)
        return loss, {"loss": float(loss.detach()), "iou": float((both / either).mean())}
