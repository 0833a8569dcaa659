"""Pen and puppets: shapes shaded as soft clay, put together of parts that turn about joints.

Units: one unit is the height of a grown person; x to the right, y down, (0, 0) where the thing stands. A part
is painted once at the size the clip needs; a pose moves parts by affine transforms, so that a frame is cheap.
Pictures are float32 premultiplied RGBA [h, w, 4], 0 to 1.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache

import cv2
import numpy as np

from core.datasets.world.drawn.colours import RGB, tinted

Point = tuple[float, float]
Points = str | Sequence[Point] | np.ndarray  # "x,y x,y ..." where they are fixed
SHIFT = 6  # fractional bits of OpenCV's drawing coordinates
OVER = 2  # shapes are painted at twice the size and averaged
LIGHT = np.array([-0.42, -0.62, 0.66], np.float32)


@dataclass(frozen=True, slots=True)
class State:
    """What a pose is computed from, at one moment.

    t: seconds. level: 0 to 1, how loud the thing is now. active: 0 to 1, within a stretch of sounding (it
    stays up between two barks). beat: seconds since its last onset (large when none). count: onsets so far.
    stride: radians that its steps or wheels have turned. playing: 0 to 1, busy with an instrument. seed: 0 to
    1, its own phase for breathing and blinking. hands: where the (left, right) hand should be, in its own
    units; None = hanging down.
    """

    t: float = 0.0
    level: float = 0.0
    active: float = 0.0
    beat: float = 9.0
    count: int = 0
    stride: float = 0.0
    playing: float = 0.0
    seed: float = 0.0
    hands: tuple[Point | None, Point | None] = (None, None)

    @property
    def hit(self) -> float:
        """1 at an onset, gone after a third of a second; what struck things and hands follow."""
        return float(np.exp(-self.beat * 9.0)) if self.active or self.beat < 1 else 0.0

    @property
    def shake(self) -> float:
        """-1 to 1, quick, as large as the sound: strings, engines."""
        return self.level * float(np.sin(self.t * 57.0 + self.seed * 6.0))


@dataclass(frozen=True, slots=True)
class Motion:
    """How a part differs from rest: scaled and turned clockwise about its joint (radians), then moved."""

    angle: float = 0.0
    dx: float = 0.0
    dy: float = 0.0
    sx: float = 1.0
    sy: float = 1.0
    shown: float = 1.0


STILL = Motion()
Pose = Mapping[str, Motion]


@dataclass(frozen=True, eq=False, slots=True)
class Part:
    """A painted piece. origin: its top left corner in units. layer: 1 = in front of what is held.

    solid: smoke and flying grass are not; they are seen but belong to nobody's mask.
    """

    name: str
    picture: np.ndarray
    origin: Point
    pivot: Point
    parent: str | None
    layer: int
    solid: bool = True


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line drawn at its moment, such as a string: points and width in units, opacity 0 to 1."""

    points: np.ndarray
    width: float
    colour: RGB
    opacity: float = 1.0
    layer: int = 0


@dataclass(frozen=True, eq=False)
class Puppet:
    """A thing that can be posed. ppu: pixels a unit its parts were painted at.

    box: (x0, y0, x1, y1) in units at rest. grips: named places (where hands go, where a mouth is).
    """

    ppu: float
    parts: tuple[Part, ...]
    pose: Callable[[State], Pose]
    strokes: Callable[[State], Sequence[Stroke]] = lambda state: ()
    grips: Callable[[State], Mapping[str, Point]] = lambda state: {}

    @property
    def box(self) -> tuple[float, float, float, float]:
        corners = []
        for part in self.parts:
            h, w = part.picture.shape[:2]
            x, y = part.origin
            corners += [(x, y), (x + w / self.ppu, y + h / self.ppu)]
        xs, ys = zip(*corners, strict=True)
        return min(xs), min(ys), max(xs), max(ys)


