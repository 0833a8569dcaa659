"""People: grown ones and children on two legs, and a baby that sits."""

import numpy as np

from core.datasets.world.drawn.colours import HAIR, RGB, SKIN, darker, lighter, mixed, rgb, varied
from core.datasets.world.drawn.kit import Motion, Pen, Point, Pose, Puppet, Sheet, State
from core.datasets.world.drawn.looks import Look

INK: RGB = (0.16, 0.12, 0.13)


def blink(state: State) -> Motion:
    """Eyes close for a moment every few seconds."""
    phase = (state.t * 0.27 + state.seed * 7.3) % 1.0
    return Motion(sy=0.12 if phase < 0.035 else 1.0)


def mouth(state: State, rest: float = 0.16) -> Motion:
    """Open with the voice; a little open all through a stretch of sounding."""
    wide = max(state.level, 0.42 * state.active)
    return Motion(sx=1 - 0.12 * wide, sy=rest + (1 - rest) * wide)


def person(pen: Pen, look: Look, *, woman: bool = False, child: bool = False) -> Puppet:
    """A standing person, one unit high; children are drawn with larger heads and shorter limbs."""
    rng = np.random.default_rng(look.seed)
    skin = varied(SKIN[rng.integers(len(SKIN))], rng, 0.02)
    cloth, hair = varied(rgb(look.colour), rng, 0.03), varied(HAIR[look.hair_colour], rng, 0.02)
    dark = ("blue", "black", "gray", "brown")
    legs = darker(rgb(str(rng.choice([c for c in dark if c != look.colour]))), 0.25)
    head = 0.15 if child else 0.118
    neck = -1 + 2.3 * head
    shoulder_y, hip_y = neck + 0.055, -0.34 if child else -0.43
    wide = (0.105 if woman else 0.128) + (0.012 if child else 0)
    arm = (hip_y - shoulder_y) * 0.62
    skirt = woman and rng.random() < 0.5
    thin = 0.034 if woman or child else 0.04

    if look.hair == "long":
        with pen.part("mane", pivot=(0, neck - head), parent="head") as sheet:
            _mane(sheet.about(0, neck, head), hair)
    for side, name in ((-1, "leg_l"), (1, "leg_r")):
        with pen.part(name, pivot=(side * 0.055, hip_y)) as sheet:
            x = side * 0.06
            bare = skirt
            sheet.limb((x, hip_y), (x * 1.12, -0.04), 0.055, 0.036, skin if bare else legs, pattern="cloth")
            shoe = sheet.about(x * 1.1, 0)
            toe = side * 0.02
            points = [(-0.038, -0.045), (0.038, -0.045), (0.048 + toe, -0.002), (-0.048 + toe, -0.002)]
            shoe.blob(points, darker(legs, 0.45), puff=0.03)
    with pen.part("torso", pivot=(0, hip_y)) as sheet:
        sheet.limb((0, neck + 0.05), (0, neck - 0.03), 0.036, 0.034, darker(skin, 0.12))
        if skirt:
            points = [(0.08, hip_y - 0.06), (0.15, hip_y + 0.17), (0, hip_y + 0.2)]
            sheet.blob(points, darker(cloth, 0.1), puff=0.07, pattern="cloth", mirror=True)
        else:
            sheet.box(-0.108, hip_y - 0.05, 0.108, hip_y + 0.05, legs, r=0.05, puff=0.06, pattern="cloth")
        points = [(0.05, neck + 0.018), (wide, shoulder_y), (wide - 0.008, shoulder_y + 0.07)]
        points += [(0.082 if woman else 0.105, hip_y - 0.08), (0.106, hip_y + 0.02), (0, hip_y + 0.035)]
        sheet.blob(points, cloth, puff=0.08, pattern="cloth", mirror=True)
        _front(sheet, neck, hip_y, cloth, skin, int(rng.integers(3)))
    with pen.part("head", pivot=(0, neck), parent="torso") as sheet:
        _head(sheet.about(0, neck - head * 0.95, head), skin, hair, look, woman)
    with pen.part("eyes", pivot=(0, neck - head * 0.98), parent="head") as sheet:
        for side in (-1, 1):
            x, y = side * head * 0.4, neck - head * 0.98
            sheet.disc(x, y, head * 0.155, (0.98, 0.98, 0.97), ry=head * 0.19, line=0.7)
            sheet.disc(x + head * 0.02, y + head * 0.02, head * 0.1, INK, ry=head * 0.13, line=0, gloss=0.4)
            sheet.disc(x - head * 0.02, y - head * 0.04, head * 0.035, (1, 1, 1), line=0)
    with pen.part("mouth", pivot=(0, neck - head * 0.36), parent="head") as sheet:
        lip = mixed(skin, (0.75, 0.18, 0.2), 0.75 if woman else 0.35)
        lips = sheet.about(0, neck - head * 0.36, head)
        lips.blob("0,-.12 .34,-.2 .26,.14 0,.27", lip, puff=0.1, line=0.2, mirror=True)
        lips.blob("0,-.09 .27,-.15 .21,.11 0,.21", (0.3, 0.06, 0.08), puff=0.01, line=0, mirror=True)
        lips.disc(0, 0.12, 0.15, (0.85, 0.4, 0.42), ry=0.07, line=0)
    if look.glasses or look.hat:
        with pen.part("extras", pivot=(0, neck), parent="head") as sheet:
            _extras(sheet.about(0, neck - head * 0.95, head), look, rng)
    shoulders = {-1: (-wide + 0.018, shoulder_y + 0.012), 1: (wide - 0.018, shoulder_y + 0.012)}
    for side, name in ((-1, "l"), (1, "r")):
        x, y = shoulders[side]
        elbow, hand = (x, y + arm), (x, y + 2 * arm)
        with pen.part(f"forearm_{name}", pivot=elbow, parent=f"arm_{name}", layer=1) as sheet:
            sheet.limb(elbow, (x, hand[1] - 0.02), thin * 0.88, thin * 0.72, skin)
            sheet.disc(x, hand[1], thin * 1.02, skin, ry=thin * 1.12, line=0.8)
        with pen.part(f"arm_{name}", pivot=(x, y), parent="torso", layer=1) as sheet:
            sheet.limb((x, y), elbow, thin * 1.22, thin * 0.98, cloth, pattern="cloth")

    def pose(state: State) -> Pose:
        sway = np.sin(state.t * 2 * np.pi * 0.5 + state.seed * 6) * 0.022 * max(state.active, state.playing)
        breath = 0.006 * np.sin(state.t * 1.9 + state.seed * 6)
        step = 0.32 * np.sin(state.stride)
        walking = state.stride != 0
        out = {
            "leg_l": Motion(angle=step, dy=0.0),
            "leg_r": Motion(angle=-step),
            "torso": Motion(
                angle=sway, sy=1 + breath, dy=-0.012 * abs(np.cos(state.stride)) if walking else 0.0
            ),
            "head": Motion(
                angle=-sway * 1.4 + 0.02 * np.sin(state.t * 0.8 + state.seed * 9), dy=-0.012 * state.level
            ),
            "mouth": mouth(state),
            "eyes": blink(state),
        }
        for side, name, hand in ((-1, "l", state.hands[0]), (1, "r", state.hands[1])):
            swing = -side * step * 0.8 if walking else 0.03 * np.sin(state.t * 1.1 + state.seed * 5)
            lift = (0.5 + 0.25 * np.sin(state.t * 3.1 + side)) * max(state.level, 0.5 * state.active)
            upper, fore = (
                -side * (0.09 + 0.25 * lift) + swing,
                -side * (0.12 - 1.6 * lift) * (1 if lift < 0.02 else 0.8),
            )
            if hand is not None:
                upper, fore = _reach(shoulders[side], hand, arm, side)
            out[f"arm_{name}"], out[f"forearm_{name}"] = Motion(angle=upper), Motion(angle=fore)
        return out

    def grips(state: State) -> dict[str, Point]:
        return {"mouth": (0.0, neck - head * 0.36), "chest": (0.0, (neck + hip_y) / 2), "hip": (0.0, hip_y)}

    return pen.puppet(pose, grips=grips)


