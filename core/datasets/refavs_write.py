"""The Ref-AVS layout, written: all of a folder or nothing."""

import csv
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
import numpy as np
from PIL import Image

from core.datasets import refavs
from core.datasets.refavs import FRAMES, NULL, NULL_PREFIX, Dataset, Row
from core.datasets.wav import write_wav
from core.datasets.whole import staged_folder
from core.errors import DatasetError

SECONDS = 10
RATE = 48000


@dataclass(frozen=True, slots=True)
class Sentence:
    """An expression to write. n: its number in the uid; None = the next free one of its (V, category)."""

    text: str
    n: int | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Entry:
    """One object of a window with its expressions; or, with category `null` and masks None, null expressions.

    masks: ten bool arrays [H, W] of the size of the frames. fid: 0 for null.
    """

    category: str
    fid: int
    masks: Sequence[np.ndarray] | None
    expressions: Sequence[str | Sentence]
    split: str = "train"


@dataclass(frozen=True, eq=False, slots=True)
class Window:
    """Ten seconds of a clip as the layout holds them.

    frames: ten uint8 arrays [H, W, 3] RGB. audio: float32 [samples] or [samples, channels], -1 to 1, at
    `rate` Hz, padded or cut to ten seconds; None = silence. Either may be a function that makes it, which is
    called when it is needed. seconds: how many of the ten frames are not held ones. null_prefix: what the
    folders of null expressions have before `vid`. key: what frames and sound follow from; a window with the
    same key and masks that a run before this one had finished is not written again ("" = always).
    """

    vid: str
    frames: Sequence[np.ndarray] | Callable[[], Sequence[np.ndarray]]
    audio: np.ndarray | Callable[[], np.ndarray | None] | None
    rate: int
    entries: Sequence[Entry]
    seconds: int = FRAMES
    null_prefix: str = NULL_PREFIX
    key: str = ""


