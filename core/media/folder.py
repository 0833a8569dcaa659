"""A folder of frames and a wav as a video: one frame a second, as Ref-AVS stores its clips."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import PIL
from PIL import Image

from core.errors import MediaError
from core.media.audio import Block, blocks
from core.media.probe import open_container
from core.media.video import Video

PICTURES = {".jpg", ".jpeg", ".png"}


def open_folder(path: Path) -> Video:
    """Open `path` with pictures in `frames/` or directly in it, in the order of the numbers in their names.

    Frame i is shown from second i to i + 1. Pixels are taken as stored (no EXIF turn: masks beside such
    frames are on the stored grid). MediaError: no pictures, sizes that differ, unreadable pictures.
    """
    inner = path / "frames"
    pictures = _sorted(inner if inner.is_dir() else path)
    if not pictures:
        raise MediaError(
            f"{path.name!r} holds no frames: expected pictures such as 0.jpg, 1.jpg in it or in its folder "
            "'frames'; choose a video file or such a folder."
        )
    wavs = sorted(p for p in path.iterdir() if p.suffix.lower() == ".wav")
    sound = next((p for p in wavs if p.stem == "audio"), wavs[0] if wavs else None)
    digest = hashlib.sha256()
    for file in [*pictures, *([sound] if sound else [])]:
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    w, h = _picture_size(pictures[0])
    for picture in pictures[1:]:
        if _picture_size(picture) != (w, h):
            raise MediaError(
                f"The frames of {path.name!r} differ in size: {picture.name} is not {w}x{h} like "
                f"{pictures[0].name}; make them equal."
            )
    pts = np.arange(len(pictures), dtype=np.float64)
    pts.flags.writeable = False
    return Video(
        path=path,
        sha256=digest.hexdigest(),
        pts=pts,
        end=float(len(pictures)),
        size=(h, w),
        decoder=f"Pillow {PIL.__version__}",
        codec=pictures[0].suffix.lower().lstrip("."),
        rotation=0,
        pixel_aspect=1.0,
        has_audio=sound is not None,
        facts=None,
        table=None,
        source=FolderSource(pictures, sound, _sound_stream(sound)),
    )


class FolderSource:
    """Pictures of a folder, and its wav."""

    def __init__(self, pictures: list[Path], wav: Path | None, stream: int):
        self._pictures, self._wav, self._stream = pictures, wav, stream

    def frame(self, index: int) -> np.ndarray:
        path = self._pictures[index]
        try:
            with Image.open(path) as image:
                return np.array(image.convert("RGB"))
        except OSError as error:
            raise MediaError(f"The frame {path.name!r} cannot be read as a picture; replace it.") from error

    def frames(self, indices: Iterable[int]) -> Iterator[np.ndarray]:
        return (self.frame(i) for i in indices)

    def sound(self, start: float, end: float, rate: int) -> Iterator[Block]:
        if self._wav is None:
            return iter(())
        return blocks(self._wav, self._stream, start=start, end=end, rate=rate)


def _sorted(folder: Path) -> list[Path]:
    found = [p for p in folder.iterdir() if p.suffix.lower() in PICTURES and not p.name.startswith(".")]
    return sorted(found, key=lambda p: [int(t) if t.isdigit() else t for t in re.split(r"(\d+)", p.name)])


def _picture_size(path: Path) -> tuple[int, int]:
    try:
        with Image.open(path) as image:
            return image.size
    except OSError as error:
        raise MediaError(f"The frame {path.name!r} cannot be read as a picture; replace it.") from error


def _sound_stream(wav: Path | None) -> int:
    if wav is None:
        return 0
    with open_container(wav) as container:
        if not container.streams.audio:
            raise MediaError(f"{wav.name!r} holds no sound: expected a wav file; replace or remove it.")
        return container.streams.audio[0].index
