"""From a small soft mask to a sharp one at full size: edges follow the picture, not the small grid."""

import cv2
import numpy as np


def upsample(soft: np.ndarray, small: np.ndarray, full: np.ndarray, *, radius: int = 3) -> np.ndarray:
    """Soft mask at the size of `full`, its edge laid on the edges of the picture.

    soft: float32 [h, w], 0 to 1. small: uint8 [h, w, 3], the picture at that size. full: uint8 [H, W, 3]. The
    guided filter of He, Sun and Tang (2010) in its fast form: in each window of the small picture the mask is
    fitted as a linear function of the colour; the coefficients are enlarged and applied to the large picture.
    """
    scale, offset = _fit(soft, small.astype(np.float32) / 255, radius, 1e-4)
    size = (full.shape[1], full.shape[0])
    scale = cv2.resize(scale, size, interpolation=cv2.INTER_LINEAR)
    offset = cv2.resize(offset, size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.einsum("hwc,hwc->hw", scale, full.astype(np.float32) / 255) + offset)


def smooth(soft: np.ndarray, small: np.ndarray, *, radius: int = 3) -> np.ndarray:
    """The same at the small size: float32 [h, w]."""
    picture = small.astype(np.float32) / 255
    scale, offset = _fit(soft, picture, radius, 1e-4)
    return np.asarray(np.einsum("hwc,hwc->hw", scale, picture) + offset)


def _fit(soft: np.ndarray, picture: np.ndarray, radius: int, calm: float) -> tuple[np.ndarray, np.ndarray]:
    """Per pixel: float32 [h, w, 3] and [h, w] with mask ~ scale . colour + offset around it."""

    def mean(values: np.ndarray) -> np.ndarray:
        return np.asarray(cv2.blur(values, (2 * radius + 1, 2 * radius + 1), borderType=cv2.BORDER_REFLECT))

    soft = soft.astype(np.float32)
    colour, mask = mean(picture), mean(soft)
    with_mask = mean(picture * soft[..., None]) - colour * mask[..., None]
    pairs = np.stack([picture[..., i] * picture[..., j] for i, j in _PAIRS], axis=-1)
    products = np.stack([mean(pairs[..., k]) for k in range(len(_PAIRS))], axis=-1)
    spread = np.empty((*soft.shape, 3, 3), np.float32)
    for k, (i, j) in enumerate(_PAIRS):
        spread[..., i, j] = spread[..., j, i] = products[..., k] - colour[..., i] * colour[..., j]
    spread += calm * np.eye(3, dtype=np.float32)
    scale = np.linalg.solve(spread, with_mask[..., None])[..., 0]
    offset = mask - np.einsum("hwc,hwc->hw", scale, colour)
    return mean(scale), mean(offset)


_PAIRS = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))
