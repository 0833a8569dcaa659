"""The ears of the small systems: 128 numbers for each second of sound, and the names of what is heard in it."""

import json
from dataclasses import asdict, dataclass, fields
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from core.errors import RefavsError
from core.media.audio import resample
from core.systems.blocks.logmel import BANDS, HOP, RATE, WINDOW, log_mel

ARCHITECTURE = "refavs-tagger"
FEATURES = 128
ROWS = RATE // HOP  # log-mel rows of one second
STEPS = 5  # time steps that are left of a second behind the last convolution


@dataclass(frozen=True)
class TaggerConfig:
    """categories: what can be heard, in the order of the logits. widths: channels of the four stages.

    recorded: those learnt from recordings; the others are known from the world's voices alone.
    """

    categories: tuple[str, ...]
    recorded: tuple[str, ...] = ()
    widths: tuple[int, int, int, int] = (24, 48, 96, 160)


class Tagger(nn.Module):
    """Log-mel -> 128 numbers and a logit for each category, for every second.

    A second's numbers depend on it and on some tenths of a second around it, so they are the same in a long and
    in a short clip.
    """

    def __init__(self, config: TaggerConfig) -> None:
        super().__init__()
        self.config = config
        first, second, third, last = config.widths
        self.scale = nn.BatchNorm1d(BANDS)
        self.stages = nn.Sequential(
            _convolution(1, first, (3, 3), (2, 2)),
            _convolution(first, second, (3, 3), (2, 2)),
            _Residual(second),
            _convolution(second, third, (5, 3), (5, 2)),
            _Residual(third),
            _convolution(third, last, (3, 3), (1, 2)),
            _Residual(last),
        )
        self.vector = nn.Sequential(nn.Linear(2 * last, FEATURES), nn.ReLU())
        self.drop = nn.Dropout(0.3)
        self.names = nn.Linear(FEATURES, len(config.categories))
        nn.init.constant_(self.names.bias, -3.0)  # most names are not heard most of the time

    def features(self, rows: Tensor) -> Tensor:
        """float32 [B, S * 100, 64] log-mel -> float32 [B, S, 128], none below 0."""
        even = self.scale(rows.transpose(1, 2)).transpose(1, 2)
        maps = self.stages(even[:, None])  # [B, C, S * 5, 4]
        steps = torch.cat([maps.mean(3), maps.amax(3)], 1)
        seconds = steps.unflatten(2, (-1, STEPS))
        vectors: Tensor = self.vector((0.5 * seconds.mean(3) + 0.5 * seconds.amax(3)).transpose(1, 2))
        return vectors

    def forward(self, rows: Tensor) -> Tensor:
        """float32 [B, S * 100, 64] log-mel -> logits [B, S, C]: is the category heard in that second?"""
        logits: Tensor = self.names(self.drop(self.features(rows)))
        return logits

    def embed(self, samples: np.ndarray, rate: int) -> np.ndarray:
        """float32 [n] mono, -1 to 1, at `rate` -> float32 [S, 128], S = ceil(n / rate) seconds.

        A last part of a second is filled up with silence.
        """
        return self.hear(samples, rate)[0]

    @torch.inference_mode()
    def hear(self, samples: np.ndarray, rate: int) -> tuple[np.ndarray, np.ndarray]:
        """As `embed`, and float32 [S, C]: the probability, 0 to 1, of each category in each second."""
        seconds = -(-len(samples) // rate)
        if not seconds:
            return np.zeros((0, FEATURES), np.float32), np.zeros((0, len(self.config.categories)), np.float32)
        sound = torch.from_numpy(resample(samples, rate, RATE))
        vectors = self.eval().features(rows_of(sound, seconds)[None])
        return vectors[0].numpy(), self.names(vectors)[0].sigmoid().numpy()

    def save_pretrained(self, folder: Path) -> None:
        """Write config.json and model.safetensors (half precision)."""
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"architecture": ARCHITECTURE, **asdict(self.config)}, indent=2)
        (folder / "config.json").write_text(text + "\n", encoding="utf-8")
        state = {k: v.half() if v.is_floating_point() else v for k, v in self.state_dict().items()}
        part = folder / "model.safetensors.part"
        save_file({k: v.contiguous() for k, v in state.items()}, part, metadata={"format": "pt"})
        part.replace(folder / "model.safetensors")

    @classmethod
    def from_pretrained(cls, folder: Path | None = None) -> "Tagger":
        """The network saved in a folder, or the one that ships; ready to listen.

        Raises RefavsError when a file is missing, broken or of another network.
        """
        if folder is None:
            with as_file(files("assets") / "weights" / "tagger") as shipped:
                return cls.from_pretrained(shipped)
        try:
            network = cls(_config(json.loads((folder / "config.json").read_text(encoding="utf-8"))))
            weights = load_file(folder / "model.safetensors")
            network.load_state_dict(
                {k: v.float() if v.is_floating_point() else v for k, v in weights.items()}
            )
        except (OSError, ValueError, TypeError, RuntimeError, SafetensorError) as error:
            raise RefavsError(
                f"Expected a tagger's config.json and model.safetensors in {folder}; they cannot be used "
                f"({str(error).splitlines()[0]}). Name a folder saved by `refavs train tagger`."
            ) from None
        return network.eval().requires_grad_(False)


def rows_of(sound: Tensor, seconds: int) -> Tensor:
    """float32 [..., n] at 16 kHz -> log-mel float32 [..., seconds * 100, 64]; what is missing is silence."""
    length = seconds * RATE + WINDOW - HOP
    short = max(0, length - sound.shape[-1])
    return log_mel(nn.functional.pad(sound[..., :length], (0, short)))


def _config(values: Any) -> TaggerConfig:
    known = {field.name for field in fields(TaggerConfig)}
    if (
        not isinstance(values, dict)
        or values.pop("architecture", None) != ARCHITECTURE
        or set(values) != known
    ):
        raise ValueError(f"config.json describes another network than {ARCHITECTURE}")
    return TaggerConfig(**{name: tuple(value) for name, value in values.items()})


def _convolution(
    inputs: int, outputs: int, kernel: tuple[int, int], stride: tuple[int, int]
) -> nn.Sequential:
    """A kernel that is as long as its stride in time needs no padding there."""
    padding = (0 if kernel[0] == stride[0] else kernel[0] // 2, kernel[1] // 2)
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class _Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.change = nn.Sequential(nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width))

    def forward(self, maps: Tensor) -> Tensor:
        return nn.functional.relu(maps + self.change(maps))
