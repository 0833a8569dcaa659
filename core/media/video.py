"""A video: a media file, or a folder of frames and a wav; identified by its sha256."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import av
import numpy as np

from core.errors import MediaError
from core.media.audio import Block, blocks
from core.media.clip import Clip
from core.media.probe import Facts
from core.media.reader import Reader, wake
from core.media.table import Table, scan

KEPT_VIDEOS = 16


class Source(Protocol):
    """Where a video's pictures and sound come from."""

    def frame(self, index: int) -> np.ndarray: ...

    def frames(self, indices: Iterable[int]) -> Iterator[np.ndarray]: ...

    def sound(self, start: float, end: float, rate: int) -> Iterator[Block]: ...


@dataclass(frozen=True, eq=False)
class Video:
    """A source as it was when it was opened.

    pts: float64 [N], seconds in the container's clock, strictly rising, one entry for each frame the decoder
    gives; the first need not be 0. end: seconds when the last frame ends. size: (H, W) of the upright
    picture: the stored pixel grid turned upright. Pixels are not stretched: `pixel_aspect` (width / height of
    an upright pixel) says how they are meant to be shown. rotation: clockwise degrees that were applied.
    facts, table: what the file's headers and frames say; None for a folder.
    """

    path: Path
    sha256: str
    pts: np.ndarray
    end: float
    size: tuple[int, int]
    decoder: str
    codec: str
    rotation: int
    pixel_aspect: float
    has_audio: bool
    facts: Facts | None = field(repr=False)
    table: Table | None = field(repr=False)
    source: Source = field(repr=False)

    @property
    def start(self) -> float:
        """Seconds at which the first frame appears."""
        return float(self.pts[0])

    @property
    def duration(self) -> float:
        """Seconds from the first frame's start to the last frame's end."""
        return self.end - self.start

    @property
    def damaged(self) -> bool:
        """Parts could not be decoded: the frames are those that could."""
        return self.table is not None and self.table.damaged

    @property
    def rate(self) -> float:
        """Frames a second, on average. For people only: never turn an index into a time with it."""
        return len(self.pts) / self.duration

    def __len__(self) -> int:
        return len(self.pts)

    def clip(self, first: int = 0, last: int | None = None) -> Clip:
        """Frames `first` to `last` (inclusive; None = the last one). MediaError outside the video."""
        last = len(self) - 1 if last is None else last
        if not 0 <= first <= last < len(self):
            raise MediaError(
                f"A clip of {self.path.name!r} must lie within frames 0 to {len(self) - 1}; "
                f"got {first} to {last}."
            )
        return Clip(self, first, last)

    def index_at(self, time: float) -> int:
        """The frame shown at `time` seconds (chosen by a person): the last one that has begun."""
        return int(np.clip(np.searchsorted(self.pts, time, side="right") - 1, 0, len(self) - 1))

    def nearest(self, time: float) -> int:
        """The frame whose time is closest to `time` seconds (a browser's mediaTime)."""
        after = int(np.clip(np.searchsorted(self.pts, time), 1, max(len(self) - 1, 1)))
        if len(self) == 1:
            return 0
        return after if self.pts[after] - time < time - self.pts[after - 1] else after - 1


class FileSource:
    """Pictures and sound of one media file."""

    def __init__(self, path: Path, facts: Facts, table: Table):
        self._path, self._facts, self._table = path, facts, table
        self._reader = Reader(path, facts, table)

    def frame(self, index: int) -> np.ndarray:
        wake(self._reader)
        return self._reader.frame(index)

    def frames(self, indices: Iterable[int]) -> Iterator[np.ndarray]:
        """A decoder of its own, so that a long run does not take frames away from who clicks meanwhile."""
        reader = Reader(self._path, self._facts, self._table)
        try:
            for index in indices:
                yield reader.frame(index)
        finally:
            reader.close()

    def sound(self, start: float, end: float, rate: int) -> Iterator[Block]:
        if self._facts.sound_stream is None:
            return iter(())
        return blocks(self._path, self._facts.sound_stream, start=start, end=end, rate=rate)


_opened: OrderedDict[tuple, Video] = OrderedDict()
_opening = threading.Lock()


def open(path: str | Path) -> Video:
    """Open a media file, or a folder of frames (`frames/0.jpg` ... or pictures directly in it) with a wav.

    The last few videos are kept: an unchanged file is read once. Raises MediaError: missing, empty, cut off,
    not a video, sound only, no frame that can be decoded.
    """
    path = Path(path).expanduser().absolute()
    if not path.exists():
        raise MediaError(
            f"There is no file {str(path)!r}: expected a video or a folder of frames; check the name."
        )
    if path.is_dir():
        from core.media.folder import open_folder

        return open_folder(path)
    stat = path.stat()
    if stat.st_size == 0:
        raise MediaError(f"{path.name!r} is empty (0 bytes): expected a video; fetch or upload it again.")
    key = (path, stat.st_size, stat.st_mtime_ns)
    with _opening:
        if key in _opened:
            _opened.move_to_end(key)
            return _opened[key]
    video = _open_file(path)
    with _opening:
        video = _opened.setdefault(key, video)
        while len(_opened) > KEPT_VIDEOS:
            _opened.popitem(last=False)
    return video


def _hash(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise MediaError(
            f"{path.name!r} cannot be read ({error.strerror}): allow reading it, or copy it."
        ) from error


def _open_file(path: Path) -> Video:
    with ThreadPoolExecutor(
        1, thread_name_prefix="hash"
    ) as beside:  # either may take a second of a long file
        hashing = beside.submit(_hash, path)
        try:
            facts, table = scan(path)
        finally:
            sha256 = hashing.result()  # a file that cannot be read is told by its hash
    h, w = table.size
    sideways = table.turn.quarters % 2 == 1
    aspect = float(facts.pixel_aspect)
    table.seconds.flags.writeable = False
    version = ".".join(str(n) for n in av.library_versions["libavcodec"])
    return Video(
        path=path,
        sha256=sha256,
        pts=table.seconds,
        end=table.end,
        size=(w, h) if sideways else (h, w),
        decoder=f"{facts.codec}, libavcodec {version}, PyAV {av.__version__}",
        codec=facts.codec,
        rotation=table.turn.degrees,
        pixel_aspect=1 / aspect if sideways else aspect,
        has_audio=facts.sound_stream is not None,
        facts=facts,
        table=table,
        source=FileSource(path, facts, table),
    )
