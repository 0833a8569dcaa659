"""What a media file holds, told by its headers and its first picture."""

import logging
import struct
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from core.errors import MediaError

# FFmpeg writes to standard error from C; what matters to a person is said by MediaError instead.
av.logging.set_level(None)
logging.getLogger("libav").setLevel(logging.CRITICAL)

DISPLAY_MATRIX = "DISPLAYMATRIX"


@dataclass(frozen=True)
class Facts:
    """Headers of a file: the video stream that is looked at and the sound stream that is heard.

    video_stream, sound_stream: index in the file; sound_stream None = no sound track.
    time_base: seconds of one tick of the video stream. pixel_aspect: width / height of one stored pixel.
    """

    container: str
    video_stream: int
    video_streams: int
    codec: str
    profile: str
    pixel_format: str
    time_base: Fraction
    pixel_aspect: Fraction
    rate: Fraction | None
    sound_stream: int | None
    sound_is_first: bool
    sound_codec: str | None


@dataclass(frozen=True)
class Turn:
    """How a stored picture becomes upright: `quarters` turns counter-clockwise, then a mirror left to right."""

    quarters: int = 0
    mirrored: bool = False

    @property
    def degrees(self) -> int:
        """Clockwise turn from the stored to the upright picture: 0, 90, 180 or 270."""
        return (-90 * self.quarters) % 360

    def upright(self, picture: np.ndarray) -> np.ndarray:
        """Stored picture [h, w, ...] -> upright picture [H, W, ...], contiguous."""
        turned = np.rot90(picture, self.quarters)
        return np.ascontiguousarray(turned[:, ::-1] if self.mirrored else turned)


@contextmanager
def opened(path: Path):
    """The container of `path`, closed afterwards; MediaError when FFmpeg cannot make sense of the file."""
    try:
        container = av.open(str(path), metadata_errors="ignore")
    except av.FFmpegError as error:
        raise MediaError(
            f"{path.name!r} cannot be read as a video: expected a media file such as mp4, mkv, webm, avi or mpg "
            f"({error.strerror or type(error).__name__}); it may be cut off or another kind of file, "
            "so fetch it again or convert it."
        ) from error
    with container:
        yield container


def facts(container, path: Path) -> Facts:
    """Choose the streams: the default one, else the first. Cover art is not a video."""
    Disposition = av.stream.Disposition
    videos = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    videos = [s for s in videos if s.codec_context is not None and s.codec_context.name]
    if not videos:
        what = "only sound" if container.streams.audio else "no pictures"
        raise MediaError(f"{path.name!r} holds {what}: expected a video; choose a file with moving pictures.")
    sounds = [s for s in container.streams.audio if s.codec_context is not None and s.codec_context.name]
    video = next((s for s in videos if s.disposition & Disposition.default), videos[0])
    sound = next((s for s in sounds if s.disposition & Disposition.default), sounds[0] if sounds else None)
    context = video.codec_context
    return Facts(
        container=container.format.name,
        video_stream=video.index,
        video_streams=len(container.streams.video),
        codec=context.name,
        profile=context.profile or "",
        pixel_format=context.pix_fmt or "",
        time_base=video.time_base,
        pixel_aspect=video.sample_aspect_ratio or context.sample_aspect_ratio or Fraction(1),
        rate=video.average_rate or video.guessed_rate,
        sound_stream=None if sound is None else sound.index,
        sound_is_first=sound is None or sound.index == sounds[0].index,
        sound_codec=None if sound is None else sound.codec_context.name,
    )


def turn(frame: av.VideoFrame) -> Turn:
    """Read the display matrix that travels with a decoded frame.

    The matrix is nine 16.16 numbers (a b u, c d v, x y w) that map stored to shown coordinates. Where PyAV gives
    neither the matrix nor `rotation`, nothing is guessed: a phone's portrait video would lie on its side.
    """
    if not hasattr(frame, "side_data"):
        raise MediaError(
            f"PyAV {av.__version__} does not tell how a picture is turned: expected av 14 or later; upgrade it."
        )
    data = frame.side_data.get(DISPLAY_MATRIX)
    if data is None:
        if getattr(frame, "rotation", 0):
            raise MediaError(
                f"PyAV {av.__version__} says the picture is turned but gives no matrix; use another version of av."
            )
        return Turn()
    a, b, _, c, d = struct.unpack("=5i", bytes(data)[:20])
    mirrored = a * d - b * c < 0
    if mirrored:  # undo the mirror (it comes last), so that a turn is left
        a, c = -a, -c
    angle = np.degrees(np.arctan2(b, a))  # clockwise, as y points down
    return Turn(quarters=int(-round(angle / 90)) % 4, mirrored=bool(mirrored))
