"""Vehicles from the side, heading right; wheels turn with the way, bodies shake with the sound."""

import numpy as np

from core.datasets.world.drawn.colours import RGB, darker, lighter, rgb, varied
from core.datasets.world.drawn.kit import Motion, Pen, Pose, Puppet, Sheet, State
from core.datasets.world.drawn.looks import Look

TYRE: RGB = (0.13, 0.13, 0.14)
GLASS: RGB = (0.55, 0.72, 0.82)
CHROME: RGB = (0.78, 0.79, 0.82)


def _wheel(pen: Pen, name: str, x: float, r: float, hub: RGB = CHROME) -> None:
    with pen.part(name, pivot=(x, -r)) as s:
        s.disc(x, -r, r, TYRE, puff=r * 0.25)
        s.disc(x, -r, r * 0.62, hub, puff=r * 0.15, gloss=0.3)
        for a in np.arange(5) * 2 * np.pi / 5:
            s.disc(x + r * 0.36 * np.cos(a), -r + r * 0.36 * np.sin(a), r * 0.12, darker(hub, 0.65), line=0)
        s.disc(x, -r, r * 0.15, darker(hub, 0.4))


def rumble(state: State) -> Motion:
    """The body of a running engine trembles and sits up."""
    return Motion(
        dy=-0.009 * state.active + 0.007 * state.active * np.sin(state.t * 43 + state.seed * 6),
        angle=0.010 * state.active * np.sin(state.t * 31 + state.seed),
    )


def _wheels(state: State, *names: str) -> dict[str, Motion]:
    return {
        name: Motion(angle=state.stride, dy=0.003 * state.active * np.sin(state.t * 37)) for name in names
    }


def _smoke(pen: Pen, x: float, y: float) -> None:
    with pen.part("smoke", pivot=(x, y), solid=False) as s:
        for dx, dy, r in ((-0.02, 0, 0.022), (-0.055, -0.015, 0.03), (-0.09, -0.008, 0.024)):
            s.disc(x + dx, y + dy, r, (0.86, 0.86, 0.87), line=0.1)


def _puffing(state: State) -> Motion:
    beat = (state.t * 2.3 + state.seed) % 1
    return Motion(
        shown=0.75 * state.active * (1 - beat), dx=-0.05 * beat, dy=-0.02 * beat, sx=0.6 + beat, sy=0.6 + beat
    )


def _lamps(s: Sheet, front: float, back: float, y: float) -> None:
    s.disc(front, y, 0.018, (1.0, 0.95, 0.72), ry=0.024, gloss=0.5)
    s.disc(back, y, 0.012, (0.8, 0.12, 0.1), ry=0.022)


def _sedan(pen: Pen, paint: RGB, stripe: RGB | None = None) -> None:
    _smoke(pen, -0.47, -0.07)
    with pen.part("body", pivot=(0, -0.1)) as s:
        s.blob(
            "-.25,-.24 -.17,-.36 .08,-.365 .2,-.25", darker(paint, 0.1), puff=0.05, curved=False, gloss=0.3
        )
        s.poly("-.215,-.245 -.155,-.335 -.05,-.338 -.05,-.245", GLASS, puff=0.02, gloss=0.5)
        s.poly("-.03,-.245 -.03,-.338 .065,-.338 .155,-.245", GLASS, puff=0.02, gloss=0.5)
        s.blob(
            "-.46,-.2 -.43,-.245 -.25,-.255 .2,-.255 .38,-.225 .46,-.18 .46,-.09 .4,-.07 -.42,-.07 -.46,-.1",
            paint,
            puff=0.09,
            gloss=0.35,
        )
        if stripe:
            s.box(-0.42, -0.185, 0.42, -0.14, stripe, r=0.005, line=0.2)
        for x in (-0.27, 0.27):
            s.disc(x, -0.085, 0.098, darker(paint, 0.75), line=0)
        s.line("-.04,-.25 -.04,-.09", 0.005, darker(paint, 0.4))
        s.box(-0.12, -0.2, -0.075, -0.19, CHROME, r=0.004)
        _lamps(s, 0.445, -0.45, -0.165)
        s.box(0.4, -0.105, 0.475, -0.075, CHROME, gloss=0.4)
        s.box(-0.475, -0.105, -0.4, -0.075, CHROME, gloss=0.4)