class Writer:
    """Writes a folder in the Ref-AVS layout: all of it or nothing.

    `with Writer(root) as writer: writer.add(window)`. Everything goes into a hidden folder beside `root`, is
    counted there, and takes the name `root` at the end; on an error it is removed; killed, it goes on (see
    `whole.staged_folder`). Raises DatasetError. `extra` goes into manifest.json beside the counts; `seal` may
    add files to the folder, the last of all.
    """

    def __init__(self, root: Path | str) -> None:
        self.root = Path(root).absolute()
        self.extra: dict[str, Any] = {"padded": []}
        self.seal: Callable[[Path], None] | None = None
        self._rows: list[Row] = []
        self._media: set[str] = set()
        self._masks: dict[tuple[str, int], bytes] = {}
        self._last: Counter[tuple[str, str]] = Counter()
        self._uids: set[str] = set()

    def __enter__(self) -> Self:
        self._whole = ExitStack()
        self._staged = self._whole.enter_context(staged_folder(self.root))
        self._temp = self._staged.folder
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            with self._whole:
                self._finish()
        else:
            self._whole.__exit__(kind, error, trace)

    def add(self, window: Window) -> list[Row]:
        """Write one window; its rows, in the order of entries and expressions."""
        rows: list[Row] = []
        folders: dict[str, dict[int, Sequence[np.ndarray] | None]] = {}
        for entry in window.entries:
            is_null = entry.category == NULL
            if is_null != (entry.masks is None) or (is_null and entry.fid != 0):
                raise DatasetError(f"{window.vid}: category {NULL!r}, and only it, has fid 0 and no masks.")
            v = (window.null_prefix if is_null else "") + window.vid
            if v not in folders:
                self._claim(v, window)
                folders[v] = {}
            self._claim_masks(v, entry)
            folders[v][entry.fid] = entry.masks
            rows += [self._row(window.vid, v, entry, sentence) for sentence in entry.expressions]
        masks = {f"{v} {fid}": self._masks[v, fid].hex() for v, of in folders.items() for fid in of}
        key = window.key and f"{window.key} {window.seconds} {masks}"
        places = [
            p for v in folders for p in (refavs.media_folder(v), Path(refavs.mask_path(v, 0, 0)).parents[1])
        ]
        self._staged.once(window.vid, key, places, lambda: self._write(window, folders))
        self._rows += rows
        return rows

    def _write(self, window: Window, folders: dict[str, dict[int, Sequence[np.ndarray] | None]]) -> None:
        given = window.frames() if callable(window.frames) else window.frames
        frames = [np.asarray(frame) for frame in given]
        if len(frames) != FRAMES or any(f.dtype != np.uint8 or f.shape != frames[0].shape for f in frames):
            raise DatasetError(f"{window.vid}: expected {FRAMES} uint8 frames of one size.")
        if frames[0].ndim != 3 or frames[0].shape[2] != 3:
            raise DatasetError(f"{window.vid}: expected frames [H, W, 3], got shape {frames[0].shape}.")
        size = frames[0].shape[:2]
        sound = stereo(window.audio() if callable(window.audio) else window.audio, window.rate)
        for v, of in folders.items():
            (self._temp / refavs.media_folder(v) / "frames").mkdir(parents=True)
            for k, frame in enumerate(frames):
                Image.fromarray(frame).save(self._temp / refavs.frame_path(v, k), quality=95)
            write_wav(self._temp / refavs.audio_path(v), sound, RATE)
            for fid, masks in of.items():
                self._write_masks(v, fid, [np.zeros(size, bool)] * FRAMES if masks is None else masks, size)

    def _row(self, vid: str, v: str, entry: Entry, sentence: str | Sentence) -> Row:
        if "_" in entry.category or not refavs.safe_name(entry.category):
            raise DatasetError(f"{vid}: a category has no '_' and no path signs; got {entry.category!r}.")
        if not entry.split:
            raise DatasetError(f"{vid}: every row needs a split, one of {', '.join(refavs.SPLITS)}.")
        text, n = (sentence, None) if isinstance(sentence, str) else (sentence.text, sentence.n)
        if n is None:
            n = self._last[v, entry.category] + 1
        self._last[v, entry.category] = max(n, self._last[v, entry.category])
        uid = f"{v}_{entry.category}_{n}"
        if uid in self._uids:
            raise DatasetError(f"The uid {uid} is given to two rows.")
        self._uids.add(uid)
        return Row(vid, uid, entry.split, entry.fid, text)

    def _claim(self, v: str, window: Window) -> None:
        if not refavs.safe_name(v):
            raise DatasetError(f"{v!r} cannot be the name of a folder.")
        if v in self._media:
            raise DatasetError(f"{v} is written twice; two windows need two names.")
        self._media.add(v)
        if window.seconds < FRAMES:
            self.extra["padded"].append({"v": v, "seconds": window.seconds})

    def _claim_masks(self, v: str, entry: Entry) -> None:
        digest = hashlib.sha256()
        for mask in entry.masks or ():
            digest.update(repr(np.shape(mask)).encode() + np.packbits(np.asarray(mask, dtype=bool)).tobytes())
        bits = digest.digest()
        if self._masks.setdefault((v, entry.fid), bits) != bits:
            raise DatasetError(f"{v}: fid {entry.fid} is given to two different objects.")

    def _write_masks(self, v: str, fid: int, masks: Sequence[np.ndarray], size: tuple[int, ...]) -> None:
        if len(masks) != FRAMES or any(np.shape(m) != size for m in masks):
            raise DatasetError(f"{v} fid {fid}: expected {FRAMES} masks of the frames' size {size}.")
        (self._temp / refavs.mask_path(v, fid, 0)).parent.mkdir(parents=True)
        for k, mask in enumerate(masks):
            pixels = np.asarray(mask, dtype=bool).astype(np.uint8) * 255
            Image.fromarray(pixels).save(self._temp / refavs.mask_path(v, fid, k))

    def _finish(self) -> None:
        self._staged.drop_rest()
        with (self._temp / "metadata.csv").open("w", encoding="utf-8", newline="") as file:
            out = csv.writer(file, lineterminator="\n")
            out.writerow(refavs.HEADER)
            out.writerows((row.vid, row.uid, row.split, row.fid, row.exp) for row in self._rows)
        self._check()
        manifest = {"format": "refavs", "counts": self._counts(), **self.extra}
        text = json.dumps(manifest, ensure_ascii=False, indent=1)
        (self._temp / "manifest.json").write_text(text + "\n", encoding="utf-8")
        if self.seal:
            self.seal(self._temp)

    def _counts(self) -> dict[str, Any]:
        return {
            "rows": len(self._rows),
            "folders": len(self._media),
            "objects": len(self._masks),
            "frames": FRAMES * len(self._media),
            "masks": FRAMES * len(self._masks),
            "splits": dict(Counter(row.split for row in self._rows)),
        }

    def _check(self) -> None:
        """Counts in = counts out, read back from the disk."""
        read = Dataset(self._temp).rows
        counts = self._counts()
        found = {
            "rows": (counts["rows"], len(read) if list(read) == self._rows else f"{len(read)} other"),
            "frames": (counts["frames"], _count(self._temp, "media/*/frames/*.jpg")),
            "sounds": (counts["folders"], _count(self._temp, "media/*/audio.wav")),
            "masks": (counts["masks"], _count(self._temp, "gt_mask/*/fid_*/*.png")),
        }
        for what, (given, arrived) in found.items():
            if given != arrived:
                raise DatasetError(
                    f"{self.root}: {given} {what} were given, {arrived} arrived; none is kept."
                )


def stereo(audio: np.ndarray | None, rate: int) -> np.ndarray:
    """float32 [480000, 2]: sound as the layout has it, 48 kHz stereo, ten seconds; mono is doubled."""
    out = np.zeros((SECONDS * RATE, 2), np.float32)
    if audio is None or not len(audio):
        return out
    samples = np.asarray(audio, np.float32)
    if samples.ndim == 1:
        samples = samples[:, None]
    samples = samples[:, [0, min(1, samples.shape[1] - 1)]]
    if rate != RATE:
        samples = _resample(samples, rate)
    samples = samples[: len(out)]
    out[: len(samples)] = np.clip(samples, -1, 1)
    return out


def _resample(samples: np.ndarray, rate: int) -> np.ndarray:
    """float32 [n, 2] at `rate` -> float32 [m, 2] at 48 kHz."""
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.T), format="fltp", layout="stereo")
    frame.sample_rate = rate
    resampler = av.AudioResampler(format="fltp", layout="stereo", rate=RATE)
    parts = [part.to_ndarray() for part in (*resampler.resample(frame), *resampler.resample(None))]
    return np.concatenate(parts, axis=1).T


def _count(root: Path, pattern: str) -> int:
    return sum(1 for _ in root.glob(pattern))
