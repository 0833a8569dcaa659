"""Clips for tests, made on the spot: every frame carries its own index, so a picture tells which one it is.

    path = make_clip(folder / "a.mp4", frames=50, rate=RATES["29.97"], options=OPEN_GOP)
    read_barcode(picture)   # -> 17, from the decoder, a canvas or a screenshot, at any scale
    read_flash(picture)     # -> True while the strip under the barcode is white

The picture: three rows of four black or white blocks (11 bits of the index, high bit first, then a parity
bit), and under them a strip: a ball on a colour ramp, or black and white where `flashes` are asked for. All
of it is upright when the clip is shown rightly, whatever `rotation` the file stores.
"""

import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

SIZE = (96, 128)  # H, W of the upright picture
RATES = {
    "23.976": Fraction(24000, 1001),
    "24": Fraction(24),
    "25": Fraction(25),
    "29.97": Fraction(30000, 1001),
    "30": Fraction(30),
    "59.94": Fraction(60000, 1001),
}
BITS = 12  # 11 of the index and one of parity

_MUXING = {".mp4": {"movflags": "faststart", "movie_timescale": "90000"}}

# x264 settings, as `options`
PLAIN = {"preset": "veryfast", "bf": "0", "g": "12"}
B_FRAMES = {"preset": "medium", "bf": "3", "g": "12", "x264-params": "b-adapt=0:b-pyramid=normal"}
LONG_GOP = {"preset": "medium", "bf": "3", "g": "600", "sc_threshold": "0"}
OPEN_GOP = {"preset": "medium", "bf": "3", "g": "8", "x264-params": "open-gop=1:b-adapt=0:scenecut=0"}
ROLLING = {"preset": "medium", "bf": "0", "g": "12", "x264-params": "intra-refresh=1:scenecut=0"}

# VP8 and VP9 settings
HIDDEN_FRAMES = {"auto-alt-ref": "1", "lag-in-frames": "16", "deadline": "good", "cpu-used": "4", "g": "15"}
QUICK_VP9 = {"deadline": "realtime", "cpu-used": "8", "g": "10"}


