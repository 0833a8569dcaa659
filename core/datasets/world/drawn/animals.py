"""Animals, seen from the side, heading right."""

import numpy as np

from core.datasets.world.drawn.colours import RGB, darker, lighter, mixed, rgb, varied
from core.datasets.world.drawn.kit import Motion, Pen, Pose, Puppet, Sheet, State
from core.datasets.world.drawn.looks import Look
from core.datasets.world.drawn.people import blink

DARK: RGB = (0.13, 0.10, 0.10)
MOUTH: RGB = (0.45, 0.10, 0.13)


def eye(sheet: Sheet, x: float, y: float, r: float, iris: RGB = DARK) -> None:
    sheet.disc(x, y, r, (0.97, 0.97, 0.94), line=0.8)
    sheet.disc(x + r * 0.2, y, r * 0.68, iris, line=0.3)
    sheet.disc(x + r * 0.25, y, r * 0.4, DARK, line=0)
    sheet.disc(x - r * 0.05, y - r * 0.35, r * 0.24, (1, 1, 1), line=0)


def legs(pen: Pen, xs, top: float, width: float, colour: RGB, foot: RGB, far: RGB, lean: float = 0.0) -> None:
    """Four legs; the two on the far side are painted first and darker."""
    dim = darker(foot, 0.25)
    sides = (("far_hind", 0, 0.035, far, dim), ("far_fore", 1, 0.035, far, dim))
    for name, i, shift, tone, paw in (*sides, ("hind", 0, 0, colour, foot), ("fore", 1, 0, colour, foot)):
        x = xs[i] + shift
        with pen.part(name, pivot=(x, top)) as sheet:
            sheet.limb(
                (x, top), (x + lean, -width * 0.7), width * 1.25, width * 0.72, tone, pattern="fur", line=0.4
            )
            sheet.blob(
                [
                    (x - width + lean, -width),
                    (x + width + lean, -width),
                    (x + width * 1.7 + lean, 0),
                    (x - width + lean, 0),
                ],
                paw,
                puff=width * 0.8,
            )


def walk(state: State, amount: float = 0.42) -> dict[str, Motion]:
    a, b = amount * np.sin(state.stride), amount * np.sin(state.stride + np.pi)
    return {
        "hind": Motion(angle=a),
        "fore": Motion(angle=b),
        "far_hind": Motion(angle=b),
        "far_fore": Motion(angle=a),
    }


