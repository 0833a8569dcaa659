"""Stages with walls: a living room, a small theatre, a kitchen, a painter's studio."""

import numpy as np

from core.datasets.world.drawn.colours import RGB, darker, lighter, varied
from core.datasets.world.drawn.kit import Sheet
from core.datasets.world.stage import Easel, Stage


def living_room(size: tuple[int, int], rng: np.random.Generator) -> Stage:
    e = Easel(size, rng)
    wide = e.aspect
    wall = varied(
        [(0.72, 0.80, 0.78), (0.86, 0.78, 0.66), (0.70, 0.74, 0.84), (0.84, 0.72, 0.68)][rng.integers(4)], rng
    )
    horizon = 0.66
    e.fall(-1, horizon, lighter(wall, 0.12), wall, "stone")
    if rng.random() < 0.6:
        stripe = lighter(wall, 0.16)
        for x in np.arange(-0.3, wide + 0.3, 0.12):
            e.paint(lambda s, x=x: s.box(x, -0.4, x + 0.05, horizon, stripe, line=0), 0.35)
    floor = varied([(0.62, 0.43, 0.27), (0.52, 0.36, 0.25), (0.68, 0.52, 0.36)][rng.integers(3)], rng)
    e.floor(horizon, floor, darker(floor, 0.15), "wood", 16)
    e.paint(
        lambda s: s.box(
            -0.4, horizon - 0.035, wide + 0.4, horizon + 0.008, lighter(wall, 0.6), line=0.3, puff=0.01
        )
    )
    x = rng.uniform(0.1, 0.35) * wide
    e.paint(lambda s: _window(s, x, 0.1, 0.36, 0.34), blur=0.001)
    e.glow(x + 0.18, 0.27, 0.35, (1.0, 0.95, 0.8), 0.16)
    for _ in range(2):
        px, py, pw = rng.uniform(0.62, 0.9) * wide, rng.uniform(0.12, 0.3), rng.uniform(0.09, 0.16)
        tone = varied((0.5, 0.5, 0.5), rng, 0.35)
        e.paint(lambda s, px=px, py=py, pw=pw, tone=tone: _framed(s, px, py, pw, tone))
    rug = varied([(0.62, 0.25, 0.24), (0.25, 0.38, 0.55), (0.36, 0.48, 0.38)][rng.integers(3)], rng)
    cx = wide * rng.uniform(0.42, 0.58)
    e.paint(lambda s: _rug(s, cx, 0.86, wide * 0.4, 0.1, rug))
    if rng.random() < 0.8:
        side = wide - 0.13 if x < wide / 2 else 0.1
        e.paint(lambda s: _plant(s, side, horizon + 0.06, 0.34, rng))
    return e.stage(horizon, (1.0, 0.97, 0.93), 0.5)


def concert(size: tuple[int, int], rng: np.random.Generator) -> Stage:
    """A small theatre: curtain, boards, two lamps."""
    e = Easel(size, rng)
    wide, horizon = e.aspect, 0.64
    cloth = varied([(0.50, 0.11, 0.14), (0.13, 0.20, 0.42), (0.12, 0.34, 0.28)][rng.integers(3)], rng, 0.02)
    e.fall(-1, horizon, darker(cloth, 0.35), darker(cloth, 0.15))
    fold = 0.075

    def curtain(s: Sheet) -> None:
        for x in np.arange(-0.35, wide + 0.35, fold):
            lean = rng.uniform(-0.012, 0.012)
            s.poly(
                [
                    (x, -0.35),
                    (x + fold, -0.35),
                    (x + fold + lean, horizon + 0.01),
                    (x + lean, horizon + 0.01),
                ],
                varied(cloth, rng, 0.015),
                puff=fold / 2,
                line=0.5,
                pattern="cloth",
            )

    e.paint(curtain)
    for side in (-0.12, wide + 0.12):
        e.paint(
            lambda s, x=side: s.blob(
                [
                    (x - 0.25, -0.4),
                    (x + 0.25, -0.4),
                    (x + 0.16, 0.3),
                    (x + 0.2, horizon + 0.06),
                    (x - 0.2, horizon + 0.06),
                ],
                cloth,
                puff=0.12,
                pattern="cloth",
                curved=False,
            )
        )
    floor = varied([(0.55, 0.36, 0.22), (0.46, 0.30, 0.20)][rng.integers(2)], rng, 0.02)
    e.floor(horizon, floor, darker(floor, 0.25), "wood", 18)
    e.glow(wide * 0.5, horizon + 0.18, wide * 0.42, (1.0, 0.86, 0.62), 0.22)
    e.glow(wide * rng.uniform(0.2, 0.4), 0.15, 0.5, (1.0, 0.85, 0.6), 0.16)
    e.glow(wide * rng.uniform(0.6, 0.8), 0.15, 0.5, (0.9, 0.8, 1.0), 0.12)
    e.paint(
        lambda s: s.box(-0.4, horizon - 0.004, wide + 0.4, horizon + 0.012, darker(floor, 0.5), line=0), 0.6
    )
    return e.stage(horizon, (1.03, 0.98, 0.92), 0.6, 0.5)


