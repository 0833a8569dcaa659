"""The AVSBench layouts, written: S4, MS3 and AVSS; all of a folder or nothing."""

import csv
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from core.datasets import avsbench, avss
from core.datasets.refavs import safe_name
from core.datasets.wav import write_wav
from core.datasets.whole import whole_folder
from core.errors import DatasetError
from core.masks import resize_pixels
from core.media.audio import resample

SIDE = 224  # S4 and MS3 hold squares; their loaders do not resize
RATE = 16000  # of S4 and MS3
RATE_AVSS = 48000


@dataclass(frozen=True, eq=False, slots=True)
class AvsClip:
    """One clip of S4 (with category) or MS3.

    frames: five uint8 [H, W, 3] RGB. masks: bool [H, W], five, or the first alone in S4's training part.
    sound: float32 [n] or [n, 2], -1 to 1, at `rate` Hz; cut or filled to five seconds.
    """

    name: str
    split: str
    frames: Sequence[np.ndarray]
    masks: Sequence[np.ndarray]
    sound: np.ndarray
    rate: int
    category: str | None = None
    start: str = "0"


@dataclass(frozen=True, eq=False, slots=True)
class AvssClip:
    """One clip of AVSS. frames: uint8 [H, W, 3] RGB; labels: uint8 [H, W], classes 0 to 70; see avss.Row.

    sound: as in AvsClip, cut or filled to the seconds of the row.
    """

    row: avss.Row
    frames: Sequence[np.ndarray]
    labels: Sequence[np.ndarray]
    sound: np.ndarray
    rate: int


def write_avs(root: Path | str, subset: avsbench.Subset, clips: Iterable[AvsClip]) -> dict[str, int]:
    """Write an S4 or MS3 folder; {"clips": n, "masks": n}, counted in what was written.

    Frames become squares of 224 pixels (masks by nearest), as the benchmark's are. Raises DatasetError.
    """
    with whole_folder(root) as folder:
        table: list[tuple[str, ...]] = []
        names: set[str] = set()
        masks = 0
        for clip in clips:
            if clip.name in names:
                raise DatasetError(f"{clip.name!r} is given to two clips.")
            names.add(clip.name)
            table.append(write_avs_clip(folder, subset, clip))
            masks += len(clip.masks)
        _table(folder / avsbench.table_name(subset), avsbench.HEADERS[subset], table)
        written = list(avsbench.Dataset(folder, subset).rows)
        counts = {
            "clips": len(written),
            "masks": sum(path.is_file() for row in written for path in row.mask_paths),
        }
        _equal(counts, {"clips": len(table), "masks": masks})
    return counts


def write_avss(root: Path | str, clips: Iterable[AvssClip]) -> dict[str, int]:
    """Write an AVSS folder; {"clips": n, "labels": n}, counted in what was written. Raises DatasetError."""
    with whole_folder(root) as folder:
        rows: list[avss.Row] = []
        for clip in clips:
            if avss.Sample(folder, clip.row).folder.exists():
                raise DatasetError(f"{clip.row.uid!r} is given to two clips.")
            write_avss_clip(folder, clip)
            rows.append(clip.row)
        return finish_avss(folder, rows)


def finish_avss(folder: Path, rows: Sequence[avss.Row]) -> dict[str, int]:
    """Write the tables of an AVSS folder whose clips are there; its counts, as `write_avss` gives them."""
    _table(folder / "metadata.csv", avss.HEADER, [_avss_cells(row) for row in rows])
    numbers = {name: k + 1 for k, name in enumerate(avss.CLASSES)}
    (folder / "label2idx.json").write_text(json.dumps(numbers) + "\n", encoding="utf-8")
    written = list(avss.Dataset(folder).samples())
    counts = {
        "clips": len(written),
        "labels": sum(path.is_file() for sample in written for path in sample.label_paths),
    }
    _equal(counts, {"clips": len(rows), "labels": sum(row.labelled for row in rows)})
    return counts