def dog(pen: Pen, look: Look) -> Puppet:
    """About 0.5 high. The jaw drops and the head jerks up at a bark; the tail wags at rest too."""
    rng = np.random.default_rng(look.seed)
    fur = varied(rgb(look.colour), rng, 0.03)
    belly, dark, ear = (
        lighter(fur, 0.35),
        darker(fur, 0.35),
        darker(fur, 0.45 if look.colour != "black" else 0.2),
    )
    collar = rgb(str(rng.choice([c for c in ("red", "blue", "green", "purple") if c != look.colour])))
    long_ears = rng.random() < 0.5
    with pen.part("tail", pivot=(-0.24, -0.34)) as sheet:
        sheet.blob(
            "-.23,-.36 -.3,-.43 -.33,-.53 -.29,-.54 -.26,-.45 -.2,-.32",
            fur,
            puff=0.04,
            pattern="fur",
        )
    legs(pen, (-0.2, 0.14), -0.23, 0.034, fur, belly, dark)
    with pen.part("body", pivot=(-0.05, -0.2)) as sheet:
        sheet.blob("-.27,-.33 -.2,-.39 -.05,-.375 .1,-.4 .2,-.44 .24,-.36 .2,-.22 .1,-.17 "
"-.06,-.205 -.18,-.18 -.26,-.2 -.29,-.27",
                   fur, puff=0.11, pattern="fur")  # fmt: skip
        if rng.random() < 0.5:
            sheet.blob(
                "-.14,-.385 -.02,-.375 0,-.31 -.06,-.29 -.13,-.31",
                mixed(fur, dark, 0.8),
                puff=0.004,
                pattern="fur",
                line=0,
            )
        sheet.blob(
            [(0.14, -0.38), (0.225, -0.36), (0.2, -0.24), (0.14, -0.21)],
            belly,
            puff=0.05,
            pattern="fur",
            line=0,
        )
    with pen.part("jaw", pivot=(0.245, -0.445), parent="head") as sheet:
        sheet.blob(
            ".235,-.46 .3,-.455 .385,-.447 .38,-.415 .29,-.405 .24,-.42",
            belly,
            puff=0.035,
            pattern="fur",
        )
        sheet.blob([(0.25, -0.455), (0.37, -0.446), (0.365, -0.43), (0.27, -0.425)], MOUTH, puff=0.01, line=0)
        sheet.disc(0.325, -0.437, 0.035, (0.9, 0.45, 0.48), ry=0.011, angle=0.06, line=0)
    with pen.part("head", pivot=(0.19, -0.4), parent="body") as sheet:
        sheet.blob(
            ".12,-.42 .14,-.36 .23,-.34 .25,-.42 .2,-.5",
            fur,
            puff=0.07,
            pattern="fur",
        )
        sheet.line([(0.128, -0.375), (0.19, -0.342), (0.24, -0.352)], 0.026, collar, curved=True)
        sheet.disc(0.205, -0.325, 0.018, (0.95, 0.8, 0.3), gloss=0.5)
        sheet.blob(".12,-.53 .18,-.6 .26,-.58 .295,-.52 .38,-.5 .395,-.465 .36,-.445 .24,-.435 "
".15,-.45",
                   fur, puff=0.09, pattern="fur")  # fmt: skip
        sheet.blob(
            ".28,-.505 .375,-.495 .388,-.466 .35,-.45 .27,-.455",
            belly,
            puff=0.035,
            line=0,
        )
        sheet.disc(0.385, -0.487, 0.021, DARK, ry=0.018, gloss=0.6)
    with pen.part("ear", pivot=(0.16, -0.565), parent="head") as sheet:
        if long_ears:
            sheet.blob(
                ".13,-.58 .19,-.57 .185,-.47 .14,-.42 .105,-.47",
                ear,
                puff=0.04,
                pattern="fur",
            )
        else:
            sheet.blob([(0.12, -0.55), (0.1, -0.68), (0.2, -0.58)], ear, puff=0.04, pattern="fur")
    with pen.part("eyes", pivot=(0.255, -0.535), parent="head") as sheet:
        eye(sheet, 0.255, -0.535, 0.023, (0.4, 0.24, 0.1))

    def pose(state: State) -> Pose:
        bark = max(state.level, 0.3 * state.active)
        wag = 0.35 * np.sin(state.t * 7 + state.seed * 6) * (0.4 + state.active)
        return walk(state) | {
            "tail": Motion(angle=wag),
            "body": Motion(
                angle=-0.05 * bark,
                dy=-0.012 * abs(np.sin(state.stride)),
                sy=1 + 0.012 * np.sin(state.t * 2.4 + state.seed * 6),
            ),
            "head": Motion(
                angle=-0.3 * bark + 0.05 * np.sin(state.t * 0.9 + state.seed * 9),
                dx=0.02 * bark,
                dy=0.006 * np.sin(state.t * 2.4),
            ),
            "jaw": Motion(angle=0.74 * bark - 0.17),
            "ear": Motion(angle=0.25 * state.hit + 0.06 * np.sin(state.stride * 2)),
            "eyes": blink(state),
        }

    return pen.puppet(pose)


