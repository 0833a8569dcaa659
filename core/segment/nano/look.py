"""The network on numpy pictures: see a window once, answer prompts on it as often as wanted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from core.errors import RefavsError
from core.segment.nano.config import NanoConfig
from core.segment.nano.maps import draw
from core.segment.nano.network import NanoNetwork, fold
from core.segment.nano.window import Window


@dataclass(frozen=True)
class Look:
    """A window of a picture and what the trunk saw there."""

    window: Window
    features: Sequence[Tensor]

    @property
    def bytes(self) -> int:
        """Memory of the features."""
        return sum(f.numel() * f.element_size() for f in self.features)


def load(folder: Path, *, folded: bool = True) -> NanoNetwork:
    """The network saved in `folder` (config.json, model.safetensors), ready to answer; folded: see `fold`.

    Raises RefavsError when a file is missing, broken, or of another network.
    """
    network = NanoNetwork(NanoConfig.load(folder))
    path = folder / "model.safetensors"
    try:
        weights = load_file(path)
        network.load_state_dict({name: value.float() for name, value in weights.items()})
    except (OSError, SafetensorError, RuntimeError) as error:
        raise RefavsError(
            f"Expected the weights of a nano-segmenter in {path}; they cannot be used "
            f"({str(error).splitlines()[0]}). Fetch or train them again."
        ) from None
    network.eval().requires_grad_(False)
    if folded:
        fold(network)
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


def save(network: nn.Module, folder: Path) -> None:
    """Write config.json and model.safetensors (half precision)."""
    assert isinstance(network, NanoNetwork)
    folder.mkdir(parents=True, exist_ok=True)
    network.config.save(folder)
    state = network.state_dict()
    half = {name: (v.half() if v.is_floating_point() else v).contiguous() for name, v in state.items()}
    save_file(half, folder / "model.safetensors.part", metadata={"format": "pt"})
    (folder / "model.safetensors.part").replace(folder / "model.safetensors")


def save_answers(network: NanoNetwork, folder: Path) -> None:
    """Write the fused part alone (half precision): for a network whose trunk is another's."""
    folder.mkdir(parents=True, exist_ok=True)
    half = {name: v.half().contiguous() for name, v in network.fused.state_dict().items()}
    save_file(half, folder / "model.safetensors", metadata={"format": "pt"})


def load_answers(base: Path, folder: Path) -> NanoNetwork:
    """The network of `base` with the fused part saved in `folder`. Raises RefavsError."""
    network = load(base, folded=False)
    path = folder / "model.safetensors"
    try:
        network.fused.load_state_dict({name: value.float() for name, value in load_file(path).items()})
    except (OSError, SafetensorError, RuntimeError) as error:
        raise RefavsError(
            f"Expected weights that answer on the trunk of {base} in {path}; they cannot be used "
            f"({str(error).splitlines()[0]}). Fetch or train them again."
        ) from None
    network.eval().requires_grad_(False)
    fold(network)
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


def tensor(pictures: Sequence[np.ndarray]) -> Tensor:
    """uint8 [H, W, 3] each -> float32 [B, 3, H, W], 0 to 1."""
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 255


@torch.inference_mode()
def look(network: NanoNetwork, picture: np.ndarray, window: Window) -> Look:
    """Run the trunk on a window of the picture, uint8 [H, W, 3]."""
    return Look(window, network.encode(tensor([window.cut(picture)])))


@torch.inference_mode()
def answer(
    network: NanoNetwork,
    seen: Look,
    clicks: Iterable[tuple[float, float, bool]] = (),
    box: tuple[float, float, float, float] | None = None,
    previous: np.ndarray | None = None,
) -> np.ndarray:
    """Logits on the window's grid, float32 [h, w]; prompts and mask [H, W] are in the picture's pixels."""
    window = seen.window
    corners = None
    if box is not None:
        (x0, y0, _), (x1, y1, _) = window.points([(box[0], box[1], True), (box[2], box[3], True)])
        corners = (x0, y0, x1, y1)
    before = None if previous is None else window.cut_mask(previous)
    maps = draw(window.grid, window.points(clicks), corners, before)
    return network.decode(seen.features, torch.from_numpy(maps)[None])[0, 0].numpy()
