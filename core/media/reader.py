"""Any frame of a file, in any order, exactly as decoding from the start gives it."""

import os
import threading
from collections import OrderedDict
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.reformatter import Colorspace, VideoReformatter

from core.errors import MediaError
from core.media.decode import decoded, packets
from core.media.probe import Facts, open_container
from core.media.table import Table

KEPT_BYTES = 64 << 20  # decoded frames kept by a reader, so that stepping back is quick
AWAKE = 12  # videos that keep frames and a decoder at a time: a server has many open, and few are looked at

_awake: OrderedDict["Reader", None] = OrderedDict()  # the one asked last is last
_waking = threading.Lock()
_before_fork: list[Any] = []  # of a forked process: what it must never ask, nor free


def _in_child() -> None:
    """A forked process has the decoders' memory but not their threads: freeing one would wait for them for ever."""
    global _awake, _waking
    _before_fork.append(_awake)
    _awake, _waking = OrderedDict(), threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)


def picture(frame: av.VideoFrame, table: Table, convert: VideoReformatter) -> np.ndarray:
    """Decoded frame -> uint8 [H, W, 3] RGB, upright.

    Frames that do not name their colour matrix are read as browsers do: BT.709 from 720 lines on, else
    BT.601.
    """
    h, w = table.size
    source: Any = None
    if frame.colorspace == 2 and not frame.format.is_rgb:  # 2 = not told
        source = Colorspace.ITU709 if frame.height >= 720 else Colorspace.ITU601
    rgb = convert.reformat(frame, width=w, height=h, format="rgb24", src_colorspace=source)
    return table.turn.upright(rgb.to_ndarray())


def wake(reader: "Reader") -> None:
    """Let the reader be the one asked last; those not asked for longest give back what they keep.

    For those that stay with their videos; a reader of one run closes itself.
    """
    with _waking:
        _awake[reader] = None
        _awake.move_to_end(reader)
        for old in list(_awake)[:-AWAKE]:
            if old.rest():
                del _awake[old]


class Reader:
    """One open decoder of a file that answers for any index; several threads may ask."""

    def __init__(self, path: Path, found: Facts, table: Table):
        self._path, self._facts, self._table = path, found, table
        self._lock = threading.Lock()
        self._kept: OrderedDict[int, av.VideoFrame] = OrderedDict()
        self._room = max(4, KEPT_BYTES // (table.size[0] * table.size[1] * 3 // 2))
        self._convert = VideoReformatter()  # kept: setting one up costs more than converting a frame
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
            return picture(frame, self._table, self._convert)

    def close(self) -> None:
        """Give back the decoder and the frames that are kept; asked again, it opens anew."""
        with self._lock:
            self._give_back()

    def rest(self) -> bool:
        """Close, unless it is decoding now; whether it did."""
        if not self._lock.acquire(blocking=False):
            return False
        try:
            self._give_back()
        finally:
            self._lock.release()
        return True

    def _give_back(self) -> None:
        self._kept.clear()
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
        frames = decoded(self._stream, self._same(chain([first], source)))
        return self._named(frames, first.pts)

    def _same(self, source: Iterator[av.Packet]) -> Iterator[av.Packet]:
        """Packets as long as they are those of the table.

        After a jump some containers (MPEG-PS) start within a packet and stamp what follows wrongly; the way
        then ends, and the next one is taken.
        """
        known = self._table.packets
        for packet in source:
            if packet.size:
                if packet.pts is None:
                    return
                at = int(np.searchsorted(known[:, 0], packet.pts))
                same = known[at : at + 2]  # two fields may share a stamp
                if not ((same[:, 0] == packet.pts) & (same[:, 1] == packet.size)).any():
                    return
            yield packet

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
