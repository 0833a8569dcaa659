"""What frozen eyes and ears get from a clip, computed once a clip and kept on disk.

A file's name is the checksum of everything it came from (weights, frames, sound), so a stale one is never read.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import soundfile
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from core.datasets.refavs import FRAMES, Sample
from core.errors import DatasetError
from core.systems.blocks.eyes import NanoEyes

Embed = Callable[[np.ndarray, int], np.ndarray]


class Eyes(Protocol):
    def see(self, pictures: list[np.ndarray], /) -> tuple[Tensor, ...]:
        """Pictures uint8 [H, W, 3] -> maps [N, C, h, w]."""
        ...


@dataclass(frozen=True)
class Seen:
    """eyes: float16 [10, C, h, w], of the small systems' eyes three at strides 8, 16, 32. ears: float32 [10, 128]."""

    eyes: tuple[Tensor, ...]
    ears: Tensor


def trunk() -> bytes:
    """The mark of the weights of the small systems' eyes."""
    return sha256(
        (files("assets") / "weights" / "nano-segmenter" / "model.safetensors").read_bytes()
    ).digest()


class ClipFeatures:
    """The cache. embed: the ears, float32 [n] and rate -> [S, 128]; `hears` names them.

    eyes: makes what looks, when it is first needed; None = the small systems' eyes. sees: the mark of its weights.
    """

    def __init__(
        self,
        folder: Path,
        embed: Embed,
        hears: str,
        eyes: Callable[[], Eyes] | None = None,
        sees: bytes | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.embed = embed
        self._open = eyes or NanoEyes
        self._eyes: Eyes | None = None
        self._marks = (sees or trunk(), hears.encode())

    def of(self, sample: Sample, *, mirrored: bool = False) -> Seen:
        """The features of a sample's clip, mirrored left to right if asked. Raises DatasetError."""
        try:
            sources = [path.read_bytes() for path in (*sample.frame_paths, sample.audio_path)]
        except OSError as error:
            raise DatasetError(f"A file of {sample.row.v} cannot be read: {error}.") from None
        mark = sha256(b"".join((*self._marks, bytes([mirrored]), *(sha256(s).digest() for s in sources))))
        path = self._folder / f"{mark.hexdigest()[:24]}.safetensors"
        try:
            kept = load_file(path)
        except (OSError, SafetensorError):
            kept = self._make(sample, sources[:FRAMES], mirrored)
            part = path.with_suffix(f".{os.getpid()}")
            save_file(kept, part)
            part.replace(path)
        ears = kept.pop("ears")
        return Seen(tuple(kept[name] for name in sorted(kept, key=int)), ears)

    def _make(self, sample: Sample, frames: list[bytes], mirrored: bool) -> dict[str, Tensor]:
        self._eyes = self._eyes or self._open()
        pictures = []
        for data in frames:
            picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
            if picture is None:
                raise DatasetError(f"A frame of {sample.row.v} is not a readable picture.")
            pictures.append(np.ascontiguousarray(picture[:, ::-1]) if mirrored else picture)
        try:
            sound, rate = soundfile.read(sample.audio_path, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as error:
            raise DatasetError(f"{sample.audio_path} is not readable sound: {error}.") from None
        ears = torch.zeros(FRAMES, 128)
        heard = self.embed(np.ascontiguousarray(sound.mean(1)), rate)[:FRAMES]
        ears[: len(heard)] = torch.from_numpy(heard)
        maps = enumerate(self._eyes.see(pictures))  # named 8, 16, 32, ... in their order
        return {**{str(8 << k): m.half().cpu().contiguous() for k, m in maps}, "ears": ears}
