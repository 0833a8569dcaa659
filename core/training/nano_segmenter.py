"""How the nano segmenter learns: views with prompts, then clicks on its own errors."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from core.segment.nano.config import NanoConfig
from core.segment.nano.look import tensor
from core.segment.nano.maps import MATCH, draw
from core.segment.nano.network import NanoNetwork
from core.training.clicks import next_click
from core.training.losses import mask_loss
from core.training.pictures import Pictures
from core.training.views import View, Views

# (end as a share of the training, side of the views in pixels, views a batch): small views teach most
STAGES = ((0.15, 96, 8), (0.8, 128, 8), (1.0, 160, 8))


class NanoTask:
    """Implements core.training.loop.Task."""

    def __init__(self, datasets: Sequence[Pictures], config: NanoConfig, *, seed: int = 0) -> None:
        torch.manual_seed(seed)
        self.network: NanoNetwork = NanoNetwork(config).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._views = Views(datasets)
        self._seed = seed

    def loss(self, step: int, progress: float) -> tuple[Tensor, dict[str, float]]:
        """Two or three rounds: the first prompt, then a click where the answer is most wrong."""
        rng = np.random.default_rng([self._seed, step])
        size, batch = next((size, batch) for end, size, batch in STAGES if progress < end or end == 1.0)
        views = [self._views.draw(rng, size) for _ in range(batch)]
        numbers = torch.from_numpy(np.stack([view.target for view in views]))
        judged = (numbers != 255).float()
        target = (numbers == 1).float()
        features = self.network.encode(tensor([view.picture for view in views]))
        match = self._match(views, features, size)
        total = torch.zeros(())
        figures: dict[str, float] = {}
        rounds = 2 if rng.random() < 0.6 else 3
        for number in range(rounds):
            maps = torch.from_numpy(
                np.stack([draw((size, size), view.clicks, view.box, view.previous) for view in views])
            )
            if match is not None:
                maps = torch.cat([maps[:, :MATCH], match], 1)
            logits = self.network.decode(features, maps.contiguous(memory_format=torch.channels_last))[:, 0]
            total = total + mask_loss(logits, target, judged).mean()
            found = logits.detach() > 0
            if number < 2:
                figures[f"iou{number}"] = _iou(found, target, judged)
            for view, mask in zip(views, found.numpy(), strict=True):
                click = next_click(mask, view.target, rng)
                if click:
                    view.clicks.append(click)
                view.previous = mask if rng.random() > 0.1 else None
        return total / rounds, {"loss": float(total.detach()) / rounds, **figures}

    def _match(self, views: list[View], features: list[Tensor], size: int) -> Tensor | None:
        """The match maps of the views that remember another; zero for the rest."""
        rows = [row for row, view in enumerate(views) if view.memory is not None]
        if not rows:
            return None
        memories = [memory for view in views if (memory := view.memory) is not None]
        remembered = self.network.encode(tensor([picture for picture, _ in memories]))
        masks = torch.from_numpy(np.stack([mask for _, mask in memories])).float()[:, None]
        signed = F.avg_pool2d(masks, 8).flatten(1) * 2 - 1
        keys = self.network.keys([f[rows] for f in features])
        found = self.network.match(keys, self.network.keys(remembered).flatten(2), signed)
        match = torch.zeros(len(views), 1, size, size)
        return match.index_copy(0, torch.tensor(rows), found)


def _iou(found: Tensor, target: Tensor, judged: Tensor) -> float:
    wanted = target.bool() & judged.bool()
    both = (found & wanted).sum((1, 2))
    either = ((found & judged.bool()) | wanted).sum((1, 2))
    present = wanted.any(2).any(1)
    return float((both / either.clamp(min=1))[present].mean()) if present.any() else 1.0