def matrix(motion: Motion, pivot: Point) -> np.ndarray:
    """float64 [3, 3]: what `motion` does to points in units."""
    c, s = np.cos(motion.angle), np.sin(motion.angle)
    a = np.array([[c * motion.sx, -s * motion.sy, 0], [s * motion.sx, c * motion.sy, 0], [0, 0, 1.0]])
    px, py = pivot
    a[0, 2] = px + motion.dx - a[0, 0] * px - a[0, 1] * py
    a[1, 2] = py + motion.dy - a[1, 0] * px - a[1, 1] * py
    return a


def chains(puppet: Puppet, pose: Pose) -> dict[str, np.ndarray]:
    """Every part's transform [3, 3] in units, its parents' included."""
    out: dict[str, np.ndarray] = {}
    for part in sorted(puppet.parts, key=lambda p: p.parent is not None):
        own = matrix(pose.get(part.name, STILL), part.pivot)
        out[part.name] = own
    done: dict[str, np.ndarray] = {}
    by_name = {part.name: part for part in puppet.parts}

    def full(name: str) -> np.ndarray:
        if name not in done:
            parent = by_name[name].parent
            done[name] = out[name] if parent is None else full(parent) @ out[name]
        return done[name]

    return {name: full(name) for name in out}


@dataclass
class Sheet:
    """The shapes of one part while it is painted, in order. zero, unit: where (0, 0) is and how long 1 is."""

    ppu: float
    rng: np.random.Generator
    shapes: list[tuple] = field(default_factory=list)
    zero: Point = (0.0, 0.0)
    unit: float = 1.0

    def about(self, x: float, y: float, unit: float = 1.0) -> "Sheet":
        """The same sheet, in coordinates about (x, y) with lengths in `unit`s."""
        return replace(
            self, zero=(self.zero[0] + x * self.unit, self.zero[1] + y * self.unit), unit=self.unit * unit
        )

    def blob(
        self,
        points: Points,
        colour: RGB,
        *,
        puff=0.06,
        pattern=None,
        gloss=0.0,
        line=0.5,
        curved=True,
        mirror=False,
    ) -> None:
        """A closed shape through `points`, smooth or straight-edged. puff: width of its rounded rim.

        pattern: "wood", "fur", "cloth", "metal", "stone". gloss, line: 0 to 1, highlight and dark edge.
        mirror: the points are the right half, from top to bottom; the left half is added.
        """
        p = spread(points)
        if mirror:
            p = np.concatenate([p, (p * (-1, 1))[::-1]])
        p = (spline(p) if curved else p) * self.unit + self.zero
        self.shapes.append((p, colour, puff * self.unit, pattern, gloss, line))

    def poly(self, points: Points, colour: RGB, **style) -> None:
        self.blob(points, colour, curved=False, **style)

    def disc(self, x, y, rx, colour: RGB, ry=None, angle=0.0, **style) -> None:
        """An ellipse about (x, y)."""
        turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
        c, s = np.cos(angle), np.sin(angle)
        ex, ey = rx * np.cos(turn), (rx if ry is None else ry) * np.sin(turn)
        points = np.stack([x + c * ex - s * ey, y + s * ex + c * ey], 1)
        self.blob(points, colour, curved=False, **{"puff": rx, **style})

    def box(self, x0, y0, x1, y1, colour: RGB, r=0.01, **style) -> None:
        """A rectangle with corners rounded by r units."""
        r = min(r, abs(x1 - x0) / 2, abs(y1 - y0) / 2)
        turn = np.linspace(0, np.pi / 2, 6)
        corners = [(x1 - r, y1 - r, 0), (x0 + r, y1 - r, 1), (x0 + r, y0 + r, 2), (x1 - r, y0 + r, 3)]
        points = [
            (cx + r * np.cos(a + q * np.pi / 2), cy + r * np.sin(a + q * np.pi / 2))
            for cx, cy, q in corners
            for a in turn
        ]
        self.blob(points, colour, curved=False, **style)

    def limb(self, a: Point, b: Point, wa: float, wb: float, colour: RGB, **style) -> None:
        """A tapering limb from a (half width wa) to b (half width wb) with round ends."""
        (ax, ay), (bx, by) = a, b
        angle = np.arctan2(by - ay, bx - ax)
        back = np.linspace(np.pi / 2, 3 * np.pi / 2, 10) + angle
        front = np.linspace(-np.pi / 2, np.pi / 2, 10) + angle
        points = [(ax + wa * np.cos(t), ay + wa * np.sin(t)) for t in back]
        points += [(bx + wb * np.cos(t), by + wb * np.sin(t)) for t in front]
        self.blob(points, colour, curved=False, **{"puff": max(wa, wb), **style})

    def line(self, points: Points, width: float, colour: RGB, curved=False) -> None:
        """A flat line, unshaded."""
        p = (spline(points, closed=False) if curved else spread(points)) * self.unit + self.zero
        self.shapes.append((p, colour, -width * self.unit, None, 0.0, 0.0))

    def picture(self) -> tuple[np.ndarray, Point]:
        """(float32 premultiplied RGBA, its top left corner in units)."""
        allpoints = np.concatenate([s[0] for s in self.shapes])
        margin = 2.0 / self.ppu + max([-s[2] for s in self.shapes] + [0.0])
        x0, y0 = allpoints.min(0) - margin
        x1, y1 = allpoints.max(0) + margin
        scale = self.ppu
        h, w = max(2, int(np.ceil((y1 - y0) * scale))), max(2, int(np.ceil((x1 - x0) * scale)))
        colour = np.zeros((h, w, 3), np.float32)
        alpha = np.zeros((h, w, 1), np.float32)
        for outline, tone, puff, pattern, gloss, edge in self.shapes:
            points = (outline - (x0, y0)) * scale
            reach = 2 + max(-puff, 0) * scale
            left, top = np.maximum(np.floor(points.min(0) - reach).astype(int), 0)
            right, bottom = np.minimum(np.ceil(points.max(0) + reach).astype(int), (w, h))
            sw, sh = max(int(right - left), 1), max(int(bottom - top), 1)
            fixed = ((points - (left, top)) * OVER * 2**SHIFT).round().astype(np.int32)
            cover = np.zeros((sh * OVER, sw * OVER), np.uint8)
            if puff < 0:
                thick = max(1, round(-puff * scale * OVER))
                cv2.polylines(cover, [fixed], False, 255, thick, cv2.LINE_AA, SHIFT)
                paint = np.broadcast_to(np.float32(tone), (sh, sw, 3))
            else:
                cv2.fillPoly(cover, [fixed], 255, cv2.LINE_AA, SHIFT)
                paint = _shaded(
                    cover, tone, max(puff, 0.004) * scale * OVER, pattern, gloss, edge, scale, self.rng
                )
            a = cv2.resize(cover, (sw, sh), interpolation=cv2.INTER_AREA).astype(np.float32)[..., None] / 255
            here = np.s_[top : top + sh, left : left + sw]
            colour[here] = paint * a + colour[here] * (1 - a)
            alpha[here] = a + alpha[here] * (1 - a)
        return np.concatenate([colour, alpha], 2), (float(x0), float(y0))


