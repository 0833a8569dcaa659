"""The Ref-AVS layout, read.

    metadata.csv                              vid,uid,split,fid,exp
    media/{V}/frames/{0..9}.jpg               one frame a second
    media/{V}/audio.wav                       10 s
    gt_mask/{V}/fid_{fid}/0000{0..9}.png      one object's mask a frame, foreground 255

V is `uid` without its last two parts, not the column `vid`: a null expression keeps its own media and its own
black masks under `null_c-{vid}`, and reading by `vid` would give a real object's mask instead.
`core.datasets.refavs_write` writes it.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core import media
from core.errors import DatasetError, RefavsError
from core.masks import read_foreground

FRAMES = 10
HEADER = ("vid", "uid", "split", "fid", "exp")
LINE = ",".join(HEADER)
SPLITS = ("train", "val", "test_s", "test_u", "test_n")
NULL = "null"
NULL_PREFIX = "null_c-"
FILM = "video.mp4"  # beside the ten frames in the sets of the world, at 25 frames a second
NULL_TRAP = (
    " A null row reads V from its uid, its own folder of black masks: by the column vid it would get a real "
    "object's mask."
)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of metadata.csv: an expression and the object (V, fid) that it refers to."""

    vid: str
    uid: str
    split: str
    fid: int
    exp: str

    @property
    def v(self) -> str:
        """Name of the media and mask folders; differs from `vid` for null expressions."""
        return self.uid.rsplit("_", 2)[0]

    @property
    def category(self) -> str:
        return self.uid.rsplit("_", 2)[1]

    @property
    def n(self) -> int:
        """1-based number of the expression within (V, category)."""
        return int(self.uid.rsplit("_", 2)[2])

    @property
    def is_null(self) -> bool:
        return self.category == NULL

    @property
    def prefix(self) -> str:
        """What V has before `vid`: "" or `null_c-` or `null_m-`."""
        return self.v.removesuffix(self.vid)


def media_folder(v: str) -> str:
    return f"media/{v}"


def frame_path(v: str, k: int) -> str:
    return f"media/{v}/frames/{k}.jpg"


def audio_path(v: str) -> str:
    return f"media/{v}/audio.wav"


def mask_path(v: str, fid: int, k: int) -> str:
    return f"gt_mask/{v}/fid_{fid}/{k:05d}.png"


@dataclass(frozen=True, slots=True)
class Sample:
    """One row with its files; nothing is read before it is asked for."""

    root: Path
    row: Row

    @property
    def folder(self) -> Path:
        return self.root / media_folder(self.row.v)

    @property
    def frame_paths(self) -> tuple[Path, ...]:
        return tuple(self.root / frame_path(self.row.v, k) for k in range(FRAMES))

    @property
    def audio_path(self) -> Path:
        return self.root / audio_path(self.row.v)

    @property
    def mask_paths(self) -> tuple[Path, ...]:
        return tuple(self.root / mask_path(self.row.v, self.row.fid, k) for k in range(FRAMES))

    def missing(self) -> tuple[Path, ...]:
        """Files of this sample that are not there."""
        return tuple(p for p in (*self.frame_paths, self.audio_path, *self.mask_paths) if not p.is_file())

    def clip(self) -> media.Clip:
        """The film media/V/video.mp4 where there is one, else the ten frames, one second apart, with the
        sound. Raises MediaError.
        """
        film = self.folder / FILM
        return media.open(film if film.is_file() else self.folder).clip()

    def indices(self, clip: media.Clip) -> tuple[int, ...]:
        """Frame index, in `clip`, of each of the ten masks: the frame that is shown at second k."""
        times = clip.video.pts - clip.video.pts[clip.first]
        return tuple(int(np.searchsorted(times, k + 1e-6, side="right")) - 1 for k in range(FRAMES))

    def masks(self) -> list[np.ndarray]:
        """Ten bool arrays [H, W]; every value above 0 is foreground. Raises DatasetError."""
        try:
            return [read_foreground(path) for path in self.mask_paths]
        except RefavsError as error:
            raise DatasetError(f"{error}{NULL_TRAP if self.row.is_null else ''}") from error


class Dataset:
    """A folder in the Ref-AVS layout. Raises DatasetError when metadata.csv cannot be read by its rules.

    Rows stay as they are, in the order of the file: doubled ids and odd sentences are for a check to report.
    """

    def __init__(self, root: Path | str) -> None:
        self.root = Path(root)
        self.rows: tuple[Row, ...] = tuple(_read_rows(self.root / "metadata.csv"))

    @property
    def splits(self) -> tuple[str, ...]:
        """Splits in order of appearance."""
        return tuple(dict.fromkeys(row.split for row in self.rows))

    def samples(self, split: str | None = None) -> Iterator[Sample]:
        """Rows of one split (None = all) in the order of the file; DatasetError for an unknown split."""
        if split is not None and split not in self.splits:
            there = ", ".join(self.splits) or "(it has no rows)"
            raise DatasetError(f"{self.root} has no split {split!r}; choose one of: {there}.")
        return (Sample(self.root, row) for row in self.rows if split in (None, row.split))

    def __len__(self) -> int:
        return len(self.rows)


def _read_rows(path: Path) -> Iterator[Row]:
    if not path.is_file():
        raise DatasetError(f"Expected a folder in the Ref-AVS layout with metadata.csv; there is no {path}.")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = next(reader, [])
            if tuple(header) != HEADER:
                found = ",".join(header)[:80]
                raise DatasetError(f"{path} must begin with the line {LINE}; it begins with {found!r}.")
            for cells in reader:
                if cells:
                    yield _row(cells, f"{path}, line {reader.line_num}")
    except (UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{path} is not a readable UTF-8 csv file: {error}.") from None


def _row(cells: list[str], where: str) -> Row:
    if len(cells) != len(HEADER):
        raise DatasetError(f"{where}: expected {len(HEADER)} fields ({LINE}), found {len(cells)}.")
    vid, uid, split, fid, exp = cells
    parts = uid.rsplit("_", 2)
    if len(parts) != 3 or not all(parts) or not (parts[2].isascii() and parts[2].isdigit()):
        raise DatasetError(f"{where}: expected a uid of the form V_category_number, found {uid!r}.")
    if not safe_name(parts[0]):
        raise DatasetError(f"{where}: {parts[0]!r} cannot be the name of a folder.")
    if not vid or not parts[0].endswith(vid):
        raise DatasetError(f"{where}: the uid {uid!r} does not belong to the vid {vid!r}.")
    if not (fid.isascii() and fid.isdigit()):
        raise DatasetError(f"{where}: expected a whole number as fid, found {fid!r}.")
    return Row(vid, uid, split, int(fid), exp)


def safe_name(name: str) -> bool:
    """Whether `name` is one folder name that stays inside the dataset."""
    return (
        bool(name)
        and name not in (".", "..")
        and not any(c in '/\\:*?"<>|' or ord(c) < 32 for c in name)
        and len(name.encode()) <= 255
    )
