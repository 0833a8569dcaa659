"""Which weights answer: one hash for a system with all that it stands on."""

from hashlib import file_digest, sha256
from importlib.resources import as_file, files
from pathlib import Path

from core import registry
from core.segment.checkpoints import CHECKPOINTS, CUE_HUB, local

SHARED = ("nano-segmenter", "nano-things", "namer", "tagger")  # eyes and ears of every system


def weights_hash(system: str, weights: Path | None = None) -> str:
    """sha256, 64 hex digits. Equal exactly when the system of that name answers with the same weights.

    Of the folder `weights` or the one that ships, of the eyes and ears that all share, and of what is
    downloaded: of the system itself, and of the segmenter that carries its answers on.
    """
    digest = sha256()
    with as_file(files("assets") / "weights") as shipped:
        own_folder = weights or shipped / registry.full_name(system)
        for name, folder in [("", own_folder), *((name, shipped / name) for name in SHARED)]:
            for path in sorted(folder.rglob("*")):
                if path.is_file() and path.suffix != ".md":
                    with path.open("rb") as file:
                        own = file_digest(file, "sha256").hexdigest()
                    digest.update(f"{name}/{path.relative_to(folder)} {own}\n".encode())
    downloaded = [CHECKPOINTS[name] for name in [registry.best_segmenter()] if name in CHECKPOINTS]
    if system == "cue-hub" and weights is None:
        downloaded += CUE_HUB
    for checkpoint in downloaded:
        found = local(checkpoint)
        digest.update(f"{checkpoint.hub} {found.name if found else None}\n".encode())  # named by its commit
    return digest.hexdigest()
