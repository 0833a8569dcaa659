"""EEMC at the paper's size: what it is trained from, and the memory that training asks for."""

import shutil
from hashlib import sha256
from pathlib import Path

import torch

from core.errors import RefavsError
from core.systems.blocks.public import ROBERTA, VISION
from core.systems.blocks.vggish import Vggish
from core.systems.eemc.base import EARS, EemcBase, RobertaWords
from core.training.eemc import Parts

GIB = 1 << 30
# GiB at the peak: by itself (program, weights and their average, AdamW's sums, a look at a clip), and each pair of
# a batch (what the gradient needs is kept: 0.45 GiB a pair of base, counted at the paper's sizes)
NEEDS = {"nano": (0.5, 0.1), "base": (3.0, 0.75)}


def base_parts(vision: str | None, text: str | None, *, vggish: Path | None) -> Parts:
    """The public weights of its parts: hub ids or folders (None = the paper's), and a file in the layout of
    vggish-10086976.pth.

    Raises RefavsError for the first of them that cannot be had.
    """
    if vggish is None:
        raise RefavsError(
            "EEMC of config base hears by VGGish, whose public weights are no part of this program: fetch "
            "vggish-10086976.pth (a release of torchvggish) and name it by --vggish, or train --config nano."
        )
    text = text or ROBERTA
    ears = Vggish.from_file(vggish)
    words = RobertaWords.load(text)
    network = EemcBase.from_parts(vision or VISION, text)
    mark = sha256()
    for value in network.eyes.state_dict().values():
        mark.update(value.contiguous().flatten().view(torch.uint8).numpy())
    hears = f"vggish {sha256(vggish.read_bytes()).hexdigest()}"
    return Parts(network, words, lambda: network, mark.digest(), ears.embed, hears)


def keep_ears(vggish: Path, folder: Path) -> None:
    """VGGish beside the saved weights, so that the folder is all that answering needs."""
    if not (folder / EARS).exists() or not vggish.samefile(folder / EARS):
        shutil.copyfile(vggish, folder / EARS)


def enough_memory(config: str, batch: int, free: float | None = None) -> None:
    """Raises RefavsError where training would not fit, with what would. free: GiB; None = what is free here."""
    free = _free() if free is None else free
    if _need(config, batch) <= free:
        return
    fits = [b for b in range(batch - 1, 0, -1) if batch % b == 0 and _need(config, b) <= free]
    ways = [
        f"--batch {b} --accumulate {batch // b} ({_need(config, b):.1f} GiB, the same steps)"
        for b in fits[:1]
    ]
    if config != "nano":
        ways.append(f"--config nano ({_need('nano', batch):.1f} GiB)")
    what = ", or ".join(ways) or "nothing smaller is left to ask for; free some memory"
    raise RefavsError(
        f"Training --config {config} with --batch {batch} takes about {_need(config, batch):.1f} GiB of memory; "
        f"{free:.1f} GiB are free. What would fit: {what}."
    )


def _need(config: str, batch: int) -> float:
    alone, pair = NEEDS[config]
    return alone + pair * batch


def _free() -> float:
    """GiB free on the GPU that training would take, else of the machine."""
    if torch.cuda.is_available():
        return float(torch.cuda.mem_get_info()[0]) / GIB
    import psutil

    return float(psutil.virtual_memory().available) / GIB
