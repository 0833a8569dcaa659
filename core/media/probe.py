"""What a media file holds, told by its headers and its first picture."""

import logging
import struct
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from core.errors import MediaError

# FFmpeg writes to standard error from C; what matters to a person is said by MediaError instead.
av.logging.set_level(None)
logging.getLogger("libav").setLevel(logging.CRITICAL)

DISPLAY_MATRIX = "DISPLAYMATRIX"

# What is opened, and how: media files only. Playlists and scripts, which FFmpeg would also follow, can name
# other files of this machine, and an upload must not read those.
CONTAINERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpeg,mpegts,mpegvideo,flv,ogg,asf,wav,mp3,flac,aac,aiff,caf,gif,"
    "h264,hevc,m4v,ivf,nut,mxf,dv"
)
OPTIONS = {"format_whitelist": CONTAINERS, "protocol_whitelist": "file"}


@dataclass(frozen=True)
class Facts:
    """Headers of a file: the video stream that is looked at and the sound stream that is heard.

    video_stream, sound_stream: index in the file; sound_stream None = no sound track.
    end: seconds at which the file says that it ends; None where it does not say.
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
    end: float | None


@dataclass(frozen=True)
class Turn:
    """How a stored picture becomes upright: `quarters` turns counter-clockwise, then a mirror."""

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


def open_container(path: Path) -> Any:
    """The av container of `path`. MediaError when FFmpeg cannot make sense of the file."""
    try:
        return av.open(str(path), metadata_errors="ignore", container_options=OPTIONS)
    except (av.FFmpegError, OSError) as error:
        raise MediaError(
            f"{path.name!r} cannot be read as a video ({error.strerror or type(error).__name__}): expected "
            "a media file such as mp4, mkv, webm, avi or mpg; it may be cut off or of another kind, so fetch "
            "it again or convert it."
        ) from error


def facts(container: Any, path: Path) -> Facts:
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
        end=None
        if not container.duration
        else ((container.start_time or 0) + container.duration) / av.time_base,
    )


def turn(frame: av.VideoFrame) -> Turn:
    """Read the display matrix that travels with a decoded frame.

    The matrix is nine 16.16 numbers (a b u, c d v, x y w) that map stored to shown coordinates. Where PyAV
    gives neither the matrix nor `rotation`, nothing is guessed: a phone's portrait video would lie on its
    side.
    """
    if not hasattr(frame, "side_data"):
        raise MediaError(
            f"PyAV {av.__version__} does not tell how a picture is turned: expected 14.2 or later; upgrade."
        )
    data: Any = frame.side_data.get(DISPLAY_MATRIX)
    if data is None:
        if getattr(frame, "rotation", 0):
            raise MediaError(
                f"PyAV {av.__version__} says the picture is turned but gives no matrix: expected both; use "
                "another version of av."
            )
        return Turn()
    a, b, _, c, d = struct.unpack("=5i", bytes(data)[:20])
    mirrored = a * d - b * c < 0
    if mirrored:  # undo the mirror (it comes last), so that a turn is left
        a, c = -a, -c
    angle = np.degrees(np.arctan2(b, a))  # clockwise, as y points down
    return Turn(quarters=int(-round(angle / 90)) % 4, mirrored=bool(mirrored))
