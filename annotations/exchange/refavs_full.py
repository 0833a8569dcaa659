"""The Ref-AVS layout with every frame of a clip, at its own rate, in place of one a second.

    metadata.csv                          vid,uid,split,fid,exp
    media/{V}/frames/0.jpg 1.jpg ...      V = vid, or null_c-{vid} with its own copy for null expressions
    media/{V}/audio.wav                   as long as the clip
    gt_mask/{V}/fid_{fid}/00000.png ...   one a frame, foreground 255; black for null

Paths follow the rules of the layout's official loader, which then sees the first ten frames. Times and the
frame rate are in manifest.json.
"""

import csv
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from annotations.exchange.frames import Incoming, Outgoing, Plain, Written
from annotations.exchange.refavs_export import category_of, fids
from annotations.exchange.splits import UNSPLIT
from annotations.records import ObjectWork
from core.datasets import refavs
from core.datasets.refavs import NULL_PREFIX, Dataset, Row
from core.errors import DatasetError, RefavsError
from core.masks import Mask, read_foreground


class RefavsFull(Plain):
    name = "refavs-full"
    null = overlapping = silence = True
    plural = False
    digits = 1
    channels = 2

    def __init__(self) -> None:
        self._rows: list[Row] = []

    def frames(self, name: str) -> str:
        return f"{refavs.media_folder(name)}/frames"

    def audio(self, name: str) -> str:
        return refavs.audio_path(name)

    def add(self, root: Path, clip: Outgoing) -> Written:
        numbers = fids(list(clip.things.values()))
        keys = {n: numbers[thing.id] for n, thing in clip.things.items()}
        for n, fid in keys.items():
            _write_masks(root, clip.name, fid, clip.masks(n))
        if any(not of for _, of in clip.said):
            null = NULL_PREFIX + clip.name
            shutil.copytree(root / refavs.media_folder(clip.name), root / refavs.media_folder(null))
            _write_masks(root, null, 0, [Mask.empty(clip.size)] * len(clip.frames))
        ids = []
        count: Counter[str] = Counter()
        for pair, of in clip.said:
            thing: ObjectWork | None = clip.things[of[0]] if of else None
            stem = f"{clip.name if thing else NULL_PREFIX + clip.name}_{category_of(thing)}"
            count[stem] += 1
            ids.append(f"{stem}_{count[stem]}")
            fid = keys[of[0]] if of else 0
            row = Row(clip.name, ids[-1], pair.split or UNSPLIT, fid, pair.expression or "")
            self._rows.append(row)
        return Written(ids, {n: str(fid) for n, fid in keys.items()})

    def finish(self, root: Path) -> None:
        with (root / "metadata.csv").open("w", encoding="utf-8", newline="") as file:
            out = csv.writer(file, lineterminator="\n")
            out.writerow(refavs.HEADER)
            out.writerows((row.vid, row.uid, row.split, row.fid, row.exp) for row in self._rows)

    def read(self, root: Path) -> Iterator[Incoming]:
        clips: dict[str, list[Row]] = defaultdict(list)
        for row in Dataset(root).rows:
            clips[row.vid].append(row)
        for vid, rows in clips.items():
            yield _read(root, root / self.frames(vid), vid, rows)


def _read(root: Path, folder: Path, vid: str, rows: list[Row]) -> Incoming:
    if not folder.is_dir():  # null expressions alone
        folder = root / refavs.media_folder(rows[0].v) / "frames"
    if not folder.is_dir():
        raise DatasetError(f"Expected a folder of frames; there is no {folder}.")
    count = len(list(folder.glob("*.jpg")))
    if missing := [k for k in range(count) if not (folder / f"{k}.jpg").is_file()]:
        raise DatasetError(f"{folder} has {count} frames, and none is {missing[0]}.jpg.")
    masks: dict[str, dict[int, Mask]] = {}
    for row in rows:
        if not row.is_null and str(row.fid) not in masks:
            paths = [root / refavs.mask_path(row.v, row.fid, k) for k in range(count)]
            if len(list(paths[0].parent.glob("*.png"))) != count:
                raise DatasetError(f"{paths[0].parent} has not one mask for each of {count} frames.")
            masks[str(row.fid)] = {k: _mask(path) for k, path in enumerate(paths)}
    return Incoming(
        name=vid,
        folder=folder,
        frames=tuple(str(k) for k in range(count)),
        masks=masks,
        categories={str(row.fid): row.category for row in rows if not row.is_null},
        said=[(row.uid, row.exp, () if row.is_null else (str(row.fid),)) for row in rows],
        splits={row.uid: row.split for row in rows},
    )


def _mask(path: Path) -> Mask:
    try:
        return Mask.encode(read_foreground(path))
    except RefavsError as error:
        raise DatasetError(str(error)) from error


def _write_masks(root: Path, v: str, fid: int, masks: list[Mask]) -> None:
    (root / refavs.mask_path(v, fid, 0)).parent.mkdir(parents=True)
    for k, mask in enumerate(masks):
        pixels = mask.decode().astype(np.uint8) * 255
        Image.fromarray(pixels).save(root / refavs.mask_path(v, fid, k))
