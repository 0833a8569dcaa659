"""String instruments: plucked, bowed. They stand upright, the lower end at (0, 0)."""

import numpy as np

from core.datasets.world.drawn.colours import RGB, darker, lighter, rgb, varied
from core.datasets.world.drawn.kit import Motion, Pen, Point, Pose, Puppet, State, Stroke, matrix, spread
from core.datasets.world.drawn.looks import Look

EBONY: RGB = (0.13, 0.10, 0.09)


def hum(state: State) -> Motion:
    """The whole body of a sounding instrument rocks a little."""
    rock = np.sin(state.t * 2 * np.pi * 1.7 + state.seed * 6)
    return Motion(angle=(0.035 * rock + 0.02) * state.active, dy=-0.008 * state.hit)


def _vibrating(
    state: State, xs_low, xs_high, low: float, high: float, width: float, colour: RGB, swing: float
) -> list[Stroke]:
    """Strings from y=low up to y=high; each swings as a standing wave, seen as two ghosts and a line."""
    turn = matrix(hum(state), (0, -0.2))
    along = np.linspace(0, 1, 13)
    out = []
    for i, (a, b) in enumerate(zip(xs_low, xs_high, strict=True)):
        phase = np.sin(state.t * (61 + 7 * i) + i * 1.7)
        for share, opacity in (
            ((1.0, 0.45), (-0.8, 0.35), (0.35 * phase, 1.0)) if state.level > 0.03 else ((0.0, 1.0),)
        ):
            bow = np.sin(np.pi * along) * swing * state.level * share
            points = np.stack([a + (b - a) * along + bow, low + (high - low) * along, np.ones(13)])
            out.append(Stroke((turn @ points)[:2].T, width, colour, opacity))
    return out


def _figure(h: float, upper: float, waist: float, lower: float) -> list[Point]:
    """The outline of a body h high, by its half widths at upper bout, waist and lower bout."""
    right = [
        (0.0, -h),
        (upper * 0.7, -h * 0.985),
        (upper, -h * 0.84),
        (waist, -h * 0.6),
        (lower * 0.92, -h * 0.42),
        (lower, -h * 0.25),
        (lower * 0.7, -h * 0.05),
    ]
    return [*right, (0.0, 0.0), *[(-x, y) for x, y in right[:0:-1]]]


