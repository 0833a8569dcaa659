"""Small and farm animals: sheep, pig, duck, bird; from the side, heading right."""

import numpy as np

from core.datasets.world.drawn.animals import DARK, MOUTH, eye, legs, walk
from core.datasets.world.drawn.colours import RGB, darker, lighter, mixed, rgb, varied
from core.datasets.world.drawn.kit import Motion, Pen, Pose, Puppet, State
from core.datasets.world.drawn.looks import Look
from core.datasets.world.drawn.people import blink

BEAK: RGB = (0.94, 0.62, 0.18)


def sheep(pen: Pen, look: Look) -> Puppet:
    """About 0.55 high, woolly; the jaw drops when it bleats."""
    rng = np.random.default_rng(look.seed)
    wool = varied(rgb(look.colour), rng, 0.02)
    face = (0.22, 0.19, 0.19) if look.colour != "black" else (0.42, 0.36, 0.33)
    legs(pen, (-0.16, 0.12), -0.22, 0.026, face, darker(face, 0.3), darker(face, 0.3))
    with pen.part("body", pivot=(0, -0.2)) as s:
        s.blob("-.26,-.36 -.1,-.44 .1,-.43 .24,-.36 .24,-.22 .1,-.15 -.1,-.15 -.26,-.22", wool, puff=0.13)
        for _ in range(44):
            a, r = rng.uniform(0, 2 * np.pi), rng.uniform(0.02, 1) ** 0.5
            x, y = 0.245 * r * np.cos(a), -0.295 + 0.135 * r * np.sin(a)
            s.disc(x, y, rng.uniform(0.045, 0.062), varied(wool, rng, 0.015), pattern="fur", line=0.22)
    with pen.part("jaw", pivot=(0.27, -0.385), parent="head") as s:
        s.blob("0.27,-.4 .36,-.375 .385,-.35 .36,-.33 .3,-.345", darker(face, 0.15), puff=0.03)
        s.blob(".3,-.385 .375,-.365 .37,-.35 .31,-.36", MOUTH, puff=0.01, line=0)
    with pen.part("head", pivot=(0.22, -0.38), parent="body") as s:
        s.blob(".2,-.46 .28,-.5 .34,-.46 .395,-.385 .385,-.355 .34,-.36 .26,-.36", face, puff=0.06)
        s.disc(0.382, -0.378, 0.009, darker(face, 0.6), line=0)
        for x, y in ((0.2, -0.49), (0.24, -0.515), (0.285, -0.505)):
            s.disc(x, y, 0.042, wool, pattern="fur", line=0.25)
        eye(s, 0.305, -0.44, 0.02)
    with pen.part("ear", pivot=(0.225, -0.45), parent="head") as s:
        s.blob(".23,-.47 .19,-.44 .14,-.41 .15,-.385 .21,-.415", face, puff=0.02)

    def pose(state: State) -> Pose:
        bleat = max(state.level, 0.4 * state.active)
        return walk(state, 0.3) | {
            "body": Motion(
                sy=1 + 0.012 * np.sin(state.t * 2 + state.seed * 6), dy=-0.008 * abs(np.sin(state.stride))
            ),
            "head": Motion(
                angle=-0.3 * bleat + 0.05 * np.sin(state.t * 0.8 + state.seed * 9) + 0.03 * state.shake
            ),
            "jaw": Motion(angle=0.62 * bleat - 0.1),
            "ear": Motion(angle=0.3 * state.hit + 0.08 * np.sin(state.t * 1.7 + state.seed)),
        }

    return pen.puppet(pose)