def car(pen: Pen, look: Look) -> Puppet:
    """0.95 long."""
    _sedan(pen, varied(rgb(look.colour), np.random.default_rng(look.seed), 0.03))
    _wheel(pen, "rear", -0.27, 0.085)
    _wheel(pen, "front", 0.27, 0.085)

    def pose(state: State) -> Pose:
        return {"body": rumble(state), "smoke": _puffing(state)} | _wheels(state, "rear", "front")

    return pen.puppet(pose)


def emergency_car(pen: Pen, look: Look) -> Puppet:
    """A patrol car; its two lamps take turns while the siren sounds."""
    paint = varied(rgb(look.colour), np.random.default_rng(look.seed), 0.02)
    _sedan(pen, paint, (0.16, 0.26, 0.62) if look.colour != "blue" else (0.95, 0.95, 0.95))
    with pen.part("bar", pivot=(-0.04, -0.37), parent="body") as s:
        s.box(-0.13, -0.385, 0.05, -0.365, (0.3, 0.3, 0.32))
        s.box(-0.125, -0.415, -0.05, -0.382, (0.45, 0.1, 0.1), r=0.012, gloss=0.5)
        s.box(-0.03, -0.415, 0.045, -0.382, (0.1, 0.16, 0.45), r=0.012, gloss=0.5)
    for name, x, glow in (("red", -0.0875, (1.0, 0.25, 0.2)), ("blue", 0.0075, (0.35, 0.55, 1.0))):
        with pen.part(name, pivot=(x, -0.4), parent="body") as s:
            s.disc(x, -0.4, 0.062, glow, line=0, ry=0.045, gloss=0.4)
            s.disc(x, -0.4, 0.03, lighter(glow, 0.7), line=0)
    _wheel(pen, "rear", -0.27, 0.085)
    _wheel(pen, "front", 0.27, 0.085)

    def pose(state: State) -> Pose:
        turn = np.sin(state.t * 2 * np.pi * 1.8 + 0.7) > 0
        on = state.active
        lamps = {
            "red": Motion(shown=on * turn),
            "blue": Motion(shown=on * (not turn)),
            "smoke": Motion(shown=0.0),
        }
        return {"body": rumble(state)} | lamps | _wheels(state, "rear", "front")

    return pen.puppet(pose)


def truck(pen: Pen, look: Look) -> Puppet:
    """1.25 long, a box behind a cab."""
    rng = np.random.default_rng(look.seed)
    paint = varied(rgb(look.colour), rng, 0.03)
    load = varied([(0.85, 0.83, 0.78), (0.62, 0.64, 0.68), (0.72, 0.60, 0.42)][rng.integers(3)], rng, 0.02)
    _smoke(pen, 0.3, -0.6)
    with pen.part("load", pivot=(-0.1, -0.15)) as s:
        s.box(-0.62, -0.56, 0.3, -0.15, load, r=0.015, puff=0.04)
        for x in np.arange(-0.52, 0.28, 0.1):
            s.line([(x, -0.54), (x, -0.17)], 0.006, darker(load, 0.25))
        s.box(-0.62, -0.17, 0.62, -0.12, (0.22, 0.22, 0.24), r=0.01)
    with pen.part("body", pivot=(0.4, -0.12)) as s:
        s.box(0.29, -0.62, 0.312, -0.3, CHROME, r=0.01, puff=0.012, gloss=0.5)
        s.blob(
            ".33,-.5 .5,-.5 .56,-.33 .63,-.3 .63,-.12 .33,-.12", paint, puff=0.06, gloss=0.35, curved=False
        )
        s.poly(".4,-.47 .485,-.47 .53,-.335 .4,-.335", GLASS, puff=0.02, gloss=0.5)
        s.disc(0.61, -0.2, 0.016, (1.0, 0.95, 0.72), ry=0.024)
        s.box(0.58, -0.14, 0.65, -0.1, CHROME, gloss=0.4)
        s.line(".37,-.3 .37,-.14", 0.005, darker(paint, 0.4))
    for name, x in (("rear", -0.45), ("middle", -0.23), ("front", 0.46)):
        _wheel(pen, name, x, 0.095)

    def pose(state: State) -> Pose:
        puff = _puffing(state)
        up = Motion(shown=puff.shown, dx=puff.dx, dy=-0.1 * (-puff.dx / 0.05), sx=puff.sx, sy=puff.sy)
        out = {
            "body": rumble(state),
            "load": Motion(dy=0.004 * state.active * np.sin(state.t * 35)),
            "smoke": up,
        }
        return out | _wheels(state, "rear", "middle", "front")

    return pen.puppet(pose)