def cat(pen: Pen, look: Look) -> Puppet:
    """About 0.42 high, sitting; the mouth opens at a meow, the tail beats."""
    rng = np.random.default_rng(look.seed)
    fur = varied(rgb(look.colour), rng, 0.03)
    pale, dark = lighter(fur, 0.45), darker(fur, 0.4)
    iris = ((0.45, 0.65, 0.25), (0.85, 0.65, 0.2), (0.35, 0.6, 0.75))[rng.integers(3)]
    with pen.part("tail", pivot=(-0.13, -0.04)) as s:
        s.blob(
            "-.1,-.07 -.2,-.06 -.25,-.14 -.23,-.22 -.2,-.2 -.21,-.13 -.18,-.1 -.1,-.03",
            fur,
            puff=0.03,
            pattern="fur",
        )
    with pen.part("body", pivot=(-0.02, 0)) as s:
        s.blob(
            "-.16,-.06 -.14,-.16 -.04,-.24 .04,-.27 .1,-.22 .1,-.02 -.06,0 -.15,-.01",
            fur,
            puff=0.1,
            pattern="fur",
        )
        s.blob(".02,-.22 .09,-.22 .1,-.08 .04,-.06", pale, puff=0.04, pattern="fur", line=0)
        if rng.random() < 0.6:
            for x in (-0.12, -0.075, -0.03):
                s.line([(x, -0.2 - x * 0.3), (x - 0.015, -0.13), (x, -0.09)], 0.014, dark, curved=True)
        for x in (0.045, 0.1):
            s.limb((x, -0.14), (x + 0.005, -0.02), 0.026, 0.021, fur, pattern="fur", line=0.4)
            s.disc(x + 0.014, -0.014, 0.027, pale, ry=0.015)
        s.blob("-.14,-.1 -.05,-.13 -.01,-.06 -.04,-.005 -.13,-.005", fur, puff=0.05, pattern="fur", line=0.4)
    with pen.part("head", pivot=(0.06, -0.25), parent="body") as s:
        for side in (-1, 1):
            x = 0.07 + side * 0.06
            s.poly(
                [(x - 0.04, -0.36), (x + side * 0.03, -0.455), (x + 0.04, -0.35)],
                fur,
                puff=0.03,
                pattern="fur",
            )
            s.poly(
                [(x - 0.02, -0.37), (x + side * 0.024, -0.43), (x + 0.02, -0.365)],
                (0.9, 0.6, 0.6),
                puff=0.01,
                line=0,
            )
        s.disc(0.07, -0.32, 0.1, fur, ry=0.088, pattern="fur", puff=0.09)
        s.disc(0.075, -0.285, 0.05, pale, ry=0.034, line=0, puff=0.03)
        s.poly(".062,-.315 .088,-.315 .075,-.3", (0.85, 0.45, 0.48), puff=0.006, line=0.3)
        for side in (-1, 1):
            for dy in (-0.006, 0.012):
                s.line(
                    [(0.075 + side * 0.03, -0.29), (0.075 + side * 0.14, -0.295 + dy * 1.6)],
                    0.003,
                    lighter(fur, 0.7),
                )
    with pen.part("mouth", pivot=(0.075, -0.284), parent="head") as s:
        s.disc(0.075, -0.268, 0.024, MOUTH, ry=0.026)
        s.disc(0.075, -0.256, 0.014, (0.9, 0.5, 0.52), ry=0.01, line=0)
    with pen.part("eyes", pivot=(0.07, -0.335), parent="head") as s:
        for x in (0.032, 0.112):
            eye(s, x, -0.335, 0.023, iris)

    def pose(state: State) -> Pose:
        meow = max(state.level, 0.4 * state.active)
        return {
            "tail": Motion(
                angle=(0.25 + 0.35 * state.active)
                * np.sin(state.t * (2.2 + 5 * state.active) + state.seed * 6)
            ),
            "body": Motion(sy=1 + 0.012 * np.sin(state.t * 2.1 + state.seed * 6) + 0.02 * meow),
            "head": Motion(
                angle=-0.16 * meow + 0.06 * np.sin(state.t * 0.8 + state.seed * 9), dy=-0.014 * meow
            ),
            "mouth": Motion(sy=0.12 + 1.05 * meow, sx=0.75 + 0.25 * meow),
            "eyes": Motion(sy=1 - 0.6 * meow) if meow > 0.1 else blink(state),
        }

    return pen.puppet(pose)