def pig(pen: Pen, look: Look) -> Puppet:
    """About 0.42 high, round; the snout wrinkles up and the jaw drops."""
    rng = np.random.default_rng(look.seed)
    skin = varied(rgb(look.colour), rng, 0.03)
    snout = mixed(skin, (0.95, 0.45, 0.5), 0.35)
    with pen.part("tail", pivot=(-0.27, -0.28)) as s:
        s.line("-.26,-.27 -.31,-.3 -.33,-.27 -.3,-.25 -.31,-.31", 0.016, snout, curved=True)
    legs(pen, (-0.17, 0.11), -0.14, 0.034, skin, darker(skin, 0.5), darker(skin, 0.25))
    with pen.part("body", pivot=(0, -0.15)) as s:
        s.blob(
            "-.29,-.26 -.2,-.37 0,-.4 .18,-.37 .26,-.26 .18,-.13 0,-.1 -.2,-.12",
            skin,
            puff=0.16,
            pattern="fur",
        )
        if rng.random() < 0.5:
            s.blob("-.12,-.37 .02,-.38 .04,-.28 -.06,-.25 -.14,-.3", darker(skin, 0.45), puff=0.004, line=0)
    with pen.part("jaw", pivot=(0.26, -0.22), parent="head") as s:
        s.blob(".25,-.235 .33,-.225 .365,-.205 .33,-.175 .27,-.185", darker(skin, 0.12), puff=0.03)
        s.blob(".27,-.23 .355,-.212 .33,-.195 .28,-.2", MOUTH, puff=0.01, line=0)
    with pen.part("head", pivot=(0.18, -0.26), parent="body") as s:
        s.blob(
            ".12,-.36 .22,-.41 .31,-.37 .345,-.3 .34,-.22 .26,-.19 .16,-.21", skin, puff=0.09, pattern="fur"
        )
        s.disc(0.355, -0.262, 0.03, snout, ry=0.046, puff=0.02)
        for y in (-0.278, -0.248):
            s.disc(0.362, y, 0.008, darker(snout, 0.6), ry=0.011, line=0)
        eye(s, 0.28, -0.325, 0.019)
    with pen.part("ear", pivot=(0.2, -0.39), parent="head") as s:
        s.blob(".16,-.39 .2,-.47 .27,-.42 .25,-.36", darker(skin, 0.12), puff=0.03)

    def pose(state: State) -> Pose:
        grunt = max(state.level, 0.38 * state.active)
        return walk(state, 0.32) | {
            "body": Motion(sy=1 + 0.012 * np.sin(state.t * 2.2 + state.seed * 6) + 0.02 * state.shake),
            "head": Motion(angle=-0.26 * grunt + 0.05 * np.sin(state.t + state.seed * 9), dx=0.015 * grunt),
            "jaw": Motion(angle=0.66 * grunt - 0.06),
            "ear": Motion(angle=0.25 * state.hit + 0.06 * np.sin(state.stride * 2)),
            "tail": Motion(angle=0.4 * np.sin(state.t * 6 + state.seed * 5)),
        }

    return pen.puppet(pose)


def duck(pen: Pen, look: Look) -> Puppet:
    """About 0.36 high; the beak opens wide and the neck stretches."""
    rng = np.random.default_rng(look.seed)
    down = varied(rgb(look.colour), rng, 0.02)
    for name, x, tone in (("far_foot", -0.01, darker(BEAK, 0.3)), ("foot", 0.03, BEAK)):
        with pen.part(name, pivot=(x, -0.1)) as s:
            s.limb((x, -0.1), (x, -0.015), 0.011, 0.01, tone)
            s.blob([(x - 0.02, -0.018), (x + 0.03, -0.016), (x + 0.075, 0), (x - 0.025, 0)], tone, puff=0.014)
    with pen.part("body", pivot=(0, -0.1)) as s:
        s.blob(
            "-.25,-.22 -.16,-.185 0,-.215 .12,-.24 .18,-.17 .1,-.085 -.06,-.07 -.17,-.11",
            down,
            puff=0.08,
            pattern="fur",
        )
    with pen.part("wing", pivot=(0.04, -0.19), parent="body") as s:
        s.blob(
            ".07,-.19 .02,-.22 -.1,-.2 -.2,-.18 -.12,-.13 .03,-.12",
            darker(down, 0.14),
            puff=0.04,
            pattern="fur",
        )
    with pen.part("lower", pivot=(0.19, -0.335), parent="head") as s:
        s.blob(".18,-.345 .25,-.34 .285,-.333 .25,-.32 .19,-.325", darker(BEAK, 0.15), puff=0.014)
    with pen.part("head", pivot=(0.11, -0.22), parent="body") as s:
        green = look.colour in ("brown", "gray")
        tone = (0.15, 0.38, 0.25) if green else down
        s.blob(".06,-.21 .09,-.29 .09,-.36 .16,-.36 .17,-.28 .18,-.18", tone, puff=0.06, pattern="fur")
        if green:
            s.line(".075,-.235 .13,-.225 .175,-.235", 0.014, (0.95, 0.95, 0.93), curved=True)
        s.disc(0.135, -0.36, 0.064, tone, pattern="fur")
        s.blob(".185,-.375 .24,-.36 .295,-.352 .29,-.338 .23,-.336 .18,-.34", BEAK, puff=0.016, gloss=0.2)
        eye(s, 0.16, -0.375, 0.017)

    def pose(state: State) -> Pose:
        quack = max(state.level, 0.35 * state.active)
        step = 0.4 * np.sin(state.stride)
        return {
            "foot": Motion(angle=step),
            "far_foot": Motion(angle=-step),
            "body": Motion(
                angle=0.05 * np.sin(state.stride), sy=1 + 0.012 * np.sin(state.t * 2 + state.seed * 6)
            ),
            "head": Motion(
                angle=-0.22 * quack + 0.06 * np.sin(state.t * 0.9 + state.seed * 7), dy=-0.02 * quack
            ),
            "lower": Motion(angle=0.66 * quack),
            "wing": Motion(angle=-0.4 * state.hit - 0.15 * quack),
        }

    return pen.puppet(pose)


