"""Masks as PNG files: binary (0 and 255), or one palette picture for all objects (mode P, DAVIS colours)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image, UnidentifiedImageError

from core.errors import RefavsError
from core.masks.algebra import intersection
from core.masks.mask import Mask


def _davis_palette() -> np.ndarray:
    """uint8 [256, 3], PASCAL VOC's rule: a label's k-th three bits are bit 7 - k of red, green and blue."""
    labels = np.arange(256)[:, None]
    palette = np.zeros((256, 3), dtype=np.int64)
    for group in range(8):
        palette |= ((labels >> (3 * group + np.arange(3))) & 1) << (7 - group)
    return palette.astype(np.uint8)


DAVIS_PALETTE = _davis_palette()


def write_binary(path: Path, mask: Mask) -> None:
    """8-bit grey PNG, 0 and 255."""
    Image.fromarray(mask.decode().astype(np.uint8) * 255).save(path, format="PNG")


def read_binary(path: Path) -> Mask:
    """Every pixel that is not black (mode P: not label 0) is the mask; an alpha channel is not looked at.

    Raises RefavsError naming the file when it is missing or no picture.
    """
    return Mask.encode(read_foreground(path))


def read_foreground(path: Path) -> np.ndarray:
    """The same as a bool array [H, W]."""
    pixels = _load(path)
    if pixels.ndim == 3:
        colours = pixels[..., :1] if pixels.shape[2] == 2 else pixels[..., :3]
        return np.asarray(colours.any(axis=2))
    return np.asarray(pixels > 0)


def write_palette(
    path: Path,
    masks: Mapping[int, Mask],
    *,
    size: tuple[int, int],
    overlap: Literal["refuse", "later"] = "refuse",
) -> None:
    """One mode P PNG with the DAVIS colours; pixel value = key of the mask (1 to 255), 0 = no object.

    A palette picture cannot hold two objects on one pixel: "refuse" raises RefavsError naming the two
    (write one binary PNG for each object instead), "later" lets the later key of the mapping win.
    """
    picture = Image.fromarray(labels(masks, size=size, overlap=overlap))
    picture.putpalette(DAVIS_PALETTE.tobytes())
    picture.save(path, format="PNG")


def labels(
    masks: Mapping[int, Mask], *, size: tuple[int, int], overlap: Literal["refuse", "later"] = "refuse"
) -> np.ndarray:
    """uint8 [H, W]: the key of the mask that has the pixel, 0 = none; `overlap` as in `write_palette`."""
    painted = np.zeros(size, dtype=np.uint8)
    for key, mask in masks.items():
        if not 1 <= key <= 255:
            raise RefavsError(f"A palette picture numbers its objects 1 to 255; got {key}.")
        if mask.size != size:
            raise RefavsError(
                f"Mask {key} is {mask.size[0]} x {mask.size[1]}, the picture {size[0]} x {size[1]}."
            )
        pixels = mask.decode()
        taken = painted[pixels]
        if overlap == "refuse" and taken.any():
            other = int(taken[taken > 0][0])
            shared = intersection((mask, masks[other])).area
            raise RefavsError(
                f"Objects {other} and {key} share {shared} pixels; a palette picture holds one a pixel: "
                "write one binary PNG for each object."
            )
        painted[pixels] = key
    return painted


def read_palette(path: Path) -> dict[int, Mask]:
    """Pixel value -> mask for every value but 0; mode P or 8-bit grey.

    Raises RefavsError for colour pictures: their colours would have to be guessed.
    """
    pixels = _load(path)
    if pixels.ndim != 2 or pixels.dtype != np.uint8:
        raise RefavsError(
            f"{path} should be a palette (mode P) or 8-bit grey PNG whose values number the objects; "
            "it holds colours."
        )
    return {int(key): Mask.encode(pixels == key) for key in np.unique(pixels) if key}


def _load(path: Path) -> np.ndarray:
    try:
        with Image.open(path) as picture:
            return np.asarray(picture)
    except FileNotFoundError as error:
        raise RefavsError(f"The mask {path} does not exist.") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise RefavsError(
            f"The mask {path} cannot be read as a picture ({error}); it may be cut short."
        ) from error
