"""Sound out of a file: any rate, only the part that is asked for."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import av
import numpy as np

from core.media.decode import packets
from core.media.probe import open_container

PREROLL = 1.0  # seconds decoded before the start, so that codecs with memory (AAC, MP3, Opus) have settled
SLACK = (
    0.04  # seconds a stamp may differ from the count of samples (containers round stamps) before it is a gap
)


Block = tuple[float, np.ndarray]  # (time of the first sample, float32 [channels, n])


def mono(sound: Iterable[Block], *, start: float, end: float, rate: int) -> np.ndarray:
    """float32 [round((end - start) * rate)], -1 to 1: blocks at `rate` laid out from `start` to `end`.

    Silence where there is no block. Channels are averaged.
    """
    out = np.zeros(round((end - start) * rate), dtype=np.float32)
    for time, samples in sound:
        _place(out, round((time - start) * rate), samples.mean(axis=0))
    return np.clip(out, -1, 1, out=out)


def blocks(path: Path, stream: int, *, start: float, end: float, rate: int) -> Iterator[Block]:
    """The sound of a file at `rate`, from a little before `start` until `end` (seconds in the file's clock).

    All channels but the bass (LFE).
    """
    with open_container(path) as container:
        source = container.streams[stream]
        begin = (source.start_time or 0) * float(source.time_base)
        seconds = _frames(container, source, start, begin)
        first = next(seconds, None)
        if first is None:
            return
        if first[0] > start and start - PREROLL > begin:  # the jump went too far: from the very start then
            container.seek(0)
            seconds = _frames(container, source, begin, begin)
            first = next(seconds, None)
        yield from _resampled(first, seconds, end, rate)


def resample(samples: np.ndarray, rate: int, to: int) -> np.ndarray:
    """float32 [n] at `rate` -> float32 [round(n * to / rate)] at `to`."""
    samples = np.ascontiguousarray(samples, dtype=np.float32)
    if rate == to or not len(samples):
        return samples.copy()
    out = np.zeros(round(len(samples) * to / rate), dtype=np.float32)
    resampler = av.AudioResampler(format="fltp", layout="mono", rate=to)
    at = 0
    for chunk in [*np.array_split(samples, max(1, len(samples) // 65536)), None]:
        frame = None
        if chunk is not None:
            frame = av.AudioFrame.from_ndarray(chunk[None], format="fltp", layout="mono")
            frame.sample_rate = rate
        for piece in resampler.resample(frame):
            values = piece.to_ndarray()[0]
            _place(out, at, values)
            at += len(values)
    return out


def _frames(container, stream, start: float, begin: float) -> Iterator[tuple[float, av.AudioFrame]]:
    """(time or count, frame) from at least PREROLL before `start`."""
    if start - PREROLL > begin:
        container.seek(int((start - PREROLL) / stream.time_base), stream=stream)
    clock = None
    for packet in packets(container, stream):
        try:
            frames = stream.codec_context.decode(packet if packet.size else None)
        except av.error.EOFError:
            return
        except av.FFmpegError:  # a damaged piece of sound is a gap
            continue
        for frame in frames:
            if frame.pts is not None and frame.time_base is not None:
                stamp = float(frame.pts * frame.time_base)
                if clock is None or abs(stamp - clock) > SLACK:
                    clock = stamp
            elif clock is None:
                clock = begin
            yield clock, frame
            clock += frame.samples / frame.sample_rate


def _resampled(first, rest, end, rate) -> Iterator[Block]:
    """Resample runs of frames without a gap; the clock of a run counts samples, so it never drifts."""
    pending = first
    while pending is not None:
        time, frame = pending
        key = (frame.format.name, frame.layout.name, frame.sample_rate)
        resampler = av.AudioResampler(format="flt", layout=frame.layout.name, rate=rate)
        origin, given, made = time, 0, 0
        pending = None
        while frame is not None:
            given += frame.samples
            expected = origin + given / frame.sample_rate
            frame.pts = None
            for piece in resampler.resample(frame):
                yield origin + made / rate, _channels(piece)
                made += piece.samples
            frame = None
            if expected >= end:
                break
            pending = next(rest, None)
            if pending is None:
                break
            time, candidate = pending
            if abs(time - expected) > SLACK / 2 or key != (
                candidate.format.name,
                candidate.layout.name,
                candidate.sample_rate,
            ):
                break
            frame, pending = candidate, None
        for piece in resampler.resample(None):
            yield origin + made / rate, _channels(piece)
            made += piece.samples


def _channels(frame: av.AudioFrame) -> np.ndarray:
    # Samples lie side by side: PyAV crashes when it copies eight channels or more that lie one after another.
    samples = frame.to_ndarray().reshape(frame.samples, -1).T
    names = [channel.name for channel in frame.layout.channels]
    heard = [i for i, name in enumerate(names) if name != "LFE"]
    return samples[heard] if heard and len(heard) < len(names) else samples


def _place(out: np.ndarray, at: int, values: np.ndarray) -> None:
    first, last = max(at, 0), min(at + len(values), len(out))
    if first < last:
        out[first:last] = values[first - at : last - at]
