"""A mask: the pixels of one object on one frame, as COCO run-length encoding."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from pycocotools import mask as coco

from core.errors import RefavsError
from core.masks.runs import check


@dataclass(frozen=True, slots=True)
class Mask:
    """One object's pixels on the stored pixel grid turned upright.

    size: (H, W) in pixels. counts: COCO's compressed run lengths, column-major, as text.
    A mask with no pixel says that the object is absent on that frame.
    """

    size: tuple[int, int]
    counts: str

    @classmethod
    def encode(cls, pixels: np.ndarray) -> "Mask":
        """From a bool (or 0/1) array [H, W]."""
        if pixels.ndim != 2 or 0 in pixels.shape:
            raise RefavsError(
                f"A mask needs an array [H, W] of at least one pixel; got shape {pixels.shape}."
            )
        rle = coco.encode(np.asfortranarray(pixels.astype(bool), dtype=np.uint8))
        return cls((int(pixels.shape[0]), int(pixels.shape[1])), rle["counts"].decode("ascii"))

    @classmethod
    def empty(cls, size: tuple[int, int]) -> "Mask":
        """The absent mask of a picture of `size` (H, W)."""
        return cls.encode(np.zeros(size, dtype=bool))

    @classmethod
    def from_coco(cls, rle: dict[str, Any]) -> "Mask":
        """From {"size": [H, W], "counts": compressed text or bytes, or a list of run lengths}.

        Raises RefavsError unless the runs fill the picture exactly: pycocotools would decode the rest
        from stray memory.
        """
        try:
            size = (int(rle["size"][0]), int(rle["size"][1]))
            counts = rle["counts"]
            if isinstance(counts, list):
                counts = coco.frPyObjects({"size": list(size), "counts": counts}, *size)["counts"]
            text = counts.decode("ascii") if isinstance(counts, bytes) else str(counts)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise RefavsError(
                'A mask must be {"size": [H, W], "counts": run-length text or a list of run lengths}; '
                f"this one cannot be read ({type(error).__name__}: {error})."
            ) from error
        check(size, text)
        return cls(size, text)

    def to_coco(self) -> dict[str, Any]:
        """{"size": [H, W], "counts": text}, ready for JSON."""
        return {"size": list(self.size), "counts": self.counts}

    def decode(self) -> np.ndarray:
        """bool [H, W]."""
        return coco.decode(self.rle()).astype(bool)

    @property
    def area(self) -> int:
        """Number of pixels."""
        return int(coco.area(self.rle()))

    @property
    def is_empty(self) -> bool:
        return self.area == 0

    @property
    def box(self) -> tuple[int, int, int, int] | None:
        """(x0, y0, x1, y1) in pixels, x1 and y1 exclusive; None for an empty mask."""
        if self.is_empty:
            return None
        x, y, w, h = (int(v) for v in coco.toBbox(self.rle()))
        return x, y, x + w, y + h

    def rle(self) -> dict[str, Any]:
        """The form that pycocotools takes: counts as bytes."""
        return {"size": list(self.size), "counts": self.counts.encode("ascii")}
