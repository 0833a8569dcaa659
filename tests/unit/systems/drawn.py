"""A drawn film: a red disc and a blue square on a grained wall, each jumping at times of its own; and their sounds."""

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

SIZE, RATE, SECONDS, SOUND_RATE = (180, 320), 25, 8, 16_000
DISC_AT = (0.6, 1.5, 2.1, 3.4, 4.9, 5.4, 6.8)
SQUARE_AT = (1.0, 2.6, 3.0, 4.2, 5.9, 6.3, 7.3)


def places(time: float) -> tuple[tuple[int, int], tuple[int, int]]:
    """Middles (x, y) of the disc and the square, which jump for 0.3 s from each of their times on."""

    def jump(times: tuple[float, ...]) -> float:
        return max((np.sin(np.pi * (time - t) / 0.3) for t in times if t <= time <= t + 0.3), default=0.0)

    return (90, round(100 - 22 * jump(DISC_AT))), (230, round(105 - 22 * jump(SQUARE_AT)))


def truth(time: float) -> tuple[np.ndarray, np.ndarray]:
    """bool [H, W] of the disc and of the square."""
    disc, square = (np.zeros(SIZE, np.uint8) for _ in range(2))
    a, b = places(time)
    cv2.circle(disc, a, 30, 1, -1)
    cv2.rectangle(square, (b[0] - 27, b[1] - 27), (b[0] + 27, b[1] + 27), 1, -1)
    return disc > 0, square > 0


def film(path: Path) -> Path:
    """Write it, with the disc's sound."""
    rng = np.random.default_rng(1)
    wall = cv2.GaussianBlur(rng.normal(150, 90, SIZE).astype(np.float32), (0, 0), 2)[..., None].repeat(3, 2)
    skin = [
        cv2.GaussianBlur(rng.normal(0, 40, (*SIZE, 1)).astype(np.float32), (0, 0), 1.5)[..., None]
        for _ in "ab"
    ]
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", RATE, options={"crf": "18", "preset": "veryfast"})
        video.height, video.width, video.pix_fmt = *SIZE, "yuv420p"
        audio = out.add_stream("aac", SOUND_RATE, layout="mono")
        for k in range(SECONDS * RATE):
            picture = wall.copy()
            for mask, colour, grain in zip(
                truth(k / RATE), ((205, 50, 45), (40, 70, 200)), skin, strict=True
            ):
                picture[mask] = (np.array(colour, np.float32) + grain)[mask]
            shown = np.clip(picture, 0, 255).astype(np.uint8)
            out.mux(video.encode(av.VideoFrame.from_ndarray(shown, "rgb24")))
        out.mux(video.encode())
        frame = av.AudioFrame.from_ndarray(sound(DISC_AT)[None], "fltp", "mono")
        frame.sample_rate, frame.time_base = SOUND_RATE, Fraction(1, SOUND_RATE)
        out.mux(audio.encode(frame))
        out.mux(audio.encode())
    return path


def sound(times: tuple[float, ...]) -> np.ndarray:
    """float32 [n] at SOUND_RATE: a beep of 0.3 s at each time."""
    t = np.arange(round(0.3 * SOUND_RATE)) / SOUND_RATE
    beep = (0.5 * np.sin(2 * np.pi * 700 * t) * np.sin(np.pi * t / 0.3)).astype(np.float32)
    out = np.zeros(SECONDS * SOUND_RATE, np.float32)
    for time in times:
        first = round(time * SOUND_RATE)
        out[first : first + len(beep)] += beep
    return out
