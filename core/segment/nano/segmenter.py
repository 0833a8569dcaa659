"""The nano segmenter behind the protocol that every segmenter keeps."""

import threading
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Mapping
from importlib.resources import files
from pathlib import Path

import numpy as np

from core.masks import FrameMask, Mask
from core.media import Clip
from core.segment.nano.clicking import find
from core.segment.nano.look import Look, load, look
from core.segment.nano.network import NanoNetwork
from core.segment.nano.tracker import NanoTracker
from core.segment.nano.window import Window
from core.segment.prompts import checked
from core.segment.propagation import propagate
from core.segment.protocol import ObjectId, Prediction, Prompts
from core.segment.slot import compute_slot

CACHE_BYTES = 96 * 2**20  # of looks, about 4 MiB each

Frame = tuple[str, int]


def shipped() -> Path:
    """The folder of the weights that come with the program."""
    return Path(str(files("assets"))) / "weights" / "nano-segmenter"


class NanoSegmenter:
    """Clicks and propagation by our own small network. Keeps the last looks, within CACHE_BYTES."""

    name = "nano-segmenter"

    def __init__(self, weights: Path | None = None) -> None:
        """weights: a folder saved by training; None = the shipped one. Raises RefavsError."""
        self.network: NanoNetwork = load(weights or shipped())
        self._looks: OrderedDict[tuple[Frame, Window], Look] = OrderedDict()
        self._guard = threading.Lock()

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
        frame = (clip.video.sha256, index)
        with compute_slot():
            picture: list[np.ndarray] = []  # decoded when a look needs it

            def see(window: Window) -> Look:
                kept = self._kept(frame, window)
                if kept is None:
                    if not picture:
                        picture.append(clip.frame(index))
                    kept = look(self.network, picture[0], window)
                    self._keep(frame, kept)
                return kept

            chance = find(
                self.network, see, lambda: self._windows(frame), clip.video.size, clicks, prompts.box, before
            )
            mask = chance > 0.5
            return Prediction(Mask.encode(mask), float(chance[mask].mean()) if mask.any() else 0.0)

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

    def _windows(self, frame: Frame) -> list[Window]:
        with self._guard:
            return [window for key, window in self._looks if key == frame]

    def _kept(self, frame: Frame, window: Window) -> Look | None:
        with self._guard:
            kept = self._looks.get((frame, window))
            if kept is not None:
                self._looks.move_to_end((frame, window))
            return kept

    def _keep(self, frame: Frame, seen: Look) -> None:
        with self._guard:
            self._looks[frame, seen.window] = seen
            while sum(kept.bytes for kept in self._looks.values()) > CACHE_BYTES and len(self._looks) > 1:
                self._looks.popitem(last=False)
