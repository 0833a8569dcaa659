"""How the namer learns: every labelled thing of stills and of the world, seen by the shipped trunk."""

import csv
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from core.datasets import refavs
from core.errors import DatasetError
from core.segment.nano.look import load
from core.segment.nano.segmenter import shipped
from core.systems.blocks.namer import Head, look_at

SMALLEST = 0.004  # share of the picture that a thing has at least
FEWEST = 12  # examples of a name
BATCH = 128
Seen = tuple[np.ndarray, np.ndarray, str, bool]  # picture, mask, name, held out


def gather(datasets: Sequence[Path]) -> tuple[np.ndarray, list[str], np.ndarray]:
    """Features float32 [N, F], names, and bool [N] which are held out: each seen as it is, and half mirrored.

    A dataset is a folder of stills with ../manifest.csv (labels by mask value), or has the Ref-AVS layout; of
    stills the 1st, 11th, 21st ... is held out, of a set the split val.
    """
    trunk = load(shipped())
    features, names, held = [], [], []
    for folder in datasets:
        found = _clips(folder) if (folder / "metadata.csv").is_file() else _stills(folder)
        for number, (picture, mask, name, out) in enumerate(found):
            if number % 2 and not out:
                picture, mask = picture[:, ::-1].copy(), mask[:, ::-1].copy()
            features.append(look_at(trunk, picture, mask))
            names.append(name)
            held.append(out)
        print(f"{folder.name}: {len(names)} things in all", file=sys.stderr, flush=True)
    return np.stack(features), names, np.array(held)


def _stills(folder: Path) -> Iterator[Seen]:
    table = folder.parent / "manifest.csv"
    if not table.is_file():
        raise DatasetError(
            f"Expected {table} with the labels of {folder}; there is none. Name another folder."
        )
    with table.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["set"] == folder.name]
    for position, row in enumerate(sorted(rows, key=lambda row: row["name"])):
        picture = _read(folder / "img" / f"{row['name']}.jpg")
        numbers = _read(folder / "mask" / f"{row['name']}.png")
        for label in row["labels"].split():
            number, name = label.split(":")
            mask = np.asarray(numbers == int(number))
            if mask.mean() >= SMALLEST:
                yield picture[..., ::-1].copy(), mask, name.replace("_", "-"), position % 10 == 0


def _clips(folder: Path) -> Iterator[Seen]:
    named = {}
    for row in refavs.Dataset(folder).rows:
        if row.split in ("train", "val") and not row.is_null:
            named[row.v, row.fid] = (row.category, row.split == "val")
    for (v, fid), (name, out) in sorted(named.items()):
        for k in (1, 4, 8):
            picture = _read(folder / refavs.frame_path(v, k))
            mask = np.asarray(_read(folder / refavs.mask_path(v, fid, k)) > 127)
            if mask.mean() >= SMALLEST:
                yield picture[..., ::-1].copy(), mask, name, out


def _read(path: Path) -> np.ndarray:
    pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise DatasetError(f"{path} is missing or no picture; mend the dataset or leave it out.")
    return pixels


class NamerTask:
    """Implements core.training.loop.Task: names by features, rare names as often as the root of their count."""

    def __init__(self, features: np.ndarray, names: Sequence[str], *, seed: int = 0) -> None:
        kept = sorted({name for name in names if list(names).count(name) >= FEWEST})
        rows = [i for i, name in enumerate(names) if name in kept]
        self._x = torch.from_numpy(features[rows])
        self._y = torch.tensor([kept.index(names[i]) for i in rows])
        counts = torch.bincount(self._y).float()
        self._weight = (1 / counts.sqrt())[self._y].double().numpy()
        self._weight /= self._weight.sum()
        torch.manual_seed(seed)
        self.network = Head(features.shape[1], kept)
        self._seed = seed

    def loss(self, step: int, progress: float) -> tuple[Tensor, dict[str, float]]:
        """Cross-entropy, a tenth of it spread over all names."""
        rng = np.random.default_rng([self._seed, step])
        chosen = torch.from_numpy(rng.choice(len(self._y), BATCH, p=self._weight))
        x = self._x[chosen]
        logits = self.network(x + 0.1 * x.std(0) * torch.randn(x.shape))
        loss = F.cross_entropy(logits, self._y[chosen], label_smoothing=0.1)
        right = (logits.argmax(1) == self._y[chosen]).float().mean()
        return loss, {"loss": float(loss.detach()), "right": float(right)}
