"""Devices and furniture."""

import numpy as np

from core.datasets.world.drawn.colours import RGB, darker, lighter, rgb, varied
from core.datasets.world.drawn.kit import Motion, Pen, Pose, Puppet, State
from core.datasets.world.drawn.looks import Look

STEEL: RGB = (0.72, 0.73, 0.76)
BLACK: RGB = (0.15, 0.15, 0.16)


def clock(pen: Pen, look: Look) -> Puppet:
    """An alarm clock on two feet, 0.46 high; it hops and its hammer beats when it sounds."""
    paint = varied(rgb(look.colour), np.random.default_rng(look.seed), 0.03)
    with pen.part("case", pivot=(0, 0)) as s:
        for side in (-1, 1):
            s.limb((side * 0.1, -0.07), (side * 0.13, -0.005), 0.014, 0.018, darker(paint, 0.4))
            s.disc(side * 0.085, -0.395, 0.068, STEEL, ry=0.05, angle=side * 0.5, gloss=0.6)
        s.disc(0, -0.2, 0.185, paint, puff=0.06, gloss=0.3)
        s.disc(0, -0.2, 0.15, (0.97, 0.96, 0.92), puff=0.03, line=0.7)
        for i in range(12):
            a = i * np.pi / 6
            s.disc(0.125 * np.sin(a), -0.2 - 0.125 * np.cos(a), 0.011 if i % 3 == 0 else 0.006, BLACK, line=0)
    with pen.part("hour", pivot=(0, -0.2), parent="case") as s:
        s.limb((0, -0.19), (0, -0.275), 0.008, 0.005, BLACK)
    with pen.part("minute", pivot=(0, -0.2), parent="case") as s:
        s.limb((0, -0.185), (0, -0.315), 0.006, 0.004, BLACK)
    with pen.part("second", pivot=(0, -0.2), parent="case") as s:
        s.limb((0, -0.17), (0, -0.31), 0.003, 0.003, (0.8, 0.15, 0.12))
        s.disc(0, -0.2, 0.011, (0.8, 0.15, 0.12))
    with pen.part("hammer", pivot=(0, -0.38), parent="case") as s:
        s.limb((0, -0.38), (0, -0.455), 0.007, 0.007, darker(STEEL, 0.3))
        s.box(-0.035, -0.475, 0.035, -0.445, darker(STEEL, 0.35), r=0.012)

    def pose(state: State) -> Pose:
        ring = state.level
        knock = np.sin(state.t * 68 + 0.9)
        tick = state.count if state.active > 0.05 else 0
        return {
            "case": Motion(
                angle=0.07 * knock * ring + 0.035 * state.active * (1 if state.count % 2 else -1),
                dy=-0.02 * ring,
            ),
            "hammer": Motion(angle=0.4 * knock * ring + 0.3 * state.active * (1 if state.count % 2 else -1)),
            "hour": Motion(angle=state.seed * 6.28),
            "minute": Motion(angle=state.seed * 75.4),
            "second": Motion(angle=state.seed * 11 + tick * np.pi / 30),
        }

    return pen.puppet(pose)


def vacuum_cleaner(pen: Pen, look: Look) -> Puppet:
    """An upright one, 0.75 high; it shakes and its bag swells."""
    paint = varied(rgb(look.colour), np.random.default_rng(look.seed), 0.03)
    with pen.part("foot") as s:
        s.blob("-.12,-.1 .1,-.12 .2,-.07 .22,0 -.14,0", darker(paint, 0.15), puff=0.05, gloss=0.3)
        s.box(0.08, -0.055, 0.19, -0.035, (1.0, 0.95, 0.75), r=0.008)
        for x in (-0.1, 0.14):
            s.disc(x, -0.02, 0.026, BLACK)
    with pen.part("body", pivot=(0, -0.08)) as s:
        s.limb((-0.02, -0.1), (-0.12, -0.68), 0.017, 0.014, STEEL, gloss=0.5)
        s.blob("-.1,-.68 -.1,-.73 -.16,-.77 -.2,-.73 -.17,-.69 -.14,-.66", BLACK, puff=0.02)
        s.line("-.02,-.15 .08,-.2 .08,-.3 0,-.42 -.05,-.5", 0.03, (0.32, 0.32, 0.35), curved=True)
    with pen.part("bag", pivot=(-0.04, -0.15), parent="body") as s:
        s.blob(
            "-.11,-.12 .07,-.1 .06,-.3 -.02,-.45 -.12,-.44 -.14,-.3",
            paint,
            puff=0.09,
            gloss=0.25,
            pattern="cloth",
        )
        s.disc(-0.04, -0.26, 0.04, lighter(paint, 0.6), line=0.3)

    def pose(state: State) -> Pose:
        shake = state.active * np.sin(state.t * 47 + state.seed)
        push = 0.10 * np.sin(state.t * 2.1 + state.seed * 6 + 0.8) * state.active
        return {
            "foot": Motion(dy=0.004 * shake, dx=push * 0.5),
            "body": Motion(angle=0.16 * state.active + push + 0.012 * shake, dx=push * 0.5),
            "bag": Motion(sx=1 + 0.2 * state.active + 0.03 * shake, sy=1 + 0.07 * state.active),
        }

    return pen.puppet(pose)


