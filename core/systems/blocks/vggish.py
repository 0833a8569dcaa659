"""VGGish: 128 numbers for each 0.96 s of sound, from the public weights.

Source: Hershey et al., "CNN architectures for large-scale audio classification" (ICASSP 2017). The names in the
state dict are those of the well-known torch port's file, vggish-10086976.pth.
"""

from pathlib import Path
from pickle import UnpicklingError

import numpy as np
import torch
from torch import Tensor, nn

from core.errors import RefavsError
from core.media.audio import resample
from core.systems.blocks.logmel import RATE, examples

_WIDTHS = (64, None, 128, None, 256, 256, None, 512, 512, None)  # None halves both sides


class Vggish(nn.Module):
    """Six 3 x 3 convolutions and three dense layers, every one followed by a ReLU. 72 million parameters.

    Neither PCA nor quantisation follows: the audio-visual segmentation systems take the 128 numbers as they are.
    """

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        width = 1
        for out in _WIDTHS:
            if out is None:
                layers.append(nn.MaxPool2d(2, 2))
                continue
            layers += [nn.Conv2d(width, out, 3, padding=1), nn.ReLU(inplace=True)]
            width = out
        self.features = nn.Sequential(*layers)
        self.embeddings = nn.Sequential(
            *(nn.Linear(512 * 6 * 4, 4096), nn.ReLU(inplace=True)),
            *(nn.Linear(4096, 4096), nn.ReLU(inplace=True)),
            *(nn.Linear(4096, 128), nn.ReLU(inplace=True)),
        )

    def forward(self, rows: Tensor) -> Tensor:
        """float32 [k, 96, 64] log-mel (time, band) -> float32 [k, 128], none below 0."""
        maps = self.features(rows[:, None])  # [k, 512, 6, 4]
        # the weights expect time, band, channel: the order of the framework that they were trained in
        vectors: Tensor = self.embeddings(maps.permute(0, 2, 3, 1).flatten(1))
        return vectors

    @torch.inference_mode()
    def embed(self, samples: np.ndarray, rate: int) -> np.ndarray:
        """float32 [n] mono, -1 to 1, at `rate` -> float32 [k, 128], one row each 0.96 s; a rest is dropped."""
        sound = torch.from_numpy(resample(samples, rate, RATE))
        found: np.ndarray = self.eval()(examples(sound)).numpy()
        return found

    @classmethod
    def from_file(cls, path: Path) -> "Vggish":
        """The network with the weights of a .pth file in the torch port's layout (tables of its PCA are ignored).

        Raises RefavsError for a file that is missing, broken or of another network.
        """
        try:
            state = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
            state = {name: value for name, value in state.items() if not name.startswith("pproc.")}
            with torch.device("meta"):
                network = cls()
            network.load_state_dict(state, assign=True)
        except (OSError, RuntimeError, AttributeError, ValueError, EOFError, UnpicklingError) as error:
            raise RefavsError(
                f"Expected the weights of VGGish (vggish-10086976.pth) in {path}; they cannot be used "
                f"({str(error).splitlines()[0]}). Fetch them again."
            ) from None
        return network.eval().requires_grad_(False)
