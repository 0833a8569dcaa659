"""What a thing looks like, by name: a small head on the trunk of the nano-segmenter."""

import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import cv2
import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F

from core.errors import RefavsError
from core.segment.nano.look import load, tensor
from core.segment.nano.network import NanoNetwork
from core.segment.nano.segmenter import shipped
from core.segment.nano.window import Window

SIDE = 96  # grid pixels of the window around a thing
MARGIN = 1.25  # so many times as wide as the thing
LEVELS = (2, 3, 4)  # of the trunk's features: strides 8, 16 and 32


def look_at(trunk: NanoNetwork, picture: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """float32 [F]: the trunk's features inside the mask (mean and largest) and around it, and its shape.

    picture: uint8 [H, W, 3] RGB. mask: bool [H, W] with a pixel in it.
    """
    x, y, w, h = cv2.boundingRect(mask.astype(np.uint8))
    window = Window.around((x, y, x + w, y + h), SIDE, margin=MARGIN, least=8)
    inside = torch.from_numpy(window.cut_mask(mask).astype(np.float32))[None, None]
    with torch.inference_mode():
        features = trunk.encode(tensor([window.cut(picture)]))
        parts = [torch.tensor([np.log(mask.mean() + 1e-4), np.log(h / w), mask.sum() / (w * h)])]
        for level in LEVELS:
            seen = features[level][0].flatten(1)
            share = F.interpolate(inside, features[level].shape[-2:], mode="area")[0].flatten(1)
            weight = share / share.sum().clamp(min=1e-6)
            parts += [seen @ weight[0], (seen * (share > 0.5)).amax(1)]
            parts.append(seen @ ((1 - share) / (1 - share).sum().clamp(min=1e-6))[0])
    return torch.cat([p.float() for p in parts]).numpy()


class Head(nn.Module):
    """Features [B, F] -> logits [B, C]."""

    def __init__(self, inputs: int, names: Sequence[str], width: int = 192) -> None:
        super().__init__()
        self.names = tuple(names)
        self.layers = nn.Sequential(
            nn.BatchNorm1d(inputs),
            nn.Dropout(0.3),
            nn.Linear(inputs, width),
            nn.ReLU(),
            nn.Dropout(0.3),
            nn.Linear(width, len(self.names)),
        )

    def forward(self, features: Tensor) -> Tensor:
        logits: Tensor = self.layers(features)
        return logits

    def save(self, folder: Path) -> None:
        """Write config.json and model.safetensors (half precision)."""
        folder.mkdir(parents=True, exist_ok=True)
        weights = {name: v.half() if v.is_floating_point() else v for name, v in self.state_dict().items()}
        save_file({name: v.contiguous() for name, v in weights.items()}, folder / "model.safetensors")
        about = {"architecture": "refavs-namer", "names": self.names}
        (folder / "config.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")


class Namer:
    """The head of `folder` (default: the shipped one) on the shipped trunk."""

    def __init__(self, folder: Path | None = None) -> None:
        folder = folder or Path(str(files("assets"))) / "weights" / "namer"
        try:
            names = json.loads((folder / "config.json").read_text(encoding="utf-8"))["names"]
            weights = load_file(folder / "model.safetensors")
            self.head = Head(len(weights["layers.0.weight"]), names)
            self.head.load_state_dict(
                {k: v.float() if v.is_floating_point() else v for k, v in weights.items()}
            )
        except (OSError, ValueError, KeyError, SafetensorError, RuntimeError) as error:
            raise RefavsError(
                f"Expected the weights of a namer in {folder}; they cannot be used "
                f"({str(error).splitlines()[0]}). Fetch or train them again."
            ) from None
        self.head.eval()
        self._trunk = load(shipped())

    @torch.inference_mode()
    def __call__(self, views: Sequence[tuple[np.ndarray, np.ndarray]]) -> dict[str, float]:
        """The chance, 0 to 1, of each name for one thing seen in some (picture, mask) views; see `look_at`."""
        features = torch.from_numpy(np.stack([look_at(self._trunk, *view) for view in views]))
        chance = self.head(features).mean(0).softmax(-1)
        return dict(zip(self.head.names, chance.tolist(), strict=True))
