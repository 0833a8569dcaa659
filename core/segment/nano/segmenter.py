"""The nano segmenter behind the protocol that every segmenter keeps."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property
from importlib.resources import files
from pathlib import Path

import numpy as np

from core.masks import FrameMask, Mask
from core.media import Clip
from core.segment.cache import FrameCache
from core.segment.nano.clicking import find, first_windows
from core.segment.nano.look import Look, load, look
from core.segment.nano.network import NanoNetwork
from core.segment.nano.tracker import NanoTracker
from core.segment.nano.window import Window
from core.segment.prompts import checked
from core.segment.propagation import propagate
from core.segment.protocol import ObjectId, Prediction, Prompts
from core.segment.slot import compute_slot

CACHE_BYTES = 96 * 2**20  # of looks, 1 to 2 MiB each


def shipped() -> Path:
    """The folder of the weights that come with the program."""
    return Path(str(files("assets"))) / "weights" / "nano-segmenter"


class _Frame:
    """A frame that is decoded when it is first needed."""

    def __init__(self, clip: Clip, index: int) -> None:
        self._clip, self._index = clip, index

    @cached_property
    def picture(self) -> np.ndarray:
        return self._clip.frame(self._index)


class NanoSegmenter:
    """Clicks and propagation by our own small network."""

    name = "nano-segmenter"

    def __init__(self, weights: Path | None = None, *, cache_bytes: int = CACHE_BYTES) -> None:
        """weights: a folder saved by training; None = the shipped one. Raises RefavsError."""
        self.network: NanoNetwork = load(weights or shipped())
        self.cache: FrameCache[Look] = FrameCache(
            limit=cache_bytes, size=lambda seen: seen.bytes, ahead=self._look_ahead
        )

    @classmethod
    def from_pretrained(cls, folder: str | Path) -> "NanoSegmenter":
        """From a folder with config.json and model.safetensors."""
        return cls(Path(folder))

    def segment(
        self, clip: Clip, index: int, prompts: Prompts, *, previous: Mask | None = None
    ) -> Prediction:
        """One object on frame `index`; raises PromptError for prompts that cannot be used."""
        prompts = checked(clip, index, prompts, previous)
        clicks = [(click.x, click.y, click.positive) for click in prompts.clicks]
        before = None if previous is None or previous.is_empty else previous.decode()
        frame = _Frame(clip, index)

        def see(window: Window) -> Look:
            return self._see(clip, index, window, frame)

        def seen() -> list[Window]:
            return [view for view in self.cache.views(clip, index) if isinstance(view, Window)]

        with compute_slot():
            chance = find(self.network, see, seen, clip.video.size, clicks, prompts.box, before)
            mask = chance > 0.5
            found = Prediction(Mask.encode(mask), float(chance[mask].mean()) if mask.any() else 0.0)
        self.cache.visit(clip, index)
        return found

    def propagate(
        self,
        clip: Clip,
        seeds: Mapping[ObjectId, Mapping[int, Mask | Prompts]],
        indices: Iterable[int],
        *,
        barriers: Collection[int] = (),
    ) -> Iterator[Mapping[ObjectId, FrameMask]]:
        """Carry the seeds over `indices`; see `core.segment.propagation.propagate`."""

        def segment(index: int, prompts: Prompts) -> Mask:
            return self.segment(clip, index, prompts).mask

        tracker = NanoTracker(self.network)
        return propagate(clip, tracker, seeds, indices, barriers=barriers, segment=segment)

    def close(self) -> None:
        """Stop looking ahead and forget what was seen."""
        self.cache.close()

    def _see(self, clip: Clip, index: int, window: Window, frame: _Frame) -> Look:
        return self.cache.get(clip, index, lambda: look(self.network, frame.picture, window), view=window)

    def _look_ahead(self, clip: Clip, index: int) -> None:
        frame = _Frame(clip, index)
        for window in first_windows(clip.video.size):
            self._see(clip, index, window, frame)
