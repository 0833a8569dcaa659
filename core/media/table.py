"""The table of a video's frames: made once, when it is opened."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path

import av
import numpy as np

from core.errors import MediaError
from core.media.decode import decoded, packets
from core.media.probe import Facts, Turn, facts, open_container, turn

# Containers whose packets carry one stamped frame each and whose key frames are marked, with codecs that show
# every packet: there the table can be read off the packets. Anything else is decoded to be counted.
STAMPED = {"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "mpegts"}
ONE_TO_ONE = {"h264", "hevc", "mpeg4", "vp9", "av1", "libdav1d", "mjpeg", "prores"}
DECODED_WHOLE = (
    350e6  # pixels in all: up to a second or two of decoding (12 s of 720p) every frame is decoded
)
CONFIRMED = 24  # frames at the head that are decoded to trust a table read off the packets, until all are
LONGEST_TAIL = 96  # frames after the last key frame that are worth waiting for when a file is opened


@dataclass(frozen=True)
class Table:
    """Every frame of a video in the decoder's output order.

    ticks: int64 [N] in the stream's time base, as the decoder gives them; keys: ticks of key frames, rising;
    packets: int64 [packets, 2], stamp and size of each packet in the order of stamps.
    seconds: float64 [N], strictly rising; end: when the last frame ends.
    decoded: every frame was decoded to make it; else it was read off the packets (core.media.confirmed).
    seekable: all stamps are there, frames' stamps rise, nothing is damaged: a frame can be found by its
    stamp.
    restarts: every key frame starts afresh; not so in an open GOP, into which Chromium cannot jump.
    """

    ticks: np.ndarray
    keys: np.ndarray
    packets: np.ndarray
    seconds: np.ndarray
    end: float
    size: tuple[int, int]  # stored (h, w)
    turn: Turn
    damaged: bool
    decoded: bool
    seekable: bool
    restarts: bool


COUNTING = {"skip_loop_filter": "all"}  # of a decoder whose pictures nobody looks at


def scan(path: Path) -> tuple[Facts, Table]:
    """Make the table of frames. MediaError when there is no frame."""
    with open_container(path) as container:
        found = facts(container, path)
    table = _by_packets(path, found)
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


class Notes:
    """What the packets of a stream say as they go by."""

    def __init__(self, context):
        self._context = context
        self.packets: list[tuple[int, int]] = []  # stamp, size
        self.keys: list[int] = []
        self.lengths: dict[int, int] = {}  # stamp -> duration in ticks
        self.stamped = True
        self.restarts = True

    def take(self, packet: av.Packet) -> None:
        if not packet.size:  # it only empties the decoder
            return
        if packet.pts is None:
            self.stamped = False
            return
        self.packets.append((packet.pts, packet.size))
        self.lengths[packet.pts] = packet.duration or 0
        if packet.is_keyframe:
            self.keys.append(packet.pts)
            self.restarts = self.restarts and starts_afresh(packet, self._context)


def _by_decoding(path: Path, found: Facts, damage: list[str], *, threads: bool) -> Table | None:
    ticks: list[int | None] = []
    first: av.VideoFrame | None = None
    with open_container(path) as container:
        stream = container.streams[found.video_stream]
        stream.thread_type = "AUTO" if threads else "NONE"
        stream.codec_context.options = COUNTING
        notes = Notes(stream.codec_context)

        def noted() -> Iterator[av.Packet]:
            for packet in packets(container, stream):
                notes.take(packet)
                yield packet

        for frame in decoded(stream, noted(), damage):
            first = first or frame
            ticks.append(frame.pts)
    return None if first is None else _table(found, ticks, notes, first, damaged=bool(damage), decoded=True)


def _by_packets(path: Path, found: Facts) -> Table | None:
    """The table of a long, clean, simple file without decoding all of it; None where that could be wrong.

    Assumed: in these containers and codecs one packet is one frame, shown at the packet's stamp. Confirmed:
    no packet is cut or unstamped, stamps differ, and the frames decoded at the head and after the last key
    frame (when that is near) are those of the table; the rest is left to core.media.confirmed. Packets that an
    edit list drops are no frames.
    """
    if found.container not in STAMPED or found.codec not in ONE_TO_ONE:
        return None
    with open_container(path) as container:
        stream = container.streams[found.video_stream]
        area = stream.width * stream.height
        if stream.frames and stream.frames * area <= DECODED_WHOLE:
            return None
        notes = Notes(stream.codec_context)
        dropped: set[int | None] = set()
        try:
            for packet in container.demux(stream):
                if packet.is_corrupt:
                    return None
                if packet.is_discard:
                    dropped.add(packet.pts)
                notes.take(packet)
        except av.FFmpegError:
            return None
        ticks = sorted(notes.lengths.keys() - dropped)
        if not ticks or not notes.keys or not notes.stamped or len(notes.lengths) != len(notes.packets):
            return None
        if len(ticks) * area <= DECODED_WHOLE or not _confirmed_tail(container, stream, ticks, notes.keys):
            return None
    damage: list[str] = []
    with open_container(path) as container:
        stream = container.streams[found.video_stream]
        stream.codec_context.options = COUNTING
        head = list(islice(decoded(stream, packets(container, stream), damage), CONFIRMED))
    if damage or not head or [frame.pts for frame in head] != ticks[: len(head)]:
        return None
    return _table(found, [*ticks], notes, head[0], damaged=False, decoded=False)


def _confirmed_tail(container, stream, ticks: list[int], keys: list[int]) -> bool:
    """Whether decoding from the last key frame (or an earlier one, if a jump lands late) ends as it must."""
    shown = set(ticks)
    last = max((key for key in keys if key in shown), default=None)
    if last is None:
        return False
    if len(ticks) - bisect_left(ticks, last) > LONGEST_TAIL:
        return True
    stream.codec_context.options = COUNTING
    for key in sorted(keys)[-1:-5:-1]:
        damage: list[str] = []
        container.seek(key, stream=stream)
        tail = [frame.pts for frame in decoded(stream, packets(container, stream), damage)]
        tail = [tick for tick in tail if tick is not None and tick >= last]
        if tail and tail[0] == last:
            return not damage and tail == ticks[-len(tail) :]
    return False


def _table(
    found: Facts, ticks: list[int | None], notes: Notes, first: av.VideoFrame, *, damaged: bool, decoded: bool
) -> Table:
    usual = 1 / float(found.rate) if found.rate else 0.04
    count, per = found.time_base.numerator, found.time_base.denominator
    known = [t for t in ticks if t is not None]
    whole = len(known) == len(ticks)
    rising = whole and all(a < b for a, b in pairwise(known))
    # AVI gives decoding times: the right ones in a wrong order.
    stamps: list[int | None] = [*sorted(known)] if whole else ticks
    seconds = np.empty(len(ticks))
    for i, tick in enumerate(stamps):
        # A frame without a stamp follows the one before at the usual distance; time never stands still.
        before = seconds[i - 1] if i else -np.inf
        time = tick * count / per if tick is not None else (before + usual if i else 0.0)
        seconds[i] = time if time > before else before + min(usual, 0.001)
    last = stamps[-1]
    step = float(notes.lengths.get(last, 0) * found.time_base) if last is not None else 0.0
    if step <= 0:
        step = float(np.median(np.diff(seconds))) if len(seconds) > 1 else usual
    return Table(
        ticks=np.array([-1 if t is None else t for t in ticks], dtype=np.int64),
        keys=np.unique(np.array(notes.keys, dtype=np.int64)),
        packets=np.array(sorted(notes.packets), dtype=np.int64).reshape(-1, 2),
        seconds=seconds,
        end=float(seconds[-1]) + step,
        size=(first.height, first.width),
        turn=turn(first),
        damaged=damaged,
        decoded=decoded,
        seekable=rising and not damaged and notes.stamped and bool(notes.keys),
        restarts=notes.restarts,
    )
