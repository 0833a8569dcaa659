"""The part of a video that is worked on."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from core.errors import MediaError
from core.media import audio

if TYPE_CHECKING:
    from core.media.video import Video


@dataclass(frozen=True, eq=False)
class Sound:
    """Sound put in place of the video's own. samples: float32 [n], mono, from the clip's start."""

    samples: np.ndarray
    rate: int


@dataclass(frozen=True)
class Clip:
    """Frames `first` to `last` (inclusive) of `video`. Every index is the VIDEO's."""

    video: "Video"
    first: int
    last: int
    sound: Sound | None = field(default=None, repr=False)

    @property
    def indices(self) -> range:
        return range(self.first, self.last + 1)

    def __len__(self) -> int:
        return self.last - self.first + 1

    @property
    def size(self) -> tuple[int, int]:
        """(H, W) of the upright picture."""
        return self.video.size

    @property
    def start(self) -> float:
        """Seconds, in the video's clock, at which the first frame appears."""
        return float(self.video.pts[self.first])

    @property
    def end(self) -> float:
        """Seconds, in the video's clock, at which the last frame ends."""
        last = self.last == len(self.video.pts) - 1
        return self.video.end if last else float(self.video.pts[self.last + 1])

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.end - self.start

    @property
    def times(self) -> np.ndarray:
        """float64 [len(self)]: seconds from the clip's start at which its frames appear."""
        return self.video.pts[self.first : self.last + 1] - self.start

    def frame(self, index: int) -> np.ndarray:
        """uint8 [H, W, 3] RGB of one frame: exact, in any order. MediaError outside the clip."""
        return self.video.source.frame(self._checked(index))

    def frames(self, indices: Iterable[int] | None = None) -> Iterator[np.ndarray]:
        """The frames of `indices` (None = all), one after the other; memory does not grow with the clip."""
        wanted = self.indices if indices is None else indices
        return self.video.source.frames(self._checked(i) for i in wanted)

    def audio(self, rate: int) -> np.ndarray | None:
        """float32 [round(duration * rate)], mono, clip start to end; silence where there is no sound.

        None = no sound track at all.
        """
        if self.sound is not None:
            given = audio.resample(self.sound.samples, self.sound.rate, rate)
            out = np.zeros(round(self.duration * rate), dtype=np.float32)
            n = min(len(out), len(given))
            out[:n] = given[:n]
            return out
        if not self.video.has_audio:
            return None
        sound = self.video.source.sound(self.start, self.end, rate)
        return audio.mono(sound, start=self.start, end=self.end, rate=rate)

    def with_audio(self, samples: np.ndarray, rate: int) -> "Clip":
        """The same frames with other sound, mono [n] from the clip's start (mute, noise, off-screen)."""
        samples = np.asarray(samples)
        if samples.ndim != 1 or rate <= 0:
            raise MediaError(
                f"Sound must be mono samples [n] at a positive rate; got {samples.shape} at {rate} Hz."
            )
        return replace(self, sound=Sound(samples.astype(np.float32), int(rate)))

    def _checked(self, index: int) -> int:
        if not self.first <= index <= self.last:
            raise MediaError(
                f"Frame {index} lies outside the clip: expected {self.first} to {self.last} of "
                f"{self.video.path.name!r}."
            )
        return int(index)
