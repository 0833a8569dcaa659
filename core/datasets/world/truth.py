"""What is true of every object of a clip, computed from its script, its stems and its masks."""

from dataclasses import dataclass

import numpy as np

from core.datasets.world.cast import Kind
from core.datasets.world.scene import Scene
from core.datasets.world.score import Stem
from core.datasets.world.sounds import voice_of

LOUDER = 6.0  # dB between two ranks
SOONER = 0.5  # s between two that are ordered
LONGER = 1.0  # s between two durations
FASTER = 1.5  # factor between two rhythms
VISIBLE = 0.0012  # share of the frame that is seen of a thing at the least (79 pixels of 256 x 256)


@dataclass(frozen=True)
class Fact:
    """One object. Times in s; level in dBFS (A-weighted), power in dBFS (unweighted).

    x, y, size: centre and area as shares of the frame, mean over the frames where it is seen; xs: the centre
    per frame, -1 where it is not seen.
    shown: per frame, whether it is seen. sounding: per frame, whether it sounds at that moment.
    articulated: it is seen on more than half of the frames on which it sounds. rate: onsets a second, 0
    for one long sound. swell: dB from its first to its last third. hurry: its rate at the end over that
    at the beginning.
    """

    number: int
    category: str
    family: str
    look: dict[str, str]
    x: float
    y: float
    xs: tuple[float, ...]
    size: float
    depth: float
    boxes: tuple[tuple[float, float, float, float] | None, ...]
    shown: tuple[bool, ...]
    sounding: tuple[bool, ...]
    articulated: bool
    voice: str
    level: float
    power: float
    start: float
    end: float
    duration: float
    stretches: int
    rate: float
    swell: float
    hurry: float
    plays: int | None
    played_by: int | None
    held: bool
    goes: int  # -1 to the left, 1 to the right, 0 stays
    enters: bool
    leaves: bool

    @property
    def sounds(self) -> bool:
        return bool(self.voice)

    @property
    def visible(self) -> bool:
        return sum(self.shown) >= len(self.shown) / 2 and self.size >= VISIBLE


@dataclass(frozen=True)
class Truth:
    """facts: one an object, in the order of the script. off_levels: dBFS of what is heard from outside."""

    seconds: float
    facts: tuple[Fact, ...]
    off_levels: tuple[float, ...]

    def __getitem__(self, number: int) -> Fact:
        return next(f for f in self.facts if f.number == number)


def truth(scene: Scene, times: list[float], masks: list[list[np.ndarray]]) -> Truth:
    """masks: per frame, per actor bool [H, W]; times: of the frames (s)."""
    played_by = {a.plays: a.number for a in scene.script.actors if a.plays is not None}
    facts = []
    for i, actor in enumerate(scene.script.actors):
        boxes = tuple(_box(frame[i]) for frame in masks)
        areas = np.array([frame[i].mean() for frame in masks])
        shown = tuple(bool(a >= VISIBLE / 2) for a in areas)
        kind = scene.cast[actor.cast]
        stem = scene.stems.get(actor.number)
        heard = tuple(_sounds_at(stem, t) for t in times)
        seen = [b for b, s in zip(boxes, shown, strict=True) if s and b]
        both = sum(1 for a, b in zip(shown, heard, strict=True) if a and b)
        moved = actor.path[-1].x - actor.path[0].x if len(actor.path) > 1 else 0.0
        facts.append(
            Fact(
                number=actor.number,
                category=kind.category,
                family=kind.family,
                look=_look(kind, actor.look),
                x=float(np.mean([(b[0] + b[2]) / 2 for b in seen])) if seen else 0.5,
                y=float(np.mean([(b[1] + b[3]) / 2 for b in seen])) if seen else 0.5,
                xs=tuple((b[0] + b[2]) / 2 if b and s else -1.0 for b, s in zip(boxes, shown, strict=True)),
                size=float(areas.mean()),
                depth=actor.depth,
                boxes=boxes,
                shown=shown,
                sounding=heard,
                articulated=both >= 1 and both * 2 > sum(heard),
                voice=actor.voice if stem is not None else "",
                level=actor.level if stem is not None else -120.0,
                power=_power(stem),
                plays=actor.plays,
                played_by=played_by.get(actor.number),
                held=actor.number in played_by and kind.hold is not None,
                goes=int(np.sign(moved)) if abs(moved) > 0.12 else 0,
                enters=not 0 <= actor.path[0].x <= 1,
                leaves=not 0 <= actor.path[-1].x <= 1,
                **_timing(stem, actor.voice, scene.script.seconds),
            )
        )
    return Truth(scene.script.seconds, tuple(facts), tuple(o.level for o in scene.script.off_screen))


def _timing(stem: Stem | None, voice: str, seconds: float) -> dict:
    if stem is None or not stem.stretches:
        return dict(start=seconds, end=0.0, duration=0.0, stretches=0, rate=0.0, swell=0.0, hurry=1.0)
    start, end = stem.stretches[0][0], stem.stretches[-1][1]
    duration = sum(b - a for a, b in stem.stretches)
    onsets = _apart(stem.onsets)
    held = voice_of(voice).style == "hold"
    third = (end - start) / 3
    first, last = (_level(stem, start, start + third), _level(stem, end - third, end))
    early = sum(1 for t in onsets if t < start + third)
    late = sum(1 for t in onsets if t >= end - third)
    return dict(
        start=start,
        end=end,
        duration=duration,
        stretches=len(stem.stretches),
        rate=0.0 if held else len(onsets) / max(duration, 1e-6),
        swell=last - first,
        hurry=1.0 if held or not early else late / early,
    )


def _apart(onsets: tuple[float, ...]) -> list[float]:
    """Onsets without the strings of one chord."""
    out: list[float] = []
    for t in onsets:
        if not out or t - out[-1] > 0.06:
            out.append(t)
    return out


def _level(stem: Stem, a: float, b: float) -> float:
    part = stem.sound[round(a * 48000) : max(round(b * 48000), round(a * 48000) + 1)]
    part = part[np.abs(part) > 0.02 * np.abs(stem.sound).max()]
    return float(10 * np.log10(max(float(np.mean(part**2)) if len(part) else 0.0, 1e-12)))


def _power(stem: Stem | None) -> float:
    """dBFS over the hundredths of a second in which it sounds."""
    if stem is None or not len(stem.sound):
        return -120.0
    power = np.mean(stem.sound[: len(stem.sound) // 480 * 480].reshape(-1, 480) ** 2, axis=1)
    return float(10 * np.log10(max(power[power > 0.0036 * power.max()].mean(), 1e-12)))


def _sounds_at(stem: Stem | None, t: float) -> bool:
    return stem is not None and any(a - 1e-6 <= t < b for a, b in stem.stretches)


def _box(mask: np.ndarray) -> tuple[float, float, float, float] | None:
    h, w = mask.shape
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return None
    return columns[0] / w, rows[0] / h, (columns[-1] + 1) / w, (rows[-1] + 1) / h


def _look(kind: Kind, look) -> dict[str, str]:
    if not kind.colours:
        return {}
    if kind.family != "person":
        return {"colour": look.colour}
    out = {"clothes": look.colour, "hair": look.hair}
    if look.glasses:
        out["glasses"] = "yes"
    if look.hat:
        out["hat"] = "yes"
    return out
