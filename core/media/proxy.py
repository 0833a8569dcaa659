"""What a browser plays: the file where Chromium can, else a proxy with the same frames at the same times."""

import hashlib
import os
import tempfile
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from core.media.audio import Block
from core.media.video import Video

VERSION = "2"  # part of a proxy's name; change it when what is written changes
CLOCK = Fraction(1, 90000)
LONGEST = (
    1920  # pixels of the longer side; clicks travel as fractions of the picture, so a smaller one is fine
)
SOUND_RATE = 48000
LATEST_START = 10.0  # seconds; a proxy of a file whose clock starts later (broadcasts) or below 0 starts at 0

CONTAINERS = {"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"}
PICTURES = {"h264", "vp8", "vp9", "av1", "libdav1d", "libvpx", "libvpx-vp9"}
SOUNDS = {None, "aac", "mp3", "mp3float", "opus", "libopus", "vorbis", "flac"}

_making: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)


def playable(video: Video) -> bool:
    """Whether Chromium plays the source as it is, with the same frames in the same order.

    Needed: mp4, mov, mkv or webm; H.264, VP8, VP9 or AV1 in 8-bit 4:2:0; square pixels (within 1 %: less than
    a browser rounds); one picture stream; AAC, MP3, Opus, Vorbis or FLAC sound, if any, in the first sound
    stream; no mirror, no damage, no time below 0; every key frame a fresh start: Chromium cannot jump into
    an open GOP; and an end that is told and lies after the last frame's start, or Chromium never shows that
    frame. A turned picture is fine: Chromium turns it too.
    """
    facts, table = video.facts, video.table
    return (
        facts is not None
        and table is not None
        and not table.damaged
        and not table.turn.mirrored
        and table.restarts
        and facts.container in CONTAINERS
        and facts.codec in PICTURES
        and facts.pixel_format in ("yuv420p", "yuvj420p")
        and facts.video_streams == 1
        and abs(video.pixel_aspect - 1) <= 0.01
        and facts.sound_codec in SOUNDS
        and facts.sound_is_first
        and video.start >= 0
        and facts.end is not None
        and facts.end > video.pts[-1]
    )


def player_times(video: Video) -> np.ndarray:
    """float64 [N]: the browser's mediaTime of each frame, in the file it is given (the source or its proxy).

    These are `video.pts`, except for a proxy of a source whose clock starts below 0 or after 10 s: that proxy
    starts at 0. Frame i is the same picture in both.
    """
    if playable(video) or 0 <= video.start <= LATEST_START:
        return video.pts
    return video.pts - video.start


def proxy(video: Video, folder: Path, *, progress: Callable[[float], None] | None = None) -> Path:
    """An mp4 (H.264, AAC) of the whole video in `folder`; made when it is not there yet.

    Upright, square pixels, even sides (the picture is scaled, never padded, so a click as a fraction of the
    picture stays right), at most 1920 on the longer side. Frame i of the proxy is frame i of the video, shown
    at player_times(video)[i] within a millisecond. No B-frames and a key frame every 12, so that a browser
    seeks quickly. The name follows from the content and the decoder; a half-made file never bears it.
    progress: told the share of frames that are written, 0 to 1."""
    identity = f"{video.sha256} {video.decoder} {VERSION}"
    path = Path(folder) / f"{hashlib.sha256(identity.encode()).hexdigest()[:32]}.mp4"
    with _making[path.name]:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=path.parent, prefix="making-", suffix=".mp4")
            os.close(handle)
            try:
                _write(video, name, progress)
                os.replace(name, path)
            finally:
                Path(name).unlink(missing_ok=True)
    return path


def shown_size(video: Video) -> tuple[int, int]:
    """(H, W) of the proxy: square pixels, even, at most 1920 on the longer side."""
    h, w = video.size
    wide, high = w * max(1.0, video.pixel_aspect), h * max(1.0, 1 / video.pixel_aspect)
    scale = min(1.0, LONGEST / max(high, wide))
    return max(2, 2 * round(high * scale / 2)), max(2, 2 * round(wide * scale / 2))


