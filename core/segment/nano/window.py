"""Parts of a picture on the network's grid, and back."""

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from core.segment.nano.network import STRIDE

GREY = (115, 115, 115)  # what lies outside the picture


@dataclass(frozen=True)
class Window:
    """A rectangle of the picture seen on a grid. It may reach over the picture's border.

    x, y: its top left corner in pixels of the picture. scale: grid pixels a picture pixel. grid: (H, W).
    """

    x: float
    y: float
    scale: float
    grid: tuple[int, int]

    @classmethod
    def whole(cls, size: tuple[int, int], side: int) -> "Window":
        """All of a picture of `size` (H, W), its longer side on about `side` pixels of the grid."""
        scale = side / max(size)
        return cls(0.0, 0.0, scale, (_padded(size[0] * scale), _padded(size[1] * scale)))

    @classmethod
    def around(
        cls, box: tuple[float, float, float, float], side: int, *, margin: float, least: float
    ) -> "Window":
        """A square around the box: `margin` times its longer side, at least `least` pixels wide."""
        x0, y0, x1, y1 = box
        width = max(margin * max(x1 - x0, y1 - y0), least)
        return cls((x0 + x1 - width) / 2, (y0 + y1 - width) / 2, side / width, (side, side))

    @property
    def box(self) -> tuple[float, float, float, float]:
        """x0, y0, x1, y1 in pixels of the picture."""
        return self.x, self.y, self.x + self.grid[1] / self.scale, self.y + self.grid[0] / self.scale

    def cut(self, picture: np.ndarray) -> np.ndarray:
        """The picture on the grid: uint8 [H, W, 3]."""
        return warp(picture, self._matrix(), self.grid)

    def cut_mask(self, mask: np.ndarray) -> np.ndarray:
        """A bool mask of the picture on the grid."""
        soft = warp(mask.astype(np.uint8) * 255, self._matrix(), self.grid, fill=(0,))
        return soft > 127

    def points(self, clicks: Iterable[tuple[float, float, bool]]) -> list[tuple[float, float, bool]]:
        """Clicks in pixels of the picture -> of the grid."""
        return [((x - self.x) * self.scale, (y - self.y) * self.scale, positive) for x, y, positive in clicks]

    def place(self, soft: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, tuple[slice, slice]]:
        """Values of the grid on the picture: float32 [h, w], and which part of a picture of `size` it is."""
        x0, y0, x1, y1 = self.box
        left, top = max(int(np.floor(x0)), 0), max(int(np.floor(y0)), 0)
        right, bottom = min(int(np.ceil(x1)), size[1]), min(int(np.ceil(y1)), size[0])
        matrix = self._matrix()
        matrix[:, 2] += matrix[:, :2] @ (left, top)
        large = cv2.warpAffine(
            soft,
            matrix,
            (max(right - left, 1), max(bottom - top, 1)),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return large, (slice(top, max(bottom, top + 1)), slice(left, max(right, left + 1)))

    def _matrix(self) -> np.ndarray:
        """Centres of the picture's pixels -> centres of the grid's."""
        shift = 0.5 * self.scale - 0.5
        return np.array(
            [[self.scale, 0, shift - self.x * self.scale], [0, self.scale, shift - self.y * self.scale]]
        )


def warp(
    pixels: np.ndarray, matrix: np.ndarray, size: tuple[int, int], *, fill: tuple[int, ...] = GREY
) -> np.ndarray:
    """cv2.warpAffine to `size` (H, W) that averages first where it shrinks: a warp alone skips pixels."""
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    times = max(1, round(0.75 / scale))
    height, width = pixels.shape[:2]
    if times > 1 and min(height, width) >= 2 * times:
        small = (width // times, height // times)
        x, y = width / small[0], height / small[1]
        pixels = cv2.resize(pixels, small, interpolation=cv2.INTER_AREA)
        matrix = matrix @ np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2], [0, 0, 1]])
    return cv2.warpAffine(pixels, matrix, size[::-1], flags=cv2.INTER_LINEAR, borderValue=fill)


def _padded(length: float) -> int:
    return max(STRIDE, int(np.ceil(round(length, 3) / STRIDE)) * STRIDE)