def mower(pen: Pen, look: Look) -> Puppet:
    """0.7 long with a handle; shakes and throws grass."""
    paint = varied(rgb(look.colour), np.random.default_rng(look.seed), 0.03)
    with pen.part("grass", pivot=(0.22, -0.08), solid=False) as s:
        for i in range(9):
            x, y = 0.24 + 0.022 * i, -0.06 - 0.04 * (i % 3) - 0.02 * (i % 2)
            s.poly([(x, y), (x + 0.03, y - 0.03), (x + 0.014, y + 0.012)], (0.36, 0.62, 0.24), puff=0.006)
    with pen.part("body", pivot=(0, -0.08)) as s:
        s.limb((-0.12, -0.15), (-0.42, -0.56), 0.013, 0.012, STEEL, gloss=0.4)
        s.limb((-0.42, -0.56), (-0.48, -0.565), 0.018, 0.018, BLACK)
        s.blob("-.24,-.06 -.22,-.16 -.08,-.2 .14,-.2 .26,-.13 .27,-.06", paint, puff=0.06, gloss=0.35)
        s.box(-0.09, -0.31, 0.1, -0.19, (0.3, 0.31, 0.34), r=0.03, puff=0.04, gloss=0.3)
        for x in (-0.05, 0.0, 0.05):
            s.line([(x, -0.29), (x, -0.21)], 0.01, BLACK)
        s.disc(0.0, -0.32, 0.05, darker(paint, 0.3), ry=0.02)
    for name, x in (("rear", -0.18), ("front", 0.2)):
        with pen.part(name, pivot=(x, -0.07)) as s:
            s.disc(x, -0.07, 0.072, BLACK, puff=0.02)
            s.disc(x, -0.07, 0.04, (0.85, 0.85, 0.82))
            s.box(x - 0.006, -0.1, x + 0.006, -0.04, (0.5, 0.5, 0.5))

    def pose(state: State) -> Pose:
        shake = state.active * np.sin(state.t * 53 + state.seed * 6)
        flight = (state.t * 3.1 + state.seed) % 1
        return {
            "body": Motion(dy=0.012 * shake - 0.02 * state.active, angle=0.02 * shake - 0.05 * state.active),
            "grass": Motion(shown=state.active, dx=0.06 * flight, dy=-0.05 * np.sin(flight * np.pi)),
            "rear": Motion(angle=state.stride),
            "front": Motion(angle=state.stride),
        }

    return pen.puppet(pose)


def keyboard(pen: Pen, look: Look) -> Puppet:
    """A typing keyboard on a small desk, 0.46 high; keys go down one after the other."""
    paint = varied(rgb(look.colour), np.random.default_rng(look.seed), 0.03)
    wood = (0.60, 0.44, 0.29)
    with pen.part("desk") as s:
        for x in (-0.32, 0.32):
            s.box(x - 0.02, -0.3, x + 0.02, 0, darker(wood, 0.3), pattern="wood")
        s.poly("-.34,-.43 .34,-.43 .4,-.3 -.4,-.3", wood, puff=0.015, pattern="wood")
        s.box(-0.4, -0.305, 0.4, -0.265, darker(wood, 0.2), pattern="wood")
    with pen.part("case", pivot=(0, -0.35)) as s:
        s.poly("-.27,-.44 .27,-.44 .31,-.33 -.31,-.33", paint, puff=0.03, gloss=0.3)
        s.box(-0.31, -0.335, 0.31, -0.31, darker(paint, 0.25), r=0.01)
    for row in range(3):
        for i in range(9):
            wide = 0.052 + 0.004 * row
            x, y = (i - 4) * wide, -0.42 + 0.029 * row
            with pen.part(f"key{row * 9 + i}", pivot=(x, y), parent="case") as s:
                s.box(
                    x - wide * 0.42,
                    y - 0.0115,
                    x + wide * 0.42,
                    y + 0.0115,
                    (0.95, 0.95, 0.93),
                    r=0.006,
                    puff=0.01,
                )

    def pose(state: State) -> Pose:
        on = state.active > 0.05
        deep = max(state.hit, 0.45)
        down = (
            {
                f"key{(state.count * 7 + j * 5) % 27}": Motion(dy=0.014 * deep, sx=0.86, sy=0.8)
                for j in range(4)
            }
            if on
            else {}
        )
        return {
            "case": Motion(dy=0.006 * state.hit, angle=0.02 * state.active * (1 if state.count % 2 else -1))
        } | down

    return pen.puppet(pose)


