"""The shape of the nano segmenter's network, as config.json beside its weights."""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from core.errors import RefavsError

ARCHITECTURE = "refavs-nano-segmenter"


@dataclass(frozen=True)
class NanoConfig:
    """widths: channels of the picture features at strides 2, 4, 8, 16 and 32. blocks: residual blocks a stage
    of the trunk, strides 4 to 32. key: channels of the features by which frames are matched.
    """

    widths: tuple[int, int, int, int, int] = (16, 32, 64, 128, 192)
    blocks: tuple[int, int, int, int] = (1, 2, 2, 2)
    key: int = 32

    def save(self, folder: Path) -> None:
        """Write config.json."""
        text = json.dumps({"architecture": ARCHITECTURE, **asdict(self)}, indent=2)
        (folder / "config.json").write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> "NanoConfig":
        """Read config.json; RefavsError when it is missing or describes another network."""
        path = folder / "config.json"
        try:
            values: Any = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise RefavsError(
                f"Expected a nano-segmenter's config.json in {folder}; it cannot be read ({error}). "
                "Name a folder saved by `refavs train nano-segmenter`."
            ) from None
        known = {field.name for field in fields(cls)}
        if (
            not isinstance(values, dict)
            or values.pop("architecture", None) != ARCHITECTURE
            or set(values) != known
        ):
            raise RefavsError(
                f"{path} describes another network than {ARCHITECTURE}; "
                "name a folder saved by `refavs train nano-segmenter`."
            )
        return cls(tuple(values["widths"]), tuple(values["blocks"]), values["key"])
