"""A script: everything that happens in one scene, as plain data. Rendered, it is picture, sound and truth."""

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np

from core.datasets.world.drawn.looks import Look

GAP = 1.0  # seconds of rest that do not end a stretch of sounding: barks half a second apart are one stretch


@dataclass(frozen=True, slots=True)
class Note:
    """One note, bark or stroke. start, length: seconds. pitch: MIDI. gain: dB against the thing's own
    level.
    """

    start: float
    length: float
    pitch: int
    gain: float = 0.0
    take: int = 0


@dataclass(frozen=True, slots=True)
class Key:
    """Where a thing stands at time t (s): x, y of its foot as shares of the frame; scale: 1 = a person is
    0.6 of the frame's height.
    """

    t: float
    x: float
    y: float
    scale: float


@dataclass(frozen=True, slots=True)
class Actor:
    """A thing in the picture. number: its fid. cast: name of its kind in the cast. voice: "" = silent by
    nature.

    level: dBFS, A-weighted, over the time it sounds. plays: number of the instrument this person plays.
    facing: 1 right, -1 left. depth: drawing order; larger is nearer.
    """

    number: int
    cast: str
    look: Look
    path: tuple[Key, ...]
    voice: str = ""
    notes: tuple[Note, ...] = ()
    level: float = -30.0
    plays: int | None = None
    facing: int = 1
    depth: float = 0.0


@dataclass(frozen=True, slots=True)
class OffScreen:
    """A sound whose source is not in the picture; cast: what it would be."""

    cast: str
    voice: str
    notes: tuple[Note, ...]
    level: float


@dataclass(frozen=True, slots=True)
class Camera:
    """How the view moves over the clip: pan in shares of the frame, and the share it closes in by."""

    dx: float = 0.0
    dy: float = 0.0
    zoom: float = 0.0


@dataclass(frozen=True, slots=True)
class Script:
    """audio: "normal", or what null clips do with it: "muted", "off-screen", "crossed" (another scene's
    sound).
    """

    seed: int
    seconds: float
    stage: str
    actors: tuple[Actor, ...]
    off_screen: tuple[OffScreen, ...] = ()
    camera: Camera = Camera()
    audio: str = "normal"
    noise: float | None = None  # dB of white noise under the sound's own level; None = a quiet room
    blur: float = 0.0  # share of the frame's height
    dark: float = 0.0  # 0 to 1


def spans(notes: tuple[Note, ...], tail: float = 0.0, gap: float = GAP) -> list[tuple[float, float]]:
    """Stretches (start, end) in which something sounds, short rests included."""
    out: list[list[float]] = []
    for note in sorted(notes, key=lambda n: n.start):
        end = note.start + note.length + tail
        if out and note.start - out[-1][1] <= gap:
            out[-1][1] = max(out[-1][1], end)
        else:
            out.append([note.start, end])
    return [(a, b) for a, b in out]


def at(path: tuple[Key, ...], t: float) -> Key:
    """Where on the path at time t; eased from key to key."""
    times = [key.t for key in path]
    i = bisect_right(times, t)
    if i == 0 or i == len(path):
        return path[max(i - 1, 0)]
    a, b = path[i - 1], path[i]
    share = (t - a.t) / (b.t - a.t)
    share = share * share * (3 - 2 * share)
    mix = lambda u, v: u + (v - u) * share  # noqa: E731
    return Key(t, mix(a.x, b.x), mix(a.y, b.y), mix(a.scale, b.scale))


def travelled(path: tuple[Key, ...], t: float) -> float:
    """How far along the path, in person heights; signed by nothing, it only grows."""
    total, here = 0.0, path[0]
    for key in (*[k for k in path[1:] if k.t < t], at(path, t)):
        total += float(np.hypot((key.x - here.x) * 1.6, key.y - here.y)) / (0.6 * max(here.scale, 0.1))
        here = key
    return total
