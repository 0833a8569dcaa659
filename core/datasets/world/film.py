"""Writes a scene as a film: H.264 and AAC, 25 frames a second."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from core.datasets.world.scene import Scene
from core.datasets.world.synth import RATE

FPS = 25


def write_film(scene: Scene, path: Path, *, sound: np.ndarray | None = None, crf: int = 20) -> None:
    """sound: float32 [n, 2] at 48 kHz in place of the scene's own. crf: x264's quality, lower is better."""
    h, w = scene.size
    heard = scene.sound() if sound is None else sound
    with av.open(str(path), "w", options={"movflags": "faststart"}) as out:
        video = out.add_stream("libx264", rate=FPS, options={"crf": str(crf), "preset": "medium", "g": "50"})
        video.width, video.height, video.pix_fmt = w, h, "yuv420p"
        video.codec_context.time_base = Fraction(1, FPS)
        video.codec_context.thread_count = 1  # the same bytes on every machine
        audio = out.add_stream("aac", rate=RATE, layout="stereo")
        audio.bit_rate = 128_000
        for i in range(round(scene.script.seconds * FPS)):
            picture, _ = scene.frame(i / FPS)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = i, Fraction(1, FPS)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        step = audio.codec_context.frame_size or 1024
        for first in range(0, len(heard), step):
            block = np.ascontiguousarray(heard[first : first + step].T.astype(np.float32))
            piece = av.AudioFrame.from_ndarray(block, format="fltp", layout="stereo")
            piece.sample_rate, piece.pts, piece.time_base = RATE, first, Fraction(1, RATE)
            out.mux(audio.encode(piece))
        out.mux(audio.encode(None))