def _write(video: Video, name: str, progress: Callable[[float], None] | None) -> None:
    h, w = shown_size(video)
    times = player_times(video)
    ends = np.append(times[1:], times[0] + video.duration)
    rate = Fraction(video.rate).limit_denominator(1001)
    muxing = {"movflags": "+faststart", "movie_timescale": str(CLOCK.denominator)}
    with av.open(name, "w", format="mp4", options=muxing) as out:
        stream = out.add_stream("libx264", rate=max(rate, Fraction(1)))
        stream.width, stream.height, stream.pix_fmt = w, h, "yuv420p"
        stream.options = {"preset": "veryfast", "crf": "20", "g": "12", "bf": "0", "sc_threshold": "0"}
        stream.codec_context.time_base = CLOCK
        stream.codec_context.colorspace = 6  # BT.601: what a conversion makes in every version of PyAV
        stream.codec_context.color_range = 1
        stream.time_base = CLOCK
        hearing = out.add_stream("aac", rate=SOUND_RATE, layout="stereo") if video.has_audio else None
        sound = _steps(_trimmed(video, times), SOUND_RATE) if hearing is not None else iter(())
        convert = VideoReformatter()
        lengths = {}
        heard = 0.0
        for index, picture in enumerate(video.source.frames(range(len(video)))):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame = convert.reformat(frame, width=w, height=h, format="yuv420p")
            frame.pts, frame.time_base = round(float(times[index]) / CLOCK), CLOCK
            lengths[frame.pts] = round(float(ends[index]) / CLOCK) - frame.pts
            _mux(out, stream.encode(frame), lengths)
            while hearing is not None and heard < ends[index]:  # side by side, so that nothing piles up
                piece = next(sound, None)
                if piece is None:
                    break
                heard = (piece.pts or 0) / SOUND_RATE
                out.mux(hearing.encode(piece))
            if progress is not None:
                progress((index + 1) / len(video))
        _mux(out, stream.encode(None), lengths)
        if hearing is not None:
            for piece in sound:
                out.mux(hearing.encode(piece))
            out.mux(hearing.encode(None))


def _mux(out, packets, lengths: dict[int, int]) -> None:
    for packet in packets:
        packet.duration = lengths.pop(packet.pts)
        out.mux(packet)


def _trimmed(video: Video, times: np.ndarray) -> Iterator[Block]:
    """Stereo blocks in the proxy's clock, from its 0 to the end of the last frame.

    Other than two channels are averaged, as Clip.audio does: what is heard is what the systems hear.
    """
    shift = video.start - float(times[0])
    end = float(times[0]) + video.duration
    for time, samples in video.source.sound(min(shift, video.start), video.end, SOUND_RATE):
        if len(samples) != 2:
            samples = np.repeat(samples.mean(axis=0, keepdims=True), 2, axis=0)
        at = time - shift
        first = max(0, round(-at * SOUND_RATE))
        last = max(0, round((end - at) * SOUND_RATE))
        if samples[:, first:last].shape[1]:
            yield at + first / SOUND_RATE, samples[:, first:last]


def _steps(sound: Iterator[Block], rate: int, step: int = 1024) -> Iterator[av.AudioFrame]:
    """Frames of `step` samples without gaps (silence fills them), stamped from the first sample on."""
    origin: int | None = None
    waiting = np.zeros((2, 0), dtype=np.float32)
    done = 0  # samples given out
    for time, samples in sound:
        if origin is None:
            origin = round(time * rate)
        at = round(time * rate) - origin - done - waiting.shape[1]
        if at > 0:
            waiting = np.concatenate([waiting, np.zeros((2, at), dtype=np.float32)], axis=1)
        waiting = np.concatenate([waiting, samples[:, max(0, -at) :]], axis=1)
        while waiting.shape[1] >= step:
            yield _audio_frame(waiting[:, :step], origin + done, rate)
            waiting, done = waiting[:, step:], done + step
    if origin is not None and waiting.shape[1]:
        yield _audio_frame(waiting, origin + done, rate)


def _audio_frame(samples: np.ndarray, pts: int, rate: int) -> av.AudioFrame:
    clipped = np.ascontiguousarray(np.clip(samples, -1, 1), dtype=np.float32)
    frame = av.AudioFrame.from_ndarray(clipped, format="fltp", layout="stereo")
    frame.sample_rate, frame.pts, frame.time_base = rate, pts, Fraction(1, rate)
    return frame