def lion(pen: Pen, look: Look) -> Puppet:
    """About 0.7 high with a mane; roars with the whole head."""
    rng = np.random.default_rng(look.seed)
    fur = varied(rgb(look.colour), rng, 0.03)
    mane, pale = varied((0.42, 0.24, 0.12), rng, 0.03), lighter(fur, 0.4)
    with pen.part("tail", pivot=(-0.33, -0.42)) as s:
        s.line("-.32,-.43 -.4,-.4 -.44,-.3 -.42,-.2", 0.024, fur, curved=True)
        s.disc(-0.42, -0.18, 0.03, mane, ry=0.045, pattern="fur")
    legs(pen, (-0.27, 0.15), -0.3, 0.042, fur, pale, darker(fur, 0.35))
    with pen.part("body", pivot=(-0.05, -0.28)) as s:
        s.blob(
            "-.35,-.42 -.22,-.5 0,-.49 .2,-.54 .28,-.42 .2,-.25 0,-.22 -.2,-.25 -.34,-.28",
            fur,
            puff=0.14,
            pattern="fur",
        )
    with pen.part("mane", pivot=(0.22, -0.48), parent="body") as s:
        for a in np.linspace(0, 2 * np.pi, 13, endpoint=False):
            x, y = 0.24 + 0.15 * np.cos(a), -0.54 + 0.17 * np.sin(a)
            s.disc(x, y, 0.072, varied(mane, rng, 0.02), pattern="fur", line=0.3)
        s.disc(0.24, -0.54, 0.16, mane, pattern="fur", line=0)
    with pen.part("jaw", pivot=(0.26, -0.5), parent="head") as s:
        s.blob(".24,-.51 .33,-.5 .4,-.49 .385,-.445 .31,-.43 .25,-.45", pale, puff=0.04, pattern="fur")
        s.blob(".26,-.505 .385,-.487 .37,-.46 .28,-.462", MOUTH, puff=0.012, line=0)
        s.poly(".36,-.495 .375,-.47 .345,-.49", (0.97, 0.96, 0.9), puff=0.004)
    with pen.part("head", pivot=(0.22, -0.52), parent="mane") as s:
        for x in (0.17, 0.29):
            s.disc(x, -0.66, 0.036, fur, pattern="fur")
        s.blob(
            ".16,-.56 .2,-.66 .29,-.66 .33,-.59 .42,-.56 .425,-.51 .36,-.485 .24,-.47 .17,-.5",
            fur,
            puff=0.08,
            pattern="fur",
        )
        s.blob(".32,-.565 .41,-.55 .415,-.515 .36,-.495 .31,-.5", pale, puff=0.04, line=0)
        s.disc(0.418, -0.55, 0.024, (0.45, 0.22, 0.2), ry=0.018, gloss=0.4)
    with pen.part("eyes", pivot=(0.29, -0.595), parent="head") as s:
        eye(s, 0.29, -0.595, 0.021, (0.75, 0.5, 0.15))

    def pose(state: State) -> Pose:
        roar = max(state.level, 0.4 * state.active)
        return walk(state, 0.34) | {
            "tail": Motion(angle=0.3 * np.sin(state.t * 2.5 + state.seed * 6)),
            "body": Motion(
                sy=1 + 0.012 * np.sin(state.t * 1.8 + state.seed * 6), dy=-0.008 * abs(np.sin(state.stride))
            ),
            "mane": Motion(
                sx=1 + 0.06 * roar, sy=1 + 0.06 * roar, angle=0.02 * np.sin(state.t + state.seed * 9)
            ),
            "head": Motion(angle=-0.3 * roar, dx=0.02 * roar),
            "jaw": Motion(angle=0.72 * roar - 0.05),
            "eyes": blink(state),
        }

    return pen.puppet(pose)