def _reach(shoulder: Point, hand: Point, arm: float, side: int) -> tuple[float, float]:
    """Angles (upper arm, forearm against it) from hanging that bring the hand there; elbows down and out."""
    dx, dy = hand[0] - shoulder[0], hand[1] - shoulder[1]
    far = min(max(float(np.hypot(dx, dy)), 0.25 * arm), 1.98 * arm)
    bend = np.arccos(np.clip(far / (2 * arm), -1, 1))
    ways = []
    for turn in (-1, 1):
        upper = np.arctan2(dy, dx) + turn * bend
        ways.append((np.sin(upper) + 0.6 * side * np.cos(upper), upper, -2 * turn * bend))
    _, upper, fore = max(ways)
    return float(upper - np.pi / 2), float(fore)


def _mane(sheet: Sheet, hair: RGB) -> None:
    """Long hair behind the head; in units of the head, about the neck."""
    points = "0,-2.05 .7,-1.65 1.1,-.6 1.12,.55 .4,.72"
    sheet.blob(points, darker(hair, 0.15), puff=0.5, pattern="fur", mirror=True)


def _head(sheet: Sheet, skin: RGB, hair: RGB, look: Look, woman: bool) -> None:
    """In units of the head, about its middle."""
    for side in (-1, 1):
        sheet.disc(side * 0.98, 0.12, 0.17, darker(skin, 0.06), ry=0.24)
    if look.hair == "curly":
        for angle in np.linspace(np.pi * 0.9, np.pi * 2.1, 9):
            x, y = 0.95 * np.cos(angle), 0.95 * np.sin(angle) - 0.12
            sheet.disc(x, y, 0.36, hair, pattern="fur", line=0.3)
    sheet.blob("0,-1.06 .76,-.76 .99,0 .78,.72 0,1.04 -.78,.72 -.99,0 -.76,-.76", skin, puff=0.85)
    cheek, nose = mixed(skin, (0.93, 0.45, 0.42), 0.35), mixed(skin, (0.85, 0.45, 0.38), 0.25)
    for side in (-1, 1):
        sheet.disc(side * 0.6, 0.36, 0.2, cheek, line=0, puff=0.1)
        brow = [(side * 0.22, -0.4), (side * 0.42, -0.45), (side * 0.62, -0.33)]
        sheet.line(brow, 0.06 if woman else 0.1, darker(hair, 0.3), curved=True)
    sheet.disc(0, 0.2, 0.11, nose, ry=0.13, line=0.25)
    if look.hair == "long":
        fringe = (
            "-1.03,.1 -.98,-.62 -.5,-1.1 0,-1.2 .55,-1.1 1,-.62 1.03,.1 .8,-.42 .25,-.6 -.3,-.52 -.78,-.42"
        )
        sheet.blob(fringe, hair, puff=0.4, pattern="fur", gloss=0.12)
    elif look.hair != "bald":
        crop = (
            "-1.03,-.22 -.98,-.62 -.5,-1.1 0,-1.2 .55,-1.1 1,-.62 1.03,-.22 .8,-.5 .25,-.7 -.3,-.6 -.78,-.5"
        )
        sheet.blob(crop, hair, puff=0.4, pattern="fur", gloss=0.12)


