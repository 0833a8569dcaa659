"""A film of a clip with its masks drawn on it, and its sound: for looking at an answer outside the app."""

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

import cv2
import numpy as np

from core.masks import Track
from core.media.clip import Clip

# Okabe and Ito's colours, told apart by the colour-blind; black is left out.
COLOURS = np.array(
    [
        (230, 159, 0),
        (86, 180, 233),
        (0, 158, 115),
        (240, 228, 66),
        (0, 114, 178),
        (213, 94, 0),
        (204, 121, 167),
    ],
    dtype=np.float32,
)
OPACITY = 0.5
FASTEST = 60.0  # frames a second at most
SOUND_RATE = 48000


def blend(picture: np.ndarray, tracks: Sequence[Track], index: int) -> np.ndarray:
    """uint8 [H, W, 3]: the masks of frame `index` on the picture, half see-through, outlined."""
    out = picture.copy()
    for number, track in enumerate(tracks):
        mask = track.masks.get(index)
        if mask is None or mask.is_empty:
            continue
        pixels = mask.decode()
        out[pixels] = out[pixels] * (1 - OPACITY) + COLOURS[number % len(COLOURS)] * OPACITY
        edges, _ = cv2.findContours(pixels.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(out, edges, -1, (255, 255, 255), 1)
    return out


def write_overlay(path: str | Path, clip: Clip, tracks: Sequence[Track]) -> Path:
    """Write an mp4 (H.264, AAC) of the clip with the masks of `tracks` in it; returns `path`.

    An evenly timed clip gives each of its frames once. One of variable rate is sampled at the rate of its
    closest frames (60 a second at most): each moment shows the frame of that moment. Frames are streamed, odd
    sides lose no pixel (a line is repeated), non-square pixels are stretched upright, and an earlier file at
    `path` is replaced only by a finished one.
    """
    from moviepy import AudioArrayClip, VideoClip  # takes a second to import

    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    rate, order = schedule(clip)
    film = VideoClip(_player(_pictures(clip, tracks, order), rate), duration=(len(order) + 0.25) / rate)
    sound = clip.audio(SOUND_RATE)
    if sound is not None and len(sound):
        film = film.with_audio(AudioArrayClip(np.broadcast_to(sound[:, None], (len(sound), 2)), SOUND_RATE))
    with tempfile.TemporaryDirectory(dir=path.parent, prefix="making-") as folder:
        unfinished = Path(folder) / "overlay.mp4"
        film.write_videofile(
            str(unfinished),
            fps=rate,
            codec="libx264",
            preset="veryfast",
            audio_codec="aac",
            audio_fps=SOUND_RATE,
            temp_audiofile_path=folder,
            # MoviePy tells FFmpeg the rate with two digits: 23.98 for 24000/1001, a tenth of a second in ten
            # minutes. The filter counts frames instead.
            ffmpeg_params=[
                *("-vf", f"settb=1/90000,setpts=round(N*90000/{rate!r})"),
                *("-fps_mode", "passthrough", "-enc_time_base", "1/90000"),
                *("-crf", "20", "-movflags", "+faststart"),
            ],
            logger=None,
        )
        os.replace(unfinished, path)
    return path


def schedule(clip: Clip) -> tuple[float, list[int]]:
    """Frames a second of the film, and the frame index that each of its frames shows."""
    times, n = clip.times, len(clip)
    if n == 1:
        return 1 / clip.duration, [clip.first]
    step = times[-1] / (n - 1)
    if np.abs(times - step * np.arange(n)).max() < min(0.002, step / 4):  # even, but for rounded stamps
        return float(1 / step), list(clip.indices)
    rate = float(min(FASTEST, 1 / np.diff(times).min()))
    moments = clip.start + (np.arange(max(1, round(clip.duration * rate))) + 0.5) / rate
    return rate, [min(max(clip.video.index_at(t), clip.first), clip.last) for t in moments]


def _pictures(clip: Clip, tracks: Sequence[Track], order: list[int]) -> Iterator[np.ndarray]:
    """The blended pictures of `order`, each frame decoded once; even sides and square pixels."""
    runs = [(index, len(list(run))) for index, run in groupby(order)]
    aspect = clip.video.pixel_aspect
    for (index, times), picture in zip(runs, clip.frames(index for index, _ in runs), strict=True):
        drawn = blend(picture, tracks, index)
        h, w = drawn.shape[:2]
        if abs(aspect - 1) > 0.01:
            wide = (round(w * aspect), h) if aspect > 1 else (w, round(h / aspect))
            drawn = cv2.resize(drawn, wide, interpolation=cv2.INTER_LINEAR)
            h, w = drawn.shape[:2]
        drawn = np.pad(drawn, ((0, h % 2), (0, w % 2), (0, 0)), mode="edge")
        for _ in range(times):
            yield drawn


def _player(pictures: Iterator[np.ndarray], rate: float) -> Callable[[float], np.ndarray]:
    """MoviePy asks for times that only rise: keep the picture shown, take the next ones when asked for."""
    shown = next(pictures)
    at = 0

    def picture_at(time: float) -> np.ndarray:
        nonlocal shown, at
        while at < round(time * rate):
            shown, at = next(pictures, shown), at + 1
        return shown

    return picture_at
