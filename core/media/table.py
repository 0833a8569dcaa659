"""The table of a video's frames: made once, when it is opened."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import av
import numpy as np

from core.errors import MediaError
from core.media.decode import decoded, packets
from core.media.probe import Facts, Turn, facts, open_container, turn

# Containers whose packets carry one stamped frame each and whose key frames are marked, with codecs that show
# every packet: there the table can be read off the packets. Anything else is decoded to be counted.
STAMPED = {"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"}
ONE_TO_ONE = {"h264", "hevc", "mpeg4", "vp9", "av1", "libdav1d", "mjpeg", "prores"}
DECODED_WHOLE = (
    350e6  # pixels in all: up to a second or two of decoding (12 s of 720p) every frame is decoded
)
CONFIRMED = 48  # frames at the head that are decoded to confirm a table read off the packets


@dataclass(frozen=True)
class Table:
    """Every frame of a video in the decoder's output order.

    ticks: int64 [N] in the stream's time base, as the decoder gives them; keys: ticks of key frames, rising.
    seconds: float64 [N], strictly rising; end: when the last frame ends.
    seekable: ticks are complete and rising and nothing is damaged, so a frame can be found by its tick.
    restarts: every key frame starts afresh; not so in an open GOP, into which Chromium cannot jump.
    """

    ticks: np.ndarray
    keys: np.ndarray
    seconds: np.ndarray
    end: float
    size: tuple[int, int]  # stored (h, w)
    turn: Turn
    damaged: bool
    seekable: bool
    restarts: bool


def scan(path: Path) -> tuple[Facts, Table]:
    """Make the table of frames. MediaError when there is no frame."""
    with open_container(path) as container:
        found = facts(container, path)
        table = _by_packets(container, found)
    if table is None:
        damage: list[str] = []
        table = _by_decoding(path, found, damage, threads=True)
        if damage:  # threads make what comes after damage depend on chance
            table = _by_decoding(path, found, damage, threads=False)
    if table is None:
        raise MediaError(
            f"No picture of {path.name!r} can be decoded ({found.codec}): expected at least one whole frame; "
            "the file may be cut off, so fetch it again or convert it."
        )
    return found, table


def starts_afresh(packet: av.Packet, context) -> bool:
    """Whether nothing after this key frame leans on what is before it: in H.264, it is an IDR picture (5)."""
    if context.name != "h264" or not context.extradata or context.extradata[0] != 1:
        return True
    data, at = bytes(packet), 0
    prefix = (context.extradata[4] & 3) + 1  # bytes that tell the length of each part
    while at + prefix < len(data):
        if data[at + prefix] & 31 == 5:
            return True
        at += prefix + int.from_bytes(data[at : at + prefix], "big")
    return False


def _by_decoding(path: Path, found: Facts, damage: list[str], *, threads: bool) -> Table | None:
    ticks: list[int | None] = []
    keys: list[int] = []
    restarts = True
    first: av.VideoFrame | None = None
    last: av.VideoFrame | None = None
    with open_container(path) as container:
        stream = container.streams[found.video_stream]
        stream.thread_type = "AUTO" if threads else "NONE"
        stream.codec_context.options = {"skip_loop_filter": "all"}  # counting needs no deblocked pictures

        def noted() -> Iterator[av.Packet]:
            nonlocal restarts
            for packet in packets(container, stream):
                if packet.is_keyframe and packet.pts is not None:
                    keys.append(packet.pts)
                    restarts = restarts and starts_afresh(packet, stream.codec_context)
                yield packet

        for frame in decoded(stream, noted(), damage):
            first = first or frame
            last = frame
            ticks.append(frame.pts)
    if first is None or last is None:
        return None
    return _table(found, ticks, keys, first, getattr(last, "duration", 0), bool(damage), restarts)


def _by_packets(container, found: Facts) -> Table | None:
    """The table of a long, clean, simple file without decoding all of it; None where that could be wrong.

    Assumed: in these containers and codecs one packet is one frame, shown at the packet's stamp. Confirmed:
    no packet is cut, dropped by an edit list, or unstamped, stamps differ, and the frames decoded at the head
    and at the tail are those of the table.
    """
    if found.container not in STAMPED or found.codec not in ONE_TO_ONE:
        return None
    stream = container.streams[found.video_stream]
    if stream.frames and stream.frames * stream.width * stream.height <= DECODED_WHOLE:
        return None
    ticks, keys, durations, restarts = [], [], {}, True
    try:
        for packet in container.demux(stream):
            if packet.size == 0:
                continue
            if packet.pts is None or packet.is_corrupt or packet.is_discard:
                return None
            ticks.append(packet.pts)
            durations[packet.pts] = packet.duration
            if packet.is_keyframe:
                keys.append(packet.pts)
                restarts = restarts and starts_afresh(packet, stream.codec_context)
    except av.FFmpegError:
        return None
    table = sorted(ticks)
    if not keys or len(durations) != len(ticks) or len(ticks) * stream.width * stream.height <= DECODED_WHOLE:
        return None
    head, tail = [], []
    first = None
    damage: list[str] = []
    container.seek(0)
    for frame in decoded(stream, packets(container, stream), damage):
        first = first or frame
        head.append(frame.pts)
        if len(head) == CONFIRMED:
            break
    container.seek(max(keys), stream=stream)
    for frame in decoded(stream, packets(container, stream), damage):
        if frame.pts is not None and frame.pts >= max(keys):
            tail.append(frame.pts)
    if damage or not tail or head != table[: len(head)] or tail != table[-len(tail) :] or first is None:
        return None
    if tail[0] != max(keys):
        return None
    return _table(found, table, keys, first, durations[table[-1]], False, restarts)


def _table(
    found: Facts, ticks: list[int | None], keys: list[int], first, last_duration, damaged, restarts
) -> Table:
    usual = 1 / float(found.rate) if found.rate else 0.04
    known = [t for t in ticks if t is not None]
    whole = len(known) == len(ticks)
    rising = whole and all(a < b for a, b in pairwise(known))
    # AVI gives decoding times: the right ones in a wrong order.
    stamps: list[int | None] = [*sorted(known)] if whole else ticks
    seconds = np.empty(len(ticks))
    for i, tick in enumerate(stamps):
        # A frame without a stamp follows the one before at the usual distance; time never stands still.
        before = seconds[i - 1] if i else -np.inf
        time = float(tick * found.time_base) if tick is not None else (before + usual if i else 0.0)
        seconds[i] = time if time > before else before + min(usual, 0.001)
    step = float(last_duration * found.time_base) if last_duration else 0.0
    if step <= 0:
        step = float(np.median(np.diff(seconds))) if len(seconds) > 1 else usual
    return Table(
        ticks=np.array([-1 if t is None else t for t in ticks], dtype=np.int64),
        keys=np.unique(np.array(keys, dtype=np.int64)),
        seconds=seconds,
        end=float(seconds[-1]) + step,
        size=(first.height, first.width),
        turn=turn(first),
        damaged=damaged,
        seekable=rising and not damaged and bool(keys) and found.container in STAMPED,
        restarts=restarts,
    )
