"""Stages under the sky: a park, a street, a farmyard."""

import numpy as np

from core.datasets.world.drawn.colours import RGB, darker, lighter, mixed, varied
from core.datasets.world.drawn.kit import Sheet, spline
from core.datasets.world.stage import Easel, Stage


def park(size: tuple[int, int], rng: np.random.Generator) -> Stage:
    e = Easel(size, rng)
    wide, horizon = e.aspect, 0.58
    evening = rng.random() < 0.3
    top, low = (
        ((0.36, 0.48, 0.74), (0.98, 0.80, 0.62)) if evening else ((0.33, 0.58, 0.86), (0.80, 0.90, 0.95))
    )
    e.fall(-1, 0.0, top, top)
    e.fall(0.0, horizon + 0.02, top, low)
    e.glow(rng.uniform(0, 1) * wide, 0.1, 0.5, (1.0, 0.9, 0.65), 0.25)
    for _ in range(4):
        _cloud(e, rng.uniform(-0.1, 1.1) * wide, rng.uniform(0.02, 0.3), rng.uniform(0.05, 0.12))
    for i in range(3):
        tone = mixed((0.30, 0.50, 0.30), low, 0.6 - 0.22 * i)
        y = horizon - 0.11 + 0.05 * i
        waves = rng.uniform(-0.05, 0.05, 9)
        points = [(x, y + d) for x, d in zip(np.linspace(-0.4, wide + 0.4, 9), waves, strict=True)]
        e.paint(
            lambda s, p=points, t=tone: s.poly(
                [*spline(p, closed=False), (wide + 0.5, 1.0), (-0.5, 1.0)],
                t,
                puff=0.05,
                line=0.1,
                pattern="stone",
            )
        )
    grass = varied([(0.42, 0.60, 0.27), (0.36, 0.55, 0.30), (0.52, 0.60, 0.28)][rng.integers(3)], rng)
    e.floor(horizon, darker(grass, 0.08), lighter(grass, 0.2), "fur")
    for _ in range(3):
        _tree(e, rng.uniform(-0.05, 1.05) * wide, horizon + rng.uniform(0.0, 0.04), rng.uniform(0.3, 0.5))
    for _ in range(14):
        x, y = rng.uniform(-0.2, 1.2) * wide, horizon + 0.05 + rng.beta(1, 1.2) * 0.5
        _tuft(e, x, y, (y - horizon) * 0.12 + 0.008, grass)
    return e.stage(horizon, (1.04, 0.98, 0.88) if evening else (1.0, 1.0, 1.0), 0.5, 0.15)


def street(size: tuple[int, int], rng: np.random.Generator) -> Stage:
    """Houses, a pavement and a road."""
    e = Easel(size, rng)
    wide, horizon = e.aspect, 0.56
    e.fall(-1, horizon, (0.45, 0.62, 0.85), (0.86, 0.90, 0.93))
    for _ in range(3):
        _cloud(e, rng.uniform(0, 1) * wide, rng.uniform(0.0, 0.2), rng.uniform(0.05, 0.1))
    x = -0.3
    while x < wide + 0.3:
        w = rng.uniform(0.24, 0.42)
        e.paint(lambda s, x=x, w=w: _house(s, x, w, rng.uniform(0.3, 0.52), horizon, rng))
        x += w
    kerb = horizon + 0.12
    e.fall(horizon - 0.01, kerb, (0.62, 0.60, 0.58), (0.70, 0.68, 0.65), "stone")
    for x in np.arange(-0.4, wide + 0.4, 0.16):
        lean = (x - wide / 2) * 0.25
        e.paint(lambda s, x=x, d=lean: s.line([(x, horizon), (x + d, kerb)], 0.004, (0.50, 0.48, 0.46)))
    road = (0.30, 0.31, 0.33)
    e.floor(kerb, road, lighter(road, 0.12), "stone")
    e.paint(
        lambda s: s.box(-0.4, kerb - 0.012, wide + 0.4, kerb + 0.014, (0.78, 0.76, 0.72), r=0.004, puff=0.01)
    )
    for x in np.arange(-0.3, wide + 0.3, 0.34):
        e.paint(
            lambda s, x=x: s.poly(
                [(x, 0.9), (x + 0.17, 0.9), (x + 0.18, 0.925), (x, 0.925)], (0.9, 0.88, 0.8), line=0
            ),
            0.8,
        )
    _lamp_post(e, rng.uniform(0.05, 0.95) * wide, horizon + 0.07)
    return e.stage(horizon, (1.0, 0.99, 0.97), 0.5, 0.2)


