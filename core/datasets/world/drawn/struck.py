"""Struck instruments and a piano; the sticks and mallets belong to them. They stand at (0, 0)."""

import numpy as np

from core.datasets.world.drawn.colours import RGB, darker, lighter, mixed, rgb, varied
from core.datasets.world.drawn.kit import Motion, Pen, Point, Pose, Puppet, Sheet, State
from core.datasets.world.drawn.looks import Look

CHROME: RGB = (0.74, 0.75, 0.78)
BARS = 9


def _stick(sheet: Sheet, x: float, y: float, length: float, tip: RGB, r: float, side: int) -> None:
    """A stick held at its outer end, its tip at (x, y)."""
    end = (x + side * length * 0.75, y - length * 0.55)
    sheet.limb(end, (x, y), 0.008, 0.006, (0.80, 0.62, 0.40))
    sheet.disc(x, y, r, tip)


def _strike(state: State, side: int, height: float) -> float:
    """Angle of a stick: lifted in between, down at its own onsets (left and right take turns)."""
    mine = (state.count % 2 == 0) == (side < 0)
    if state.active < 0.05:
        return side * -0.12
    lift = 1 - np.exp(-state.beat * 9) if mine else 0.75 + 0.25 * np.sin(state.beat * 6)
    return float(side * -height * lift * state.active)


def drum(pen: Pen, look: Look) -> Puppet:
    """A drum on a stand with a cymbal, 0.62 high."""
    rng = np.random.default_rng(look.seed)
    tone = varied(rgb(look.colour), rng, 0.03)
    with pen.part("stand") as sheet:
        for x in (-0.17, 0.17):
            sheet.limb((0, -0.26), (x, -0.01), 0.009, 0.008, CHROME, gloss=0.5)
        sheet.limb((0.24, -0.005), (0.24, -0.6), 0.009, 0.006, CHROME, gloss=0.5)
        for x in (0.17, 0.31):
            sheet.limb((0.24, -0.1), (x, -0.005), 0.007, 0.006, CHROME)
    with pen.part("shell", pivot=(0, -0.2)) as sheet:
        sheet.blob(
            "-.2,-.4 .2,-.4 .2,-.2 0,-.145 -.2,-.2",
            tone,
            puff=0.14,
            gloss=0.35,
            curved=False,
        )
        sheet.disc(0, -0.2, 0.2, tone, ry=0.05, puff=0.14, line=0)
        for x in (-0.17, -0.09, 0.0, 0.09, 0.17):
            low = -0.2 + 0.045 * np.sqrt(1 - (x / 0.2) ** 2)
            sheet.limb((x, low - 0.17), (x, low - 0.02), 0.007, 0.007, CHROME, gloss=0.6)
        rim = [(0.2 * np.cos(a), -0.21 + 0.055 * np.sin(a)) for a in np.linspace(0, np.pi, 20)]
        sheet.line(rim, 0.018, CHROME)
    with pen.part("skin", pivot=(0, -0.4), parent="shell") as sheet:
        sheet.disc(0, -0.4, 0.21, CHROME, ry=0.058, puff=0.012, gloss=0.4)
        sheet.disc(0, -0.402, 0.19, (0.95, 0.94, 0.90), ry=0.048, puff=0.02, line=0.3)
        sheet.disc(0.02, -0.4, 0.06, (0.88, 0.86, 0.80), ry=0.016, line=0)
    with pen.part("cymbal", pivot=(0.24, -0.6)) as sheet:
        sheet.disc(0.24, -0.6, 0.15, (0.86, 0.68, 0.28), ry=0.03, puff=0.02, gloss=0.8, pattern="metal")
        sheet.disc(0.24, -0.608, 0.035, (0.92, 0.78, 0.42), ry=0.014, gloss=0.5)
    for side, name, x in ((-1, "stick_l", -0.06), (1, "stick_r", 0.07)):
        with pen.part(name, pivot=(x + side * 0.17, -0.52), layer=1) as sheet:
            _stick(sheet, x, -0.405, 0.23, (0.85, 0.70, 0.50), 0.011, side)

    def pose(state: State) -> Pose:
        return {
            "shell": Motion(dy=0.008 * state.hit, angle=0.012 * state.shake),
            "skin": Motion(sy=1 + 0.25 * state.level, dy=0.01 * state.hit),
            "cymbal": Motion(angle=0.12 * np.sin(state.t * 14) * state.level),
            "stick_l": Motion(angle=_strike(state, -1, 0.75)),
            "stick_r": Motion(angle=_strike(state, 1, 0.75)),
        }

    def grips(state: State) -> dict[str, Point]:
        return {"l": (-0.23, -0.53 - 0.02 * state.active), "r": (0.24, -0.53 - 0.02 * state.active)}

    return pen.puppet(pose, grips=grips)


