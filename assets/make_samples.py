"""Draws and sounds the sample clips: python -m assets.make_samples. Things move as they sound, others move in silence."""

import json
import math
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

FOLDER = Path(__file__).parent / "clips"
W, H, FPS, SECONDS, RATE, SCALE = 640, 360, 25, 8, 48000, 2
INK = (38, 34, 40)


def stage(seed: int, wall, floor) -> np.ndarray:
    """A papered wall, a wooden floor and a soft light: uint8 [H * SCALE, W * SCALE, 3] RGB."""
    rng = np.random.default_rng(seed)
    h, w = H * SCALE, W * SCALE
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    grain = sum(cv2.resize(rng.normal(size=(h // k, w // k)).astype(np.float32), (w, h), interpolation=cv2.INTER_CUBIC) * k**0.5
                for k in (4, 16, 64))
    picture = np.where((y > 0.68 * h)[..., None], np.float32(floor), np.float32(wall))
    picture += (grain * 1.2 + 5 * np.sin(x / 17) * (y < 0.68 * h) + 7 * np.sin(y / 9 + x / 400) * (y > 0.68 * h))[..., None]
    light = 1.12 - 0.55 * (((x - 0.45 * w) / w) ** 2 + ((y - 0.3 * h) / h) ** 2)
    return np.clip(picture * light[..., None], 0, 255).astype(np.uint8)


def blob(picture, centre, axes, colour, angle=0.0, edge=INK) -> None:
    """An ellipse with an outline and a light on its upper left; lengths in pixels of the final picture."""
    c, a = (tuple(round(v * SCALE) for v in p) for p in (centre, axes))
    cv2.ellipse(picture, c, a, angle, 0, 360, colour, -1, cv2.LINE_AA)
    light = tuple(min(255, v + 26) for v in colour)
    inner = (round(a[0] * 0.55), round(a[1] * 0.5))
    cv2.ellipse(picture, (c[0] - a[0] // 4, c[1] - a[1] // 4), inner, angle, 0, 360, light, -1, cv2.LINE_AA)
    cv2.ellipse(picture, c, a, angle, 0, 360, edge, SCALE * 2, cv2.LINE_AA)


def line(picture, a, b, colour, width) -> None:
    ends = [tuple(round(v * SCALE) for v in p) for p in (a, b)]
    cv2.line(picture, *ends, colour, round(width * SCALE), cv2.LINE_AA)


def dog(picture, x, y, colour, mouth: float, tail: float) -> None:
    """A sitting dog that looks right; mouth 0 to 1 open, with the head going up."""
    dark = tuple(int(v * 0.72) for v in colour)
    line(picture, (x - 50, y + 40), (x - 88, y + 8 + 16 * math.sin(tail)), colour, 11)
    blob(picture, (x - 12, y + 30), (52, 44), colour)
    for leg in (-36, 18):
        blob(picture, (x + leg, y + 70), (14, 20), dark)
    hx, hy = x + 34, y - 26 - 9 * mouth
    blob(picture, (hx + 34, hy + 16 + 13 * mouth), (22, 7), dark, 10 + 24 * mouth)
    blob(picture, (hx, hy), (38, 33), colour)
    blob(picture, (hx + 34, hy + 6 - 4 * mouth), (24, 13), colour, -12 * mouth)
    blob(picture, (hx + 55, hy + 1 - 8 * mouth), (6, 5), INK)
    blob(picture, (hx - 22, hy + 2), (12, 27), dark, 14)
    blob(picture, (hx + 9, hy - 9), (4, 5), INK)


def drum(picture, x, y, hit: float) -> None:
    """A red drum; the stick goes down with `hit`, and the skin shakes."""
    blob(picture, (x, y + 52), (66, 24), (150, 42, 46))
    cv2.rectangle(picture, (SCALE * (x - 66), SCALE * y), (SCALE * (x + 66), SCALE * (y + 52)), (176, 52, 54), -1)
    for k in range(-3, 4):
        line(picture, (x + 20 * k, y + 6), (x + 20 * k + 10, y + 66), (236, 208, 120), 2.5)
    blob(picture, (x, y + 3 * hit * math.sin(hit * 40)), (66, 24), (240, 232, 214))
    tip = (x + 6, y - 4 - 46 * (1 - hit))
    line(picture, (x + 96, y - 62), tip, (206, 160, 98), 7)
    blob(picture, tip, (9, 9), (226, 190, 130))


def bell(picture, x, y, swing: float) -> None:
    """A brass bell that hangs at (x, y) and swings."""
    s, c = math.sin(swing), math.cos(swing)
    at = lambda u, v: (x + u * c - v * s, y + u * s + v * c)  # noqa: E731
    line(picture, (x, 0), (x, y), (90, 84, 80), 4)
    blob(picture, at(0, 96), (11, 11), (120, 88, 30))
    blob(picture, at(0, 52), (34, 42), (222, 172, 60), math.degrees(swing))
    blob(picture, at(0, 84), (48, 13), (204, 150, 44), math.degrees(swing))


def sound(events) -> np.ndarray:
    """Events (second, maker, loudness) -> float32 [SECONDS * RATE]."""
    out = np.zeros(SECONDS * RATE, np.float32)
    for start, maker, gain in events:
        tone = maker()
        at = round(start * RATE)
        out[at : at + len(tone)] += gain * tone[: len(out) - at]
    return out / max(1.0, np.abs(out).max() * 1.1)


def bark() -> np.ndarray:
    t = np.arange(int(0.24 * RATE)) / RATE
    pitch = 2 * np.pi * np.cumsum(420 + 260 * np.sin(np.pi * t / 0.24)) / RATE
    voice = sum(np.sin(k * pitch) / k for k in range(1, 9)) + 0.35 * np.random.default_rng(1).normal(size=len(t))
    return (voice * np.sin(np.pi * t / 0.24) ** 0.7 * 0.4).astype(np.float32)


def thump() -> np.ndarray:
    t = np.arange(int(0.5 * RATE)) / RATE
    skin = np.sin(2 * np.pi * (90 * t - 8 * np.exp(-t * 18))) * np.exp(-t * 9)
    return (skin + 0.3 * np.random.default_rng(2).normal(size=len(t)) * np.exp(-t * 60)).astype(np.float32)


def ring() -> np.ndarray:
    t = np.arange(int(2.2 * RATE)) / RATE
    partials = ((0.5, 0.5), (1, 1), (1.19, 0.6), (1.5, 0.4), (2, 0.7), (2.74, 0.3), (3.76, 0.2))
    return sum(a * np.sin(2 * np.pi * 620 * f * t) * np.exp(-t * (1.2 + f)) for f, a in partials).astype(np.float32) * 0.5


def pulse(time: float, starts, length: float) -> float:
    """0 to 1: how far an event that began in `starts` still moves its thing."""
    return max((math.sin(math.pi * (time - s) / length) for s in starts if s <= time <= s + length), default=0.0)


def write(name: str, draw, events) -> None:
    """`draw(picture, time)` every frame and the events' sound -> clips/name, H.264 and AAC."""
    with av.open(str(FOLDER / name), "w", options={"movflags": "+faststart"}) as out:
        video = out.add_stream("libx264", FPS, options={"crf": "24", "preset": "slow"})
        video.width, video.height, video.pix_fmt = W, H, "yuv420p"
        audio = out.add_stream("aac", RATE, layout="mono")
        for k in range(SECONDS * FPS):
            picture = cv2.resize(draw(k / FPS), (W, H), interpolation=cv2.INTER_AREA)
            out.mux(video.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        out.mux(video.encode())
        frame = av.AudioFrame.from_ndarray(sound(events)[None], "fltp", "mono")
        frame.sample_rate, frame.time_base = RATE, Fraction(1, RATE)
        out.mux(audio.encode(frame))
        out.mux(audio.encode())


def main() -> None:
    barks, beats, rings = (1.2, 1.7, 2.9, 4.4, 4.9, 5.4, 6.8), tuple(0.8 + 0.45 * k for k in range(7)), (4.4, 5.8)
    yard, room = stage(3, (132, 168, 186), (128, 150, 92)), stage(5, (196, 176, 150), (140, 100, 70))

    def dogs(t: float) -> np.ndarray:
        picture = yard.copy()
        dog(picture, 170, 215, (196, 128, 70), 0.0, 9 * t)
        dog(picture, 430, 225, (104, 92, 96), pulse(t, barks, 0.28), 1.5 * t)
        return picture

    def band(t: float) -> np.ndarray:
        picture = room.copy()
        drum(picture, 200, 220, pulse(t, [b - 0.1 for b in beats], 0.2))
        still = t - rings[0]
        bell(picture, 460, 70, 0.0 if still < 0 else 0.42 * math.sin(2 * math.pi * still / 1.4) * math.exp(-still * 0.12))
        return picture

    FOLDER.mkdir(exist_ok=True)
    write("two-dogs.mp4", dogs, [(s, bark, 0.8) for s in barks])
    write("drum-then-bell.mp4", band, [(s, thump, 0.9) for s in beats] + [(s, ring, 0.5) for s in rings])
    (FOLDER / "samples.json").write_text(json.dumps([
        {"file": "two-dogs.mp4", "title": "Two dogs, one barks",
         "expressions": ["The dog that is barking.", "The silent dog.", "The dog on the left.", "The object playing the piano."]},
        {"file": "drum-then-bell.mp4", "title": "A drum, then a bell",
         "expressions": ["The first object to make a sound.", "The last object to make a sound.", "The red object on the left."]},
    ], indent=1) + "\n")


if __name__ == "__main__":
    main()