def farmyard(size: tuple[int, int], rng: np.random.Generator) -> Stage:
    """A barn, a fence, hills and a dusty yard."""
    e = Easel(size, rng)
    wide, horizon = e.aspect, 0.56
    e.fall(-1, horizon, (0.40, 0.62, 0.86), (0.88, 0.92, 0.90))
    for _ in range(3):
        _cloud(e, rng.uniform(0, 1) * wide, rng.uniform(0.02, 0.25), rng.uniform(0.05, 0.1))
    for i in range(2):
        tone = mixed((0.48, 0.58, 0.28), (0.80, 0.86, 0.84), 0.45 - 0.3 * i)
        ys = horizon - 0.1 + 0.05 * i + rng.uniform(-0.04, 0.04, 8)
        points = list(zip(np.linspace(-0.4, wide + 0.4, 8), ys, strict=True))
        e.paint(
            lambda s, p=points, t=tone: s.poly(
                [*spline(p, closed=False), (wide + 0.5, 1), (-0.5, 1)],
                t,
                puff=0.05,
                line=0.1,
                pattern="stone",
            )
        )
    _tree(e, rng.uniform(0, 1) * wide, horizon + 0.01, rng.uniform(0.28, 0.4))
    at = rng.uniform(0.1, 0.75) * wide
    e.paint(lambda s: _barn(s, at, horizon + 0.02, 0.36))
    earth = varied([(0.66, 0.54, 0.36), (0.50, 0.56, 0.30)][rng.integers(2)], rng, 0.03)
    e.floor(horizon + 0.02, earth, lighter(earth, 0.2), "fur")

    def fence(s: Sheet) -> None:
        wood = (0.55, 0.42, 0.29)
        for y in (horizon - 0.035, horizon + 0.02):
            s.box(-0.4, y, wide + 0.4, y + 0.016, wood, puff=0.008, pattern="wood")
        for x in np.arange(-0.35, wide + 0.4, 0.17):
            s.box(
                x,
                horizon - 0.07,
                x + 0.022,
                horizon + 0.06,
                darker(wood, 0.08),
                r=0.008,
                puff=0.012,
                pattern="wood",
            )

    e.paint(fence)
    for _ in range(12):
        x, y = rng.uniform(-0.2, 1.2) * wide, horizon + 0.06 + rng.beta(1, 1.2) * 0.5
        _tuft(e, x, y, (y - horizon) * 0.1 + 0.008, (0.52, 0.56, 0.26))
    return e.stage(horizon, (1.02, 0.99, 0.93), 0.5, 0.15)


def _house(s: Sheet, x: float, w: float, h: float, ground: float, rng: np.random.Generator) -> None:
    wall = varied(
        [(0.76, 0.52, 0.42), (0.84, 0.76, 0.62), (0.62, 0.66, 0.70), (0.72, 0.62, 0.52)][rng.integers(4)],
        rng,
        0.03,
    )
    s.box(x, ground - h, x + w, ground + 0.01, wall, r=0.002, puff=0.012, pattern="stone")
    s.box(
        x - 0.006, ground - h - 0.02, x + w + 0.006, ground - h + 0.01, darker(wall, 0.35), r=0.004, puff=0.01
    )
    columns, rows = max(2, int(w / 0.12)), max(2, int(h / 0.15))
    for i in range(columns):
        for j in range(rows):
            cx, cy = x + w * (i + 0.5) / columns, ground - h + (j + 0.55) * h / rows
            if j == rows - 1 and i == columns // 2:
                s.box(
                    cx - 0.03, ground - 0.12, cx + 0.03, ground, varied((0.4, 0.3, 0.25), rng, 0.12), r=0.004
                )
                continue
            s.box(cx - 0.03, cy - 0.04, cx + 0.03, cy + 0.03, (0.93, 0.92, 0.88), r=0.003, puff=0.006)
            glass = (0.98, 0.88, 0.62) if rng.random() < 0.15 else (0.48, 0.60, 0.70)
            s.box(
                cx - 0.024, cy - 0.034, cx + 0.024, cy + 0.024, glass, r=0.002, puff=0.02, gloss=0.3, line=0.6
            )