def marimba(pen: Pen, look: Look) -> Puppet:
    """Wooden bars over pipes on a frame, 0.5 high, 0.72 wide; the struck bar dips."""
    rng = np.random.default_rng(look.seed)
    tone = varied(rgb(look.colour), rng, 0.03)
    with pen.part("frame") as sheet:
        for x in (-0.33, 0.33):
            sheet.box(x - 0.014, -0.4, x + 0.014, -0.005, darker(tone, 0.5), pattern="wood")
            sheet.box(x - 0.06, -0.02, x + 0.06, 0, darker(tone, 0.55))
        sheet.box(-0.33, -0.12, 0.33, -0.1, darker(tone, 0.5))
        for i in range(BARS):
            x, low = -0.3 + 0.075 * i, -0.13 - 0.018 * i
            sheet.box(
                x - 0.022,
                -0.37,
                x + 0.022,
                low,
                (0.82, 0.70, 0.40),
                r=0.018,
                gloss=0.5,
                puff=0.02,
                pattern="metal",
            )
    for i in range(BARS):
        x, half = -0.3 + 0.075 * i, 0.075 - 0.004 * i
        with pen.part(f"bar{i}", pivot=(x, -0.38)) as sheet:
            points = [
                (-0.034, half + 0.01),
                (0.034, half + 0.01),
                (0.031, -half - 0.01),
                (-0.031, -half - 0.01),
            ]
            shade = varied(mixed(tone, lighter(tone), i / 12), rng, 0.02)
            sheet.about(x, -0.39).poly(points, shade, puff=0.012, pattern="wood", gloss=0.2)
            for y in (-0.39 - half * 0.6, -0.39 + half * 0.6):
                sheet.disc(x, y, 0.006, (0.9, 0.88, 0.8), line=0.3)
    head = rgb(str(rng.choice(["red", "blue", "purple"])))
    for side, name in ((-1, "mallet_l"), (1, "mallet_r")):
        with pen.part(name, pivot=(side * 0.18, -0.52), layer=1) as sheet:
            _stick(sheet, 0, -0.4, 0.24, head, 0.022, side)

    def spots(state: State) -> tuple[int, int]:
        """Bars under the left and the right mallet."""
        return (state.count * 5 // 2 * 3 + 1) % 5, 4 + (state.count * 7 // 2 + 2) % 5

    def pose(state: State) -> Pose:
        left, right = spots(state)
        struck = left if state.count % 2 == 0 else right
        out = {
            f"bar{i}": Motion(dy=0.022 * state.hit * (i == struck) + 0.004 * state.shake * (i == struck))
            for i in range(BARS)
        }
        for side, name, bar in ((-1, "mallet_l", left), (1, "mallet_r", right)):
            x = -0.3 + 0.075 * bar if state.active > 0.05 else side * 0.12
            out[name] = Motion(angle=_strike(state, side, 0.55), dx=x)
        return out

    def grips(state: State) -> dict[str, Point]:
        left, right = spots(state)
        near = state.active > 0.05
        return {
            "l": ((-0.3 + 0.075 * left if near else -0.12) - 0.18, -0.53),
            "r": ((-0.3 + 0.075 * right if near else 0.12) + 0.18, -0.53),
        }

    return pen.puppet(pose, grips=grips)


def piano(pen: Pen, look: Look) -> Puppet:
    """A stage piano with its keys towards the viewer, 0.46 high, 0.86 wide; played keys go down and shine."""
    rng = np.random.default_rng(look.seed)
    tone = varied(rgb(look.colour), rng, 0.02)
    with pen.part("case") as sheet:
        for x in (-0.36, 0.36):
            sheet.poly(
                [(x - 0.03, -0.33), (x + 0.03, -0.33), (x + 0.02, 0), (x - 0.02, 0)],
                darker(tone, 0.3),
                puff=0.025,
            )
        sheet.box(-0.3, -0.16, 0.3, -0.13, darker(tone, 0.4))
        sheet.poly([(-0.4, -0.47), (0.4, -0.47), (0.43, -0.33), (-0.43, -0.33)], tone, puff=0.02, gloss=0.3)
        sheet.box(-0.43, -0.335, 0.43, -0.27, darker(tone, 0.15), r=0.012, puff=0.03, gloss=0.4)
        sheet.poly(
            [(-0.36, -0.425), (0.36, -0.425), (0.385, -0.33), (-0.385, -0.33)], (0.3, 0.28, 0.27), puff=0.01
        )
        sheet.box(-0.3, -0.46, -0.18, -0.44, (0.35, 0.75, 0.5), r=0.004, line=0.5)
    count = 21
    for i in range(count):
        a, b = (i - count / 2) / count, (i + 1 - count / 2) / count
        with pen.part(f"key{i}") as sheet:
            sheet.poly(
                [
                    (a * 0.715 + 0.0015, -0.423),
                    (b * 0.715 - 0.0015, -0.423),
                    (b * 0.765 - 0.0015, -0.328),
                    (a * 0.765 + 0.0015, -0.328),
                ],
                (0.96, 0.95, 0.92),
                puff=0.006,
                line=0.5,
            )
    with pen.part("black") as sheet:
        for i in range(1, count):
            if i % 7 not in (0, 3):
                x = (i - count / 2) / count
                sheet.poly(
                    [
                        (x * 0.715 - 0.008, -0.424),
                        (x * 0.715 + 0.008, -0.424),
                        (x * 0.745 + 0.008, -0.37),
                        (x * 0.745 - 0.008, -0.37),
                    ],
                    (0.1, 0.1, 0.11),
                    puff=0.006,
                    gloss=0.4,
                )

    def fingers(state: State) -> tuple[int, int]:
        return (3 + state.count * 5 % 6, 11 + state.count * 3 % 8) if state.active > 0.05 else (6, 14)

    def pose(state: State) -> Pose:
        left, right = fingers(state)
        deep = max(state.level, 0.5 * state.active)
        down = (
            {f"key{i}": Motion(dy=0.03 * deep, sy=1.02) for i in (left, left + 2, right, right + 1)}
            if deep > 0.03
            else {}
        )
        shake = 0.006 * np.sin(state.t * 11 + state.seed) * state.active
        return {"case": Motion(dy=shake), "black": Motion(dy=shake)} | down

    def grips(state: State) -> dict[str, Point]:
        left, right = fingers(state)
        dip = 0.03 * (1 - state.hit) * state.active
        return {
            "l": ((left + 1 - count / 2) / count * 0.75, -0.40 - dip),
            "r": ((right + 1 - count / 2) / count * 0.75, -0.40 - dip),
        }

    return pen.puppet(pose, grips=grips)


def bell(pen: Pen, look: Look) -> Puppet:
    """A bell hanging in a wooden frame, 0.62 high; it swings and the clapper knocks."""
    rng = np.random.default_rng(look.seed)
    tone = varied(rgb(look.colour), rng, 0.02)
    wood = varied((0.45, 0.30, 0.19), rng, 0.03)
    with pen.part("frame") as sheet:
        for side in (-1, 1):
            sheet.poly(
                [(side * 0.2, -0.6), (side * 0.235, -0.6), (side * 0.27, 0), (side * 0.22, 0)],
                wood,
                puff=0.02,
                pattern="wood",
            )
            sheet.box(side * 0.245 - 0.06, -0.025, side * 0.245 + 0.06, 0, darker(wood, 0.2))
        sheet.box(-0.27, -0.63, 0.27, -0.585, wood, r=0.01, puff=0.02, pattern="wood")
    with pen.part("clapper", pivot=(0, -0.48), parent="bell") as sheet:
        sheet.limb((0, -0.45), (0, -0.2), 0.008, 0.01, darker(tone, 0.5))
        sheet.disc(0, -0.19, 0.032, darker(tone, 0.4), gloss=0.4)
    with pen.part("bell", pivot=(0, -0.58)) as sheet:
        sheet.limb((0, -0.6), (0, -0.52), 0.02, 0.03, darker(tone, 0.3))
        sheet.blob(
            "-.05,-.52 .05,-.52 .09,-.44 .11,-.32 .17,-.235 0,-.215 -.17,-.235 -.11,-.32 -.09,-.44",
            tone,
            puff=0.1,
            gloss=0.55,
            pattern="metal",
        )
        sheet.line([(-0.108, -0.33), (0, -0.315), (0.108, -0.33)], 0.01, darker(tone, 0.3), curved=True)
        sheet.line([(-0.165, -0.238), (0, -0.22), (0.165, -0.238)], 0.016, lighter(tone, 0.25), curved=True)

    def pose(state: State) -> Pose:
        swing = np.cos(state.beat * 5.2) * np.exp(-state.beat * 0.55) if state.beat < 5 else 0.0
        side = 1 if state.count % 2 else -1
        knock = np.cos(state.beat * 5.2 + 0.9) * np.exp(-state.beat * 0.55) if state.beat < 5 else 0.0
        return {
            "bell": Motion(angle=0.34 * side * swing * min(1.0, state.active * 2)),
            "clapper": Motion(angle=-0.5 * side * knock * min(1.0, state.active * 2)),
        }

    return pen.puppet(pose)