class Pen:
    """Collects the parts of one puppet: `with pen.part("head", pivot=(0, -0.8)) as s: s.disc(...)`."""

    def __init__(self, ppu: float, seed: int = 0) -> None:
        self.ppu = ppu
        self.rng = np.random.default_rng(seed)
        self.parts: list[Part] = []

    @contextmanager
    def part(
        self, name: str, pivot: Point = (0, 0), parent: str | None = None, layer: int = 0, solid: bool = True
    ) -> Iterator[Sheet]:
        sheet = Sheet(self.ppu, self.rng)
        yield sheet
        picture, origin = sheet.picture()
        self.parts.append(Part(name, picture, origin, pivot, parent, layer, solid))

    def puppet(self, pose, strokes=lambda state: (), grips=lambda state: {}) -> Puppet:
        return Puppet(self.ppu, tuple(self.parts), pose, strokes, grips)


def spread(points: Points) -> np.ndarray:
    """float [n, 2] from either form."""
    if isinstance(points, str):
        return np.array([[float(v) for v in pair.split(",")] for pair in points.split()])
    return np.asarray(points, float)


def spline(points: Points, closed: bool = True, step: int = 8) -> np.ndarray:
    """float [n, 2]: a Catmull-Rom curve through the points."""
    p = last = spread(points)
    if closed:
        before, after, later = np.roll(p, 1, 0), np.roll(p, -1, 0), np.roll(p, -2, 0)
    else:
        padded = np.concatenate([2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]])
        before, p, after, later = padded[:-3], padded[1:-2], padded[2:-1], padded[3:]
    t = np.linspace(0, 1, step, endpoint=False)[None, :, None]
    a, b, c, d = (v[:, None, :] for v in (before, p, after, later))
    curve = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    flat = curve.reshape(-1, 2)
    return flat if closed else np.concatenate([flat, last[-1:]])