def motorcycle(pen: Pen, look: Look) -> Puppet:
    """0.72 long."""
    paint = varied(rgb(look.colour), np.random.default_rng(look.seed), 0.03)
    _smoke(pen, -0.36, -0.12)
    _wheel(pen, "rear", -0.25, 0.125, (0.55, 0.56, 0.6))
    _wheel(pen, "front", 0.27, 0.125, (0.55, 0.56, 0.6))
    with pen.part("body", pivot=(0, -0.12)) as s:
        s.limb((0.27, -0.125), (0.17, -0.42), 0.013, 0.015, CHROME, gloss=0.5)
        s.limb((-0.25, -0.125), (-0.02, -0.16), 0.018, 0.022, (0.3, 0.3, 0.32))
        s.blob("-.1,-.08 .1,-.08 .13,-.2 .04,-.26 -.08,-.22", (0.34, 0.35, 0.38), puff=0.04, gloss=0.4)
        for y in (-0.13, -0.16, -0.19):
            s.line([(-0.06, y), (0.09, y)], 0.007, CHROME)
        s.limb((0.0, -0.09), (-0.33, -0.13), 0.018, 0.024, CHROME, gloss=0.6)
        s.blob("-.3,-.29 -.12,-.3 -.04,-.26 -.1,-.23 -.28,-.25", (0.16, 0.13, 0.12), puff=0.03)
        s.blob("-.09,-.27 .0,-.34 .15,-.34 .17,-.26 .05,-.23", paint, puff=0.05, gloss=0.5)
        s.blob("-.4,-.24 -.34,-.29 -.2,-.28 -.14,-.24 -.25,-.265", paint, puff=0.02)
        s.limb((0.17, -0.42), (0.09, -0.45), 0.012, 0.013, TYRE)
        s.disc(0.22, -0.37, 0.032, (1.0, 0.95, 0.75), gloss=0.5)

    def pose(state: State) -> Pose:
        shake = rumble(state)
        return {"body": shake, "smoke": _puffing(state)} | _wheels(state, "rear", "front")

    return pen.puppet(pose)


def train(pen: Pen, look: Look) -> Puppet:
    """A small steam engine, 1.1 long, on its piece of rail; smoke rises while it sounds."""
    rng = np.random.default_rng(look.seed)
    paint = varied(rgb(look.colour), rng, 0.03)
    with pen.part("rail") as s:
        for x in np.arange(-0.54, 0.56, 0.11):
            s.box(x - 0.02, -0.015, x + 0.02, 0.012, (0.36, 0.25, 0.17))
        s.box(-0.58, -0.03, 0.58, -0.014, (0.5, 0.5, 0.53), r=0.004, gloss=0.4)
    with pen.part("smoke", pivot=(0.34, -0.62), solid=False) as s:
        for dx, dy, r in (
            (0, -0.03, 0.04),
            (-0.05, -0.07, 0.055),
            (-0.12, -0.1, 0.065),
            (-0.2, -0.12, 0.055),
        ):
            s.disc(0.34 + dx, -0.62 + dy, r, (0.92, 0.92, 0.93), line=0.12)
    with pen.part("body", pivot=(0, -0.1)) as s:
        s.limb((0.34, -0.42), (0.34, -0.6), 0.034, 0.045, darker(paint, 0.5), gloss=0.3)
        s.box(-0.1, -0.43, 0.48, -0.22, paint, r=0.08, puff=0.1, gloss=0.4)
        for x in (0.06, 0.24):
            s.line([(x, -0.425), (x, -0.225)], 0.014, (0.86, 0.68, 0.3))
        s.disc(0.15, -0.44, 0.045, (0.86, 0.68, 0.3), ry=0.035, gloss=0.5)
        s.box(-0.5, -0.56, -0.1, -0.2, darker(paint, 0.15), r=0.01, puff=0.03)
        s.box(-0.54, -0.6, -0.06, -0.55, darker(paint, 0.45), r=0.02, puff=0.02)
        s.box(-0.43, -0.5, -0.31, -0.37, GLASS, puff=0.02, gloss=0.4)
        s.box(-0.27, -0.5, -0.15, -0.37, GLASS, puff=0.02, gloss=0.4)
        s.box(-0.52, -0.22, 0.52, -0.15, (0.28, 0.2, 0.2), r=0.01)
        s.poly(".48,-.16 .58,-.05 .46,-.05", (0.55, 0.2, 0.17), puff=0.02)
        s.disc(0.49, -0.32, 0.028, (1.0, 0.95, 0.7), gloss=0.5)
    for name, x, r in (("w1", -0.36, 0.1), ("w2", -0.12, 0.1), ("w3", 0.12, 0.1), ("w4", 0.36, 0.075)):
        _wheel(pen, name, x, r, (0.62, 0.2, 0.18))

    def pose(state: State) -> Pose:
        beat = (state.t * 1.7 + state.seed) % 1
        rise = Motion(
            shown=0.9 * state.active,
            dy=-0.05 * beat,
            dx=-0.05 * beat,
            sx=0.75 + 0.4 * beat,
            sy=0.75 + 0.4 * beat,
        )
        wheels = {n: Motion(angle=state.stride, dy=-0.03) for n in ("w1", "w2", "w3", "w4")}
        return {"body": rumble(state), "smoke": rise} | wheels

    return pen.puppet(pose)


