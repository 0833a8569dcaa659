"""From a script to sound: one stem a sounding thing, and the envelope its picture follows."""

from dataclasses import dataclass

import numpy as np

from core.datasets.world.script import Actor, Note, OffScreen, Script, spans
from core.datasets.world.sounds import note, voice_of
from core.datasets.world.synth import RATE, loudness, rise_fall

HOP = 480  # envelopes have 100 values a second
LOOP = 400  # hundredths of a second of a long sound that are made and then repeated


@dataclass(frozen=True, eq=False)
class Stem:
    """sound: float32 [n] at 48 kHz. envelope: float32, 0 to 1, 100 values a second. stretches: see
    script.spans.
    """

    sound: np.ndarray
    envelope: np.ndarray
    stretches: tuple[tuple[float, float], ...]
    onsets: tuple[float, ...]


def stem(voice: str, notes: tuple[Note, ...], level: float, seconds: float) -> Stem:
    """The notes as sound, at `level` dBFS (A-weighted) over the time they sound."""
    n = round(seconds * RATE)
    sound = np.zeros(n, np.float32)
    for one in notes:
        piece = _piece(voice, one)
        start = max(round(one.start * RATE), 0)
        piece = piece[: n - start] if start < n else piece[:0]
        sound[start : start + len(piece)] += piece * np.float32(10 ** (one.gain / 20))
    power = np.sqrt(np.mean(sound[: n // HOP * HOP].reshape(-1, HOP) ** 2, axis=1))
    peak = float(power.max()) if len(power) else 0.0
    if peak > 0:
        on = np.repeat(power > 0.06 * peak, HOP)
        sound *= np.float32(10 ** ((level - loudness(sound[: len(on)][on])) / 20))
    envelope = np.clip(power / max(peak, 1e-9), 0, 1) ** 0.6 if peak > 0 else power
    # a picture follows a sound smoothly: it opens at once and closes over a tenth of a second
    follow = np.empty_like(envelope)
    now = 0.0
    for i, value in enumerate(envelope.tolist()):
        now = value if value > now else now * 0.88 + value * 0.12
        follow[i] = now
    tail = min(voice_of(voice).tail, 0.4) if voice else 0.0
    stretches = tuple((a, min(b, seconds)) for a, b in spans(notes, tail) if a < seconds)
    onsets = tuple(sorted(one.start for one in notes if one.start < seconds))
    return Stem(sound, follow.astype(np.float32), stretches, onsets)


def _piece(voice: str, one: Note) -> np.ndarray:
    if voice_of(voice).style != "hold":
        return note(voice, one.pitch, max(round(one.length * 100), 3), one.take)
    loop = note(voice, one.pitch, LOOP, one.take)
    edge = RATE // 2
    body = loop[edge:-edge].copy()  # without its own beginning and end; joined by a cross-fade
    join = np.linspace(0, 1, edge // 2, dtype=np.float32)
    body[: len(join)] = body[: len(join)] * join + body[-len(join) :] * (1 - join)
    body = body[: -len(join)]
    length = max(round(one.length * RATE), 1)
    out = np.resize(body, length) if length > len(body) else body[:length]
    fade = rise_fall((length + 1) / RATE, min(0.2, one.length / 4), min(0.25, one.length / 4))
    return out * fade[:length]


def stems(script: Script) -> tuple[dict[int, Stem], list[Stem]]:
    """(by actor's number, those that sound; off-screen, in order)."""
    sounding = {
        a.number: stem(a.voice, a.notes, a.level, script.seconds)
        for a in script.actors
        if a.voice and a.notes
    }
    return sounding, [stem(o.voice, o.notes, o.level, script.seconds) for o in script.off_screen]


def mixed(script: Script, own: dict[int, Stem], off: list[Stem]) -> np.ndarray:
    """float32 [n, 2]: all stems with the room; things to the left are a little louder on the left.

    The mean of both channels is exactly the sum of the stems, so that loudness does not depend on the place.
    """
    n = round(script.seconds * RATE)
    out = np.zeros((n, 2), np.float32)
    actors: dict[int, Actor] = {a.number: a for a in script.actors}
    sources: list[tuple[np.ndarray, float]] = [(s.sound, _pan(actors[i])) for i, s in own.items()]
    sources += [(s.sound, 0.0) for s in off]
    for sound, pan in sources:
        out[:, 0] += sound * (1 - pan)
        out[:, 1] += sound * (1 + pan)
    room = _room(out)
    rng = np.random.default_rng(script.seed + 77)
    hiss = 10 ** (-66 / 20)
    if script.noise is not None:
        loud = [s for s, _ in sources] or [np.full(1, 1e-3, np.float32)]
        power = float(np.mean(np.sum(np.stack([s for s in loud]), 0) ** 2))
        hiss = float(np.sqrt(max(power, 1e-10)) * 10 ** (script.noise / 20))
    room += (hiss * rng.standard_normal(n, dtype=np.float32))[:, None]
    over = float(np.abs(room).max())
    return room if over <= 0.98 else room * np.float32(0.98 / over)


def _pan(actor: Actor) -> float:
    return float(np.clip((actor.path[0].x - 0.5) * 0.7, -0.35, 0.35))


def _room(dry: np.ndarray) -> np.ndarray:
    """A few early reflections, crossed between the ears: the sound stands in a room."""
    wet = dry.copy()
    for ms, gain, cross in (
        (13, 0.16, True),
        (21, 0.13, False),
        (34, 0.10, True),
        (47, 0.07, False),
        (63, 0.05, True),
    ):
        delay = ms * RATE // 1000
        wet[delay:] += np.float32(gain) * (dry[:-delay, ::-1] if cross else dry[:-delay])
    return wet


__all__ = ["HOP", "OffScreen", "Stem", "mixed", "stem", "stems"]
