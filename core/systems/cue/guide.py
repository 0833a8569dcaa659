"""Edges: a soft mask laid on the edges of its picture, many times over for one picture."""

import cv2
import numpy as np

RADIUS = 3
CALM = 1e-4  # variance of colour under which nothing counts as an edge
_PAIRS = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))


class Guide:
    """The guided filter of He, Sun and Tang (2010): what depends on the picture alone is worked out once."""

    def __init__(self, picture: np.ndarray):
        """picture: uint8 [h, w, 3]."""
        self._picture = picture.astype(np.float32) / 255
        self._mean = _mean(self._picture)
        spread = {}
        for i, j in _PAIRS:
            product = _mean(self._picture[..., i] * self._picture[..., j])
            spread[i, j] = product - self._mean[..., i] * self._mean[..., j] + (CALM if i == j else 0)
        self._inverse = _inverse(spread)

    def smooth(self, soft: np.ndarray) -> np.ndarray:
        """float32 [h, w]: in each window the mask as a linear function of the colour. soft: float32 [h, w]."""
        mean = _mean(soft)
        together = _mean(self._picture * soft[..., None]) - self._mean * mean[..., None]
        scale = np.stack(
            [sum(self._inverse[min(i, j), max(i, j)] * together[..., j] for j in range(3)) for i in range(3)],
            -1,
        )
        offset = mean - (scale * self._mean).sum(axis=-1)
        return np.asarray((_mean(scale) * self._picture).sum(axis=-1) + _mean(offset))


def _inverse(a: dict[tuple[int, int], np.ndarray]) -> dict[tuple[int, int], np.ndarray]:
    """Of a symmetric 3 x 3 matrix at every pixel, by its upper triangle."""
    out = {
        (0, 0): a[1, 1] * a[2, 2] - a[1, 2] ** 2,
        (0, 1): a[0, 2] * a[1, 2] - a[0, 1] * a[2, 2],
        (0, 2): a[0, 1] * a[1, 2] - a[0, 2] * a[1, 1],
        (1, 1): a[0, 0] * a[2, 2] - a[0, 2] ** 2,
        (1, 2): a[0, 1] * a[0, 2] - a[0, 0] * a[1, 2],
        (2, 2): a[0, 0] * a[1, 1] - a[0, 1] ** 2,
    }
    size = a[0, 0] * out[0, 0] + a[0, 1] * out[0, 1] + a[0, 2] * out[0, 2]
    return {k: v / size for k, v in out.items()}


def _mean(values: np.ndarray) -> np.ndarray:
    return np.asarray(cv2.blur(values, (2 * RADIUS + 1, 2 * RADIUS + 1), borderType=cv2.BORDER_REFLECT))
