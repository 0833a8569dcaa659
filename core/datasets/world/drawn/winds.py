"""Blown instruments. Upright, the lower end at (0, 0); the bell swells and the keys move with the sound."""

import numpy as np

from core.datasets.world.drawn.colours import RGB, darker, lighter, rgb, varied
from core.datasets.world.drawn.kit import Motion, Pen, Point, Pose, Puppet, Sheet, State, spread
from core.datasets.world.drawn.looks import Look

DARK: RGB = (0.10, 0.07, 0.05)


def sway(state: State) -> Motion:
    """The player's breath moves the whole instrument."""
    rock = np.sin(state.t * 2 * np.pi * 0.8 + state.seed * 6)
    return Motion(angle=(0.05 * rock + 0.035) * state.active, dy=-0.012 * state.hit)


def swell(state: State) -> Motion:
    wide = 1 + 0.22 * max(state.level, 0.35 * state.active)
    return Motion(sx=wide, sy=1 + (wide - 1) * 0.5)


def keys(state: State, name: str, number: int) -> dict[str, Motion]:
    """One key after the other goes down, another with every note."""
    down = state.count % number if state.active > 0.1 else -1
    return {
        f"{name}{i}": Motion(dx=-0.006 if i == down else 0.0, dy=0.01 if i == down else 0.0)
        for i in range(number)
    }


def _tube(sheet: Sheet, points, r0: float, r1: float, tone: RGB, gloss: float = 0.35) -> None:
    """A bent tube through `points`, its half width growing from r0 to r1."""
    p = spread(points)
    along = np.linspace(0, 1, len(p))[:, None]
    d = np.gradient(p, axis=0)
    normal = np.stack([-d[:, 1], d[:, 0]], 1) / np.linalg.norm(d, axis=1, keepdims=True)
    wide = normal * (r0 + (r1 - r0) * along)
    sheet.blob(
        np.concatenate([p + wide, (p - wide)[::-1]]),
        tone,
        puff=max(r0, r1),
        gloss=gloss,
        pattern="metal",
        line=0.7,
    )


def _arc(x: float, y: float, rx: float, ry: float, start: float, end: float, n: int = 12) -> list[Point]:
    turn = np.radians(np.linspace(start, end, n))
    return [(x + rx * np.cos(a), y + ry * np.sin(a)) for a in turn]


def flute(pen: Pen, look: Look) -> Puppet:
    """0.56 long; mouth hole at (0, -0.48)."""
    tone = varied(rgb(look.colour), np.random.default_rng(look.seed), 0.03)
    with pen.part("body", pivot=(0, -0.48)) as sheet:
        sheet.limb((0, -0.55), (0, -0.005), 0.0155, 0.0155, tone, gloss=0.6, pattern="metal")
        for y in (-0.42, -0.1):
            sheet.box(-0.019, y - 0.008, 0.019, y + 0.008, darker(tone, 0.25), gloss=0.5)
        sheet.disc(0, -0.48, 0.016, lighter(tone, 0.3), ry=0.022)
        sheet.disc(0, -0.48, 0.007, DARK, ry=0.011, line=0)
    for i in range(6):
        with pen.part(f"key{i}", pivot=(0, 0), parent="body") as sheet:
            sheet.disc(0.006, -0.36 + 0.045 * i, 0.013, lighter(tone, 0.25), gloss=0.7)

    def pose(state: State) -> Pose:
        return {"body": sway(state)} | keys(state, "key", 6)

    return pen.puppet(
        pose,
        grips=lambda s: {"l": (0.0, -0.30 + 0.01 * (s.count % 2)), "r": (0.0, -0.13 - 0.01 * (s.count % 2))},
    )


def saxophone(pen: Pen, look: Look) -> Puppet:
    """0.56 high; mouthpiece at (0.1, -0.55), bell to the lower left."""
    tone = varied(rgb(look.colour), np.random.default_rng(look.seed), 0.02)
    with pen.part("body", pivot=(0.05, -0.5)) as sheet:
        _tube(sheet, [(0.1, -0.55), (0.05, -0.562), (0.015, -0.54), (0.0, -0.49)], 0.012, 0.015, tone)
        sheet.limb((0.09, -0.552), (0.135, -0.538), 0.013, 0.011, DARK, gloss=0.5)
        bend = [
            (0.0, -0.5),
            (0.005, -0.35),
            (0.01, -0.2),
            (0.005, -0.11),
            *_arc(-0.055, -0.085, 0.06, 0.07, 0, 180, 8),
            (-0.118, -0.15),
        ]
        _tube(sheet, bend, 0.014, 0.05, tone)
        sheet.line([(0.03, -0.46), (0.035, -0.16)], 0.006, lighter(tone, 0.35))
        for y in (-0.4, -0.28):
            sheet.box(-0.02, y - 0.007, 0.028, y + 0.007, darker(tone, 0.25), gloss=0.5)
    with pen.part("bell", pivot=(-0.118, -0.15), parent="body") as sheet:
        sheet.poly(
            [(-0.07, -0.14), (-0.165, -0.14), (-0.215, -0.275), (-0.045, -0.275)],
            tone,
            puff=0.05,
            gloss=0.35,
            pattern="metal",
        )
        sheet.disc(-0.13, -0.275, 0.088, lighter(tone, 0.2), ry=0.03, gloss=0.4, puff=0.012)
        sheet.disc(-0.13, -0.272, 0.07, darker(tone, 0.65), ry=0.02, line=0, puff=0.02)
    for i in range(6):
        with pen.part(f"key{i}", pivot=(0, 0), parent="body") as sheet:
            sheet.disc(0.002 + 0.01 * (i % 2), -0.45 + 0.047 * i, 0.015, lighter(tone, 0.3), gloss=0.7)

    def pose(state: State) -> Pose:
        return {"body": sway(state), "bell": swell(state)} | keys(state, "key", 6)

    return pen.puppet(
        pose,
        grips=lambda s: {
            "l": (-0.01, -0.24 + 0.008 * (s.count % 2)),
            "r": (0.03, -0.40 - 0.008 * (s.count % 2)),
        },
    )


