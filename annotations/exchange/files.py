"""Small files of the layouts: JSON, and palette pictures for every frame."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from core.errors import DatasetError, RefavsError
from core.masks import Mask, read_palette, write_palette

PICTURES = {".jpg", ".jpeg", ".png"}


def write_json(path: Path, data: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data, ensure_ascii=False) + "\n", encoding="utf-8")


def read_json(path: Path, what: str) -> Any:
    """Raises DatasetError naming `what` was expected."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DatasetError(f"Expected {what}; there is no {path}.") from None
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path} cannot be read as JSON ({error}).") from error


def frame_names(folder: Path) -> tuple[str, ...]:
    """Names of the pictures of a folder, without their endings, in order."""
    if not folder.is_dir():
        raise DatasetError(f"Expected a folder of frames; there is no {folder}.")
    return tuple(sorted(p.stem for p in folder.iterdir() if p.suffix.lower() in PICTURES))


def picture_size(folder: Path, name: str) -> tuple[int, int]:
    """(H, W) of the picture of that name, whatever its ending."""
    for path in (folder / f"{name}{ending}" for ending in sorted(PICTURES)):
        if path.is_file():
            try:
                with Image.open(path) as picture:
                    return picture.height, picture.width
            except OSError as error:
                raise DatasetError(f"{path} cannot be read as a picture ({error}).") from error
    raise DatasetError(f"There is no picture {name} in {folder}.")


def write_palettes(
    folder: Path, frames: tuple[str, ...], masks: Mapping[int, list[Mask]], size: tuple[int, int]
) -> None:
    """One palette picture a frame; pixel value = number of the object."""
    folder.mkdir(parents=True)
    for k, name in enumerate(frames):
        there = {n: of[k] for n, of in masks.items() if not of[k].is_empty}
        write_palette(folder / f"{name}.png", there, size=size)


def read_palettes(
    folder: Path, frames: tuple[str, ...], keys: tuple[str, ...] = ()
) -> dict[str, dict[int, Mask]]:
    """Object key -> position of the frame -> mask; empty where a picture is there without the object.

    keys: objects that are known to be there, although they may be on no picture.
    """
    if alone := sorted({path.stem for path in folder.glob("*.png")} - set(frames)):
        raise DatasetError(f"{folder} has a mask {alone[0]}.png, and there is no frame of that name.")
    found: dict[int, dict[str, Mask]] = {}
    empty: dict[int, Mask] = {}
    for k, name in enumerate(frames):
        path = folder / f"{name}.png"
        if not path.is_file():
            continue
        try:
            found[k] = {str(n): mask for n, mask in read_palette(path).items()}
        except RefavsError as error:
            raise DatasetError(str(error)) from error
        empty[k] = Mask.empty(picture_size(folder, name))
    every = sorted({key for of in found.values() for key in of} | set(keys), key=lambda key: (len(key), key))
    return {key: {k: of.get(key, empty[k]) for k, of in found.items()} for key in every}