def _barn(s: Sheet, x: float, ground: float, w: float) -> None:
    red = (0.62, 0.22, 0.18)
    s.poly(
        [
            (x, ground),
            (x, ground - w * 0.5),
            (x + w / 2, ground - w * 0.85),
            (x + w, ground - w * 0.5),
            (x + w, ground),
        ],
        red,
        puff=0.01,
        pattern="wood",
    )
    for dx in np.arange(0.03, 1, 0.08) * w:
        s.line([(x + dx, ground), (x + dx, ground - w * 0.5)], 0.003, darker(red, 0.25))
    roof = [(x - 0.03, ground - w * 0.47), (x + w / 2, ground - w * 0.87), (x + w + 0.03, ground - w * 0.47)]
    s.line(roof, 0.028, (0.36, 0.30, 0.30))
    s.box(x + w * 0.33, ground - w * 0.36, x + w * 0.67, ground, darker(red, 0.3), r=0.004)
    for a, b in (((0.33, 0), (0.67, 0.36)), ((0.67, 0), (0.33, 0.36))):
        s.line(
            [(x + w * a[0], ground - w * a[1]), (x + w * b[0], ground - w * b[1])], 0.01, (0.93, 0.9, 0.84)
        )


def _lamp_post(e: Easel, x: float, y: float) -> None:
    def draw(s: Sheet) -> None:
        s.limb((x, y), (x, y - 0.5), 0.009, 0.006, (0.24, 0.26, 0.28))
        s.line(
            [(x, y - 0.5), (x + 0.02, y - 0.53), (x + 0.07, y - 0.53)], 0.01, (0.24, 0.26, 0.28), curved=True
        )
        s.disc(x + 0.075, y - 0.52, 0.024, (0.98, 0.93, 0.75), ry=0.016, gloss=0.4)

    e.paint(draw)


def _cloud(e: Easel, x: float, y: float, r: float) -> None:
    rng = e.rng

    def draw(s: Sheet) -> None:
        for _ in range(7):
            s.disc(
                x + rng.uniform(-1.6, 1.6) * r,
                y + rng.uniform(-0.3, 0.3) * r,
                r * rng.uniform(0.4, 0.75),
                (0.98, 0.98, 0.98),
                ry=r * rng.uniform(0.3, 0.45),
                line=0,
                puff=r * 0.5,
            )

    e.paint(draw, 0.85, blur=r * 0.12)


def _tree(e: Easel, x: float, y: float, h: float) -> None:
    rng = e.rng
    tone = varied([(0.25, 0.45, 0.22), (0.32, 0.50, 0.22), (0.20, 0.42, 0.30)][rng.integers(3)], rng)

    def draw(s: Sheet) -> None:
        s.disc(x + 0.04, y + 0.005, h * 0.3, (0.24, 0.38, 0.16), ry=0.016, line=0)
        s.limb((x, y), (x, y - h * 0.5), h * 0.05, h * 0.035, (0.40, 0.28, 0.19), pattern="wood")
        for _ in range(11):
            a, r = rng.uniform(0, 2 * np.pi), rng.uniform(0, 1) ** 0.5
            s.disc(
                x + np.cos(a) * r * h * 0.26,
                y - h * 0.68 + np.sin(a) * r * h * 0.22,
                h * rng.uniform(0.12, 0.18),
                varied(tone, rng, 0.05),
                pattern="fur",
                line=0.25,
            )

    e.paint(draw, blur=0.0015)


def _tuft(e: Easel, x: float, y: float, r: float, tone: RGB) -> None:
    rng = e.rng

    def draw(s: Sheet) -> None:
        for _ in range(3):
            lean = rng.uniform(-0.8, 0.8)
            s.poly(
                [
                    (x - r * 0.25 + lean * r * 0.5, y),
                    (x + lean * r * 1.2, y - r * rng.uniform(1.0, 1.8)),
                    (x + r * 0.2 + lean * r * 0.5, y),
                ],
                varied(lighter(tone, 0.08), rng, 0.06),
                line=0,
                puff=0.004,
            )

    e.paint(draw)
