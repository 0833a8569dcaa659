"""The shape of a mask: resizing, boundary, pieces, centre; and boxes."""

import cv2
import numpy as np

from core.errors import RefavsError
from core.masks.mask import Mask

Box = tuple[float, float, float, float]


def resize(mask: Mask, size: tuple[int, int]) -> Mask:
    """The mask on a picture of `size` (H, W): nearest by pixel centres, so no value in between appears."""
    return mask if size == mask.size else Mask.encode(resize_pixels(mask.decode(), size))


def resize_pixels(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A bool or uint8 array [H, W] (a mask, or labels) on the grid `size` (H, W), nearest; same dtype."""
    if size[0] < 1 or size[1] < 1:
        raise RefavsError(f"A picture needs at least one pixel a side; got {size[0]} x {size[1]}.")
    if pixels.shape == size:
        return pixels
    # Whole numbers, because OpenCV's nearest modes shift or round some ratios by a pixel.
    rows = (2 * np.arange(size[0]) + 1) * pixels.shape[0] // (2 * size[0])
    columns = (2 * np.arange(size[1]) + 1) * pixels.shape[1] // (2 * size[1])
    return pixels[rows][:, columns]


def from_logits(logits: np.ndarray, size: tuple[int, int]) -> Mask:
    """Where a network's numbers [h, w], enlarged bilinearly to `size` (H, W), are above 0."""
    large = cv2.resize(logits.astype(np.float32), size[::-1], interpolation=cv2.INTER_LINEAR)
    return Mask.encode(large > 0)


def boundary(mask: Mask) -> Mask:
    """The mask's own pixels that touch the outside (4 neighbours); beyond the picture is outside."""
    pixels = mask.decode().astype(np.uint8)
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    inside = cv2.erode(pixels, cross, borderType=cv2.BORDER_CONSTANT, borderValue=[0])
    return Mask.encode(pixels > inside)


def components(mask: Mask) -> tuple[Mask, ...]:
    """The connected pieces of the mask (8 neighbours), largest first."""
    pixels = mask.decode().astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(pixels, connectivity=8)
    order = sorted(range(1, count), key=lambda k: -int(stats[k, cv2.CC_STAT_AREA]))
    return tuple(Mask.encode(labels == k) for k in order)


def centre(mask: Mask) -> tuple[float, float] | None:
    """(x, y): mean of the pixel centres, in pixels from the top left corner; None for an empty mask."""
    ys, xs = np.nonzero(mask.decode())
    return (float(xs.mean()) + 0.5, float(ys.mean()) + 0.5) if xs.size else None


def box_iou(a: Box, b: Box) -> float:
    """Intersection over union of two boxes (x0, y0, x1, y1); 0 when neither has area."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    shared = max(width, 0.0) * max(height, 0.0)
    either = _area(a) + _area(b) - shared
    return shared / either if either > 0 else 0.0


def _area(box: Box) -> float:
    return max(box[2] - box[0], 0.0) * max(box[3] - box[1], 0.0)