def _extras(sheet: Sheet, look: Look, rng: np.random.Generator) -> None:
    """Glasses and hat, in units of the head, about its middle."""
    if look.glasses:
        turn = np.linspace(0, 2 * np.pi, 25)
        for side in (-1, 1):
            sheet.line(np.stack([side * 0.41 + 0.3 * np.cos(turn), 0.27 * np.sin(turn)], 1), 0.085, INK)
        sheet.line("-.12,0 .12,0", 0.085, INK)
    if look.hat:
        tone = rgb(str(rng.choice(["brown", "black", "blue", "red"])))
        sheet.blob("0,-1.55 .7,-1.4 .85,-.62", tone, puff=0.6, pattern="cloth", mirror=True)
        sheet.disc(0, -0.62, 1.32, darker(tone, 0.12), ry=0.2, puff=0.12)


def _front(sheet: Sheet, neck: float, hip: float, cloth: RGB, skin: RGB, style: int) -> None:
    """Collar, buttons or stripe."""
    middle, collar = (neck + hip) / 2, neck + 0.05 + 0.03 * (style == 0)
    if style == 0:
        opening = [(-0.036, neck + 0.012), (0.036, neck + 0.012), (0, neck + 0.075)]
        sheet.poly(opening, darker(skin, 0.05), puff=0.02, line=0.3)
        for y in np.linspace(neck + 0.11, hip - 0.04, 4):
            sheet.disc(0, y, 0.008, lighter(cloth, 0.5), line=0.4)
    elif style == 1:
        sheet.box(-0.1, middle - 0.012, 0.1, middle + 0.03, lighter(cloth, 0.4), line=0)
    edge = [(-0.05, neck + 0.03), (0, collar), (0.05, neck + 0.03)]
    sheet.line(edge, 0.012, darker(cloth, 0.3), curved=True)


