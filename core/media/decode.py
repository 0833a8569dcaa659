"""Frames out of a file: a table of them, and any of them in any order as sequential decoding gives it."""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np

from core.errors import MediaError
from core.media.probe import Facts, Turn, facts, open_container, turn

# Containers whose packets carry one stamped frame each and whose key frames are marked, with codecs that show
# every packet: there the table can be read off the packets. Anything else is decoded to be counted.
STAMPED = {"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"}
ONE_TO_ONE = {"h264", "hevc", "mpeg4", "vp9", "av1", "libdav1d", "mjpeg", "prores"}
DECODED_WHOLE = (
    350e6  # pixels in all: up to about a second of decoding (10 s of 720p), every video is decoded
)
CONFIRMED = 48  # frames at the head and at the tail that are decoded to confirm a table read off the packets
KEPT_BYTES = 64 << 20  # decoded frames kept by a reader, so that stepping back is quick


@dataclass(frozen=True)
class Table:
    """Every frame of a video in the decoder's output order.

    ticks: int64 [N] in the stream's time base, as the decoder gives them; keys: ticks of key frames, rising.
    seconds: float64 [N], strictly rising; end: when the last frame ends.
    seekable: ticks are complete and rising and nothing is damaged, so a frame can be found by its tick.
    """

    ticks: np.ndarray
    keys: np.ndarray
    seconds: np.ndarray
    end: float
    size: tuple[int, int]  # stored (h, w)
    turn: Turn
    damaged: bool
    seekable: bool


def packets(container, stream) -> Iterator[av.Packet]:
    """Packets until the file ends or breaks off, then the packet that empties the decoder."""
    source = container.demux(stream)
    while True:
        try:
            packet = next(source, None)
        except av.FFmpegError:  # the file breaks off here
            yield av.Packet()
            return
        if packet is None:
            return
        yield packet


def decoded(stream, source, damage: list[str] | None = None) -> Iterator[av.VideoFrame]:
    """Frames of the packets, in output order. A packet that is cut or cannot be decoded gives none."""
    for packet in source:
        if packet.is_corrupt:  # the file ends within it, so its picture would be made up below some line
            if damage is not None:
                damage.append("cut packet")
            continue
        try:
            frames = stream.codec_context.decode(packet if packet.size else None)
        except av.error.EOFError:
            return
        except av.FFmpegError as error:
            if damage is not None:
                damage.append(str(error))
            continue
        for frame in frames:
            if frame.is_corrupt:
                if damage is not None:
                    damage.append("corrupt frame")
                continue
            yield frame


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


def _by_decoding(path: Path, found: Facts, damage: list[str], *, threads: bool) -> Table | None:
    ticks: list[int | None] = []
    keys: list[int] = []
    first: av.VideoFrame | None = None
    last: av.VideoFrame | None = None
    with open_container(path) as container:
        stream = container.streams[found.video_stream]
        stream.thread_type = "AUTO" if threads else "NONE"
        stream.codec_context.options = {"skip_loop_filter": "all"}  # counting needs no deblocked pictures

        def noted():
            for packet in packets(container, stream):
                if packet.is_keyframe and packet.pts is not None:
                    keys.append(packet.pts)
                yield packet

        for frame in decoded(stream, noted(), damage):
            first = first or frame
            last = frame
            ticks.append(frame.pts)
    if first is None or last is None:
        return None
    return _table(found, ticks, keys, first, last.duration, damaged=bool(damage))


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
    ticks, keys, durations = [], [], {}
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
    return _table(found, table, keys, first, durations[table[-1]], damaged=False)


def _table(found: Facts, ticks: list[int | None], keys: list[int], first, last_duration, *, damaged) -> Table:
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
    )


def picture(frame: av.VideoFrame, table: Table) -> np.ndarray:
    """Decoded frame -> uint8 [H, W, 3] RGB, upright.

    Frames that do not name their colour matrix are read as browsers do: BT.709 from 720 lines on, else
    BT.601.
    """
    h, w = table.size
    source: Any = None
    if frame.colorspace == 2 and not frame.format.is_rgb:  # 2 = not told
        source = "ITU709" if frame.height >= 720 else "ITU601"
    rgb = frame.reformat(width=w, height=h, format="rgb24", src_colorspace=source)
    return table.turn.upright(rgb.to_ndarray())