def barcode(index: int, size: tuple[int, int] = SIZE, *, strip: bool | None = None) -> np.ndarray:
    """uint8 [H, W, 3]: the picture of frame `index`. strip: None = ball on a ramp, True = white, False =
    black.
    """
    if not 0 <= index < 2 ** (BITS - 1):
        raise ValueError(f"a barcode holds 0 to {2 ** (BITS - 1) - 1}; got {index}")
    h, w = size
    value = index << 1 | index.bit_count() & 1
    bits = np.array([value >> (BITS - 1 - i) & 1 for i in range(BITS)], dtype=np.uint8).reshape(3, 4)
    rows, columns = np.arange(h) * 4 // h, np.arange(w) * 4 // w
    picture = np.zeros((h, w, 3), dtype=np.uint8)
    top = rows < 3
    picture[top] = (bits[rows[top]][:, columns] * 219 + 18)[..., None]
    if strip is not None:
        picture[~top] = 235 if strip else 16
        return picture
    y, x = np.mgrid[0:h, 0:w]
    picture[..., 0][~top] = (x * 200 // w)[~top]
    picture[..., 1][~top] = (y * 200 // h)[~top]
    picture[..., 2][~top] = 90
    ball = (x - (index * 7) % w) ** 2 + (y - h * 7 / 8) ** 2 < (h / 10) ** 2
    picture[ball & ~top[:, None]] = (230, 60, 40)
    return picture


def read_barcode(picture: np.ndarray) -> int:
    """The index a picture [H, W, 3] (or [H, W]) shows; ValueError where it shows none clearly."""
    grey = picture.astype(float)
    grey = grey.mean(axis=2) if grey.ndim == 3 else grey
    h, w = grey.shape
    value = 0
    for row in range(3):
        for column in range(4):
            y, x = (row + 0.5) * h / 4, (column + 0.5) * w / 4
            block = grey[int(y - h / 16) : int(y + h / 16) + 1, int(x - w / 16) : int(x + w / 16) + 1].mean()
            if 100 < block < 156:
                raise ValueError(f"block {row}, {column} is neither black nor white: {block:.0f}")
            value = value << 1 | int(block > 128)
    if (value >> 1).bit_count() & 1 != value & 1:
        raise ValueError(f"the parity of {value >> 1} is wrong: two frames blended, or no barcode")
    return value >> 1


def read_flash(picture: np.ndarray) -> bool:
    """Whether the strip under the barcode is white."""
    h, w = picture.shape[:2]
    return bool(picture[h * 13 // 16 : h * 15 // 16, w // 4 : w * 3 // 4].mean() > 128)


def tone(seconds: float, *, hertz: float = 440.0, rate: int = 48000, level: float = 0.3) -> np.ndarray:
    """float32 [n]: a steady sine."""
    return (level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def beeps(
    seconds: float, at: Sequence[float], *, length=0.1, hertz=1000.0, rate=48000, level=0.7
) -> np.ndarray:
    """float32 [n]: silence with a beep starting at each time of `at` (seconds)."""
    out = np.zeros(round(seconds * rate), dtype=np.float32)
    beep = tone(length, hertz=hertz, rate=rate, level=level)
    for time in at:
        first = round(time * rate)
        out[first : first + len(beep)] = beep[: len(out) - first]
    return out


def make_clip(
    path: Path,
    *,
    frames: int = 30,
    rate: Fraction = Fraction(25),
    times: Sequence[float] | None = None,
    start: float = 0.0,
    size: tuple[int, int] = SIZE,
    codec: str = "libx264",
    options: dict[str, str] | None = None,
    pixel_format: str = "yuv420p",
    rotation: int = 0,
    aspect: Fraction = Fraction(1),
    flashes: Sequence[float] | None = None,
    sound: np.ndarray | None = None,
    sound_rate: int = 48000,
    sound_codec: str | None = None,
    sound_layout: str | None = None,
    sound_start: float = 0.0,
    before: int | None = None,
    cover: bool = False,
) -> Path:
    """Write a clip of barcoded frames; the name says the container (mp4, mov, mkv, webm, avi, mpg, ts).

    times: seconds at which the frames appear, relative to `start` (variable rate); None = evenly at `rate`.
    size: (H, W) upright. rotation: clockwise degrees a player must turn the stored picture (mp4, mov).
    aspect: width / height of a stored pixel.
    flashes: seconds, relative to `start`, at which the strip is white for 0.1 s.
    sound: float32 [n] (the same in every channel of `sound_layout`) or [channels, n]; None = no track.
    sound_start: seconds at which the sound begins.
    before: a second video stream, with barcodes from this index on, is put before the clip's own, which then
    is marked as the default.
    cover: add cover art (mp4); with frames=0 there is only sound and cover art.
    """
    path = Path(path)
    stored = size if rotation in (0, 180) else size[::-1]
    base = Fraction(1, 90000)
    shown = [i / float(rate) for i in range(frames)] if times is None else list(times)
    with av.open(str(path), "w", options=_MUXING.get(path.suffix, {})) as out:
        videos = []
        firsts = ([] if before is None else [before]) + [0]
        for other in firsts if frames else []:
            stream = out.add_stream(codec, rate=rate, options=dict(PLAIN if options is None else options))
            stream.height, stream.width = stored
            stream.pix_fmt = pixel_format
            if aspect != 1:
                stream.codec_context.sample_aspect_ratio = aspect
            if codec not in ("mpeg1video", "mpeg2video", "mpeg4"):
                stream.codec_context.time_base = base
                stream.time_base = base
            videos.append((stream, other))
        if before is not None:
            videos[0][0].disposition, videos[-1][0].disposition = 0, av.stream.Disposition.default.value
        if cover:
            art = out.add_stream("mjpeg", rate=1)
            art.height, art.width, art.pix_fmt = *size, "yuvj420p"
            art.disposition = av.stream.Disposition.attached_pic.value
        hearing = None
        if sound is not None:
            sound_codec = sound_codec or {".webm": "libopus", ".mpg": "mp2", ".avi": "mp2"}.get(
                path.suffix, "aac"
            )
            hearing = out.add_stream(sound_codec, rate=sound_rate, layout=sound_layout or _layout(sound))
        for i, time in enumerate(shown):
            flash = None if flashes is None else any(f - 1e-6 <= time < f + 0.1 - 1e-6 for f in flashes)
            for stream, other in videos:
                picture = np.rot90(barcode(other + i, size, strip=flash), rotation // 90)
                frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
                frame = frame.reformat(format=pixel_format)
                unit = stream.codec_context.time_base or 1 / rate
                frame.pts, frame.time_base = round((time + start) / unit), unit
                out.mux(stream.encode(frame))
        for stream, _ in videos:
            out.mux(stream.encode(None))
        if cover:
            out.mux(art.encode(av.VideoFrame.from_ndarray(barcode(2000, size), format="rgb24")))
            out.mux(art.encode(None))
        if hearing is not None:
            _write_sound(out, hearing, sound, sound_rate, sound_layout or _layout(sound), sound_start)
    if rotation:
        _turn_tracks(path, rotation)
    return path


def flash_and_beep(path: Path, at: Sequence[float], *, seconds: float = 2.0, **settings) -> Path:
    """A clip whose strip flashes white, and that beeps, at the same times `at` (seconds from its start)."""
    rate = settings.pop("rate", Fraction(25))
    sound = beeps(seconds, at)
    return make_clip(path, frames=round(seconds * rate), rate=rate, flashes=at, sound=sound, **settings)


def make_folder(folder: Path, *, frames: int = 10, sound: np.ndarray | None = None, sound_rate=16000) -> Path:
    """A folder as Ref-AVS stores a clip: frames/0.jpg ... and audio.wav."""
    from PIL import Image

    (folder / "frames").mkdir(parents=True)
    for i in range(frames):
        Image.fromarray(barcode(i)).save(folder / "frames" / f"{i}.jpg", quality=95)
    if sound is not None:
        write_wav(folder / "audio.wav", sound, sound_rate)
    return folder


def write_wav(path: Path, sound: np.ndarray, rate: int) -> Path:
    """A 16-bit wav of float32 [n]."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("pcm_s16le", rate=rate, layout=_layout(sound))
        _write_sound(out, stream, sound, rate, _layout(sound), 0.0)
    return path


def cut_off(path: Path, share: float) -> Path:
    """Keep the first `share` (0 to 1) of a file's bytes, as a broken download does."""
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


def trim_by_edit_list(path: Path, seconds: float) -> Path:
    """Start an mp4's picture track later by its edit list: the frames before stay in the file, unshown."""
    data = bytearray(path.read_bytes())
    timescale = struct.unpack_from(">I", data, data.index(b"mdhd") + 16)[0]
    at = data.index(b"elst") + 12  # after version, flags and the number of entries
    length, media_time = struct.unpack_from(">Ii", data, at)
    movie_scale = struct.unpack_from(">I", data, data.index(b"mvhd") + 16)[0]
    struct.pack_into(
        ">Ii", data, at, length - round(seconds * movie_scale), media_time + round(seconds * timescale)
    )
    path.write_bytes(data)
    return path


def _layout(sound: np.ndarray) -> str:
    return "mono" if sound.ndim == 1 else {1: "mono", 2: "stereo", 6: "5.1"}[len(sound)]


def _write_sound(out, stream, sound: np.ndarray, rate: int, layout: str, start: float) -> None:
    channels = {"mono": 1, "stereo": 2, "5.1": 6}[layout]
    samples = np.broadcast_to(np.atleast_2d(sound), (channels, np.shape(sound)[-1])).astype(np.float32)
    fit = av.AudioResampler(format=stream.codec_context.format.name, layout=layout, rate=rate)
    step = stream.codec_context.frame_size or 1024
    offset = round(start * rate)
    for first in range(0, samples.shape[1], step):
        block = np.ascontiguousarray(samples[:, first : first + step])
        frame = av.AudioFrame.from_ndarray(block, format="fltp", layout=layout)
        frame.sample_rate, frame.pts, frame.time_base = rate, offset + first, Fraction(1, rate)
        for piece in fit.resample(frame):
            piece.pts, piece.time_base = offset + first, Fraction(1, rate)
            out.mux(stream.encode(piece))
    out.mux(stream.encode(None))


def _turn_tracks(path: Path, rotation: int) -> None:
    """Put a display matrix into every picture track of an mp4 or mov, as phones do."""
    one = 1 << 16
    a, b, c, d = {90: (0, one, -one, 0), 180: (-one, 0, 0, -one), 270: (0, -one, one, 0)}[rotation]
    data = bytearray(path.read_bytes())
    at = data.find(b"tkhd")
    while at != -1:
        matrix = at + 4 + (52 if data[at + 4] == 1 else 40)
        if struct.unpack_from(">I", data, matrix + 36)[0]:  # it has a width: a picture track
            struct.pack_into(">9i", data, matrix, a, b, 0, c, d, 0, 0, 0, 1 << 30)
        at = data.find(b"tkhd", at + 4)
    path.write_bytes(data)