def _plucked(pen: Pen, look: Look, body: float, neck: float, strings: int) -> Puppet:
    rng = np.random.default_rng(look.seed)
    wood = varied(rgb(look.colour), rng, 0.03)
    top = -body - neck
    half = body * 0.055
    with pen.part("body", pivot=(0, -0.2)) as sheet:
        sheet.poly(
            [
                (-half * 0.9, top),
                (half * 0.9, top),
                (half * 1.15, -body * 0.62),
                (-half * 1.15, -body * 0.62),
            ],
            darker(wood, 0.55),
            puff=half,
        )
        crown = [(half, top + 0.01), (half * 1.9, top - 0.02), (half * 1.6, top - body * 0.24)]
        sheet.blob(crown[::-1], darker(wood, 0.3), puff=0.02, pattern="wood", mirror=True)
        for side in (-1, 1):
            for y in np.linspace(top - body * 0.19, top - 0.03, max(2, strings // 2)):
                sheet.disc(side * half * 2.0, y, half * 0.42, (0.85, 0.83, 0.78), gloss=0.5)
        sheet.blob(_figure(body, body * 0.29, body * 0.22, body * 0.39), darker(wood, 0.4), puff=0.02)
        inner = [
            (x * 0.93, y * 0.955 - body * 0.02)
            for x, y in _figure(body, body * 0.29, body * 0.22, body * 0.39)
        ]
        sheet.blob(inner, wood, puff=0.03, pattern="wood", gloss=0.15, line=0.2)
        sheet.disc(0, -body * 0.62, body * 0.135, lighter(wood, 0.35), line=0, puff=0.004)
        sheet.disc(0, -body * 0.62, body * 0.115, EBONY, line=0, puff=0.02)
        sheet.poly(
            [
                (-half * 0.95, top),
                (half * 0.95, top),
                (half * 1.1, -body * 0.72),
                (-half * 1.1, -body * 0.72),
            ],
            EBONY,
            puff=0.006,
            line=0,
        )
        for y in top + (neck + body * 0.28) * (1 - 0.5 ** (np.arange(1, 8) / 3.2)) * 1.05:
            sheet.line([(-half, y), (half, y)], 0.004, (0.72, 0.68, 0.58))
        sheet.box(-body * 0.13, -body * 0.27, body * 0.13, -body * 0.22, EBONY, r=0.005)

    def strokes(state: State) -> list[Stroke]:
        low, high = (
            np.linspace(-half * 0.85, half * 0.85, strings),
            np.linspace(-half * 0.7, half * 0.7, strings),
        )
        return _vibrating(state, low, high, -body * 0.245, top, 0.0045, (0.93, 0.9, 0.8), 0.02)

    def pose(state: State) -> Pose:
        return {"body": hum(state)}

    def grips(state: State) -> dict[str, Point]:
        strum = (
            0.06
            * np.cos(min(state.beat * 9, np.pi))
            * (1 if state.count % 2 else -1)
            * min(1.0, state.active * 1.2)
        )
        fret = (
            top + neck * (0.2 + 0.22 * (state.count * 0.37 % 1)) if state.active > 0.1 else top + neck * 0.3
        )
        return {"l": (strum, -body * 0.5), "r": (0.0, fret)}

    return pen.puppet(pose, strokes, grips)


def guitar(pen: Pen, look: Look) -> Puppet:
    """0.72 long."""
    return _plucked(pen, look, 0.37, 0.27, 6)


def ukulele(pen: Pen, look: Look) -> Puppet:
    """Half a unit long; four strings."""
    return _plucked(pen, look, 0.25, 0.17, 4)


def _bowed(
    pen: Pen, look: Look, body: float, neck: float, pin: float, bow: float, bow_y: float, frog: int
) -> Puppet:
    """pin: length of the end pin under the body. bow: its length; it crosses the strings at bow_y. frog:
    where the hand holds it (1 right, -1 left)."""
    rng = np.random.default_rng(look.seed)
    wood = varied(rgb(look.colour), rng, 0.03)
    top, half = -pin - body - neck, body * 0.045
    outline = [(x, y - pin) for x, y in _figure(body, body * 0.27, body * 0.19, body * 0.34)]
    with pen.part("body", pivot=(0, -pin - body * 0.3)) as sheet:
        if pin > 0.01:
            sheet.limb((0, -pin), (0, -0.005), 0.006, 0.004, (0.6, 0.6, 0.62))
        sheet.poly(
            [(-half, top), (half, top), (half * 1.5, -pin - body * 0.7), (-half * 1.5, -pin - body * 0.7)],
            darker(wood, 0.4),
            puff=half,
        )
        sheet.disc(0, top - half * 0.8, half * 1.7, darker(wood, 0.25), gloss=0.3)
        sheet.disc(0, top - half * 0.8, half * 0.7, darker(wood, 0.6))
        for side in (-1, 1):
            for y in (top + half * 2, top + half * 5):
                sheet.limb(
                    (side * half, y), (side * half * 3.2, y - half * 0.5), half * 0.3, half * 0.55, EBONY
                )
        sheet.blob(outline, darker(wood, 0.35), puff=0.02)
        sheet.blob(
            [(x * 0.92, (y + pin) * 0.95 - pin - body * 0.025) for x, y in outline],
            wood,
            puff=body * 0.14,
            pattern="wood",
            gloss=0.3,
            line=0.2,
        )
        for side in (-1, 1):
            hole = ".11,-.62 .075,-.58 .1,-.47 .14,-.4 .11,-.34"
            sheet.line(
                [(side * body * x, -pin + body * y) for x, y in spread(hole)],
                body * 0.022,
                EBONY,
                curved=True,
            )
        sheet.poly(
            [
                (-half * 0.8, top + half),
                (half * 0.8, top + half),
                (half * 1.3, -pin - body * 0.52),
                (-half * 1.3, -pin - body * 0.52),
            ],
            EBONY,
            puff=0.008,
            line=0,
        )
        sheet.box(
            -body * 0.11, -pin - body * 0.46, body * 0.11, -pin - body * 0.42, lighter(wood, 0.3), r=0.004
        )
        sheet.poly(
            [
                (-half * 1.2, -pin - body * 0.33),
                (half * 1.2, -pin - body * 0.33),
                (half * 0.5, -pin - body * 0.04),
                (-half * 0.5, -pin - body * 0.04),
            ],
            EBONY,
            puff=0.01,
        )
    with pen.part("bow", pivot=(0, bow_y), layer=1) as sheet:
        left, right = frog * bow * 0.62, -frog * bow * 0.38
        sheet.line([(left, bow_y + 0.008), (right, bow_y + 0.008)], 0.006, (0.95, 0.93, 0.86))
        arch = [
            (left, bow_y - 0.012),
            ((left + right) / 2, bow_y - 0.004),
            (right, bow_y - 0.012),
            (right - frog * 0.008, bow_y + 0.008),
        ]
        sheet.line(arch, 0.009, (0.36, 0.16, 0.09), curved=True)
        sheet.box(
            min(left, left - frog * 0.03),
            bow_y - 0.016,
            max(left, left - frog * 0.03),
            bow_y + 0.012,
            EBONY,
            r=0.004,
        )

    def stroke_of(state: State) -> Motion:
        slide = np.sin(2 * np.pi * (state.count * 0.5 + min(state.beat, 0.5) * 0.9) + 0.6)
        return Motion(dx=-frog * bow * 0.2 * slide * state.active, angle=0.05 * slide * state.active - 0.06)

    def pose(state: State) -> Pose:
        return {"body": hum(state), "bow": stroke_of(state)}

    def strokes(state: State) -> list[Stroke]:
        xs = np.linspace(-half * 0.7, half * 0.7, 4)
        return _vibrating(
            state, xs, xs * 0.8, -pin - body * 0.34, top, 0.0035 + body * 0.003, (0.9, 0.9, 0.86), body * 0.03
        )

    def grips(state: State) -> dict[str, Point]:
        hand = matrix(stroke_of(state), (0, bow_y)) @ (frog * bow * 0.6, bow_y, 1)
        return {
            "l": (float(hand[0]), float(hand[1])),
            "r": (0.0, top + neck * (0.25 + 0.3 * (state.count * 0.37 % 1))),
        }

    return pen.puppet(pose, strokes, grips)


def violin(pen: Pen, look: Look) -> Puppet:
    """0.46 long, its lower end at (0, 0)."""
    return _bowed(pen, look, 0.28, 0.15, 0.0, 0.4, -0.15, 1)


def cello(pen: Pen, look: Look) -> Puppet:
    """0.9 high, on its pin."""
    return _bowed(pen, look, 0.5, 0.26, 0.06, 0.5, -0.38, -1)
