"""Pictures with object masks, decoded once into memory-mapped arrays so that reading them costs nothing.

A dataset is a folder with img/ and mask/ (stills), or a folder of such folders (sequences of frames). A mask
is a one-channel PNG whose value is the object's number; 0 is background, 255 belongs to nobody. A mask of a
sequence is foreground or background. A folder in the Ref-AVS layout gives its training frames as stills.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from core.datasets import refavs
from core.errors import DatasetError

HELD_OUT_SEQUENCES = frozenset(
    ("breakdance-flare", "dog-agility", "drift-turn", "motocross-bumps", "bear", "boat", "lucia", "rhino")
)
# One mask covers two things (a rider and a bike): fair to carry through time, unfair to ask for with a click.
TWO_IN_ONE = frozenset(
    {
        "bmx-bumps",
        "hockey",
        "horsejump-low",
        "kite-walk",
        "motocross-bumps",
        "motorbike",
        "paragliding",
        "scooter-gray",
        "stroller",
        "surf",
        "swing",
        "tennis",
        "train",
    }
)
IGNORE = 255
Still = tuple[str, int, np.ndarray, np.ndarray]  # sequence, position, uint8 [H, W, 3], uint8 [H, W]


@dataclass(frozen=True, slots=True)
class Item:
    """One picture: where its pixels lie in the arrays, and its objects.

    group: name of the folder. sequence: its name, "" for a still. position: in file-name order.
    objects: (number, x0, y0, x1, y1, area) in pixels, ends exclusive.
    """

    group: str
    sequence: str
    position: int
    offset: int
    height: int
    width: int
    objects: tuple[tuple[int, int, int, int, int, int], ...]


class Pictures:
    """Items and their pixels, read through memory maps."""

    def __init__(self, folder: Path) -> None:
        self.items = [
            Item(**{**row, "objects": tuple(map(tuple, row["objects"]))})
            for row in json.loads((folder / "items.json").read_text(encoding="utf-8"))
        ]
        self._pixels = np.memmap(folder / "pixels.u8", np.uint8, "r")
        self._masks = np.memmap(folder / "masks.u8", np.uint8, "r")

    def pixels(self, item: Item) -> np.ndarray:
        """uint8 [H, W, 3] RGB, read-only."""
        area = item.height * item.width
        flat = self._pixels[3 * item.offset : 3 * (item.offset + area)]
        return flat.reshape(item.height, item.width, 3)

    def mask(self, item: Item) -> np.ndarray:
        """uint8 [H, W] of object numbers, read-only."""
        area = item.height * item.width
        return self._masks[item.offset : item.offset + area].reshape(item.height, item.width)


def held_out(item: Item) -> bool:
    """The fixed validation part: eight sequences, and of a folder of stills the 1st, 11th, 21st ... by name."""
    return item.sequence in HELD_OUT_SEQUENCES if item.sequence else item.position % 10 == 0


def prepare(dataset: Path, cache: Path) -> Pictures:
    """Decode `dataset` into `cache` unless that is done; DatasetError for a folder of another shape."""
    dataset = dataset.resolve()
    key = hashlib.sha256(
        f"2 {dataset} {dataset.stat().st_mtime_ns if dataset.exists() else 0}".encode()
    ).hexdigest()[:12]
    target = cache / f"{dataset.name}-{key}"
    if not (target / "items.json").exists():
        _decode(dataset, target)
    return Pictures(target)


def _decode(dataset: Path, target: Path) -> None:
    found = _clips(dataset) if (dataset / "metadata.csv").is_file() else _folders(dataset)
    target.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, object]] = []
    offset = 0
    with (target / "pixels.u8").open("wb") as pixels, (target / "masks.u8").open("wb") as masks:
        for sequence, position, picture, mask in found:
            pixels.write(picture.tobytes())
            masks.write(mask.tobytes())
            height, width = mask.shape
            rows.append(
                {
                    "group": dataset.name,
                    "sequence": sequence,
                    "position": position,
                    "offset": offset,
                    "height": height,
                    "width": width,
                    "objects": _objects(mask),
                }
            )
            offset += height * width
    (target / "items.tmp").write_text(json.dumps(rows), encoding="utf-8")
    (target / "items.tmp").replace(target / "items.json")


def _folders(dataset: Path) -> Iterator[Still]:
    folders = [dataset] if (dataset / "img").is_dir() else sorted(p.parent for p in dataset.glob("*/img"))
    files = [(folder, *pair) for folder in folders for pair in enumerate(sorted((folder / "img").iterdir()))]
    if not files:
        raise DatasetError(
            f"Expected {dataset} to hold img/ and mask/, folders that do, or the Ref-AVS layout; found none of "
            "them. Name such a folder."
        )
    for folder, position, path in files:
        sequence = "" if folder == dataset else folder.name
        picture, mask = _read(path, folder / "mask" / f"{path.stem}.png")
        if sequence or dataset.name == "ccp":  # there, clothes: the person is their union
            mask = (mask > 0).astype(np.uint8)
        yield sequence, position, picture, mask


def _clips(dataset: Path) -> Iterator[Still]:
    """Every third frame of the training clips; all frames of a clip share its position."""
    table = refavs.Dataset(dataset)
    for position, v in enumerate(sorted({row.v for row in table.rows if row.split == "train"})):
        objects = sorted((dataset / "gt_mask" / v).glob("fid_*"))
        for k in range(0, refavs.FRAMES, 3):
            numbers: np.ndarray | None = None
            for folder in objects:
                picture, shown = _read(dataset / refavs.frame_path(v, k), folder / f"{k:05d}.png")
                numbers = np.zeros_like(shown) if numbers is None else numbers
                numbers[shown > 127] = 1 + int(folder.name.removeprefix("fid_"))
            if numbers is not None:
                yield "", position, picture, numbers


def _read(picture_path: Path, mask_path: Path) -> tuple[np.ndarray, np.ndarray]:
    picture = cv2.imread(str(picture_path), cv2.IMREAD_COLOR)
    mask = cv2.imread(str(mask_path), cv2.IMREAD_UNCHANGED)
    if picture is None or mask is None:
        raise DatasetError(
            f"Expected a picture {picture_path} and its mask {mask_path}; one is missing or broken. "
            "Mend or remove it."
        )
    if mask.ndim == 3:
        mask = mask[..., 0]
    if mask.shape != picture.shape[:2]:
        raise DatasetError(
            f"{mask_path} is {mask.shape}, its picture is {picture.shape[:2]}; both must be one size."
        )
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), mask.astype(np.uint8)


def _objects(mask: np.ndarray) -> list[list[int]]:
    found = []
    for number in np.unique(mask):
        if number not in (0, IGNORE):
            ys, xs = np.nonzero(mask == number)
            found.append(
                [int(number), int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1, len(xs)]
            )
    return found