def helicopter(pen: Pen, look: Look) -> Puppet:
    """0.95 long, hovering 0.45 above its floor; the rotor turns while it sounds."""
    paint = varied(rgb(look.colour), np.random.default_rng(look.seed), 0.03)
    with pen.part("body", pivot=(0.05, -0.6)) as s:
        s.limb((-0.1, -0.64), (-0.5, -0.7), 0.04, 0.016, paint, gloss=0.2)
        s.poly("-.52,-.8 -.45,-.8 -.46,-.68 -.52,-.68", darker(paint, 0.2), puff=0.02)
        s.limb((0.07, -0.76), (0.07, -0.83), 0.016, 0.012, (0.4, 0.4, 0.43))
        s.blob("-.16,-.62 -.1,-.74 .08,-.77 .24,-.72 .32,-.61 .22,-.52 -.05,-.5", paint, puff=0.1, gloss=0.4)
        s.blob(".1,-.72 .22,-.69 .29,-.61 .24,-.59 .1,-.6", GLASS, puff=0.04, gloss=0.6)
        s.box(-0.04, -0.7, 0.06, -0.6, GLASS, puff=0.02, gloss=0.4)
        s.line("-.12,-.46 .24,-.46 .28,-.48", 0.014, (0.3, 0.3, 0.33), curved=True)
        for x in (-0.04, 0.16):
            s.line([(x, -0.52), (x, -0.46)], 0.012, (0.3, 0.3, 0.33))
    with pen.part("rotor", pivot=(0.07, -0.835), parent="body") as s:
        s.limb((-0.42, -0.838), (0.56, -0.832), 0.011, 0.011, (0.25, 0.25, 0.27))
        s.disc(0.07, -0.838, 0.03, (0.35, 0.35, 0.38), ry=0.018)
    with pen.part("tail", pivot=(-0.49, -0.74), parent="body") as s:
        s.limb((-0.49, -0.82), (-0.49, -0.66), 0.008, 0.008, (0.25, 0.25, 0.27))

    def pose(state: State) -> Pose:
        turn = np.cos(state.t * 40 + state.seed * 6)
        spin = 1 - state.active + state.active * (0.25 + 0.75 * abs(turn)) * (1 if turn > 0 else -1)
        return {
            "body": Motion(
                dy=0.02 * np.sin(state.t * 1.6 + state.seed * 6),
                angle=0.02 * np.sin(state.t * 1.1) + 0.02 * state.active,
            ),
            "rotor": Motion(sx=spin, sy=1 + 0.8 * state.active),
            "tail": Motion(angle=state.t * 37 * min(state.active * 9, 1)),
        }

    return pen.puppet(pose)