def bird(pen: Pen, look: Look) -> Puppet:
    """A songbird on a post, 0.5 high; beak and throat move, the tail beats with the song."""
    rng = np.random.default_rng(look.seed)
    plume = varied(rgb(look.colour), rng, 0.03)
    breast = lighter(plume, 0.55)
    with pen.part("post") as s:
        s.box(-0.035, -0.26, 0.035, 0, (0.47, 0.34, 0.23), r=0.01, puff=0.03, pattern="wood")
        s.disc(0, -0.26, 0.037, (0.62, 0.47, 0.33), ry=0.012, puff=0.01)
    with pen.part("tail", pivot=(-0.1, -0.33)) as s:
        s.poly(
            "-.07,-.36 -.2,-.29 -.225,-.265 -.2,-.25 -.08,-.3", darker(plume, 0.3), puff=0.02, pattern="fur"
        )
    with pen.part("body", pivot=(0, -0.28)) as s:
        for x in (-0.02, 0.03):
            s.limb((x, -0.3), (x + 0.01, -0.262), 0.006, 0.005, BEAK)
        s.blob(
            "-.13,-.34 -.06,-.41 .04,-.45 .11,-.4 .09,-.32 0,-.285 -.09,-.3", plume, puff=0.07, pattern="fur"
        )
        s.blob(
            "0,-.4 .085,-.42 .108,-.37 .08,-.31 .01,-.29 -.03,-.32", breast, puff=0.05, pattern="fur", line=0
        )
    with pen.part("wing", pivot=(0.0, -0.38), parent="body") as s:
        s.blob(
            ".02,-.4 -.06,-.4 -.15,-.33 -.17,-.29 -.06,-.31 .01,-.34",
            darker(plume, 0.2),
            puff=0.03,
            pattern="fur",
        )
        s.line("-.02,-.35 -.1,-.31", 0.006, darker(plume, 0.5))
    with pen.part("lower", pivot=(0.125, -0.452), parent="head") as s:
        s.poly(".12,-.458 .175,-.448 .12,-.438", darker(BEAK, 0.2), puff=0.008)
    with pen.part("head", pivot=(0.05, -0.42), parent="body") as s:
        s.disc(0.07, -0.462, 0.068, plume, pattern="fur")
        s.disc(0.098, -0.44, 0.036, breast, line=0, puff=0.02)
        s.poly(".125,-.478 .19,-.456 .125,-.45", BEAK, puff=0.01)
        eye(s, 0.09, -0.475, 0.015, DARK)

    def pose(state: State) -> Pose:
        sing = max(state.level, 0.4 * state.active)
        hop = 0.02 * np.sin(state.t * 1.3 + state.seed * 8)
        return {
            "head": Motion(angle=-0.4 * sing + hop),
            "lower": Motion(angle=0.75 * sing),
            "body": Motion(sx=1 + 0.06 * sing, sy=1 + 0.05 * sing + 0.01 * np.sin(state.t * 3)),
            "tail": Motion(angle=0.3 * sing + 0.1 * np.sin(state.t * 5 + state.seed)),
            "wing": Motion(angle=0.25 * sing * np.sin(state.t * 21) + 0.1 * sing),
            "eyes": blink(state),
        }

    return pen.puppet(pose)
