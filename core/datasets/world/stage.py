"""Stages: where a scene plays. A stage is a painted picture larger than the frame, a floor, and a light."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from core.datasets.world.drawn.colours import RGB, floats
from core.datasets.world.drawn.kit import Sheet, textured

MARGIN = 0.12  # share of the frame that the camera may pan to each side


@dataclass(frozen=True, eq=False)
class Stage:
    """picture: float32 [H, W, 3], the frame with MARGIN on every side. horizon: where floor meets wall or
    sky, as a share of the frame's height. light: RGB factors for what stands here. shadow: 0 to 1.
    """

    picture: np.ndarray
    horizon: float
    light: tuple[float, float, float]
    shadow: float


class Easel:
    """Paints a stage in units of the frame's height; (0, 0) is the frame's top left corner."""

    def __init__(self, size: tuple[int, int], rng: np.random.Generator) -> None:
        self.h, self.w = size
        self.rng = rng
        self.margin = int(np.ceil(MARGIN * max(size)))
        self.aspect = self.w / self.h
        self.picture = np.zeros((self.h + 2 * self.margin, self.w + 2 * self.margin, 3), np.float32)
        self.edge = self.margin / self.h

    def rows(self, y: float) -> int:
        return int(np.clip(round((y + self.edge) * self.h), 0, len(self.picture)))

    def fall(self, y0: float, y1: float, top: RGB, low: RGB, pattern: str | None = None) -> None:
        """A vertical fall of colour between two heights."""
        a, b = self.rows(y0), self.rows(y1)
        if b <= a:
            return
        share = np.linspace(0, 1, b - a, dtype=np.float32)[:, None, None]
        band = floats(top) * (1 - share) + floats(low) * share
        band = np.broadcast_to(band, (b - a, self.picture.shape[1], 3))
        if pattern:
            band = band * textured(pattern, b - a, self.picture.shape[1], 200, self.rng)[..., None]
        self.picture[a:b] = band

    def paint(self, draw: Callable[..., None], opacity: float = 1.0, blur: float = 0.0) -> None:
        """Shapes, over what is there. blur: in units."""
        sheet = Sheet(self.h, self.rng)
        draw(sheet)
        patch, (x, y) = sheet.picture()
        if blur:
            pad = int(blur * self.h * 3)
            patch = cv2.copyMakeBorder(patch, pad, pad, pad, pad, cv2.BORDER_CONSTANT)
            patch = cv2.GaussianBlur(patch, (0, 0), max(blur * self.h, 0.3))
            x, y = x - pad / self.h, y - pad / self.h
        left, top = round((x + self.edge) * self.h), round((y + self.edge) * self.h)
        h, w = patch.shape[:2]
        y0, x0 = max(top, 0), max(left, 0)
        y1, x1 = min(top + h, len(self.picture)), min(left + w, self.picture.shape[1])
        if y1 <= y0 or x1 <= x0:
            return
        piece = patch[y0 - top : y1 - top, x0 - left : x1 - left] * np.float32(opacity)
        here = self.picture[y0:y1, x0:x1]
        here *= 1 - piece[..., 3:]
        here += piece[..., :3]

    def floor(self, horizon: float, near: RGB, far: RGB, pattern: str, planks: int = 0) -> None:
        """A floor running away to the horizon; planks: how many boards across, 0 = none."""
        top = self.rows(horizon)
        h, w = len(self.picture) - top, self.picture.shape[1]
        ys, xs = np.mgrid[0:h, 0:w].astype(np.float32)
        depth = 1 / ((ys + 4) / h)
        across = (xs / w - 0.5) * depth
        tile = textured(pattern, 256, 256, 200, self.rng)
        u, v = (across * 160) % 255, (depth * 130) % 255
        grain = cv2.remap(tile, u.astype(np.float32), v.astype(np.float32), cv2.INTER_LINEAR)
        grain = 1 + (grain - 1) * np.clip(ys / h * 1.5, 0, 1) ** 1.5
        share = np.sqrt(ys / h)[..., None]
        colour = (floats(far) * (1 - share) + floats(near) * share) * grain[..., None]
        if planks:
            board = across * planks
            tones = self.rng.uniform(0.9, 1.1, 4096).astype(np.float32)
            shift = self.rng.uniform(0, 9, 4096).astype(np.float32)
            column = np.floor(board).astype(int) % 4096
            row = np.floor(depth * 1.4 + shift[column]).astype(int) % 4096
            seam = np.abs(board - np.round(board)) / np.maximum(depth * planks / w, 1e-3)
            fade = np.clip(ys / h * 5, 0, 1)
            colour *= 1 + ((tones[(column * 7 + row * 13) % 4096] - 1) * fade)[..., None]
            colour *= 1 - (0.4 * np.clip(1.2 - seam, 0, 1) * fade)[..., None]
        self.picture[top:] = colour

    def glow(self, x: float, y: float, r: float, colour: RGB, strength: float) -> None:
        """Light added around a point."""
        ys, xs = np.mgrid[0 : len(self.picture), 0 : self.picture.shape[1]].astype(np.float32)
        far = ((xs / self.h - self.edge - x) ** 2 + (ys / self.h - self.edge - y) ** 2) / r**2
        self.picture += (strength * np.exp(-far))[..., None] * floats(colour)

    def stage(self, horizon: float, light: RGB, shadow: float, vignette: float = 0.25) -> Stage:
        h, w = self.picture.shape[:2]
        ys, xs = np.mgrid[-1 : 1 : h * 1j, -1 : 1 : w * 1j].astype(np.float32)
        self.picture *= (1 - vignette * np.clip(xs**2 + ys**2 - 0.5, 0, 2) / 1.5)[..., None]
        return Stage(np.clip(self.picture, 0, 1), horizon, light, shadow)
