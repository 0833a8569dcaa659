"""The AVSBench-semantic (AVSS) layout, read.

    metadata.csv                                  vid,uid,s_min,s_sec,a_obj,split,label
    label2idx.json                                name -> number, background 1 ... woman 71
    {v1s|v1m|v2}/{uid}/frames/{k}.jpg             one frame a second, from 0; 5 (v1s, v1m) or 10 (v2)
    {v1s|v1m|v2}/{uid}/labels_rgb/{k}.png         classes as colours; only k = 0 in the training part of v1s
    {v1s|v1m|v2}/{uid}/labels_semantic/{k}.png    classes as numbers; read where labels_rgb is missing
    {v1s|v1m|v2}/{uid}/audio.wav

The column `label` of metadata.csv is the subset. A class is 0 (background) to 70 (woman), in CLASSES.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from core import media
from core.datasets.tables import folder_name, read_table
from core.errors import DatasetError
from core.masks import DAVIS_PALETTE

_NAMES = """
background accordion airplane axe baby bassoon bell bird boat boy bus car cat cello clarinet clipper clock
dog donkey drum duck elephant emergency-car erhu flute frying-food girl goose guitar gun guzheng hair-dryer
handpan harmonica harp helicopter hen horse keyboard leopard lion man marimba missile-rocket motorcycle
mower parrot piano pig pipa saw saxophone sheep sitar sorna squirrel tabla tank tiger tractor train trombone
truck trumpet tuba ukulele utv vacuum-cleaner violin wolf woman
"""
CLASSES: tuple[str, ...] = tuple(_NAMES.split())
PALETTE = DAVIS_PALETTE[: len(CLASSES)]  # the benchmark's own rule gives the same 71 colours
HEADER = ("vid", "uid", "s_min", "s_sec", "a_obj", "split", "label")
SUBSETS = {"v1s": 5, "v1m": 5, "v2": 10}  # subset -> frames
SPLITS = ("train", "val", "test")
PADDED_TO = 10  # the benchmark's loader fills shorter clips with black frames
_CODES = PALETTE.astype(np.int64) @ (65536, 256, 1)


@dataclass(frozen=True, slots=True)
class Row:
    """One clip. names: the sounding objects as written; some are no class ("off-the-screen", "h orse")."""

    vid: str
    uid: str
    s_min: str
    s_sec: str
    names: tuple[str, ...]
    split: str
    subset: str

    @property
    def frames(self) -> int:
        return SUBSETS[self.subset]

    @property
    def labelled(self) -> int:
        """How many frames, from the first, have a label."""
        return 1 if (self.subset, self.split) == ("v1s", "train") else self.frames


@dataclass(frozen=True, slots=True)
class Sample:
    """One clip with its files; nothing is read before it is asked for."""

    root: Path
    row: Row

    @property
    def folder(self) -> Path:
        return self.root / self.row.subset / self.row.uid

    @property
    def frame_paths(self) -> tuple[Path, ...]:
        return tuple(self.folder / "frames" / f"{k}.jpg" for k in range(self.row.frames))

    @property
    def next_paths(self) -> tuple[Path, ...]:
        """The picture a moment (0.08 s) after each frame; the world alone writes them, to train and val."""
        return tuple(self.folder / "frames_next" / f"{k}.jpg" for k in range(self.row.frames))

    @property
    def audio_path(self) -> Path:
        return self.folder / "audio.wav"

    @property
    def label_paths(self) -> tuple[Path, ...]:
        kinds = ("labels_rgb", "labels_semantic")
        kind = next((kind for kind in kinds if (self.folder / kind).is_dir()), kinds[0])
        return tuple(self.folder / kind / f"{k}.png" for k in range(self.row.labelled))

    def clip(self) -> media.Clip:
        """The frames, one second apart, with the sound. Raises MediaError."""
        return media.open(self.folder).clip()

    def labels(self) -> list[np.ndarray]:
        """Class pictures uint8 [H, W], 0 to 70, of the labelled frames. Raises DatasetError."""
        return [read_labels(path)[0] for path in self.label_paths]


def read_labels(path: Path) -> tuple[np.ndarray, int]:
    """(uint8 [H, W] classes, number of pixels whose colour or number is no class); those become background.

    Colour pictures are read by the palette, grey ones as class numbers. Raises DatasetError naming the file.
    """
    try:
        with Image.open(path) as picture:
            pixels = np.asarray(picture.convert("RGB") if picture.mode in ("RGBA", "P") else picture)
    except (OSError, SyntaxError, ValueError) as error:
        raise DatasetError(f"The labels {path} cannot be read as a picture ({error}).") from error
    if pixels.ndim == 2:
        wrong = pixels >= len(CLASSES)
        return np.where(wrong, 0, pixels).astype(np.uint8), int(wrong.sum())
    codes = pixels[..., :3].astype(np.int64) @ (65536, 256, 1)
    order = np.argsort(_CODES)
    place = order[np.searchsorted(_CODES, codes, sorter=order).clip(0, len(CLASSES) - 1)]
    wrong = _CODES[place] != codes
    return np.where(wrong, 0, place).astype(np.uint8), int(wrong.sum())


class Dataset:
    """A folder in the AVSS layout. Raises DatasetError when metadata.csv cannot be read by its rules."""

    def __init__(self, root: Path | str) -> None:
        self.root = Path(root)
        self.rows: tuple[Row, ...] = tuple(_read_rows(self.root / "metadata.csv"))

    @property
    def splits(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(row.split for row in self.rows))

    def samples(self, split: str | None = None) -> Iterator[Sample]:
        """Clips of one split (None = all) in the order of the file; DatasetError for an unknown split."""
        if split is not None and split not in self.splits:
            raise DatasetError(
                f"{self.root} has no split {split!r}; choose one of: {', '.join(self.splits) or 'none'}."
            )
        return (Sample(self.root, row) for row in self.rows if split in (None, row.split))

    def __len__(self) -> int:
        return len(self.rows)


def _read_rows(path: Path) -> Iterator[Row]:
    for where, row in read_table(path, HEADER, "AVSS"):
        if row["label"] not in SUBSETS:
            raise DatasetError(f"{where}: expected v1s, v1m or v2 as label, found {row['label']!r}.")
        yield Row(
            row["vid"],
            folder_name(row["uid"], where),
            row["s_min"],
            row["s_sec"],
            tuple(row["a_obj"].split("_")),
            row["split"],
            row["label"],
        )
