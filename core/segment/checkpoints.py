"""Public checkpoints, the SAM 2 family above all: which there are, whether they are here, how they are fetched."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.errors import RefavsError

_FILES = ["config.json", "*.safetensors", "*.safetensors.index.json"]
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
HALVES = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


@dataclass(frozen=True)
class Checkpoint:
    """model, session: names of classes in transformers. types: what its config.json may say as model_type.

    colours: mean and standard deviation of red, green, blue (0 to 1) that pictures are normalised with.
    more: patterns of files it needs beside config and weights.
    """

    name: str
    hub: str
    model: str
    session: str
    types: tuple[str, ...]
    megabytes: int
    licence: str
    gated: bool = False
    colours: tuple[tuple[float, ...], tuple[float, ...]] = IMAGENET
    more: tuple[str, ...] = ()


def _sam2(name: str, hub: str, megabytes: int) -> Checkpoint:
    types = ("sam2_video", "sam2")
    return Checkpoint(
        name, hub, "Sam2VideoModel", "Sam2VideoInferenceSession", types, megabytes, "Apache-2.0"
    )


CHECKPOINTS = {
    checkpoint.name: checkpoint
    for checkpoint in (
        _sam2("sam2.1-tiny", "facebook/sam2.1-hiera-tiny", 156),
        _sam2("sam2.1-small", "facebook/sam2.1-hiera-small", 184),
        _sam2("sam2.1-base", "facebook/sam2.1-hiera-base-plus", 323),
        _sam2("sam2.1-large", "facebook/sam2.1-hiera-large", 898),
        Checkpoint(
            "edgetam",
            "yonigozlan/EdgeTAM-hf",
            "EdgeTamVideoModel",
            "EdgeTamVideoInferenceSession",
            ("edgetam_video", "edgetam"),
            56,
            "Apache-2.0",
        ),
        Checkpoint(
            "sam3-tracker",
            "facebook/sam3",
            "Sam3TrackerVideoModel",
            "Sam3TrackerVideoInferenceSession",
            ("sam3_tracker_video", "sam3_video", "sam3_tracker", "sam3"),
            3440,
            "SAM License",
            gated=True,
            colours=HALVES,
        ),
    )
}
# of no segmenter: names what is seen, for the system cue-hub
SIGLIP2 = Checkpoint(
    "siglip2",
    "google/siglip2-base-patch16-224",
    "SiglipModel",
    "",
    ("siglip",),
    1500,
    "Apache-2.0",
    colours=HALVES,
    more=("tokenizer*", "special_tokens_map.json"),
)
_WORDS = ("tokenizer*", "special_tokens_map.json", "vocab*", "merges.txt")
# of no segmenter: finds things by nouns, for the system cue-hub
GROUNDING_DINO = Checkpoint(
    "grounding-dino",
    "IDEA-Research/grounding-dino-tiny",
    "GroundingDinoForObjectDetection",
    "",
    ("grounding-dino",),
    690,
    "Apache-2.0",
    more=_WORDS,
)
# of no segmenter: names what is heard, for the system cue-hub
CLAP = Checkpoint(
    "clap", "laion/clap-htsat-unfused", "ClapModel", "", ("clap",), 615, "Apache-2.0", more=_WORDS
)
CUE_HUB = (SIGLIP2, GROUNDING_DINO, CLAP)


def local(checkpoint: Checkpoint) -> Path | None:
    """The folder of its files where they have been downloaded whole, else None; no network."""
    from huggingface_hub import snapshot_download

    try:
        folder = Path(
            snapshot_download(
                checkpoint.hub, allow_patterns=[*_FILES, *checkpoint.more], local_files_only=True
            )
        )
    except (OSError, ValueError):
        return None
    return folder if (folder / "config.json").exists() and any(folder.glob("*.safetensors")) else None


def fetch(checkpoint: Checkpoint, say: Callable[[str], None] | None = None) -> Path:
    """The folder of its files, downloaded on first use; an interrupted download goes on where it stopped.

    say: is told the size before it starts; None = standard error. Raises RefavsError when it cannot be had.
    """
    found = local(checkpoint)
    if found is not None:
        return found
    from huggingface_hub import snapshot_download

    tell = say or _on_standard_error
    tell(f"Fetching {checkpoint.hub}, about {checkpoint.megabytes} MB, {checkpoint.licence}.")
    try:
        return Path(snapshot_download(checkpoint.hub, allow_patterns=[*_FILES, *checkpoint.more]))
    except OSError as error:
        page = f"https://huggingface.co/{checkpoint.hub}"
        licence = f" Accept its licence at {page} and run `hf auth login`." if checkpoint.gated else ""
        raise RefavsError(
            f"{checkpoint.name} needs {page} (about {checkpoint.megabytes} MB), which cannot be had now "
            f"({_first_line(error)}).{licence} Try again with a connection, or name a folder that holds it: "
            f"{checkpoint.name}:FOLDER."
        ) from error


def _on_standard_error(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