def kitchen(size: tuple[int, int], rng: np.random.Generator) -> Stage:
    """Tiles, cupboards, a shelf."""
    e = Easel(size, rng)
    wide, horizon = e.aspect, 0.68
    wall = varied([(0.90, 0.88, 0.80), (0.80, 0.88, 0.88), (0.92, 0.84, 0.76)][rng.integers(3)], rng, 0.02)
    wood = varied([(0.46, 0.60, 0.62), (0.62, 0.45, 0.30), (0.85, 0.83, 0.78)][rng.integers(3)], rng)
    e.fall(-1, horizon, lighter(wall, 0.1), wall, "stone")

    def tiles(s: Sheet) -> None:
        for x in np.arange(-0.3, wide + 0.3, 0.085):
            for y in (0.30, 0.385):
                s.box(
                    x,
                    y,
                    x + 0.08,
                    y + 0.08,
                    varied(lighter(wall, 0.35), rng, 0.02),
                    r=0.006,
                    puff=0.008,
                    line=0.2,
                )

    e.paint(tiles)

    def cupboards(s: Sheet) -> None:
        for x in np.arange(-0.3, wide + 0.3, 0.3):
            s.box(x, -0.3, x + 0.285, 0.16, wood, r=0.01, puff=0.015)
            s.box(x + 0.03, -0.2, x + 0.255, 0.13, lighter(wood, 0.07), r=0.01, puff=0.012)
            s.box(x, 0.5, x + 0.285, horizon, wood, r=0.01, puff=0.015)
            s.box(x + 0.03, 0.53, x + 0.255, horizon - 0.03, lighter(wood, 0.07), r=0.01, puff=0.012)
            s.disc(x + 0.24, 0.57, 0.011, (0.82, 0.82, 0.84), gloss=0.5)
        s.box(-0.4, 0.47, wide + 0.4, 0.505, (0.42, 0.34, 0.30), r=0.008, puff=0.012, pattern="stone")
        for _ in range(6):
            x, tone = rng.uniform(0, wide), varied((0.65, 0.5, 0.4), rng, 0.25)
            s.box(x, 0.47 - rng.uniform(0.05, 0.1), x + 0.05, 0.472, tone, r=0.015, gloss=0.3)

    e.paint(cupboards)
    floor = varied([(0.70, 0.66, 0.60), (0.58, 0.52, 0.47)][rng.integers(2)], rng, 0.02)
    e.floor(horizon, floor, darker(floor, 0.2), "stone", 9)
    e.glow(wide * rng.uniform(0.3, 0.7), 0.1, 0.6, (1.0, 0.94, 0.8), 0.12)
    return e.stage(horizon, (1.0, 0.98, 0.95), 0.5)


def studio(size: tuple[int, int], rng: np.random.Generator) -> Stage:
    """A painted backdrop with a soft light."""
    e = Easel(size, rng)
    wide, horizon = e.aspect, 0.62
    tone = varied(
        [(0.45, 0.50, 0.58), (0.56, 0.47, 0.42), (0.40, 0.48, 0.42), (0.60, 0.60, 0.62)][rng.integers(4)], rng
    )
    e.fall(-1, horizon, tone, lighter(tone, 0.12), "stone")
    for _ in range(14):
        x, y, r = rng.uniform(-0.2, 1.2) * wide, rng.uniform(-0.1, horizon), rng.uniform(0.08, 0.25)
        e.glow(x, y, r, varied(tone, rng, 0.1), rng.uniform(-0.12, 0.12))
    e.floor(horizon, lighter(tone, 0.05), darker(tone, 0.18), "stone")
    e.glow(wide / 2, horizon, 0.7, (1.0, 0.96, 0.9), 0.2)
    return e.stage(horizon, (1.02, 1.0, 0.97), 0.5, 0.45)


