"""Puts posed puppets on a picture, back to front, and knows which pixels each of them is seen on."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from core.datasets.world.drawn.colours import floats
from core.datasets.world.drawn.kit import SHIFT, Puppet, State, Stroke, chains


@dataclass(frozen=True, eq=False, slots=True)
class Placed:
    """A puppet at one moment. place: float [3, 3], units to pixels. number: its object; -1 = scenery, no
    object.

    group: what stands together (a player and an instrument) shares a group and its shadow. `layer` 0 of
    every member is drawn before layer 1 of any, so hands lie over what they hold. stands: it throws a
    shadow on the floor at its (0, 0).
    """

    number: int
    puppet: Puppet
    place: np.ndarray
    state: State
    group: int
    stands: bool = True


class Canvas:
    """A picture float32 [H, W, 3], 0 to 1, and per object the share of every pixel that it covers [N, H,
    W].
    """

    def __init__(self, picture: np.ndarray, objects: int) -> None:
        self.picture = picture
        h, w = picture.shape[:2]
        self.cover = np.zeros((objects, h, w), np.float32)
        self._layer = np.zeros((h, w, 4), np.float32)
        self._dirty: tuple[int, int, int, int] | None = None

    def draw(
        self, placed: Sequence[Placed], *, light: np.ndarray | None = None, shadow: float = 0.45
    ) -> None:
        """Draw groups in the order given. light: RGB factors [3]. shadow: 0 to 1, how dark."""
        groups = dict.fromkeys(p.group for p in placed)
        for group in groups:
            members = [p for p in placed if p.group == group]
            self._dirty = None
            passes = []
            for layer in (0, 1):
                for member in members:
                    passes += self._puppet(member, layer, light)
            if self._dirty is None:
                continue
            x0, y0, x1, y1 = self._dirty
            here = np.s_[y0:y1, x0:x1]
            if shadow:
                for member in members:
                    if member.stands:
                        self._shadow(member, shadow)
            region = self._layer[here]
            self.picture[here] = region[..., :3] + self.picture[here] * (1 - region[..., 3:])
            for number, where, a in passes:
                self.cover[(slice(None), *where)] *= 1 - a
                if number >= 0:
                    self.cover[(number, *where)] += a
            region[:] = 0

    def masks(self) -> list[np.ndarray]:
        """Per object bool [H, W]: where it covers at least half of the pixel."""
        return [cover >= 0.5 for cover in self.cover]

    def _puppet(self, item: Placed, layer: int, light):
        puppet = item.puppet
        pose = puppet.pose(item.state)
        turned = chains(puppet, pose)
        for part in puppet.parts:
            if part.layer != layer:
                continue
            shown = pose[part.name].shown if part.name in pose else 1.0
            if shown <= 0:
                continue
            ox, oy = part.origin
            unit = 1 / puppet.ppu
            pixel = np.array([[unit, 0, ox + unit / 2], [0, unit, oy + unit / 2], [0, 0, 1]])
            for where, a in self._paste(part.picture, item.place @ turned[part.name] @ pixel, shown, light):
                yield item.number if part.solid else -1, where, a
        for stroke in puppet.strokes(item.state):
            if stroke.layer == layer:
                for where, a in self._line(stroke, item, light):
                    yield item.number, where, a

    def _paste(self, picture: np.ndarray, a: np.ndarray, shown: float, light):
        ph, pw = picture.shape[:2]
        corners = a @ np.array(
            [[-0.5, pw - 0.5, pw - 0.5, -0.5], [-0.5, -0.5, ph - 0.5, ph - 0.5], [1, 1, 1, 1]]
        )
        where = self._clip(corners[0].min(), corners[1].min(), corners[0].max(), corners[1].max())
        if where is None:
            return
        ys, xs = where
        to = a[:2].copy()
        to[0, 2] -= xs.start + 0.5
        to[1, 2] -= ys.start + 0.5
        size = (xs.stop - xs.start, ys.stop - ys.start)
        patch = cv2.warpAffine(picture, to, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
        yield self._blend(patch, where, shown, light)

    def _line(self, stroke: Stroke, item: Placed, light):
        points = (item.place @ np.concatenate([stroke.points.T, np.ones((1, len(stroke.points)))]))[:2].T
        scale = float(np.sqrt(abs(np.linalg.det(item.place[:2, :2]))))
        width = stroke.width * scale
        where = self._clip(*(points.min(0) - width - 1), *(points.max(0) + width + 1))
        if where is None:
            return
        ys, xs = where
        over = 4 if width < 2 else 2
        cover = np.zeros(((ys.stop - ys.start) * over, (xs.stop - xs.start) * over), np.uint8)
        fixed = ((points - (xs.start, ys.start)) * over * 2**SHIFT).round().astype(np.int32)
        cv2.polylines(cover, [fixed], False, 255, max(1, round(width * over)), cv2.LINE_AA, SHIFT)
        cover = cv2.resize(cover, (xs.stop - xs.start, ys.stop - ys.start), interpolation=cv2.INTER_AREA)
        a = cover.astype(np.float32)[..., None] / 255
        patch = np.concatenate([floats(stroke.colour) * a, a], 2)
        yield self._blend(patch, where, stroke.opacity, light)

    def _blend(self, patch: np.ndarray, where: tuple[slice, slice], shown: float, light):
        if shown < 1:
            patch = patch * np.float32(shown)
        if light is not None:
            patch[..., :3] *= light
        region = self._layer[where]
        a = patch[..., 3:]
        region *= 1 - a
        region += patch
        ys, xs = where
        box = (xs.start, ys.start, xs.stop, ys.stop)
        d = self._dirty
        self._dirty = (
            box if d is None else (min(d[0], box[0]), min(d[1], box[1]), max(d[2], box[2]), max(d[3], box[3]))
        )
        return where, a[..., 0]

    def _clip(self, x0, y0, x1, y1) -> tuple[slice, slice] | None:
        h, w = self.picture.shape[:2]
        left, top = max(int(np.floor(x0)), 0), max(int(np.floor(y0)), 0)
        right, bottom = min(int(np.ceil(x1)) + 1, w), min(int(np.ceil(y1)) + 1, h)
        return None if right <= left or bottom <= top else (slice(top, bottom), slice(left, right))

    def _shadow(self, item: Placed, strength: float) -> None:
        """A soft dark patch on the floor under the thing, wider towards the side away from the light."""
        x0, _, x1, _ = item.puppet.box
        half, depth = (x1 - x0) * 0.56, 0.06 + 0.07 * (x1 - x0)
        a = item.place @ np.array([[half / 32, 0, (x0 + x1) / 2 + 0.05], [0, depth / 32, 0], [0, 0, 1]])
        spot = _spot()
        to = a @ np.array([[1, 0, -31.5], [0, 1, -31.5], [0, 0, 1]])
        corners = to @ np.array([[0, 63, 63, 0], [0, 0, 63, 63], [1, 1, 1, 1]])
        where = self._clip(corners[0].min(), corners[1].min(), corners[0].max(), corners[1].max())
        if where is None:
            return
        ys, xs = where
        shift = to[:2].copy()
        shift[0, 2] -= xs.start
        shift[1, 2] -= ys.start
        size = (xs.stop - xs.start, ys.stop - ys.start)
        dark = cv2.warpAffine(spot, shift, size, flags=cv2.INTER_LINEAR)
        self.picture[where] *= 1 - strength * dark[..., None]


@cache
def _spot() -> np.ndarray:
    y, x = np.mgrid[0:64, 0:64].astype(np.float32)
    r = np.hypot(x - 31.5, y - 31.5) / 32
    return np.clip(1 - r, 0, 1) ** 1.3 * (1.0 + 0.25 * np.clip(1 - 2 * r, 0, 1))
