"""Refer: clips to try, with a picture of each and sentences a click away."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from app.library import Library
from app.media_routes import Links
from app.tabs.pictures import small
from core import media


def gallery(library: Library, links: Links) -> dict[str, Any]:
    return {
        "clips": [
            {
                "key": source.key,
                "name": source.name,
                "expressions": list(source.expressions),
                "picture": links.picture(f"gallery {source.key}", partial(_middle, source.path)),
            }
            for source in library.samples
        ]
    }


def _middle(path: Path) -> np.ndarray:
    clip = media.open(path).clip()
    return small(clip.frame(clip.first + len(clip) // 2))
