"""Real objects to measure segmenters on: pictures with masks on disk, and sequences of them."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from core.errors import DatasetError

IGNORE = 255  # in a mask of numbered objects: belongs to nobody, judged by nobody
LEAST_SHARE = 0.01  # smaller objects, as a share of the picture, are not asked for with clicks


@dataclass(frozen=True)
class Pictures:
    """Picture files of one size in order; looks like a Clip to a segmenter."""

    files: tuple[Path, ...]

    @property
    def indices(self) -> range:
        return range(len(self.files))

    @property
    def video(self) -> "Pictures":
        return self

    @cached_property
    def size(self) -> tuple[int, int]:
        with Image.open(self.files[0]) as picture:
            return picture.height, picture.width

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(repr(self.files).encode()).hexdigest()

    def frame(self, index: int) -> np.ndarray:
        return np.asarray(_load(self.files[index]).convert("RGB"))

    def frames(self, indices: Iterable[int]) -> Iterator[np.ndarray]:
        return (self.frame(index) for index in indices)


@dataclass(frozen=True)
class Target:
    """One object on one picture. number: its value in the mask; None = every pixel that is not 0."""

    clip: Pictures
    mask: Path
    number: int | None

    def truth(self) -> tuple[np.ndarray, np.ndarray]:
        """Its pixels, and those that are not judged: bool [H, W] each."""
        values = read_labels(self.mask)
        if self.number is None:
            return values > 0, np.zeros(values.shape, bool)
        return values == self.number, values == IGNORE


@dataclass(frozen=True)
class Sequence:
    """Frames in order, a mask file each."""

    name: str
    clip: Pictures
    masks: tuple[Path, ...]


def sequences(folder: Path) -> list[Sequence]:
    """Each subfolder of `folder` with img/ and mask/, by name. Raises DatasetError when there is none."""
    found = []
    for part in _parts(folder):
        pairs = _pairs(part)
        found.append(Sequence(part.name, Pictures(tuple(p for p, _ in pairs)), tuple(m for _, m in pairs)))
    return found


def targets(pairs: list[tuple[Path, Path]]) -> list[Target]:
    """The objects of at least LEAST_SHARE of their picture, in order. pairs: files of pictures and masks.

    A mask whose only values are 0 and 255 shows one object; in any other, 255 is not judged.
    """
    found: list[Target] = []
    for picture, mask in pairs:
        values, counts = np.unique(read_labels(mask), return_counts=True)
        clip = Pictures((picture,))
        large = [int(v) for v in values[counts >= LEAST_SHARE * counts.sum()] if v]
        if set(values.tolist()) <= {0, IGNORE}:
            found.extend(Target(clip, mask, None) for _ in large)
        else:
            found.extend(Target(clip, mask, number) for number in large if number != IGNORE)
    return found


def pairs_by_folder(folder: Path) -> dict[str, list[tuple[Path, Path]]]:
    """Folder name -> (picture, mask) files by name: of `folder` itself, or of its subfolders."""
    return {part.name: _pairs(part) for part in _parts(folder)}


def read_labels(path: Path) -> np.ndarray:
    """uint8 [H, W]: the values of a one-channel (or palette) picture."""
    values = np.asarray(_load(path))
    return values if values.ndim == 2 else values[..., 0]


def _parts(folder: Path) -> list[Path]:
    parts = [folder] if (folder / "img").is_dir() else sorted(p.parent for p in folder.glob("*/img"))
    if not parts:
        raise DatasetError(f"Expected {folder} to hold img/ and mask/, or folders that do; found neither.")
    return parts


def _pairs(part: Path) -> list[tuple[Path, Path]]:
    pairs = [(p, part / "mask" / f"{p.stem}.png") for p in sorted((part / "img").iterdir())]
    missing = [mask for _, mask in pairs if not mask.is_file()]
    if missing or not pairs:
        what = (
            f"{missing[0].name} is missing in {missing[0].parent}" if missing else f"{part / 'img'} is empty"
        )
        raise DatasetError(f"Expected a mask .png for every picture of {part}; {what}.")
    return pairs


def _load(path: Path) -> Image.Image:
    try:
        with Image.open(path) as picture:
            picture.load()
            return picture
    except (OSError, UnidentifiedImageError) as error:
        raise DatasetError(f"{path} cannot be read as a picture ({error}); replace or remove it.") from error