class Reader:
    """One open decoder of a file that answers for any index; several threads may ask."""

    def __init__(self, path: Path, found: Facts, table: Table):
        self._path, self._facts, self._table = path, found, table
        self._lock = threading.Lock()
        self._kept: OrderedDict[int, av.VideoFrame] = OrderedDict()
        self._room = max(4, KEPT_BYTES // (table.size[0] * table.size[1] * 3 // 2))
        self._container: Any = None
        self._stream: Any = None
        self._run: Iterator[tuple[int, av.VideoFrame]] = iter(())
        self._next = len(table.ticks)  # index that the run gives next

    def frame(self, index: int) -> np.ndarray:
        """uint8 [H, W, 3] RGB. MediaError when the file no longer gives that frame."""
        with self._lock:
            frame = self._kept.get(index)
            if frame is None:
                frame = self._decode(index)
            else:
                self._kept.move_to_end(index)
            return picture(frame, self._table)

    def close(self) -> None:
        with self._lock:
            self._run, self._next = iter(()), len(self._table.ticks)
            if self._container is not None:
                self._container.close()
            self._container = None

    def _decode(self, index: int) -> av.VideoFrame:
        for run in self._ways(index):
            self._run = run
            for at, frame in self._run:
                self._next = at + 1
                self._keep(at, frame)
                if at == index:
                    return frame
                if at > index:
                    break
        raise MediaError(
            f"Frame {index} of {self._path.name!r} can no longer be decoded: expected the file as it was "
            "when it was opened; open it again."
        )

    def _ways(self, index: int) -> Iterator[Iterator[tuple[int, av.VideoFrame]]]:
        """Ways to reach a frame, quickest first: go on, a key frame before it, an earlier one, the very
        start.

        A later way is taken when a former misses the frame: some streams need more than their last key frame.
        """
        table = self._table
        earlier = np.array([], dtype=np.int64)
        if table.seekable:
            earlier = table.keys[table.keys <= table.ticks[index]]
        if self._next <= index and (
            not len(earlier) or self._next == index or table.ticks[self._next] >= earlier[-1]
        ):
            yield self._run
        for back in (1, 2, 4):
            if back <= len(earlier):
                run = self._from_key(int(earlier[-back]), index)
                if run is not None:
                    yield run
        yield self._from_start()

    def _from_key(self, key: int, index: int) -> Iterator[tuple[int, av.VideoFrame]] | None:
        self._open()
        try:
            self._container.seek(key, stream=self._stream)
        except av.FFmpegError:
            return None
        source = packets(self._container, self._stream)
        first = next((p for p in source if p.is_keyframe and p.size), None)
        if first is None or first.pts is None or first.pts > self._table.ticks[index]:
            return None
        # Frames before the key frame's own stamp lean on frames that were not decoded: they are left out.
        frames = decoded(self._stream, chain([first], source))
        return self._named(frames, first.pts)

    def _named(self, frames, since: int) -> Iterator[tuple[int, av.VideoFrame]]:
        ticks = self._table.ticks
        for frame in frames:
            if frame.pts is None or frame.pts < since:
                continue
            at = int(np.searchsorted(ticks, frame.pts))
            if at < len(ticks) and ticks[at] == frame.pts:
                yield at, frame

    def _from_start(self) -> Iterator[tuple[int, av.VideoFrame]]:
        if self._container is not None:
            self._container.close()
            self._container = None
        self._open()
        frames = decoded(self._stream, packets(self._container, self._stream))
        return zip(range(len(self._table.ticks)), frames, strict=False)

    def _open(self) -> None:
        if self._container is None:
            self._container = open_container(self._path)
            self._stream = self._container.streams[self._facts.video_stream]
            self._stream.thread_type = "NONE" if self._table.damaged else "AUTO"

    def _keep(self, index: int, frame: av.VideoFrame) -> None:
        self._kept[index] = frame
        self._kept.move_to_end(index)
        while len(self._kept) > self._room:
            self._kept.popitem(last=False)
