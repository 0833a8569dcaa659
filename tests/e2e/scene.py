"""A drawn clip to refer to: a red ball that bounces with a beep, and a blue box that drifts in silence."""

from fractions import Fraction
from pathlib import Path

import av
import makers
import numpy as np

SIZE = (180, 320)  # H, W
RATE = 15
SECONDS = 4
FRAMES = RATE * SECONDS
BEATS = (0.6, 1.5, 2.1, 3.3)


def ball(index: int) -> np.ndarray:
    """bool [H, W]: the ball's pixels; it leaps at every beat."""
    time = index / RATE
    leap = max((np.sin(np.pi * (time - b) / 0.4) for b in BEATS if b <= time <= b + 0.4), default=0.0)
    y, x = np.mgrid[0 : SIZE[0], 0 : SIZE[1]]
    return (x - 90) ** 2 + (y - (125 - 26 * leap)) ** 2 < 26**2


def box(index: int) -> np.ndarray:
    """bool [H, W]: the box's pixels; it drifts evenly."""
    y, x = np.mgrid[0 : SIZE[0], 0 : SIZE[1]]
    left = 200 + index * 0.5
    return (x > left) & (x < left + 50) & (y > 85) & (y < 145)


def make_scene(path: Path, *, sounding: bool = True, grain: int = 1) -> Path:
    """Another `grain` is another video to the store, which knows videos by their bytes."""
    noise = np.random.default_rng(grain).normal(0, 5, (*SIZE, 1))
    y = np.arange(SIZE[0])[:, None, None] / SIZE[0]
    ground = np.clip(np.array([150, 160, 150]) - 40 * y + noise, 0, 255)
    sound = makers.beeps(SECONDS, BEATS, length=0.15, hertz=600)
    with av.open(str(path), "w", options={"movflags": "faststart"}) as out:
        video = out.add_stream("libx264", rate=RATE, options={"crf": "16", "g": "15"})
        video.height, video.width, video.pix_fmt = *SIZE, "yuv420p"
        audio = out.add_stream("aac", rate=48000, layout="mono") if sounding else None
        for index in range(FRAMES):
            picture = ground.copy()
            picture[ball(index)] = (205, 35, 40)
            picture[box(index)] = (40, 70, 200)
            frame = av.VideoFrame.from_ndarray(picture.astype(np.uint8), format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, RATE)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        for at in range(0, len(sound) if audio else 0, 1024):
            piece = av.AudioFrame.from_ndarray(sound[None, at : at + 1024], format="fltp", layout="mono")
            piece.sample_rate, piece.pts, piece.time_base = 48000, at, Fraction(1, 48000)
            out.mux(audio.encode(piece))
        if audio:
            out.mux(audio.encode(None))
    return path
