"""The AVSBench object layouts, single source (S4) and multiple sources (MS3), read.

    s4_meta_data.csv                                          name,start,category,split
    s4_data/visual_frames/{split}/{category}/{name}/{name}_{1..5}.png
    s4_data/gt_masks/{split}/{category}/{name}/{name}_{k}.png     training: k = 1 only
    s4_data/audio_wav/{split}/{category}/{name}.wav

    ms3_meta_data.csv                                         video_id,split
    ms3_data/visual_frames/{name}/{name}.mp4_{1..5}.png
    ms3_data/gt_masks/{split}/{name}/{name}_{1..5}.png
    ms3_data/audio_wav/{split}/{name}.wav

Frame k is the last of second k - 1 to k. The benchmark also ships log-mel tensors; they are not read here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import soundfile

from core import media
from core.datasets.tables import folder_name, read_table
from core.errors import DatasetError, RefavsError
from core.masks import read_foreground

FRAMES = 5
SPLITS = ("train", "val", "test")
Subset = Literal["s4", "ms3"]
HEADERS = {"s4": ("name", "start", "category", "split"), "ms3": ("video_id", "split")}


@dataclass(frozen=True, slots=True)
class Sample:
    """One clip with its files; nothing is read before it is asked for. category: None in MS3."""

    root: Path
    subset: Subset
    name: str
    split: str
    category: str | None
    start: str = "0"

    @property
    def labelled(self) -> int:
        """How many frames, from the first, have a mask."""
        return 1 if self.subset == "s4" and self.split == "train" else FRAMES

    @property
    def frame_folder(self) -> Path:
        return self._data / "visual_frames" / (self._place if self.subset == "s4" else Path(self.name))

    @property
    def frame_paths(self) -> tuple[Path, ...]:
        stem = self.name if self.subset == "s4" else f"{self.name}.mp4"
        return tuple(self.frame_folder / f"{stem}_{k + 1}.png" for k in range(FRAMES))

    @property
    def next_paths(self) -> tuple[Path, ...]:
        """The picture a moment (0.08 s) after each frame; the world alone writes them, to train and val."""
        folder = self._data / "frames_next" / self._place
        return tuple(folder / f"{self.name}_{k + 1}.jpg" for k in range(FRAMES))

    @property
    def mask_paths(self) -> tuple[Path, ...]:
        folder = self._data / "gt_masks" / self._place
        return tuple(folder / f"{self.name}_{k + 1}.png" for k in range(self.labelled))

    @property
    def audio_path(self) -> Path:
        folder = self._data / "audio_wav" / self._place
        return folder.with_name(f"{self.name}.wav")

    def clip(self) -> media.Clip:
        """The five frames, one second apart, with the sound. Raises MediaError, DatasetError."""
        try:
            samples, rate = soundfile.read(str(self.audio_path), dtype="float32", always_2d=True)
        except (OSError, RuntimeError) as error:
            raise DatasetError(f"The sound {self.audio_path} cannot be read ({error}).") from error
        return media.open(self.frame_folder).clip().with_audio(samples.mean(axis=1), rate)

    def masks(self) -> list[np.ndarray]:
        """Bool arrays [H, W] of the labelled frames; everything above 0 sounds. Raises DatasetError."""
        try:
            return [read_foreground(path) for path in self.mask_paths]
        except RefavsError as error:
            raise DatasetError(str(error)) from error

    @property
    def _data(self) -> Path:
        return self.root / f"{self.subset}_data"

    @property
    def _place(self) -> Path:
        """{split}/{category}/{name} or {split}/{name}."""
        return Path(self.split, *([self.category] if self.category else []), self.name)


class Dataset:
    """A folder in the S4 or MS3 layout. Raises DatasetError when its table cannot be read by its rules."""

    def __init__(self, root: Path | str, subset: Subset) -> None:
        self.root = Path(root)
        self.subset = subset
        self.rows: tuple[Sample, ...] = tuple(_read(self.root, subset))

    @property
    def splits(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(row.split for row in self.rows))

    def samples(self, split: str | None = None) -> Iterator[Sample]:
        """Clips of one split (None = all) in the order of the table; DatasetError for an unknown split."""
        if split is not None and split not in self.splits:
            raise DatasetError(
                f"{self.root} has no split {split!r}; choose one of: {', '.join(self.splits) or 'none'}."
            )
        return (row for row in self.rows if split in (None, row.split))

    def __len__(self) -> int:
        return len(self.rows)


def table_name(subset: Subset) -> str:
    return f"{subset}_meta_data.csv"


def _read(root: Path, subset: Subset) -> Iterator[Sample]:
    for where, row in read_table(root / table_name(subset), HEADERS[subset], subset.upper()):
        name = folder_name(row.get("name") or row.get("video_id") or "", where)
        split = folder_name(row["split"], where)
        category = folder_name(row["category"], where) if subset == "s4" else None
        yield Sample(root, subset, name, split, category, row.get("start", "0"))