def _shaded(cover, tone: RGB, puff: float, pattern, gloss, edge, scale: float, rng) -> np.ndarray:
    """float32 [h, w, 3]: the colour of a clay shape lit from the upper left; `cover` is twice the size."""
    h, w = cover.shape[0] // OVER, cover.shape[1] // OVER
    depth = cv2.distanceTransform((cover > 127).astype(np.uint8), cv2.DIST_L2, 3)
    rim = np.clip(depth / puff, 0, 1)
    height = np.sqrt(np.clip(1 - (1 - rim) ** 2, 0, 1)) * puff
    blur = max(1.2, min(puff * 0.35, 9.0))
    height = cv2.GaussianBlur(height, (0, 0), blur)
    gx, gy = (
        cv2.Sobel(height, cv2.CV_32F, 1, 0, scale=0.125),
        cv2.Sobel(height, cv2.CV_32F, 0, 1, scale=0.125),
    )
    norm = 1 / np.sqrt(gx * gx + gy * gy + 1)
    lit = (-gx * LIGHT[0] - gy * LIGHT[1] + LIGHT[2]) * norm
    flat = float(LIGHT[2])
    shade = 1 + 0.62 * np.where(lit > flat, lit - flat, 1.15 * (lit - flat))
    if edge:
        shade *= 1 - edge * 0.45 * np.exp(-depth / max(1.6, 0.008 * scale * OVER))
    shade = cv2.resize(shade, (w, h), interpolation=cv2.INTER_AREA)
    paint = tinted(tone, shade)
    if pattern is not None:
        paint = paint * textured(pattern, h, w, scale, rng)[..., None]
    if gloss:
        shine = cv2.resize(np.clip(lit, 0, 1) ** 22, (w, h), interpolation=cv2.INTER_AREA)
        paint = paint + gloss * shine[..., None]
    return np.clip(paint, 0, 1)


@cache
def _tile(kind: str) -> np.ndarray:
    """float32 [512, 512] about 1: the grain of a material, periodic."""
    rng = np.random.default_rng(7)
    shape = {"wood": (4, 60), "fur": (110, 50), "cloth": (160, 160), "metal": (2, 120), "stone": (60, 60)}[
        kind
    ]
    strength = {"wood": 0.10, "fur": 0.07, "cloth": 0.035, "metal": 0.05, "stone": 0.025}[kind]
    fy, fx = np.meshgrid(np.fft.fftfreq(512) * 512, np.fft.fftfreq(512) * 512, indexing="ij")
    far = (fx / shape[0]) ** 2 + (fy / shape[1]) ** 2
    band = np.exp(-0.5 * far) * (1 - np.exp(-6 * far))
    grain = np.fft.ifft2(np.fft.fft2(rng.standard_normal((512, 512))) * band).real
    return (1 + strength * grain / grain.std()).astype(np.float32)


def textured(kind: str, h: int, w: int, scale: float, rng: np.random.Generator) -> np.ndarray:
    """float32 [h, w] about 1: a piece of a material's grain, as coarse on every size of picture."""
    zoom = max(0.4, min(1.0, 220 / max(scale, 1.0)))
    tile = _tile(kind)
    ys = (rng.integers(512) + np.arange(h) * zoom) % 511
    xs = (rng.integers(512) + np.arange(w) * zoom) % 511
    grid_x, grid_y = np.meshgrid(xs.astype(np.float32), ys.astype(np.float32))
    return cv2.remap(tile, grid_x, grid_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
