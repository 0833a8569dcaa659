"""Clips without sentences, S4, MS3 and AVSS, as what is learnt from: looked at and heard once, kept on disk.

A file's name is the checksum of everything it came from (weights, frames, sound, masks), so a stale one is never
read.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

import cv2
import numpy as np
import soundfile
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional as F

from core.datasets import avsbench, avss
from core.errors import DatasetError
from core.masks import read_foreground, resize_pixels
from core.systems.blocks.eyes import STRIDES, Features, NanoEyes
from core.systems.blocks.tagger import Tagger
from core.systems.ssp.flow import between, motion

LAYOUTS = ("s4", "ms3", "avss")
SIDE = 224  # of the truth: the grid on which AVSBench compares
GRID = 56  # of the truth as the share of each place that is covered
FORM = "avs clips 1"  # counts up when what is kept changes

Hear = Callable[[np.ndarray, int], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class AvsSample:
    """One clip of any of the three layouts. names: of what sounds, where the layout tells it.

    label_paths: of the labelled frames, the first ones. semantic: whether they name classes (AVSS).
    """

    key: str
    split: str
    frame_paths: tuple[Path, ...]
    next_paths: tuple[Path, ...]
    audio_path: Path
    label_paths: tuple[Path, ...]
    names: tuple[str, ...]
    semantic: bool

    @property
    def sources(self) -> tuple[Path, ...]:
        """Every file it consists of; the frames a moment later where that folder is there."""
        later = self.next_paths if self.has_next else ()
        return (*self.frame_paths, *later, self.audio_path, *self.label_paths)

    @property
    def has_next(self) -> bool:
        return bool(self.next_paths) and self.next_paths[0].parent.is_dir()


@dataclass(frozen=True)
class Seen:
    """What is kept of a clip of T frames, n of them labelled.

    eyes: float16 [T, C, h, w] at strides 8, 16, 32. ears: float32 [T, 128]. heard: float32 [T, C], the chance of
    each of the tagger's categories. near, far: float16 [T, 56, 56], how far each place moves (see ssp.flow) until a
    moment later and between these frames; near is far where no later pictures are there.
    classes: uint8 [n, 224, 224]: 0 = silent; else the class of AVSS, or 1 where the layout names none.
    """

    eyes: Features
    ears: Tensor
    heard: Tensor
    near: Tensor
    far: Tensor
    classes: Tensor

    @property
    def sounding(self) -> Tensor:
        """Bool [n, 224, 224]: which pixels sound."""
        return self.classes > 0


def samples(dataset: str, split: str | None = None) -> list[AvsSample]:
    """The clips of s4:DIR, ms3:DIR or avss:DIR. Raises DatasetError."""
    layout, _, folder = dataset.partition(":")
    if layout not in LAYOUTS or not folder:
        raise DatasetError(
            f"Expected datasets of the form {', '.join(f'{name}:DIR' for name in LAYOUTS)}; got {dataset!r}."
        )
    if layout == "avss":
        return [_of_avss(sample) for sample in avss.Dataset(folder).samples(split)]
    return [_of_avs(s) for s in avsbench.Dataset(folder, "s4" if layout == "s4" else "ms3").samples(split)]


def scored_clips(datasets: Sequence[str], clips: int) -> list[AvsSample]:
    """At most so many clips of each dataset's split test. Raises DatasetError where there is none at all."""
    chosen = []
    for dataset in datasets:
        found = [sample for sample in samples(dataset) if sample.split == "test"]
        count = min(clips, len(found))
        chosen += [found[k * len(found) // count] for k in range(count)]
    if not chosen:
        raise DatasetError(f"None of {', '.join(datasets)} has clips of the split test.")
    return chosen


def shares(classes: Tensor, wanted: Sequence[int]) -> Tensor:
    """uint8 [N, 224, 224] -> float32 [N, K, 56, 56]: the share of each place that is of the K wanted classes."""
    return F.avg_pool2d(torch.stack([classes == number for number in wanted], 1).float(), SIDE // GRID)


class AvsClips:
    """The cache. hear: the ears, float32 [n] and rate -> ([S, 128], [S, C]); `hears` names them."""

    def __init__(self, folder: Path, hear: Hear | None = None, hears: str = "") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        if hear is None:
            hear, hears = Tagger.from_pretrained().hear, f"tagger {_digest_of('tagger')}"
        self._hear = hear
        self._eyes: NanoEyes | None = None
        self._base = "\n".join((FORM, _digest_of("nano-segmenter"), hears)).encode()
        self._marks: dict[str, str] = {}
        quiet, unheard = hear(np.zeros(16_000, np.float32), 16_000)
        self.quiet = (torch.from_numpy(quiet[0]), torch.from_numpy(unheard[0]))  # of a silent second

    def of(self, sample: AvsSample, *, mirrored: bool = False) -> Seen:
        """What is kept of a clip, made at first; mirrored left to right if asked.

        Raises DatasetError naming the file that is missing or cannot be read.
        """
        path = self.folder / f"{self.mark(sample)}{'-mirrored' if mirrored else ''}.safetensors"
        try:
            kept = load_file(path)
        except (OSError, SafetensorError):
            kept = self._make(sample, mirrored)
            part = path.with_suffix(f".{os.getpid()}")
            save_file({name: value.contiguous() for name, value in kept.items()}, part)
            part.replace(path)
        fine, middle, coarse = (kept[str(stride)] for stride in STRIDES)
        return Seen(
            (fine, middle, coarse), kept["ears"], kept["heard"], kept["near"], kept["far"], kept["classes"]
        )

    def mark(self, sample: AvsSample) -> str:
        """The checksum of everything the clip's features come from; its files are read once a run."""
        place = str(sample.audio_path.resolve())
        if place not in self._marks:
            mark = sha256(self._base)
            for path in sample.sources:
                try:
                    mark.update(sha256(path.read_bytes()).digest())
                except OSError as error:
                    raise DatasetError(
                        f"{path}, a file of {sample.key}, cannot be read ({error.strerror}); put it back or "
                        "leave the clip out."
                    ) from None
            self._marks[place] = mark.hexdigest()[:24]
        return self._marks[place]

    def _make(self, sample: AvsSample, mirrored: bool) -> dict[str, Tensor]:
        self._eyes = self._eyes or NanoEyes()
        frames = [_picture(path, mirrored) for path in sample.frame_paths]
        far = between(frames)
        near = far
        if sample.has_next:
            later = (_picture(path, mirrored) for path in sample.next_paths)
            near = np.stack([motion(a, b) for a, b in zip(frames, later, strict=True)])
        try:
            sound, rate = soundfile.read(sample.audio_path, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as error:
            raise DatasetError(f"{sample.audio_path} is not readable sound: {error}.") from None
        vectors, chances = self._hear(np.ascontiguousarray(sound.mean(1)), rate)
        count = len(frames)
        ears, heard = (quiet.repeat(count, 1) for quiet in self.quiet)
        ears[: len(vectors)] = torch.from_numpy(vectors[:count])
        heard[: len(chances)] = torch.from_numpy(chances[:count])
        classes = np.stack([_classes(path, sample.semantic) for path in sample.label_paths])
        maps = {str(stride): m for stride, m in zip(STRIDES, self._eyes.see(frames), strict=True)}
        return maps | {
            "ears": ears,
            "heard": heard,
            "near": torch.from_numpy(near).half(),
            "far": torch.from_numpy(far).half(),
            "classes": torch.from_numpy(np.ascontiguousarray(classes[..., ::-1] if mirrored else classes)),
        }


def _of_avs(sample: avsbench.Sample) -> AvsSample:
    return AvsSample(
        f"{sample.split}/{sample.name}",
        sample.split,
        sample.frame_paths,
        sample.next_paths,
        sample.audio_path,
        sample.mask_paths,
        (sample.category,) if sample.category else (),
        semantic=False,
    )


def _of_avss(sample: avss.Sample) -> AvsSample:
    return AvsSample(
        sample.row.uid,
        sample.row.split,
        sample.frame_paths,
        sample.next_paths,
        sample.audio_path,
        sample.label_paths,
        sample.row.names,
        semantic=True,
    )


def _picture(path: Path, mirrored: bool) -> np.ndarray:
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
    if picture is None:
        raise DatasetError(f"{path} is not a readable picture.")
    return np.ascontiguousarray(picture[:, ::-1]) if mirrored else picture


def _classes(path: Path, semantic: bool) -> np.ndarray:
    """uint8 [224, 224]."""
    pixels = avss.read_labels(path)[0] if semantic else read_foreground(path).astype(np.uint8)
    return np.asarray(resize_pixels(pixels, (SIDE, SIDE)))


def _digest_of(weights: str) -> str:
    path = files("assets") / "weights" / weights / "model.safetensors"
    return sha256(path.read_bytes()).hexdigest()