def trumpet(pen: Pen, look: Look) -> Puppet:
    """Half a unit long, bell down at (0, 0), mouthpiece at (0, -0.5)."""
    tone = varied(rgb(look.colour), np.random.default_rng(look.seed), 0.02)
    with pen.part("body", pivot=(0, -0.5)) as sheet:
        sheet.line(
            [(0.055, -0.4), (0.055, -0.14), (0.045, -0.1), (0.01, -0.1)],
            0.022,
            darker(tone, 0.25),
            curved=True,
        )
        sheet.line([(0.055, -0.4), (0.055, -0.14), (0.045, -0.1), (0.01, -0.1)], 0.013, tone, curved=True)
        sheet.line([(0.0, -0.38), (0.03, -0.42), (0.055, -0.4)], 0.018, tone, curved=True)
        sheet.limb((0, -0.47), (0, -0.1), 0.011, 0.014, tone, gloss=0.6, pattern="metal")
        sheet.poly(
            [(-0.019, -0.5), (0.019, -0.5), (0.008, -0.455), (-0.008, -0.455)], (0.8, 0.8, 0.82), gloss=0.7
        )
        for i in range(3):
            y = -0.33 + 0.042 * i
            sheet.box(-0.03, y - 0.017, 0.066, y + 0.017, lighter(tone, 0.1), r=0.012, gloss=0.5, puff=0.02)
    with pen.part("bell", pivot=(0, -0.12), parent="body") as sheet:
        sheet.blob(
            "-.014,-.14 -.018,-.08 -.035,-.03 -.085,0 .085,0 .035,-.03 .018,-.08 .014,-.14",
            tone,
            puff=0.05,
            gloss=0.4,
            pattern="metal",
        )
        sheet.disc(0, 0.0, 0.086, lighter(tone, 0.25), ry=0.018, gloss=0.4, puff=0.01)
    for i in range(3):
        with pen.part(f"key{i}", pivot=(0, 0), parent="body", layer=1) as sheet:
            y = -0.33 + 0.042 * i
            sheet.box(-0.058, y - 0.009, -0.03, y + 0.009, (0.85, 0.85, 0.87), r=0.006, gloss=0.6)

    def pose(state: State) -> Pose:
        down = {k: Motion(dx=0.02 if m.dy else 0.0) for k, m in keys(state, "key", 3).items()}
        return {"body": sway(state), "bell": swell(state)} | down

    return pen.puppet(pose, grips=lambda s: {"l": (-0.05, -0.27), "r": (0.04, -0.36)})


def tuba(pen: Pen, look: Look) -> Puppet:
    """0.7 high; a wide bell up, mouthpiece at (0.13, -0.42)."""
    tone = varied(rgb(look.colour), np.random.default_rng(look.seed), 0.02)
    with pen.part("body", pivot=(0, -0.1)) as sheet:
        loop = [
            (-0.11, -0.42),
            (-0.115, -0.2),
            *_arc(0, -0.13, 0.115, 0.1, 180, 0, 12),
            (0.115, -0.3),
            (0.06, -0.36),
        ]
        _tube(sheet, loop, 0.05, 0.022, tone)
        _tube(
            sheet,
            ".03,-.36 .045,-.18 0,-.12 -.035,-.2 -.02,-.36",
            0.02,
            0.02,
            lighter(tone, 0.08),
        )
        _tube(sheet, [(0.02, -0.38), (0.1, -0.43), (0.13, -0.42)], 0.014, 0.01, tone)
        sheet.disc(0.142, -0.42, 0.016, (0.85, 0.85, 0.87), ry=0.024, gloss=0.6)
    with pen.part("bell", pivot=(-0.11, -0.4), parent="body") as sheet:
        sheet.blob(
            "-.16,-.38 -.165,-.5 -.215,-.61 -.29,-.67 .07,-.67 0,-.61 -.055,-.5 -.06,-.38",
            tone,
            puff=0.09,
            gloss=0.35,
            pattern="metal",
        )
        sheet.disc(-0.11, -0.672, 0.18, lighter(tone, 0.2), ry=0.042, gloss=0.4, puff=0.014)
        sheet.disc(-0.11, -0.668, 0.15, darker(tone, 0.6), ry=0.028, line=0, puff=0.03)
    for i in range(3):
        with pen.part(f"key{i}", pivot=(0, 0), parent="body") as sheet:
            sheet.limb(
                (-0.03 + 0.036 * i, -0.3),
                (-0.03 + 0.036 * i, -0.4),
                0.014,
                0.014,
                lighter(tone, 0.2),
                gloss=0.6,
            )
            sheet.disc(-0.03 + 0.036 * i, -0.415, 0.016, (0.92, 0.9, 0.86), ry=0.009)

    def pose(state: State) -> Pose:
        down = {k: Motion(dy=0.03 if m.dy else 0.0) for k, m in keys(state, "key", 3).items()}
        return {"body": sway(state), "bell": swell(state)} | down

    return pen.puppet(pose, grips=lambda s: {"l": (-0.02, -0.4 + 0.01 * (s.count % 2)), "r": (0.11, -0.25)})