def man(pen: Pen, look: Look) -> Puppet:
    return person(pen, look)


def woman(pen: Pen, look: Look) -> Puppet:
    return person(pen, look, woman=True)


def boy(pen: Pen, look: Look) -> Puppet:
    return person(pen, look, child=True)


def girl(pen: Pen, look: Look) -> Puppet:
    return person(pen, look, woman=True, child=True)


def baby(pen: Pen, look: Look) -> Puppet:
    """A sitting baby in a romper; about half a unit high. It cries with its whole face."""
    rng = np.random.default_rng(look.seed)
    skin, cloth = varied(SKIN[rng.integers(len(SKIN))], rng, 0.02), varied(rgb(look.colour), rng, 0.03)
    with pen.part("body", pivot=(0, 0)) as sheet:
        sheet.blob(
            "-.12,-.2 .12,-.2 .17,-.06 .1,0 -.1,0 -.17,-.06",
            cloth,
            puff=0.1,
            pattern="cloth",
        )
        for side in (-1, 1):
            sheet.limb((side * 0.08, -0.05), (side * 0.19, -0.025), 0.05, 0.036, cloth, pattern="cloth")
            sheet.disc(side * 0.215, -0.03, 0.034, skin, ry=0.04)
        for y in (-0.19, -0.15, -0.11):
            sheet.disc(0, y, 0.009, lighter(cloth, 0.6), line=0.5)
    for side, name in ((-1, "arm_l"), (1, "arm_r")):
        with pen.part(name, pivot=(side * 0.1, -0.2), parent="body", layer=1) as sheet:
            sheet.limb((side * 0.1, -0.2), (side * 0.17, -0.13), 0.036, 0.03, cloth, pattern="cloth")
            sheet.disc(side * 0.185, -0.115, 0.03, skin)
    cy, head = -0.345, 0.13
    with pen.part("head", pivot=(0, -0.22), parent="body") as sheet:
        for side in (-1, 1):
            sheet.disc(side * head, cy + 0.015, 0.026, darker(skin, 0.06))
        sheet.disc(0, cy, head * 1.03, skin, ry=head * 0.98, puff=head * 0.9)
        for side in (-1, 1):
            sheet.disc(
                side * 0.078, cy + 0.045, 0.032, mixed(skin, (0.95, 0.42, 0.42), 0.45), line=0, puff=0.012
            )
        sheet.disc(0, cy + 0.022, 0.014, mixed(skin, (0.85, 0.45, 0.38), 0.3), line=0.3)
        curl = [(-0.02, cy - head * 0.9), (0.0, cy - head * 1.2), (0.03, cy - head * 1.15), (0.02, cy - head)]
        sheet.line(curl, 0.012, HAIR[str(rng.choice(["brown", "black", "blonde"]))], curved=True)
    with pen.part("eyes", pivot=(0, cy), parent="head") as sheet:
        for side in (-1, 1):
            sheet.disc(side * 0.05, cy, 0.02, INK, ry=0.025, gloss=0.5)
            sheet.disc(side * 0.05 - 0.006, cy - 0.008, 0.006, (1, 1, 1), line=0)
    with pen.part("mouth", pivot=(0, cy + 0.055), parent="head") as sheet:
        sheet.disc(0, cy + 0.07, 0.046, (0.35, 0.07, 0.09), ry=0.036)
        sheet.disc(0, cy + 0.088, 0.026, (0.88, 0.42, 0.44), ry=0.014, line=0)

    def pose(state: State) -> Pose:
        wave = 0.35 * np.sin(state.t * 9 + state.seed) * max(state.level, 0.4 * state.active)
        return {
            "body": Motion(
                sy=1 + 0.012 * np.sin(state.t * 2 + state.seed * 6),
                angle=0.03 * np.sin(state.t * 1.3 + state.seed * 4),
            ),
            "head": Motion(
                angle=0.05 * np.sin(state.t * 1.1 + state.seed * 8) + 0.08 * state.shake,
                dy=-0.012 * state.level,
            ),
            "mouth": mouth(state, 0.14),
            "eyes": Motion(sy=max(0.15, 1 - 1.1 * max(state.level, 0.5 * state.active)))
            if state.active > 0.1
            else blink(state),
            "arm_l": Motion(angle=0.7 * state.active + wave),
            "arm_r": Motion(angle=-0.7 * state.active - wave),
        }

    return pen.puppet(pose, grips=lambda state: {"mouth": (0.0, cy + 0.06)})