def hair_dryer(pen: Pen, look: Look) -> Puppet:
    """On its stand, 0.56 high; it trembles and its breath is seen."""
    paint = varied(rgb(look.colour), np.random.default_rng(look.seed), 0.03)
    with pen.part("stand") as s:
        s.disc(0, -0.015, 0.15, (0.4, 0.4, 0.42), ry=0.026, puff=0.02)
        s.limb((0, -0.02), (0, -0.2), 0.014, 0.014, STEEL, gloss=0.5)
    with pen.part("breath", pivot=(0.26, -0.46), parent="body", solid=False) as s:
        for y in (-0.5, -0.46, -0.42):
            s.line(
                [(0.29, y), (0.34, y - 0.014), (0.39, y + 0.014), (0.44, y)],
                0.014,
                (0.97, 0.98, 1.0),
                curved=True,
            )
    with pen.part("body", pivot=(0, -0.24)) as s:
        s.limb((-0.01, -0.4), (-0.05, -0.2), 0.042, 0.034, darker(paint, 0.2), gloss=0.2)
        s.blob(
            "-.19,-.46 -.14,-.55 0,-.56 .14,-.52 .26,-.51 .26,-.41 .14,-.4 0,-.36 -.14,-.37",
            paint,
            puff=0.08,
            gloss=0.4,
        )
        s.box(0.24, -0.52, 0.275, -0.4, BLACK, r=0.01)
        s.disc(-0.12, -0.46, 0.05, darker(paint, 0.5), ry=0.06, line=0.3)
        s.box(-0.05, -0.33, -0.02, -0.28, (0.85, 0.2, 0.15), r=0.008)

    def pose(state: State) -> Pose:
        shake = state.active * np.sin(state.t * 59 + state.seed * 6)
        flow = (state.t * 5 + state.seed) % 1
        return {
            "body": Motion(
                angle=0.05 * state.active * np.sin(state.t * 2.3 + 1) - 0.05 * state.active + 0.012 * shake
            ),
            "breath": Motion(shown=0.85 * state.active, dx=0.04 * flow, sx=0.8 + 0.4 * flow),
        }

    return pen.puppet(pose)


def couch(pen: Pen, look: Look) -> Puppet:
    """1.1 wide; keeps silent."""
    cloth = varied(rgb(look.colour), np.random.default_rng(look.seed), 0.03)
    with pen.part("body") as s:
        for x in (-0.46, 0.46):
            s.box(x - 0.03, -0.05, x + 0.03, 0, (0.32, 0.22, 0.15))
        s.box(-0.48, -0.48, 0.48, -0.15, darker(cloth, 0.1), r=0.08, puff=0.09, pattern="cloth")
        for x in (-0.22, 0.22):
            s.box(x - 0.215, -0.43, x + 0.215, -0.22, cloth, r=0.05, puff=0.08, pattern="cloth")
            s.box(x - 0.22, -0.26, x + 0.22, -0.14, lighter(cloth, 0.08), r=0.05, puff=0.05, pattern="cloth")
        s.box(-0.48, -0.15, 0.48, -0.05, darker(cloth, 0.15), r=0.02, puff=0.04, pattern="cloth")
        for x in (-0.5, 0.5):
            s.box(x - 0.07, -0.33, x + 0.07, -0.04, cloth, r=0.06, puff=0.07, pattern="cloth")
    return pen.puppet(lambda state: {})


def table(pen: Pen, look: Look) -> Puppet:
    """0.8 wide, 0.4 high, with a bowl; keeps silent."""
    rng = np.random.default_rng(look.seed)
    wood = varied(rgb(look.colour), rng, 0.03)
    with pen.part("body") as s:
        for x in (-0.3, 0.3):
            s.limb((x, -0.36), (x * 1.06, -0.005), 0.026, 0.016, darker(wood, 0.25), pattern="wood")
        s.box(-0.36, -0.38, 0.36, -0.33, darker(wood, 0.15), pattern="wood")
        s.disc(0, -0.385, 0.42, wood, ry=0.06, puff=0.02, pattern="wood", gloss=0.2)
        tone = rgb(str(rng.choice(["white", "blue", "green"])))
        for x in (-0.05, 0.0, 0.05):
            s.disc(x, -0.45, 0.034, varied((0.8, 0.3, 0.15), rng, 0.12))
        s.blob("-.1,-.45 .1,-.45 .05,-.385 -.05,-.385", tone, puff=0.04, gloss=0.4)
    return pen.puppet(lambda state: {})