def write_avs_clip(root: Path, subset: avsbench.Subset, clip: AvsClip) -> tuple[str, ...]:
    """Write the files of one clip of S4 or MS3; its row of the table. Raises DatasetError."""
    category = clip.category if subset == "s4" else None
    sample = avsbench.Sample(root, subset, clip.name, clip.split, category, clip.start)
    parts = [clip.name, clip.split, *([clip.category or ""] if subset == "s4" else [])]
    if not all(safe_name(part) for part in parts):
        raise DatasetError(f"{' / '.join(parts)!r} cannot be names of folders.")
    sizes = {np.shape(picture)[:2] for picture in (*clip.frames, *clip.masks)}
    if len(clip.frames) != avsbench.FRAMES or len(clip.masks) != sample.labelled or len(sizes) != 1:
        raise DatasetError(
            f"{clip.name}: {subset} {clip.split} needs {avsbench.FRAMES} frames and {sample.labelled} "
            f"masks of one size; got {len(clip.frames)} and {len(clip.masks)} of sizes {sorted(sizes)}."
        )
    for path, frame in zip(sample.frame_paths, clip.frames, strict=True):
        _save(cv2.resize(np.asarray(frame), (SIDE, SIDE), interpolation=cv2.INTER_AREA), path)
    for path, mask in zip(sample.mask_paths, clip.masks, strict=True):
        _save(resize_pixels(np.asarray(mask, dtype=bool), (SIDE, SIDE)).astype(np.uint8) * 255, path)
    _sound(clip.sound, clip.rate, sample.audio_path, avsbench.FRAMES, RATE)
    if subset == "s4":
        return clip.name, clip.start, clip.category or "", clip.split
    return clip.name, clip.split


def write_avss_clip(root: Path, clip: AvssClip) -> tuple[str, ...]:
    """Write the files of one clip of AVSS; its row of the table. Raises DatasetError."""
    row, sample = clip.row, avss.Sample(root, clip.row)
    if not safe_name(row.uid):
        raise DatasetError(f"{row.uid!r} cannot be the name of a folder.")
    sizes = {np.shape(picture)[:2] for picture in (*clip.frames, *clip.labels)}
    if len(clip.frames) != row.frames or len(clip.labels) != row.labelled or len(sizes) != 1:
        raise DatasetError(
            f"{row.uid}: {row.subset} {row.split} needs {row.frames} frames, {row.labelled} labels "
            f"of one size; got {len(clip.frames)} and {len(clip.labels)}, sizes {sorted(sizes)}."
        )
    for path, frame in zip(sample.frame_paths, clip.frames, strict=True):
        _save(np.asarray(frame), path)
    for k, label in enumerate(clip.labels):
        classes = np.asarray(label, dtype=np.uint8)
        if classes.max() >= len(avss.CLASSES):
            raise DatasetError(f"{row.uid}: classes are 0 to 70; got {classes.max()}.")
        _save(avss.PALETTE[classes], sample.folder / "labels_rgb" / f"{k}.png")
        _save(classes, sample.folder / "labels_semantic" / f"{k}.png")
    _sound(clip.sound, clip.rate, sample.audio_path, row.frames, RATE_AVSS)
    return _avss_cells(row)


def _avss_cells(row: avss.Row) -> tuple[str, ...]:
    return row.vid, row.uid, row.s_min, row.s_sec, "_".join(row.names), row.split, row.subset


def _save(pixels: np.ndarray, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, quality=95)  # PNG takes no notice of it


def _sound(sound: np.ndarray, rate: int, path: Path, seconds: int, to: int) -> None:
    """16-bit stereo; one channel is written to both."""
    channels = np.atleast_2d(np.asarray(sound, dtype=np.float32).T)
    out = np.zeros((seconds * to, 2), dtype=np.float32)
    for k in range(2):
        samples = resample(np.ascontiguousarray(channels[k % len(channels)]), rate, to)[: len(out)]
        out[: len(samples), k] = np.clip(samples, -1, 1)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_wav(path, out, to)


def _table(path: Path, header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    doubled = [key for key, count in Counter(rows).items() if count > 1]
    if doubled:
        raise DatasetError(f"The row {','.join(doubled[0])} is given twice.")
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(header)
        out.writerows(rows)


def _equal(written: dict[str, int], given: dict[str, int]) -> None:
    if written != given:
        raise DatasetError(f"Written were {written}, given were {given}; nothing was left behind.")