def _window(s: Sheet, x: float, y: float, w: float, h: float) -> None:
    s.box(x - 0.025, y - 0.025, x + w + 0.025, y + h + 0.03, (0.95, 0.94, 0.9), puff=0.012)
    s.box(x, y, x + w, y + h, (0.62, 0.80, 0.93), line=0, puff=0.01)
    s.blob(
        [
            (x, y + h),
            (x, y + h * 0.72),
            (x + w * 0.3, y + h * 0.6),
            (x + w * 0.6, y + h * 0.74),
            (x + w, y + h * 0.62),
            (x + w, y + h),
        ],
        (0.55, 0.72, 0.5),
        curved=False,
        line=0,
    )
    s.disc(x + w * 0.7, y + h * 0.28, 0.05, (0.93, 0.96, 0.98), ry=0.022, line=0)
    s.box(x + w / 2 - 0.008, y, x + w / 2 + 0.008, y + h, (0.95, 0.94, 0.9), puff=0.006)
    s.box(x, y + h * 0.45, x + w, y + h * 0.45 + 0.014, (0.95, 0.94, 0.9), puff=0.006)
    curtain = (0.80, 0.62, 0.45)
    for side, cx in ((-1, x - 0.02), (1, x + w + 0.02)):
        for i in range(3):
            a = cx + side * (0.028 * i - 0.02)
            s.blob(
                [
                    (a - 0.022, y - 0.04),
                    (a + 0.022, y - 0.04),
                    (a + 0.024, y + h + 0.09),
                    (a - 0.024, y + h + 0.09),
                ],
                varied(curtain, s.rng, 0.02),
                puff=0.02,
                pattern="cloth",
                line=0.2,
                curved=False,
            )
    s.box(x - 0.13, y - 0.055, x + w + 0.13, y - 0.04, (0.45, 0.32, 0.22), r=0.006)


def _framed(s: Sheet, x: float, y: float, w: float, tone: RGB) -> None:
    s.box(x, y, x + w, y + w * 1.2, (0.36, 0.25, 0.16), puff=0.008)
    s.box(x + w * 0.1, y + w * 0.1, x + w * 0.9, y + w * 1.1, lighter(tone, 0.3), line=0)
    s.blob(
        [
            (x + w * 0.1, y + w * 1.1),
            (x + w * 0.1, y + w * 0.8),
            (x + w * 0.4, y + w * 0.55),
            (x + w * 0.65, y + w * 0.85),
            (x + w * 0.9, y + w * 0.7),
            (x + w * 0.9, y + w * 1.1),
        ],
        darker(tone, 0.2),
        curved=False,
        line=0,
    )
    s.disc(x + w * 0.62, y + w * 0.35, w * 0.1, lighter(tone, 0.7), line=0)


def _rug(s: Sheet, x: float, y: float, rx: float, ry: float, tone: RGB) -> None:
    for share, colour in (
        (1.0, tone),
        (0.86, lighter(tone, 0.35)),
        (0.8, tone),
        (0.45, lighter(tone, 0.25)),
        (0.38, tone),
    ):
        s.disc(x, y, rx * share, colour, ry=ry * share, puff=0.01, line=0.15, pattern="cloth")


def _plant(s: Sheet, x: float, y: float, h: float, rng: np.random.Generator) -> None:
    for i in range(9):
        lean = (i - 4) / 4
        top = (x + lean * 0.13, y - h * (1 - 0.35 * abs(lean)) * rng.uniform(0.85, 1.0))
        mid = (x + lean * 0.1, y - h * 0.5)
        tone = varied((0.26, 0.46, 0.28), rng, 0.05)
        s.blob(
            [(x + lean * 0.02, y - 0.08), (mid[0] - 0.022, mid[1]), top, (mid[0] + 0.026, mid[1] + 0.01)],
            tone,
            puff=0.014,
        )
    s.blob(
        [(x - 0.06, y - 0.1), (x + 0.06, y - 0.1), (x + 0.045, y), (x - 0.045, y)],
        (0.72, 0.42, 0.29),
        puff=0.05,
        curved=False,
    )
    s.disc(x, y - 0.1, 0.063, (0.78, 0.48, 0.34), ry=0.014, puff=0.01)
